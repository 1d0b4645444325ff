// SPDX-License-Identifier: GPL-2.0-only
//
// A scenario on a machine of its own: set up, and its tasks recorded.

import { Machine, Mapping, PAGE_SIZE, type Process } from '../api'
import { hasHandlers } from '../api/scenes'
import { HmmuError } from '../base/errors'
import { invalid, synchronous } from '../base/validate'
import { type ExploreOptions, RAM_PAGES } from './explore'
import { MOST_ENTRIES, makeProgram, type Program, type ProgramPage } from './program-words'
import { isCustom, type RecordedAction, Recording, TaskRecorder } from './recorder'
import { type PreparedTask, preparedTasks, type Scenario } from './scenario'

/** A machine on which a scenario's setup has run. Whoever has it disposes of the machine. */
export interface Scene {
  readonly machine: Machine
  readonly context: unknown
  readonly program: Program<RecordedAction>
  /** By number; undefined: a task forks it. */
  readonly processes: readonly (Process | undefined)[]
  /** Callbacks in TypeScript take part: C can't take back what they do. */
  readonly hasCallbacks: boolean
}

/** HMMU_PROGRAM_PROCESSES */
const MOST_PROCESSES = 16
/** Pages of a program. */
const MOST_WATCHED = 4096

/** @throws HmmuError, or what `setup` or a task throws */
export function makeScene(scenario: Scenario, options: ExploreOptions): Scene {
  const tasks = preparedTasks(scenario)
  const { profile, quirks } = options
  const given = { ramPages: RAM_PAGES, contents: false, ...scenario.machine }
  const machine = new Machine({ ...given, ...(profile && { profile }), ...(quirks && { quirks }) })
  try {
    const context = scenario.setup(machine)
    synchronous('setup', context)
    return record(machine, context, tasks)
  } catch (error) {
    machine.dispose()
    throw error
  }
}

function record(machine: Machine, context: unknown, tasks: readonly PreparedTask[]): Scene {
  if (machine.driver !== undefined)
    throw new HmmuError('HMMU_UNSUPPORTED', "a machine with drivers from their own source can't be explored")
  machine.drainPagevecs()
  const { processes } = machine
  if (processes.length === 0) throw new HmmuError('HMMU_INVALID_ARGUMENT', 'setup has made no process')
  const names = processes.map((process) => nameIn(context, process) ?? `P${process.pid}`)
  const regions = named(context).flatMap(([name, value]) =>
    value instanceof Mapping && value.process.machine === machine ? [[name, value] as const] : [],
  )
  const pids = processes.map(({ pid }) => pid)
  const recording = new Recording(machine, names, pids, regions)
  const recorded = recordTasks(recording, context, tasks, processes)
  if (recording.processes.length > MOST_PROCESSES)
    throw new HmmuError('HMMU_INVALID_ARGUMENT', `a scenario has at most ${MOST_PROCESSES} processes`)
  const program = makeProgram({
    processes: recording.processes,
    pids: recording.processes.map((_, i) => pids[i] ?? 0),
    tasks: recorded,
    pages: pagesOf(processes, regions),
  })
  const hasDrivers = program.actions.some(({ migration }) => migration !== undefined && isCustom(migration.driver))
  const hasCallbacks = hasDrivers || hasHandlers(machine)
  return { machine, context, program, processes: recording.processes.map((_, i) => processes[i]), hasCallbacks }
}

/** Tasks of a child can be recorded when it is known who forks it. */
function recordTasks(
  recording: Recording,
  context: unknown,
  tasks: readonly PreparedTask[],
  processes: readonly Process[],
) {
  const recorders = new Map<PreparedTask, { process: number; actions: readonly RecordedAction[] }>()
  let left = tasks
  while (left.length > 0) {
    const ready = left.filter(({ process }) => typeof process !== 'string' || isKnown(recording, process))
    if (ready.length === 0) break
    for (const task of ready) {
      const process = processOf(recording, context, task, processes)
      const recorder = TaskRecorder.make(recording, process)
      synchronous(`task ${task.name}`, task.run(recorder, context))
      recorder.end()
      recorders.set(task, { process, actions: recorder.actions })
    }
    left = left.filter((task) => !ready.includes(task))
  }
  const unknown = [...recording.processes, ...left.map(({ process }) => String(process))]
  const missing = unknown.find((name) => !isKnown(recording, name))
  if (missing !== undefined)
    throw new HmmuError('HMMU_INVALID_ARGUMENT', `there is no process ${missing}, and no task forks it`)
  return tasks.flatMap((task) => {
    const recorded = recorders.get(task)
    return recorded === undefined ? [] : [{ name: task.name, cpu: task.cpu, ...recorded }]
  })
}

function isKnown({ processes, pids, parents }: Recording, name: string): boolean {
  return parents.has(name) || processes.slice(0, pids.length).includes(name)
}

function processOf(
  recording: Recording,
  context: unknown,
  { name, process }: PreparedTask,
  processes: readonly Process[],
): number {
  if (process === undefined) return 0
  if (typeof process === 'string') return recording.numberOf(process)
  const chosen = process(context)
  const number = processes.indexOf(chosen)
  if (number >= 0) return number
  throw invalid(`what process() of task ${name} returns`, 'a living process of the machine', chosen)
}

/** The properties of what setup has returned. */
function named(context: unknown): [string, unknown][] {
  return typeof context === 'object' && context !== null ? Object.entries(context) : []
}

function nameIn(context: unknown, value: unknown): string | undefined {
  return named(context).find(([, each]) => each === value)?.[0]
}

/** The pages that are judged: the first ones of each mapping. */
function pagesOf(processes: readonly Process[], regions: Recording['regions']): ProgramPage[] {
  const pages = new Map<number, ProgramPage>()
  const mappings = processes.flatMap((process) => process.mappings())
  const add = (region: string, start: number, count: number) => {
    for (let page = 0; page < Math.min(count, MOST_ENTRIES); page++) {
      const address = start + page * PAGE_SIZE
      const mapping = mappings.find((each) => address >= each.start && address < each.end)
      if (mapping === undefined || pages.has(address)) continue
      if (pages.size === MOST_WATCHED)
        throw new HmmuError('HMMU_INVALID_ARGUMENT', `the scenario has more than ${MOST_WATCHED} pages to be judged`)
      const shared = mapping.kind === 'shmem' || mapping.kind === 'sharedfile'
      pages.set(address, { region, page, address, shared })
    }
  }
  for (const [name, { start, pages: count }] of regions) add(name, start, count)
  for (const { start, pages: count } of mappings) add(`0x${start.toString(16)}`, start, count)
  return [...pages.values()].sort((a, b) => a.address - b.address)
}
