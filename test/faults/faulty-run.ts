// SPDX-License-Identifier: GPL-2.0-only
//
// Runs a drill on a machine in which an allocation fails, and goes on after the command that fails. In any case the
// machine has to be in balance after every command, errors have to be the kernel's, and after the end of all processes
// nothing may be left.

import type { Command, Drill, InnerCommand, Migration } from '../../lib/drill/ast'
import { execute } from '../../lib/drill/commands'
import { Execution } from '../../lib/drill/execution'
import type { Outcome } from '../../lib/drill/interleaving'
import { invalidationLines } from '../../lib/drill/invalidations'
import { carryOut } from '../../lib/drill/migrations'
import { isMigration } from '../../lib/drill/parse'
import { makeMachine } from '../../lib/drill/runner'
import { type Actor, Misuse, World } from '../../lib/drill/world'
import {
  type CounterName,
  HmmuError,
  type InjectionName,
  injectionNames,
  type Machine,
  PageFlag,
  type PageRef,
  type Process,
  type Profile,
  type Task,
} from '../../lib/index'

/** Passage `nth` of a site fails; 1 is the first of the drill. With `forever` all later passages fail, too. */
export interface Fault {
  readonly site: InjectionName
  readonly nth: number
  readonly forever: boolean
}

export interface FaultyRun {
  /** The transcript. From the fault on, it may differ from the expected transcript. */
  readonly transcript: string
  /** Whether the fault happened. */
  readonly reached: boolean
  /** Problems, in words; [] if there are none. */
  readonly problems: readonly string[]
  /** Frames of RAM that were not freed, without those that a quirk of the kernel loses. */
  readonly ramMissing: number
  /** How often each site had been passed when a command ended, command by command. */
  readonly passes: readonly Readonly<Record<InjectionName, number>>[]
}

/** The errnos that the kernel can return for each command, in any state that a failed allocation may leave. */
const KERNEL_ERRORS: Record<Command['verb'], readonly string[]> = {
  map: ['ENOMEM'],
  unmap: ['ENOMEM', 'EINVAL'],
  remap: ['ENOMEM', 'EINVAL', 'EFAULT'],
  // EINVAL: a part of a huge page of a hugetlb mapping.
  protect: ['ENOMEM', 'EACCES', 'EINVAL'],
  // EBUSY: MADV_COLLAPSE says so where the page can't be charged; EFAULT: MADV_POPULATE_… beyond the end of a file.
  advise: ['ENOMEM', 'EAGAIN', 'EINVAL', 'EBUSY', 'EFAULT'],
  lock: ['ENOMEM', 'EAGAIN'],
  unlock: ['ENOMEM'],
  uffd: ['ENOMEM', 'EINVAL', 'EBUSY'],
  // A mapping that could not be made has no file.
  truncate: ['ENOENT'],
  fork: ['ENOMEM'],
  // EBUSY: a long-term pin of a coherent page that can't move.
  pin: ['ENOMEM', 'EFAULT', 'EBUSY'],
  hold: ['ENOENT', 'EBUSY'],
  isolate: ['ENOENT', 'EBUSY'],
  // In a kernel the OOM killer decides whether an access without memory is tried again. Here it is an error.
  write: ['ENOMEM'],
  read: ['ENOMEM'],
  migrate: ['EINVAL'],
  mirror: ['EFAULT', 'EPERM', 'EBUSY', 'ENOMEM'],
  exclusive: ['EFAULT', 'ENOMEM'],
  evict: [],
  clear: [],
  exit: [],
  drop: [],
  dump: [],
  count: [],
  watch: [],
  reclaim: [],
  'oom-reap': [],
  cpu: [],
}

const HUGE_PAGES = 512

/** Codes of the kernel's ENOMEM. Each says which resource is used up. */
const OUT_OF_MEMORY: readonly string[] = ['HMMU_OUT_OF_FRAMES', 'HMMU_OUT_OF_SLOTS', 'HMMU_MEMCG_LIMIT']

/** Counters that have to be 0 when all processes have ended. */
const GONE: readonly CounterName[] = ['tablePages', 'processes', 'mappings', 'anonVmas']

/**
 * A world that remembers the threads of interleaved commands: a thread that is blocked for good keeps its process from
 * ending. And it remembers pins: a command that is blocked for good has pinned some of its pages.
 */
class FaultyWorld extends World {
  declare tasks: Task[]
  declare pins: PageRef[]

  override addActor(name: string, process: Process, parent?: Actor): void {
    this.tasks ??= []
    this.pins ??= []
    const newTask = process.newTask.bind(process)
    process.newTask = () => {
      const task = newTask()
      this.tasks.push(task)
      rememberPins(task, this.pins)
      return task
    }
    rememberPins(process.mainTask, this.pins)
    super.addActor(name, process, parent)
  }
}

function rememberPins(task: Task, pins: PageRef[]): void {
  const pin = task.pin.bind(task)
  task.pin = (...args) => {
    const ref = pin(...args)
    pins.push(ref)
    return ref
  }
}

/** Run a drill with a fault, or without one, on a machine of a profile. */
export function runWithFault(drill: Drill, profile: Profile, fault?: Fault): FaultyRun {
  const machine = makeMachine(drill, { profile })
  try {
    return new Runner(machine, fault).run(drill)
  } finally {
    machine.dispose()
  }
}

class Runner {
  readonly #machine: Machine
  readonly #world: FaultyWorld
  readonly #fault: Fault | undefined
  readonly #ramFree: number
  readonly #deviceFree: number
  readonly #problems: string[] = []

  constructor(machine: Machine, fault: Fault | undefined) {
    this.#machine = machine
    this.#fault = fault
    const { ramFree, deviceFree } = machine.counters()
    this.#ramFree = ramFree
    this.#deviceFree = deviceFree
    this.#world = new FaultyWorld(machine)
  }

  run(drill: Drill): FaultyRun {
    const lines = drill.head.map((command) => command.text)
    this.#world.limited = drill.head.some(({ verb }) => verb === 'memcg')
    const before = this.#countPasses()
    const passes: Record<InjectionName, number>[] = []
    this.#arm()
    for (const command of drill.commands) {
      lines.push(command.text)
      const outcome = this.#command(command)
      lines.push(...outcome.lines.map((line) => `  ${line}`))
      passes.push(since(before, this.#countPasses()))
      if (outcome.ended) break
      lines.push(...invalidationLines(this.#world).map((line) => `  ${line}`))
    }
    const reached = this.#disarm(passes.at(-1))
    this.#tearDown()
    const ramMissing = this.#checkGone()
    const transcript = lines.map((line) => `${line}\n`).join('')
    return { transcript, reached, problems: this.#problems, ramMissing, passes }
  }

  #countPasses(): Record<InjectionName, number> {
    const entries = injectionNames.map((site) => [site, this.#machine.injectionPasses(site)])
    return Object.fromEntries(entries) as Record<InjectionName, number>
  }

  #arm(): void {
    if (this.#fault === undefined) return
    const { site, nth, forever } = this.#fault
    this.#machine.inject(site, nth, forever)
  }

  #disarm(passes: Record<InjectionName, number> | undefined): boolean {
    if (this.#fault === undefined) return false
    const { site, nth } = this.#fault
    this.#machine.inject(site, 0)
    return (passes?.[site] ?? 0) >= nth
  }

  #command(command: Command): Outcome {
    this.#machine.drainPagevecs()
    const outcome = this.#survive(command, () =>
      isMigration(command) ? this.#migrate(command) : this.#simple(command),
    ) ?? { lines: [], ended: false }
    this.#after(command, outcome.lines)
    return outcome
  }

  #simple(command: Exclude<Command, Migration>): Outcome {
    const execution = new Execution(execute(this.#world, command, (actor) => actor.process.mainTask))
    const ended = !execution.resume()
    return { lines: execution.results ?? ['blocked'], ended }
  }

  #migrate(command: Migration): Outcome {
    return carryOut(this.#world, command, {
      before: () => this.#machine.drainPagevecs(),
      // A command that fails takes no further part, as if it were blocked for good.
      within: <T>(inner: InnerCommand, part: () => T) => this.#survive(inner, part) ?? (false as T),
      after: (inner) => this.#after(inner, []),
    })
  }

  /** Runs a command. Returns its result, or undefined if it is out of memory. All other errors are problems. */
  #survive<T>(command: Command | InnerCommand, part: () => T): T | undefined {
    try {
      return part()
    } catch (error) {
      // After a failed command a drill may map a region again, or name a living child again. That is not the machine's
      // fault.
      const excused = error instanceof Misuse || (error instanceof HmmuError && OUT_OF_MEMORY.includes(error.code))
      if (!excused) this.#problem(command, error instanceof Error ? (error.stack ?? error.message) : String(error))
      else if (error instanceof HmmuError) this.#checkErrno(command, error.errno ?? 'no errno')
      return undefined
    }
  }

  #after(command: Command | InnerCommand, lines: readonly string[]): void {
    for (const line of lines) {
      const errno = /^(?:ret -)?(E[A-Z]+)$/.exec(line)?.[1]
      if (errno !== undefined) this.#checkErrno(command, errno)
    }
    for (const complaint of this.#machine.verify()) this.#problem(command, complaint)
  }

  #checkErrno(command: Command | InnerCommand, errno: string): void {
    const allowed = KERNEL_ERRORS[command.verb]
    if (!allowed.includes(errno))
      this.#problem(command, `${errno}, where a kernel gives ${allowed.join(' or ') || 'none'}`)
  }

  #problem(command: Command | InnerCommand, what: string): void {
    this.#problems.push(`line ${command.position.line}, '${command.text}': ${what}`)
  }

  /** Ends all processes and gives back all references of the drill. */
  #tearDown(): void {
    const world = this.#world
    try {
      for (const task of world.tasks) cancel(task)
      for (const ref of [...[...world.handles.values()].flat(), ...world.pins]) if (!ref.dropped) ref.drop()
      for (const process of this.#machine.processes) {
        process.mainTask.cancel()
        process.exit()
      }
      this.#machine.drainPagevecs()
    } catch (error) {
      this.#problems.push(`in the end: ${error instanceof Error ? error.message : String(error)}`)
    }
    for (const complaint of this.#machine.verify()) this.#problems.push(`in the end: ${complaint}`)
  }

  /** Returns how many frames are missing. */
  #checkGone(): number {
    const counters = this.#machine.counters()
    for (const name of GONE) if (counters[name] !== 0) this.#problems.push(`in the end: ${name} is ${counters[name]}`)
    const lost = this.#lostPages()
    const used = this.#deviceFree - counters.deviceFree - lost.device
    if (used !== 0) this.#problems.push(`in the end: ${used} device pages are not free`)
    // A page of the swap cache whose migration entry went with its process stays until it is reclaimed, as in a kernel.
    return this.#ramFree - counters.ramFree - counters.swapCached - lost.ram
  }

  /** Pages to which quirks of the kernel have lost a reference. */
  #lostPages(): { ram: number; device: number } {
    const lost = { ram: 0, device: 0 }
    for (const { pfn } of this.#machine.holders().filter(({ kind }) => kind === 'leak')) {
      const { device, coherent, flags } = this.#machine.page(pfn)
      if (!device) lost.ram += flags & PageFlag.HEAD ? HUGE_PAGES : 1
      else if (!coherent) lost.device += 1
    }
    return lost
  }
}

function since(
  before: Record<InjectionName, number>,
  now: Record<InjectionName, number>,
): Record<InjectionName, number> {
  const entries = injectionNames.map((site) => [site, now[site] - before[site]])
  return Object.fromEntries(entries) as Record<InjectionName, number>
}

/** Cancels the wait of a thread, if the thread still exists. */
function cancel(task: Task): void {
  try {
    task.cancel()
  } catch (error) {
    if (!(error instanceof HmmuError && error.code === 'HMMU_NO_TASK')) throw error
  }
}
