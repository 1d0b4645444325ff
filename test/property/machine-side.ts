// SPDX-License-Identifier: GPL-2.0-only
//
// The machine under test as a side on which drills are played, through the public API.

import {
  type Advice,
  type BuiltinDriver,
  type Device,
  HmmuError,
  Machine,
  type Migration,
  type MirroredPage,
  type PageEntry,
  PageFlag,
  type PageRef,
  PfnFlag,
  type Process,
  type Profile,
  type Task,
} from '../../lib'
import type {
  Counters,
  DriverChoice,
  Errno,
  Invalidated,
  MapRequest,
  Memory,
  MirrorHow,
  Outcome,
  PinHow,
  Prot,
  Seen,
  Side,
  SideMigration,
  Sizes,
} from '../model/side'
import type { Steps } from '../model/steps'
import { WakeQueue } from '../model/wake-queue'

const PAGE = 4096
const RAM_PAGES = 16384
/** An owner that has no pages. */
const OTHER_OWNER = 0

const code = (error: unknown) => (error instanceof HmmuError ? error.code : undefined)

export class MachineSide implements Side<Process, Task, PageRef> {
  readonly machine: Machine
  /** Threads of commands under way, main tasks included. */
  readonly #threads = new Set<Task>()
  readonly #watched = new Map<number, Process>()
  readonly #memcgQueue = new WakeQueue()

  constructor(sizes: Sizes, profile: Profile) {
    this.machine = new Machine({ ramPages: RAM_PAGES, ...sizes, profile })
  }

  process(): Process {
    return this.machine.process()
  }

  thread(process: Process, main: boolean): Task {
    const task = main ? process.mainTask : process.newTask()
    this.#threads.add(task)
    return task
  }

  endThread(task: Task): void {
    this.#threads.delete(task)
    if (task.process.alive) task.destroy()
  }

  before(): void {
    this.machine.drainPagevecs()
  }

  map(task: Task, request: MapRequest): Steps<Errno> {
    const { start, ...options } = request
    return untilDone(task, () => void task.map({ ...options, address: start * PAGE }))
  }

  unmap(task: Task, start: number, end: number): Steps<Errno> {
    return untilDone(task, () => task.unmap(start * PAGE, end - start))
  }

  protect(task: Task, start: number, end: number, prot: Prot): Steps<Errno> {
    return untilDone(task, () => task.protect(start * PAGE, end - start, prot))
  }

  advise(task: Task, start: number, end: number, advice: Advice): Steps<Errno> {
    return untilDone(task, () => task.advise(start * PAGE, end - start, advice))
  }

  lock(task: Task, start: number, end: number): Steps<Errno> {
    return untilDone(task, () => task.lock(start * PAGE, end - start))
  }

  unlock(task: Task, start: number, end: number): Steps<Errno> {
    return untilDone(task, () => task.unlock(start * PAGE, end - start))
  }

  clear(task: Task): Steps<Errno> {
    return untilDone(task, () => task.clearSoftDirty())
  }

  *uffd(task: Task, start: number, end: number, wp: boolean): Steps<Errno> {
    const registered = yield* untilDone(task, () => task.registerUserfault(start * PAGE, end - start, { wp }))
    if (!wp || registered !== 'ok') return registered
    return yield* untilDone(task, () => task.writeProtectUserfault(start * PAGE, end - start))
  }

  remap(task: Task, start: number, end: number, to: number): Steps<Errno> {
    return untilDone(task, () => void task.remap(start * PAGE, end - start, { address: to * PAGE }))
  }

  reclaim(task: Task, start: number, end: number): Steps<Errno> {
    return untilDone(task, () => void task.process.reclaimPages(start * PAGE, end - start))
  }

  truncate(task: Task, start: number, end: number, pages: number): Steps<Errno> {
    const mapped = task.process.mappings().find((each) => each.end > start * PAGE && each.start < end * PAGE)
    const address = Math.max(mapped?.start ?? 0, start * PAGE)
    return untilDone(task, () => task.truncate(address, pages))
  }

  *fork(task: Task): Steps<Process | Errno> {
    try {
      return yield* retried(task, () => task.fork())
    } catch (error) {
      return errnoOf(error)
    }
  }

  hold(process: Process, page: number): PageRef | Errno {
    return orErrno(() => process.hold(page * PAGE))
  }

  isolate(process: Process, page: number): PageRef | Errno {
    return orErrno(() => process.isolate(page * PAGE))
  }

  drop(ref: PageRef): void {
    ref.drop()
  }

  see(process: Process, start: number, end: number): Seen[] {
    return process.dump(start * PAGE, end - start).map((entry) => this.#seen(entry))
  }

  #seen({
    kind,
    bits,
    uffdWp: wp,
    swapUsers,
    pfn,
    allocId,
    device,
    coherent,
    refCount,
    mapCount,
    flags,
  }: PageEntry): Seen {
    if (kind === 'nomap' || kind === 'none' || kind === 'special' || kind === 'marker') return { ...NOTHING, kind }
    const users = kind === 'swap' ? swapUsers : undefined
    if (kind === 'zero' || kind === 'hzero' || pfn === 0) return { ...NOTHING, kind, bits, wp, users }
    const frame = device ? `${coherent ? 'C' : 'D'}${allocId}` : `${pfn}.${allocId}`
    const value = this.machine.pageData(pfn)[0]
    return { kind, bits, wp, users, frame, refCount, mapCount, flags: flagNames(flags), value }
  }

  watch(process: Process): void {
    process.watch()
    this.#watched.set(process.pid, process)
  }

  takeInvalidations(): Invalidated<Process>[] {
    if (this.#watched.size === 0) return []
    return this.machine.takeEvents().flatMap(({ type, pid, a, b }) => {
      const process = type === 'invalidate_start' ? this.#watched.get(pid) : undefined
      if (process === undefined) return []
      return [{ process, start: Math.floor(Number(a) / PAGE), end: Math.ceil(Number(b) / PAGE) }]
    })
  }

  count(process: Process): Counters {
    const { anon, file, shmem, swap } = process.counters()
    const { deviceFree, coherentPages, coherentFree, swapFree, swapPages } = this.machine.counters()
    const shown = (pages: number, free: number) => (pages > 0 ? free : undefined)
    return {
      ...{ anon, file, shmem, swap, deviceFree },
      coherentFree: shown(coherentPages, coherentFree),
      swapFree: shown(swapPages, swapFree),
    }
  }

  migrate(task: Task, start: number, end: number, choice: DriverChoice): SideMigration | undefined {
    const among = (list: (page: number) => boolean) =>
      Array.from({ length: end - start }, (_, i) => i).filter((i) => list(start + i))
    const { select, owner } = choice
    const driver: BuiltinDriver = {
      ...this.#destination(choice.to),
      skip: among(choice.skip),
      error: among(choice.error),
      select: select && [
        ...(select.system ? ['system' as const] : []),
        ...(select.private ? ['private' as const] : []),
        ...(select.coherent ? ['coherent' as const] : []),
      ],
      owner: owner === 'other' ? OTHER_OWNER : undefined,
    }
    try {
      return new MachineMigration(task.beginMigration({ start: start * PAGE, pages: end - start }, driver))
    } catch (error) {
      if (code(error) === 'HMMU_SYSCALL' && (error as HmmuError).errno === 'EINVAL') return undefined
      throw error
    }
  }

  /** Without coherent memory no page can move there. */
  #destination(to: Memory): Pick<BuiltinDriver, 'to' | 'device' | 'only'> {
    if (to === 'system') return { to }
    const device = this.#device(to)
    return device === undefined ? { to: 'device', only: [] } : { to: 'device', device }
  }

  #device(memory: Memory): Device | undefined {
    return this.machine.devices.find(({ kind }) => kind === memory)
  }

  *mirror(task: Task, start: number, end: number, { fault, write, owner }: MirrorHow): Steps<string[] | Errno> {
    const how = { fault, write, owner: owner === 'other' ? OTHER_OWNER : undefined }
    try {
      const pages = yield* retried(task, () => task.mirror(start * PAGE, end - start, how))
      return pages.map(mirrored)
    } catch (error) {
      return errnoOf(error)
    }
  }

  *exclusive(task: Task, page: number): Steps<Errno> {
    try {
      const ref = yield* retried(task, () => task.makeDeviceExclusive(page * PAGE))
      ref?.drop()
      return ref === undefined ? '-' : 'ok'
    } catch (error) {
      return errnoOf(error)
    }
  }

  evict(memory: Memory, first: number, last: number): SideMigration | undefined {
    const device = this.#device(memory)
    if (device === undefined || first >= device.pages) return undefined
    const pages = Math.min(last, device.pages - 1) - first + 1
    return new MachineMigration(device.beginEviction({ first: device.base + first, pages }), true)
  }

  /** A process ends when none of its threads waits; then it waits itself for the pages of files that go with it. */
  *exit(process: Process): Steps<Errno> {
    const waits = () => [...this.#threads].some((task) => task.process === process && task.state().wait !== 'nothing')
    while (waits()) yield { ready: () => !waits() }
    return yield* untilDone(process.mainTask, () => process.exit())
  }

  *load(task: Task, page: number): Steps<{ outcome: Outcome; value: number }> {
    for (;;) {
      const { outcome, value } = task.tryLoad(page * PAGE)
      if (outcome !== 'blocked') return { outcome, value }
      yield* this.#wait(task)
    }
  }

  *store(task: Task, page: number, value: number): Steps<Outcome> {
    for (;;) {
      const outcome = task.tryStore(page * PAGE, value)
      if (outcome !== 'blocked') return outcome
      yield* this.#wait(task)
    }
  }

  #look(task: Task): void {
    if (task.state().ready) this.#memcgQueue.wake()
  }

  /** An access may wait for a page of the memory cgroup. If another task has taken the page, it waits anew. */
  *#wait(task: Task): Steps<void> {
    if (task.state().wait !== 'memcg') return yield* wait(task)
    let over = false
    try {
      do yield* this.#memcgQueue.wait(() => this.#look(task))
      while (!task.state().ready)
      over = true
    } finally {
      if (!over) task.cancel()
    }
  }

  *pin(task: Task, page: number, how: PinHow): Steps<PageRef | Errno> {
    try {
      return yield* retried(task, () => task.pin(page * PAGE, how))
    } catch (error) {
      return errnoOf(error)
    }
  }
}

const NOTHING = { bits: '', frame: undefined, refCount: 0, mapCount: 0, value: undefined }

/** Page flags that dumps print, in their order. */
const FLAG_NAMES = [
  ...(['LOCKED', 'UPTODATE', 'DIRTY', 'LRU', 'ACTIVE', 'REFERENCED', 'SWAPBACKED', 'UNEVICTABLE', 'MLOCKED'] as const),
  ...(['HEAD', 'TAIL', 'EXCLUSIVE', 'SWAPCACHE'] as const),
]

function flagNames(flags: number): string {
  const names = FLAG_NAMES.filter((name) => (flags & PageFlag[name]) !== 0)
  return names.join(',').toLowerCase() || '-'
}

/** An address that no drill maps. */
const ELSEWHERE = 0x7f0000000000

/** A task that has waited refuses all but its own call, also when it could go on. */
function expectBusy(task: Task): void {
  const calls = [
    () => task.load(ELSEWHERE, 1),
    () => task.unmap(ELSEWHERE, 3),
    () => task.unlock(ELSEWHERE, 3),
    () => task.beginMigration({ start: ELSEWHERE, pages: 1 }),
  ]
  for (const call of calls)
    if (codeOf(call) !== 'HMMU_BUSY') throw new Error(`task ${task.tid} takes another call than its own`)
}

function codeOf(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return code(error)
  }
}

/** The condition holds, or the wait was cancelled. */
function* wait(task: Task): Steps<void> {
  let over = false
  try {
    expectBusy(task)
    yield { ready: () => task.state().ready }
    expectBusy(task)
    over = true
  } finally {
    if (!over) task.cancel()
  }
}

/** Repeat a call until it does not wait. */
function* retried<T>(task: Task, call: () => T): Steps<T> {
  for (;;) {
    try {
      return call()
    } catch (error) {
      if (code(error) !== 'HMMU_BLOCKED') throw error
    }
    yield* wait(task)
  }
}

function* untilDone(task: Task, call: () => void): Steps<Errno> {
  try {
    yield* retried(task, call)
    return 'ok'
  } catch (error) {
    return errnoOf(error)
  }
}

function orErrno<T>(call: () => T): T | Errno {
  try {
    return call()
  } catch (error) {
    return errnoOf(error)
  }
}

const REFUSALS: readonly string[] = ['HMMU_SYSCALL', 'HMMU_MEMCG_LIMIT']

/** The errno of a system call. Throws any other failure. */
function errnoOf(error: unknown): Errno {
  if (!(error instanceof HmmuError) || error.errno === undefined || !REFUSALS.includes(error.code)) throw error
  return error.errno
}

class MachineMigration implements SideMigration {
  readonly #migration: Migration
  /** Of device pages: it goes on if no page can move. */
  readonly #ofDevice: boolean

  constructor(migration: Migration, ofDevice = false) {
    this.#migration = migration
    this.#ofDevice = ofDevice
  }

  alloc(): { src: string[]; dst: string[] } | undefined {
    this.#migration.runTo('alloc_and_copy')
    if (!this.#migration.callbacksRan && !this.#ofDevice) {
      this.#migration.finish()
      return undefined
    }
    return { src: words(this.#migration.src), dst: words(this.#migration.dst) }
  }

  final(): { src: string[] } {
    this.#migration.runTo('finalize_and_map')
    return { src: words(this.#migration.src) }
  }

  finish(): void {
    this.#migration.finish()
  }
}

/** A word of hmm_range_fault(). */
function mirrored({ valid, write, error, order, device, coherent }: MirroredPage): string {
  const flags = `${valid ? 'V' : ''}${write ? 'W' : ''}${error ? 'E' : ''}`
  return `${flags || '-'}${order ? ` o${order}` : ''}${(coherent && ' coh') || (device && ' dev') || ''}`
}

const LETTERS = { VALID: 'V', MIGRATE: 'M', LOCKED: 'L', WRITE: 'W', DEVICE: 'D', ERROR: 'E' } as const

function words(array: BigUint64Array): string[] {
  return Array.from(array, (word) => {
    const set = Object.entries(LETTERS).filter(([name]) => Number(word & 63n) & PfnFlag[name as keyof typeof LETTERS])
    return set.map(([, letter]) => letter).join('') || '-'
  })
}
