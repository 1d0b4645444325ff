// SPDX-License-Identifier: GPL-2.0-only

import {
  type DeviceKind,
  Machine,
  type MachineOptions,
  type Migration as OpenMigration,
  type Profile,
  type StageName,
  type Task,
} from '../api'
import { excerpt } from '../base/visible'
import type { Command, DevmemCommand, Drill, DrillTask, InnerCommand, Migration } from './ast'
import { execute } from './commands'
import { type DrillSource, drillSource } from './drill-source'
import { DrillError } from './errors'
import { Execution } from './execution'
import type { Outcome } from './interleaving'
import { invalidationLines } from './invalidations'
import { kernelOfProfile } from './language'
import { carryOut } from './migrations'
import type { DrillObserver, MigratedPages } from './observer'
import { isMigration, parseDrill } from './parse'
import { type TaskOf, World } from './world'

/** Options of a run: the machine, and the checks. */
export interface RunOptions {
  /** Which kernel the machine is; `linux-4.14` if absent. */
  readonly profile?: Profile | undefined
  /** Quirks switched on or off, besides the profile's. */
  readonly quirks?: MachineOptions['quirks'] | undefined
  /** Check the balance of the machine after every command. */
  readonly verify?: boolean | undefined
  /** A command that would be skipped, because a named object is missing, ends the drill as a failure. */
  readonly strict?: boolean | undefined
  /** Frames of RAM; drills ask for plenty of free memory. 65536 (256 MiB, taken as they are used) if absent. */
  readonly ramPages?: number | undefined
  /** @internal Whether frames have contents beyond their first bytes; true if absent. */
  readonly contents?: boolean | undefined
  /** @internal Looks on. */
  readonly observer?: DrillObserver | undefined
  /** @internal Gets the machine with all names at the end, and has to dispose of it. Not called if the drill fails. */
  readonly keep?: ((world: World) => void) | undefined
}

/** The result of a drill. */
export interface DrillRun {
  /** The name of the drill. */
  readonly name: string
  /** The transcript, each line with its line end; up to the failure if there is one. */
  readonly transcript: string
  /** Why the drill could not be carried out to its end. */
  readonly failure: DrillError | undefined
}

const RAM_PAGES = 65536
const DEVICE_PAGES = 1024

/**
 * Parse a drill and run it on a fresh machine; its text alone will do. Mistakes in it end up in `failure`.
 * @throws HmmuError HMMU_INVALID_ARGUMENT: it is neither a text nor a DrillSource
 */
export function runSource(from: DrillSource | string, options: RunOptions = {}): DrillRun {
  const source = drillSource(from)
  try {
    return runDrill(parseDrill(source, kernelOfProfile(options.profile)), options)
  } catch (error) {
    if (!(error instanceof DrillError)) throw error
    return { name: source.name, transcript: '', failure: error }
  }
}

/** Run a drill on a fresh machine. */
export function runDrill(drill: Drill, options: RunOptions = {}): DrillRun {
  const lines = drill.head.map((command) => command.text)
  let failure: DrillError | undefined
  try {
    runOn(makeMachine(drill, options), drill, options, lines)
  } catch (error) {
    if (!(error instanceof DrillError)) throw error
    failure = error
  }
  return { name: drill.name, transcript: lines.map((line) => `${line}\n`).join(''), failure }
}

function runOn(machine: Machine, drill: Drill, options: RunOptions, lines: string[]): void {
  let kept = false
  try {
    const runner = new DrillRunner(machine, options)
    runner.run(drill, lines)
    kept = options.keep !== undefined
    options.keep?.(runner.world)
  } finally {
    if (!kept) machine.dispose()
  }
}

/** How many pages the device of a kind has in a drill's machine. */
export function devicePagesOf({ head }: Drill, kind: DeviceKind = 'private'): number {
  const coherent = kind === 'coherent'
  const line = head.find((command) => command.verb === 'devmem' && command.coherent === coherent)
  return (line as DevmemCommand | undefined)?.pages ?? (coherent ? 0 : DEVICE_PAGES)
}

/** The machine that the first lines of a drill describe. */
export function makeMachine(drill: Drill, options: RunOptions): Machine {
  const machineOptions: MachineOptions = {
    ramPages: options.ramPages ?? RAM_PAGES,
    devicePages: devicePagesOf(drill),
    coherentPages: devicePagesOf(drill, 'coherent'),
    swapPages: drill.head.find((command) => command.verb === 'swap')?.pages ?? 0,
    memcgLimit: drill.head.find((command) => command.verb === 'memcg')?.pages ?? 0,
    cpus: drill.head.find((command) => command.verb === 'cpus')?.count ?? 1,
    ...(options.contents === undefined ? {} : { contents: options.contents }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(options.quirks === undefined ? {} : { quirks: options.quirks }),
  }
  const where = drill.head[0]?.position ?? drill.file
  try {
    return new Machine(machineOptions)
  } catch (cause) {
    throw new DrillError('HMMU_DRILL_RUN', where, `no machine: ${describe(cause)}`, { cause })
  }
}

/** The thread of a task. It is made when the task's first command runs: only then its process may be there. */
function threadOf({ cpu }: DrillTask): TaskOf {
  let thread: Task | undefined
  return ({ process }) => {
    if (thread === undefined) {
      thread = process.newTask()
      thread.setCpu(cpu)
    }
    return thread
  }
}

class DrillRunner {
  readonly world: World
  readonly #verify: boolean
  readonly #observer: DrillObserver | undefined

  constructor(machine: Machine, options: RunOptions) {
    this.world = new World(machine, options.strict)
    this.#verify = options.verify ?? false
    this.#observer = options.observer
    this.#observer?.start(this.world)
  }

  /** Run all commands; lines are added to the transcript as they come, so that it is there where a command fails. */
  run(drill: Drill, transcript: string[]): void {
    this.world.limited = drill.head.some(({ verb }) => verb === 'memcg')
    if (this.#runAll(drill.commands, transcript)) return
    for (const task of drill.tasks) {
      transcript.push(task.text)
      this.world.taskOf = threadOf(task)
      if (this.#runAll(task.commands, transcript)) return
    }
  }

  /** Whether the transcript ends behind one of the commands. */
  #runAll(commands: readonly Command[], transcript: string[]): boolean {
    for (const command of commands) {
      const firstLine = transcript.length
      transcript.push(command.text)
      const outcome = this.#located(command, () => this.#run(command))
      for (const line of outcome.lines) transcript.push(`  ${line}`)
      const invalidations = outcome.ended ? [] : this.#located(command, () => invalidationLines(this.world))
      for (const line of invalidations) transcript.push(`  ${line}`)
      this.#observer?.ended?.(command, transcript, firstLine)
      if (outcome.ended) return true
    }
    return false
  }

  #run(command: Command): Outcome {
    this.#before()
    const outcome = isMigration(command) ? this.#migration(command) : this.#simple(command)
    this.#after(command)
    return outcome
  }

  #simple(command: Exclude<Command, Migration>): Outcome {
    const execution = new Execution(execute(this.world, command, this.world.taskOf))
    const ended = !this.#part(command, () => execution.resume())
    return { lines: execution.results ?? ['blocked'], ended }
  }

  #part(command: Command | InnerCommand, call: () => boolean): boolean {
    return this.#observer ? this.#observer.part(command, call) : call()
  }

  #migration(command: Migration): Outcome {
    const hooks = {
      before: () => this.#before(),
      within: (inner: InnerCommand, part: () => boolean) => this.#located(inner, () => this.#part(inner, part)),
      after: (inner: InnerCommand) => this.#after(inner),
      ...(this.#observer?.advance && {
        advance: (migration: OpenMigration, pages: MigratedPages, stage: StageName) =>
          this.#observer?.advance?.(migration, pages, stage),
      }),
    }
    let outcome: Outcome | undefined
    this.#part(command, () => {
      outcome = carryOut(this.world, command, hooks)
      return true
    })
    return outcome ?? { lines: [], ended: true }
  }

  #before(): void {
    this.world.machine.drainPagevecs()
  }

  #after(command: Command | InnerCommand): void {
    if (!this.#verify) return
    const complaints = this.world.machine.verify()
    if (complaints.length === 0) return
    const reason = `after '${excerpt(command.text)}': ${complaints.join('; ')}`
    throw new DrillError('HMMU_DRILL_VERIFY', command.position, reason)
  }

  /** Adds the place of the command to errors. */
  #located<T>(command: Command | InnerCommand, call: () => T): T {
    try {
      return call()
    } catch (cause) {
      if (cause instanceof DrillError) throw cause
      const reason = `'${excerpt(command.text)}': ${describe(cause)}`
      throw new DrillError('HMMU_DRILL_RUN', command.position, reason, { cause })
    }
  }
}

/** An error in a line: the message, and the stable code if it has one. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' ? `${error.message} (${code})` : error.message
}
