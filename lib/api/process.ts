// SPDX-License-Identifier: GPL-2.0-only

import { eventNames, type NotifyKind } from '../base/defs.generated'
import { HmmuError } from '../base/errors'
import { address, callable, integer, invalid, PAGE_SIZE, pageCount, synchronous } from '../base/validate'
import { RECORD_WORDS } from '../native/layout'
import { SystemCalls } from './calls'
import { type Core, requireCore } from './core'
import { asText, hex, shownAs, showsItself, stateOf } from './inspect'
import type { Machine } from './machine'
import { Mapping } from './mapping'
import { IntervalNotifier, type NotifierOptions, prepareNotifier } from './mirror'
import { type PageRange, rangeOf } from './page-range'
import { PageRef } from './page-ref'
import {
  decodeEntries,
  decodeMappings,
  MOST_DUMPED,
  mappingTable,
  notifyKind,
  type PageEntry,
  type VmaInfo,
  walkTable,
} from './records'
import { isBlocked } from './schedule'
import { Task } from './task'
import { type PageTable, pageTables } from './whole'

/** Who has the mmap_sem of a process (in 6.12 mmap_lock). */
export interface MmapLock {
  /** The tasks that have it for reading. */
  readonly readers: readonly Task[]
  /** The task that has it for writing. */
  readonly writer: Task | undefined
  /** The tasks that wait for it, in the order of their coming. */
  readonly waiting: readonly Task[]
}

/** Counters of an address space, in pages. */
export interface ProcessCounters {
  /** MM_ANONPAGES: anonymous pages, those on the device included. */
  readonly anon: number
  /** MM_FILEPAGES */
  readonly file: number
  /** MM_SHMEMPAGES */
  readonly shmem: number
  /** MM_SWAPENTS */
  readonly swap: number
  /** Pages of all mappings. */
  readonly mapped: number
  /** Pages of VM_LOCKED mappings. */
  readonly locked: number
  /** Frames of page tables. */
  readonly tables: number
  /** Pages of hugetlb mappings, which are in none of the others. */
  readonly hugetlb: number
}

/** Pages of an address space lose their meaning: its translations are about to change, change, or have changed. */
export interface Invalidation {
  /** Before the change, with it, or after it. */
  readonly type: 'invalidate_start' | 'invalidate_range' | 'invalidate_end'
  /** Why: of `invalidate_start` and `invalidate_end` in Linux 6.12; absent in 4.14, which has no kinds. */
  readonly kind?: NotifyKind
  /** First byte. */
  readonly start: number
  /** First byte behind. */
  readonly end: number
}

/** Is told of an invalidation. */
export type InvalidateHandler = (invalidation: Invalidation) => void

/**
 * A process: an address space and its tasks. The calls of {@link SystemCalls} are made by its main task; where one has to wait, the
 * wait is cancelled before HMMU_BLOCKED is thrown. To wait and go on, use a {@link Task}.
 */
export class Process extends SystemCalls {
  /** Process number, counted from 1. Another process may have it when this one is gone. */
  readonly pid: number
  /** The first task; it lives as long as the process. */
  readonly mainTask: Task
  /** @internal */
  readonly core: Core
  #exited = false

  /** @internal */
  static make(core: Core, pid: number): Process {
    return new Process(core, pid)
  }

  private constructor(core: Core, pid: number) {
    super()
    this.core = requireCore(core, 'machine.process() and fork() make processes')
    this.pid = pid
    this.mainTask = Task.make(core, this, core.check(core.native.processTask(pid)))
    core.processes.set(pid, this)
  }

  /** The machine that it belongs to. */
  get machine(): Machine {
    return this.core.machine
  }

  /** @internal */
  protected get owner(): Process {
    return this
  }

  /** @internal */
  protected get caller(): number {
    return this.#number && this.mainTask.tid
  }

  /** @internal */
  protected blocked(): void {
    try {
      this.mainTask.cancel()
    } catch (error) {
      // A wait in a driver can't be given up. The call goes on when it is repeated.
      if (!(error instanceof HmmuError && error.code === 'HMMU_BUSY')) throw error
    }
  }

  /** @internal The handle of a process that has just come to be. */
  adopt(pid: number): Process {
    const child = Process.make(this.core, pid)
    this.core.driver?.forked(this, child)
    return child
  }

  /** @internal Handles of processes that came to be in a call which has thrown what a handler threw. */
  adoptNew(): void {
    const { native, processes } = this.core
    const pids = new Uint32Array(Math.max(0, native.processes(new Uint32Array(0))))
    native.processes(pids)
    for (const pid of pids) if (!processes.has(pid)) this.adopt(pid)
  }

  /** @internal Checks that a value is a process of the same machine. */
  another(value: unknown): Process {
    if (!(value instanceof Process)) throw invalid('process', 'a Process', value)
    this.core.same('the process', value.core)
    return value
  }

  /** Whether the process has not exited. False when the machine is gone. */
  get alive(): boolean {
    return !this.#exited && !this.core.disposed
  }

  /** The pid, for a call: that of a process which is gone may be another one's by now. */
  get #number(): number {
    if (!this.#exited) return this.pid
    throw new HmmuError('HMMU_NO_PROCESS', `process ${this.pid} has exited`, { errno: 'ESRCH' })
  }

  /** The living tasks, in the order of their numbers. */
  get tasks(): Task[] {
    this.core.check(this.core.native.processTask(this.#number))
    return this.core.tasksOf(this).sort((a, b) => a.tid - b.tid)
  }

  /**
   * A handle to a range of addresses, whatever is mapped there.
   * @param range page aligned: a mapping of {@link Process.mappings}, for instance, or a {@link Mapping} of the machine of which
   *   this one is a copy
   */
  mapping(range: PageRange): Mapping {
    if (typeof range !== 'object' || range === null) throw invalid('range', 'a Mapping or { start, pages }', range)
    const { start, pages } = range
    if (address(start) % PAGE_SIZE !== 0) throw invalid('start', `a multiple of ${PAGE_SIZE}`, start)
    return Mapping.make(this, start, pageCount(pages))
  }

  /** Makes another task. */
  newTask(): Task {
    return Task.make(this.core, this, this.core.check(this.core.native.taskCreate(this.#number)))
  }

  /**
   * The process ends and is reaped: do_exit(). The last mapping of a file takes the file along, and waits for its pages
   * that somebody has locked. Then the process has no mapping any more, and of its tasks only the main task.
   * @throws HmmuError HMMU_BUSY: it migrates, or a task of it waits. HMMU_BLOCKED: it waits for a page; to go on, repeat
   * the call
   */
  exit(): void {
    const { native } = this.core
    const pid = this.#number
    try {
      this.core.check(native.exit(pid))
    } catch (error) {
      if (isBlocked(error)) this.#endTasks((task) => task !== this.mainTask)
      // What a handler throws does not stop the exit.
      if (!this.core.disposed && native.processTask(pid) <= 0) this.#end()
      throw error
    }
    this.#end()
  }

  #end(): void {
    this.#exited = true
    this.core.processes.delete(this.pid)
    this.core.notifiers.delete(this.pid)
    this.#endTasks(() => true)
    this.core.driver?.exited(this)
  }

  #endTasks(which: (task: Task) => boolean): void {
    for (const task of this.core.tasksOf(this)) if (which(task)) this.core.removeTask(task)
  }

  /** The frames of its page tables, each before those below it. A table kept for the split of a huge page is not among them. */
  tables(): PageTable[] {
    return pageTables(this.core, this.#number)
  }

  /** Who has mmap_sem (in 6.12 mmap_lock), and who waits for it. */
  mmapLock(): MmapLock {
    const states = this.tasks.map((task) => ({ task, ...task.state() }))
    const inQueue = states.filter(({ queuePlace }) => queuePlace > 0).sort((a, b) => a.queuePlace - b.queuePlace)
    return {
      readers: states.filter(({ mmapLock }) => mmapLock === 'read').map(({ task }) => task),
      writer: states.find(({ mmapLock }) => mmapLock === 'write')?.task,
      waiting: inQueue.map(({ task }) => task),
    }
  }

  /**
   * Takes a reference to the page mapped at an address and locks it, as another task would; never faults nor waits.
   * @throws HmmuError HMMU_SYSCALL with errno `ENOENT`: no page is there; `EBUSY`: it is locked
   */
  hold(at: number): PageRef {
    return PageRef.make(this.core, 'hold', this.core.check(this.core.native.hold(this.#number, address(at))))
  }

  /**
   * isolate_lru_page(): takes the page mapped at an address off the LRU, as reclaim would.
   * @throws HmmuError HMMU_SYSCALL with errno `ENOENT`: no page is there; `EBUSY`: it is not on an LRU list
   */
  isolate(at: number): PageRef {
    return PageRef.make(this.core, 'isolation', this.core.check(this.core.native.isolate(this.#number, address(at))))
  }

  /**
   * Reclaims the page mapped at an address, as shrink_page_list() would: out of all mappings, into a swap slot. A huge page is split
   * first; Linux 4.14 reclaims only this page of it, Linux 6.12 all of them. A pinned page stays in the swap cache, but its
   * entries are swapped out. Linux 6.12 reclaims pages of files, too.
   * @throws HmmuError HMMU_SYSCALL with errno `ENOENT`: no page of RAM is there; `EINVAL`: it is not anonymous; `ENOSPC`: no slot
   *   is free; `EBUSY`: it is locked, mlocked, on no LRU list, or pinned
   */
  reclaim(at: number): void {
    this.core.check(this.core.native.reclaim(this.#number, address(at)))
  }

  /** {@link reclaim} of all pages of a range, in the order of addresses. Pages that can't be reclaimed stay, which is no error. */
  reclaimPages(range: PageRange): void
  reclaimPages(address: number, pages: number): void
  reclaimPages(...args: [PageRange] | [number, number]): void {
    const { start, pages } = rangeOf(this.core, args)
    this.core.check(this.core.native.reclaimPages(this.#number, start, pages))
  }

  /** The state of pages, 0 … 2^22 of them: one native call, decoded afterwards. Shows itself as a table. */
  dump(range: PageRange): PageEntry[]
  dump(address: number, pages: number): PageEntry[]
  dump(...args: [PageRange] | [number, number]): PageEntry[] {
    const { start, pages } = rangeOf(this.core, args)
    integer('pages', pages, 0, MOST_DUMPED)
    const words = new BigUint64Array(pages * RECORD_WORDS.entry)
    this.core.check(this.core.native.dump(this.#number, start, pages, words))
    return decodeEntries(words, pages)
  }

  /** The counters of the address space. */
  counters(): ProcessCounters {
    const out = new Float64Array(8)
    this.core.check(this.core.native.mmCounters(this.#number, out))
    const [anon = 0, file = 0, shmem = 0, swap = 0, mapped = 0, locked = 0, tables = 0, hugetlb = 0] = out
    return { anon, file, shmem, swap, mapped, locked, tables, hugetlb }
  }

  /** The mappings (VMAs), in address order. Shows itself as a table. */
  mappings(): VmaInfo[] {
    const { native } = this.core
    let words = new BigUint64Array(16 * RECORD_WORDS.vma)
    let count = this.core.check(native.mappings(this.#number, words))
    if (count > 16) {
      words = new BigUint64Array(count * RECORD_WORDS.vma)
      count = this.core.check(native.mappings(this.#number, words))
    }
    return decodeMappings(words, count)
  }

  /**
   * The entries that translate an address, from the pgd on; fewer than 5 where the walk ends early: at an empty entry, or at
   * a huge pmd. Shows itself as a table.
   */
  walk(at: number): bigint[] {
    const out = new BigUint64Array(5)
    const levels = this.core.check(this.core.native.walk(this.#number, address(at), out))
    return shownAs(Array.from(out.subarray(0, levels)), walkTable, hex)
  }

  /** mmu_notifier_register(): `'invalidate_start'` events of this address space are recorded from now on. */
  watch(): void {
    this.core.check(this.core.native.watch(this.#number))
    this.core.record(['invalidate_start'], true)
  }

  /** What JSON has: its number, and counters and mappings of a process that is alive. */
  toJSON(): object {
    const { pid, alive } = this
    return { pid, alive, ...(alive && { counters: this.counters(), mappings: this.mappings() }) }
  }

  /**
   * Has a function called for invalidations of this address space, at once (struct mmu_notifier_ops): a device with page tables of
   * its own has to forget the pages. `undefined` ends it. The kernel makes the calls under locks, so the function may look, and
   * work with pages of a driver; any other call is HMMU_BUSY. What it throws reaches the caller of the call that invalidates, which
   * is carried out all the same. Copies of the machine have no such function. An exit calls it no more.
   */
  onInvalidate(handler: InvalidateHandler | undefined): void {
    const { notifiers, native } = this.core
    if (handler !== undefined) callable('handler', handler)
    this.core.check(native.notify(this.#number, handler !== undefined))
    native.invalidate = (pid, type, kind, start, end) => {
      this.core.callbacks++
      notifiers.get(pid)?.({ type: eventNames[type] as never, ...notifyKind(kind), start, end })
    }
    if (handler === undefined) notifiers.delete(this.pid)
    else notifiers.set(this.pid, (invalidation) => synchronous('the handler of invalidations', handler(invalidation)))
  }

  /**
   * mmu_interval_notifier_insert(): a range to be mirrored, by {@link SystemCalls.rangeFault}. Linux 6.12.
   * {@link NotifierOptions.invalidate} is called for each invalidation, and says whether it counts. Without it, invalidations for a
   * migration of the owner's device do not count, and all others do. {@link IntervalNotifier.remove} ends it.
   * @throws HmmuError HMMU_SYSCALL with errno `EINVAL`: the machine's kernel does not have it
   */
  intervalNotifier(range: PageRange, notifierOptions?: NotifierOptions): IntervalNotifier
  intervalNotifier(address: number, pages: number, notifierOptions?: NotifierOptions): IntervalNotifier
  intervalNotifier(
    ...args: [PageRange, (NotifierOptions | undefined)?] | [number, number, (NotifierOptions | undefined)?]
  ): IntervalNotifier {
    const { start, pages, length, rest } = rangeOf(this.core, args)
    const { owner, invalidate } = prepareNotifier(this.core, rest as NotifierOptions | undefined)
    const id = this.core.check(this.core.native.intervalInsert(this.#number, start, length, owner))
    return IntervalNotifier.make(this.core, id, { start, pages }, invalidate)
  }

  /**
   * __oom_reap_task_mm(): a process that is to die loses its private pages before it exits. Hugetlb and special mappings
   * stay, on Linux 4.14 locked ones, too.
   * @throws HmmuError HMMU_BUSY: mmap_sem is taken or waited for by a writer, or on Linux 4.14 the process has a notifier
   */
  oomReap(): void {
    this.core.check(this.core.native.oomReap(this.#number))
  }

  /** @internal */
  [stateOf](): object {
    return { is: 'Process', pid: this.pid, alive: this.alive, machine: this.machine }
  }

  /** @internal */
  [asText](all = false): string {
    if (!this.alive) return `Process ${this.pid} (gone)`
    const { anon, file, shmem, swap, tables } = this.counters()
    const mappings = this.mappings()
    const head = `Process ${this.pid}: ${anon} anon, ${file} file, ${shmem} shmem, ${swap} swap, ${tables} tables`
    const parts = mappings.length > 0 ? [head, mappingTable(mappings, all)] : [head]
    return [...parts, ...(all ? mappings.map((vma) => this.mapping(vma)[asText](all)) : [])].join('\n')
  }

  static {
    showsItself(Process.prototype)
  }
}
