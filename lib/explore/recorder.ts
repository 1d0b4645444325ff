// SPDX-License-Identifier: GPL-2.0-only
//
// Records what a task of a scenario does.

import {
  type ActionKind,
  type Advice,
  adviceValues,
  type BuiltinDriver,
  type CustomDriver,
  type Driver,
  type Machine,
  Mapping,
  type MigrationRange,
  PAGE_SIZE,
  type PageRange,
  type PinOptions,
  Process,
  type Prot,
  type Task,
  targetValues,
} from '../api'
import { checkedDriver, pinFlags } from '../api/scenes'
import { HmmuError } from '../base/errors'
import { address, integer, invalid, MOST_PAGES as MOST_RANGE, oneOf, requireInternal } from '../base/validate'
import { type ActionWords, MOST_ACTIONS, MOST_ENTRIES, makeAction, PROT, type ProgramAction } from './program-words'

/** HMMU_PROGRAM_HANDLES */
const MOST_REFS = 64

/** What a task has pinned, held or isolated, for {@link TaskRecorder.drop}. */
export class RecordedRef {
  /** @internal Its number, of all tasks. */
  readonly handle: number
  /** @internal */
  readonly recording: Recording

  /** @internal */
  static make(recording: Recording, handle: number): RecordedRef {
    return new RecordedRef(recording, handle)
  }

  private constructor(recording: Recording, handle: number) {
    requireInternal(recording instanceof Recording, 'pin(), hold() and isolate() of a recorder return them')
    this.recording = recording
    this.handle = handle
  }
}

/** An action, as a search in C and a replay by the API make it. */
export interface RecordedAction extends ProgramAction {
  /** Of a migration: its driver, and its range. */
  readonly migration?: { readonly range: MigrationRange; readonly driver: Driver }
  /** Of a call that has nothing to give: makes it. */
  readonly call?: (task: Task) => unknown
}

/** What all tasks of a scenario share while they are recorded. */
export class Recording {
  readonly machine: Machine
  /** Names of the processes; those that tasks fork are behind the others. */
  readonly processes: string[]
  /** Of the living ones. */
  readonly pids: readonly number[]
  /** The process that forks one, by its name. */
  readonly parents = new Map<string, number>()
  /** Names of mappings. */
  readonly regions: readonly (readonly [name: string, mapping: Mapping])[]
  #refs = 0
  #actions = 0

  constructor(machine: Machine, names: readonly string[], pids: readonly number[], regions: Recording['regions']) {
    this.machine = machine
    this.processes = [...names]
    this.pids = pids
    this.regions = regions
  }

  newRef(): RecordedRef {
    if (this.#refs === MOST_REFS) throw refused(`tasks can pin, hold and isolate ${MOST_REFS} pages`)
    return RecordedRef.make(this, this.#refs++)
  }

  countAction(): void {
    if (this.#actions++ === MOST_ACTIONS) throw refused(`tasks can have ${MOST_ACTIONS} actions`)
  }

  /** The number of a process by its name, also of one that is forked later. */
  numberOf(name: string): number {
    const number = this.processes.indexOf(name)
    return number >= 0 ? number : this.processes.push(name) - 1
  }

  /** What pages are called: `buf[1-2]`. */
  nameOf(start: number, pages: number): string {
    const found = this.regions.find(([, each]) => start >= each.start && start + pages * PAGE_SIZE <= each.end)
    if (found === undefined) return `0x${start.toString(16)}${pages === 1 ? '' : `[0-${pages - 1}]`}`
    const [name, mapping] = found
    const first = (start - mapping.start) / PAGE_SIZE
    if (first === 0 && pages === mapping.pages && pages > 1) return name
    return `${name}[${first}${pages === 1 ? '' : `-${first + pages - 1}`}]`
  }
}

/**
 * Records the actions of a task, in their order: {@link Scenario.tasks} get one each. A call here does nothing to the machine, and
 * returns nothing that it would; it is carried out when orders are tried. Pages are given by a {@link Mapping} or a part of one
 * ({@link Mapping.range}); `page` is an index in it.
 */
export class TaskRecorder {
  /** @internal */
  readonly actions: RecordedAction[] = []
  readonly #recording: Recording
  readonly #process: number
  #ended = false

  /** @internal */
  static make(recording: Recording, process: number): TaskRecorder {
    return new TaskRecorder(recording, process)
  }

  private constructor(recording: Recording, process: number) {
    requireInternal(recording instanceof Recording, 'tasks of a scenario are given one')
    this.#recording = recording
    this.#process = process
  }

  /** @internal The task is recorded: later calls are mistakes. */
  end(): void {
    this.#ended = true
  }

  #add(kind: ActionKind, text: string, words: ActionWords, more: Partial<RecordedAction> = {}): void {
    if (this.#ended) throw new HmmuError('HMMU_ORDER', 'the task has been recorded; its function has returned')
    this.#recording.countAction()
    this.actions.push({ ...makeAction(kind, text, words, more.masks), ...more })
  }

  /** Loads the first byte of a page. */
  read(range: PageRange, page = 0): void {
    const { start } = this.#page(range, page)
    this.#add('read', `read ${this.#name(start, 1)}`, { at: start, pages: 1 })
  }

  /**
   * Stores the first byte of a page.
   * @param value 0 … 255. All stores of a scenario together with what pages have at first are at most 64 values
   */
  write(range: PageRange, page: number, value: number): void {
    const { start } = this.#page(range, page)
    const byte = integer('value', value, 0, 255)
    this.#add('write', `write ${this.#name(start, 1)} ${byte}`, { at: start, pages: 1, value: byte })
  }

  /**
   * migrate_vma(), entry by entry. With the built-in driver the whole scenario is explored in C. A driver in TypeScript has it explored by
   * replay, which is slower; then the callbacks have to be deterministic.
   * @param range at most 64 pages
   * @throws HmmuError HMMU_UNSUPPORTED: `device`, `owner` or `faultPage` of the built-in driver
   */
  migrate(range: PageRange, driver: Driver = { to: 'device' }): void {
    const { start, pages } = this.#range(range, 1)
    if (pages > MOST_ENTRIES)
      throw refused(`a migration of ${pages} pages can't be explored (at most ${MOST_ENTRIES} can)`)
    // Says what is wrong with it now, and not in the middle of some order.
    const { selection, skip, error } = checkedDriver(this.#recording.machine, { start, pages }, driver)
    const migration = { range: { start, pages }, driver }
    const words = { at: start, pages }
    const text = `migrate ${this.#name(start, pages)}`
    if (isCustom(driver)) {
      this.#add('migrate', `${text} by a driver`, words, { migration })
      return
    }
    onlyFirstDevice(driver)
    const more = { migration, masks: [maskOf(skip, pages), maskOf(error, pages)] as const }
    const value = targetValues[driver.to]
    this.#add('migrate', `${text} to ${driver.to}`, { ...words, value, select: selection.flags }, more)
  }

  /** munmap(). */
  unmap(range: PageRange): void {
    this.#ranged('unmap', range, '', 0, (task, pages) => task.unmap(pages))
  }

  /** mprotect(). */
  protect(range: PageRange, prot: Prot): void {
    const value = oneOf('prot', prot, PROT)
    this.#ranged('protect', range, ` ${prot}`, value, (task, pages) => task.protect(pages, prot))
  }

  /** madvise(). */
  advise(range: PageRange, advice: Advice): void {
    const value = oneOf('advice', advice, adviceValues)
    this.#ranged('advise', range, ` ${advice}`, value, (task, pages) => task.advise(pages, advice))
  }

  /** mlock(). */
  lock(range: PageRange): void {
    this.#ranged('lock', range, '', 0, (task, pages) => task.lock(pages))
  }

  /** munlock(). */
  unlock(range: PageRange): void {
    this.#ranged('unlock', range, '', 0, (task, pages) => task.unlock(pages))
  }

  /** Clears the soft-dirty bits of the process. */
  clearSoftDirty(): void {
    this.#add('clear', 'clear', {}, { call: (task) => task.clearSoftDirty() })
  }

  /**
   * fork().
   * @param child a name for the new process: tasks whose {@link ScenarioTask.process} it is begin then
   */
  fork(child: string): void {
    const { processes, parents, pids } = this.#recording
    if (typeof child !== 'string' || child === '') throw invalid('child', 'a name', child)
    const number = this.#recording.numberOf(child)
    if (number < pids.length || parents.has(child)) throw refused(`there is a process ${processes[number]} already`)
    parents.set(child, this.#process)
    this.#add('fork', `fork ${child}`, { value: number })
  }

  /**
   * A process exits.
   * @param process one that `setup` has made, or the name of one that a task forks; by default that of this task
   */
  exit(process?: Process | string): void {
    const number = process === undefined ? this.#process : this.#numberOf(process)
    this.#add('exit', `exit ${this.#recording.processes[number]}`, { value: number })
  }

  /** get_user_pages() of a page; with `dma` pin_user_pages(). */
  pin(range: PageRange, page = 0, pinOptions?: PinOptions): RecordedRef {
    return this.#take('pin', range, page, pinFlags(pinOptions))
  }

  /** Takes a reference to a page and locks it, as another task would ({@link Process.hold}). */
  hold(range: PageRange, page = 0): RecordedRef {
    return this.#take('hold', range, page, 0)
  }

  /** Takes a page off the LRU ({@link Process.isolate}). */
  isolate(range: PageRange, page = 0): RecordedRef {
    return this.#take('isolate', range, page, 0)
  }

  /** Gives a page back that a task of the scenario has pinned, held or isolated. */
  drop(ref: RecordedRef): void {
    if (!(ref instanceof RecordedRef) || ref.recording !== this.#recording)
      throw invalid('ref', 'what pin(), hold() or isolate() of a task of this scenario has returned', ref)
    this.#add('drop', `drop r${ref.handle}`, { handle: ref.handle })
  }

  /** Reclaims a page ({@link Process.reclaim}). */
  reclaim(range: PageRange, page = 0): void {
    const { start } = this.#page(range, page)
    const call = (task: Task) => task.process.reclaim(start)
    this.#add('reclaim', `reclaim ${this.#name(start, 1)}`, { at: start, pages: 1 }, { call })
  }

  /** The OOM reaper takes the private pages of the process ({@link Process.oomReap}). */
  oomReap(): void {
    this.#add('oom-reap', 'oom-reap', {}, { call: (task) => task.process.oomReap() })
  }

  #take(kind: 'pin' | 'hold' | 'isolate', range: PageRange, page: number, value: number): RecordedRef {
    const { start } = this.#page(range, page)
    const ref = this.#recording.newRef()
    this.#add(kind, `${kind} ${this.#name(start, 1)} as r${ref.handle}`, {
      at: start,
      pages: 1,
      value,
      handle: ref.handle,
    })
    return ref
  }

  #ranged(
    kind: ActionKind,
    given: PageRange,
    rest: string,
    value: number,
    make: (task: Task, range: PageRange) => void,
  ): void {
    const range = this.#range(given, 0)
    const { start, pages } = range
    const call = (task: Task) => make(task, range)
    this.#add(kind, `${kind} ${this.#name(start, pages)}${rest}`, { at: start, pages, value }, { call })
  }

  #name(start: number, pages: number): string {
    return this.#recording.nameOf(start, pages)
  }

  #page(range: PageRange, page: number): PageRange {
    const { start, pages } = this.#range(range, 1)
    return { start: start + integer('page', page, 0, pages - 1) * PAGE_SIZE, pages: 1 }
  }

  #range(range: PageRange, least: number): { start: number; pages: number } {
    if (typeof range !== 'object' || range === null) throw invalid('range', 'a Mapping or { start, pages }', range)
    if (range instanceof Mapping) this.#expectOwn(range)
    const { start, pages } = range
    if (address(start) % PAGE_SIZE !== 0) throw invalid('start', `a multiple of ${PAGE_SIZE}`, start)
    return { start, pages: integer('pages', pages, least, MOST_RANGE) }
  }

  /** A mapping of another process is a mistake, unless that process is an ancestor. */
  #expectOwn({ process }: Mapping): void {
    const { processes, pids, parents } = this.#recording
    this.#expectSameMachine('the mapping', process)
    const theirs = pids.indexOf(process.pid)
    let number: number | undefined = this.#process
    while (number !== undefined && number !== theirs) number = parents.get(processes[number] ?? '')
    if (number === undefined)
      throw refused(
        `the mapping is of process ${processes[theirs] ?? process.pid}, and the task of ${processes[this.#process]}; mapping.in(process) has its addresses there`,
      )
  }

  #expectSameMachine(what: string, { machine }: Process): void {
    if (machine !== this.#recording.machine)
      throw new HmmuError('HMMU_WRONG_MACHINE', `${what} belongs to another machine than that of setup`)
  }

  #numberOf(process: Process | string): number {
    const { processes, pids } = this.#recording
    if (typeof process === 'string') {
      if (process === '') throw invalid('process', 'a Process or a name', process)
      return this.#recording.numberOf(process)
    }
    if (!(process instanceof Process)) throw invalid('process', 'a Process or a name', process)
    this.#expectSameMachine('the process', process)
    const number = pids.indexOf(process.pid)
    if (number < 0 || number >= processes.length) throw refused(`process ${process.pid} has exited`)
    return number
  }
}

export function isCustom(driver: Driver): driver is CustomDriver {
  return 'allocAndCopy' in driver
}

function onlyFirstDevice(driver: BuiltinDriver): void {
  for (const name of ['device', 'owner', 'faultPage'] as const)
    if (driver[name] !== undefined)
      throw new HmmuError('HMMU_UNSUPPORTED', `driver.${name} can't be explored with the built-in driver`)
}

/** Indexes of entries as bits. */
function maskOf(indexes: Float64Array | undefined, pages: number): bigint {
  let bits = 0n
  for (const index of indexes ?? []) if (index < pages) bits |= 1n << BigInt(index)
  return bits
}

function refused(text: string): HmmuError {
  return new HmmuError('HMMU_INVALID_ARGUMENT', text)
}
