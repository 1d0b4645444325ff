// SPDX-License-Identifier: GPL-2.0-only
//
// The tasks of a scenario on its machine, step by step by the public API: for scenarios with callbacks.

import type { ActionResult, Machine, Migration, PageRef, Process, Task, TraceStep } from '../api'
import { callbacksBegun, isThrown, pinOptionsOf } from '../api/scenes'
import { HmmuError, type HmmuErrorCode } from '../base/errors'
import { digest } from './digest'
import type { FoundFinding } from './finding'
import { waitsForHolder } from './held-pages'
import type { RecordedAction } from './recorder'
import type { Scene } from './scene'
import type { Values } from './values'

/** Where a task stands. */
interface Thread {
  readonly process: number
  readonly actions: readonly RecordedAction[]
  /** The number of its first action, of all tasks' actions. */
  readonly first: number
  /** Undefined: its process has not been forked yet. */
  task: Task | undefined
  next: number
  migration: Migration | undefined
  /** Its call waits, and is to be repeated. */
  waits: boolean
  /** It waits for something that only a new attempt shows. */
  polls: boolean
  isGone: boolean
}

const NO_RESULT: ActionResult = { errno: undefined, value: 0, moved: 0, why: 'none' }

/** Failures of calls that a kernel's caller sees as an errno or a signal. All others are mistakes of a driver. */
const OUTCOMES: ReadonlySet<HmmuErrorCode> = new Set([
  'HMMU_SYSCALL',
  'HMMU_BUSY',
  'HMMU_SIGSEGV',
  'HMMU_SIGBUS',
  'HMMU_OUT_OF_FRAMES',
  'HMMU_OUT_OF_SLOTS',
  'HMMU_NO_PROCESS',
  'HMMU_NO_TASK',
])

export class Player {
  readonly #scene: Scene
  readonly #values: Values
  readonly #threads: Thread[]
  readonly #processes: (Process | undefined)[]
  readonly #refs = new Map<number, PageRef>()
  /** What each action has ended with, of all tasks' actions. */
  readonly results: ActionResult[]
  /** Of migrations, of all tasks' actions: why each entry has not moved. */
  readonly #whys: string[] = []
  /** What has been found since this was last emptied. */
  findings: FoundFinding[] = []
  /** The states in which callbacks have run, in their order. */
  #history = ''

  constructor(scene: Scene, values: Values) {
    this.#scene = scene
    this.#values = values
    this.#processes = [...scene.processes]
    let first = 0
    this.#threads = scene.program.tasks.map(({ process, actions, cpu }) => {
      const task = this.#processes[process]?.newTask()
      task?.setCpu(cpu)
      first += actions.length
      const thread = { process, actions, first: first - actions.length, task, next: 0, migration: undefined }
      return { ...thread, waits: false, polls: false, isGone: false }
    })
    this.results = scene.program.actions.map(() => NO_RESULT)
  }

  #hasEnded({ task, isGone, next, actions }: Thread): boolean {
    return task === undefined || isGone || next >= actions.length
  }

  /** The tasks that have something to do. */
  alive(): number[] {
    return this.#threads.flatMap((thread, i) => (this.#hasEnded(thread) ? [] : [i]))
  }

  /** The tasks that can make a step. */
  enabled(): number[] {
    return this.alive().filter((i) => this.#canRun(this.#threads[i]!))
  }

  /** Whether a task can make a step. */
  canStep(task: number): boolean {
    const thread = this.#threads[task]
    return thread !== undefined && !this.#hasEnded(thread) && this.#canRun(thread)
  }

  #canRun(thread: Thread): boolean {
    const action = thread.actions[thread.next]
    if (thread.polls) {
      const others = this.#threads.filter((other) => other !== thread && other.process === action?.words.value)
      return others.every(({ waits, migration }) => !waits && migration === undefined)
    }
    if (!thread.waits) return true
    const task = this.#waitingTask(thread)
    return !task?.alive || task.state().ready
  }

  /** A process that exits waits in its first task. */
  #waitingTask({ actions, next, task }: Thread): Task | undefined {
    return actions[next]?.kind === 'exit' ? this.#processes[actions[next].words.value]?.mainTask : task
  }

  /**
   * Make a step of a task.
   * @param key the state before it
   */
  step(number: number, key: string): TraceStep {
    const thread = this.#threads[number]!
    const action = thread.actions[thread.next]!
    const at = thread.first + thread.next
    const { machine } = this.#scene
    const begun = callbacksBegun(machine)
    const step = {
      task: number,
      action: at,
      event: 'step' as TraceStep['event'],
      wait: 'nothing' as TraceStep['wait'],
      point: undefined,
      stage: thread.migration?.stage ?? ('collect' as const),
      position: thread.migration?.position ?? 0,
      result: NO_RESULT,
    }
    if (!thread.waits && !thread.migration) this.#begins(thread, action)
    try {
      const result = this.#make(thread, action, at)
      if (result !== undefined) {
        Object.assign(step, { event: 'ends', result })
        this.#ends(thread, action, at, result)
      }
      thread.waits = thread.polls = false
    } catch (error) {
      const wait = this.#waitOf(thread, action, error)
      if (wait !== undefined) {
        thread.waits = true
        Object.assign(step, { event: 'waits', wait })
      } else {
        const result = this.#failed(number, at, error, callbacksBegun(machine) !== begun)
        Object.assign(step, { event: 'ends', result })
        thread.migration = undefined
        thread.waits = thread.polls = false
        this.#ends(thread, action, at, result)
      }
    }
    if (callbacksBegun(machine) !== begun) this.#history = `${key};${number}`
    return step
  }

  /** What the task waits for; undefined: it does not. */
  #waitOf(thread: Thread, { kind }: RecordedAction, error: unknown): TraceStep['wait'] | undefined {
    if (!(error instanceof HmmuError) || isThrown(this.#scene.machine, error)) return undefined
    thread.polls = kind === 'exit' && error.code === 'HMMU_BUSY'
    if (thread.polls) return 'nothing'
    return error.code === 'HMMU_BLOCKED' ? (error.wait ?? 'nothing') : undefined
  }

  /** A call has failed: by itself, or since a callback has thrown. */
  #failed(task: number | undefined, action: number | undefined, error: unknown, calledBack: boolean): ActionResult {
    const threw = isThrown(this.#scene.machine, error)
    if (error instanceof HmmuError && OUTCOMES.has(error.code) && !threw)
      return { ...NO_RESULT, errno: error.errno ?? error.code }
    if (!calledBack && !threw) throw error
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    this.#find({ judge: 'driver', task, action, text })
    return { ...NO_RESULT, errno: 'threw' }
  }

  #find(finding: Partial<FoundFinding> & Pick<FoundFinding, 'judge'>): void {
    const none = { task: undefined, action: undefined, page: undefined, process: undefined, found: 0, text: '' }
    this.findings.push({ ...none, ...finding })
  }

  /** Children that a call under way of the process forks. */
  #forking(process: number): number[] {
    const waiting = this.#threads.filter((thread) => thread.process === process && thread.waits)
    const actions = waiting.map(({ actions, next }) => actions[next])
    return actions.flatMap((action) => (action?.kind === 'fork' ? [action.words.value] : []))
  }

  #begins({ process }: Thread, action: RecordedAction): void {
    this.#values.zap(process, action, false, this.#forking(process))
    if (action.kind === 'fork') this.#values.forked(process, action.words.value, false)
  }

  #ends(thread: Thread, action: RecordedAction, at: number, result: ActionResult): void {
    thread.next++
    this.results[at] = result
    this.#values.zap(thread.process, action, true, this.#forking(thread.process))
  }

  /** Make a call, or a step of a migration. Undefined: the migration goes on. */
  #make(thread: Thread, action: RecordedAction, at: number): ActionResult | undefined {
    const { process } = thread
    const task = thread.task!
    const { at: address, value, handle } = action.words
    switch (action.kind) {
      case 'read':
      case 'write':
        return this.#access(thread, action, at)
      case 'migrate':
        return this.#migrate(thread, action, at)
      case 'fork':
        return this.#fork(thread, value)
      case 'exit':
        return this.#exit(value)
      case 'pin':
        return this.#take(handle, () => task.pin(address, pinOptionsOf(value)))
      case 'hold':
        return this.#take(handle, () => this.#process(process).hold(address))
      case 'isolate':
        return this.#take(handle, () => this.#process(process).isolate(address))
      case 'drop':
        return this.#drop(handle)
      default:
        action.call?.(task)
        return NO_RESULT
    }
  }

  #process(number: number): Process {
    const process = this.#processes[number]
    if (process === undefined) throw new HmmuError('HMMU_NO_PROCESS', 'the process is not there', { errno: 'ESRCH' })
    return process
  }

  #access({ task, process }: Thread, { kind, words }: RecordedAction, at: number): ActionResult {
    const page = this.#scene.program.pages.findIndex(({ address }) => address === words.at)
    try {
      if (kind === 'write') {
        task!.store(words.at, Uint8Array.of(words.value))
        if (page >= 0) this.#values.stored(process, page, words.value, this.#forking(process))
        return NO_RESULT
      }
      const value = task!.load(words.at, 1)[0] ?? 0
      if (page >= 0) this.#loaded(process, page, value, at)
      return { ...NO_RESULT, value }
    } catch (error) {
      if (page >= 0) this.#judgeStuck(error, process, page, at)
      throw error
    }
  }

  #loaded(process: number, page: number, value: number, action: number): void {
    if (!this.#values.allows(process, page, value))
      this.#find({ judge: 'wrong-value', task: this.#taskOf(action), action, page, process, found: value })
    this.#values.loaded(process, page, value)
  }

  #taskOf(action: number): number {
    return this.#threads.findIndex(({ first, actions }) => action >= first && action < first + actions.length)
  }

  /** An access ended in SIGBUS: is the page stuck on the device? */
  #judgeStuck(error: unknown, process: number, page: number, action?: number): void {
    if (!(error instanceof HmmuError && error.code === 'HMMU_SIGBUS')) return
    const address = this.#scene.program.pages[page]?.address ?? 0
    const [entry] = this.#process(process).dump(address, 1)
    if (entry?.kind !== 'dev' || !this.#values.isMapped(process, page)) return
    const task = action === undefined ? undefined : this.#taskOf(action)
    this.#find({ judge: 'stuck-page', task, action, page, process })
  }

  #migrate(thread: Thread, { migration: given }: RecordedAction, at: number): ActionResult | undefined {
    const { range, driver } = given!
    if (thread.migration === undefined) {
      thread.migration = thread.task!.beginMigration(range, driver)
      return undefined
    }
    if (thread.migration.step()) return undefined
    const { moved, entries } = thread.migration.finish()
    thread.migration = undefined
    this.#whys[at] = entries.map(({ why, migrate }) => `${migrate ? 'm' : ''}${why}`).join()
    const why = entries.find(({ migrate }) => !migrate)?.why ?? 'none'
    return { ...NO_RESULT, moved, why }
  }

  #fork({ task, process }: Thread, number: number): ActionResult {
    const child = task!.fork()
    this.#processes[number] = child
    this.#values.forked(process, number, true)
    for (const [i, thread] of this.#threads.entries()) {
      if (thread.process !== number) continue
      thread.task = child.newTask()
      thread.task.setCpu(this.#scene.program.tasks[i]?.cpu ?? 0)
    }
    return NO_RESULT
  }

  #exit(number: number): ActionResult {
    this.#process(number).exit()
    this.#processes[number] = undefined
    this.#values.exited(number)
    for (const thread of this.#threads) if (thread.process === number) thread.isGone = true
    return NO_RESULT
  }

  #take(handle: number, take: () => PageRef): ActionResult {
    this.#refs.set(handle, take())
    return NO_RESULT
  }

  #drop(handle: number): ActionResult {
    const ref = this.#refs.get(handle)
    this.#refs.delete(handle)
    if (ref === undefined) return { ...NO_RESULT, errno: 'ENOENT' }
    ref.drop()
    return NO_RESULT
  }

  /** Equal keys, equal futures. */
  key(state: ((context: unknown) => unknown) | undefined): string {
    const { machine, context } = this.#scene
    const refs = [...this.#refs].sort(([a], [b]) => a - b)
    // Drivers know device pages by their numbers.
    const devicePages = machine.devices.flatMap(({ base, pages }) => Array.from({ length: pages }, (_, i) => base + i))
    const hash = machine.stateHash([...refs.map(([, { pfn }]) => pfn), ...devicePages])
    const threads = this.#threads.map(
      ({ next, waits, polls, isGone, migration }) =>
        `${next}${waits ? 'w' : ''}${polls ? 'p' : ''}${isGone ? 'g' : ''}${migration ? 'm' : ''}`,
    )
    const own = state === undefined ? this.#history : JSON.stringify(state(context))
    const handles = refs.map(([handle]) => handle).join()
    return digest([hash.toString(16), threads.join(), handles, this.outcome(), this.#values.key(), own].join('|'))
  }

  /** All results. */
  outcome(): string {
    return this.results
      .map(({ errno, value, moved }, i) => `${errno ?? ''}${value}.${moved}${this.#whys[i] ?? ''}`)
      .join()
  }

  /** No task can run. Who waits for somebody that holds a page for ever is in no deadlock. */
  judgeDeadlock(): void {
    const alive = this.#threads.filter((thread) => !this.#hasEnded(thread))
    const left = alive.flatMap(({ actions, next }) => actions.slice(next))
    const states = alive.map((thread) => this.#waitingTask(thread)?.state())
    if (waitsForHolder(this.#scene.machine, states, this.#refs, left)) return
    this.#find({ judge: 'deadlock', found: this.alive().reduce((bits, task) => bits | (1 << task), 0) })
  }

  judgeVerify(): void {
    for (const text of this.#scene.machine.verify()) this.#find({ judge: 'verify', text })
  }

  /**
   * All tasks have ended: look at the values, and let all processes exit. The machine is of no use then.
   * @param freeAtEnd pages that are free when all processes have exited
   */
  judgeEnd(freeAtEnd: number): void {
    this.judgeVerify()
    for (const ref of this.#refs.values()) ref.drop()
    for (const process of this.#processes.keys())
      for (const page of this.#scene.program.pages.keys()) this.#judgeValue(process, page)
    const free = freeBehindAll(this.#scene.machine, (error) => {
      this.#failed(undefined, undefined, error, true)
    })
    if (free < freeAtEnd) this.#find({ judge: 'leak', found: freeAtEnd - free })
    this.judgeVerify()
  }

  #judgeValue(process: number, page: number): void {
    const { address } = this.#scene.program.pages[page]!
    if (!this.#processes[process] || !this.#values.isMapped(process, page)) return
    try {
      const found = this.#process(process).load(address, 1)[0] ?? 0
      if (!this.#values.allows(process, page, found)) this.#find({ judge: 'lost-write', page, process, found })
    } catch (error) {
      this.#judgeStuck(error, process, page)
      this.#failed(undefined, undefined, error, true)
    }
  }
}

/** All pages that are free once all processes have exited; infinity: some can't exit. */
export function freeBehindAll(machine: Machine, failed: (error: unknown) => void): number {
  for (const process of machine.processes) {
    try {
      process.exit()
    } catch (error) {
      if (process.alive) return Infinity
      failed(error)
    }
  }
  machine.drainPagevecs()
  const { ramFree, deviceFree } = machine.counters()
  return ramFree + deviceFree
}
