// SPDX-License-Identifier: GPL-2.0-only
//
// Scenarios: what is explored without a drill.

import type { Machine, MachineOptions, Process } from '../api'
import { HmmuError } from '../base/errors'
import { callable, integer, invalid, options } from '../base/validate'
import type { ExploreOptions } from './explore'
import type { TaskRecorder } from './recorder'

/** What a task does. It is called once for each machine, and records the task's actions; nothing runs yet. */
export type TaskBody<Context> = (task: TaskRecorder, context: Context) => void

/** A task of a scenario with more than its actions. */
export interface ScenarioTask<Context> {
  /** What it does. */
  readonly run: TaskBody<Context>
  /** The CPU that it runs on, 0 … cpus - 1; 0 by default. */
  readonly cpu?: number | undefined
  /**
   * The process whose thread it is: one that `setup` has made, or the name of one that another task forks
   * ({@link TaskRecorder.fork}). By default the first process of the machine.
   */
  readonly process?: string | ((context: Context) => Process) | undefined
}

/** A machine in some state, and tasks that run at the same time from there: what {@link explore} tries all orders of. */
export interface Scenario<Context = unknown> extends ExploreOptions {
  /** A name for reports; `'scenario'` by default. */
  readonly name?: string | undefined
  /**
   * Options of the machine. By default it has 8192 frames of RAM, and keeps the first 8 bytes of each page only
   * (`contents: false`), which is what tasks load and store.
   */
  readonly machine?: Omit<MachineOptions, 'profile' | 'quirks'> | undefined
  /**
   * Brings the machine into the state from which the tasks begin, and returns what they need. Has to do the same each time that it is
   * called. Processes and mappings that are properties of what it returns have the names of the properties in findings.
   */
  setup(machine: Machine): Context
  /** The tasks by their names: 1 to 16. */
  readonly tasks: Readonly<Record<string, TaskBody<Context> | ScenarioTask<Context>>>
  /**
   * What drivers and handlers in TypeScript keep between their callbacks, as a value that `JSON.stringify()` can write. Orders that lead
   * to an equal state of machine and drivers are then followed once. Pages of RAM should be named by what maps them, as their numbers
   * say nothing. Without this function orders count as different when the callbacks have run in different states.
   */
  readonly state?: ((context: Context) => unknown) | undefined
}

/** A task of a scenario, checked. */
export interface PreparedTask {
  readonly name: string
  readonly run: TaskBody<unknown>
  readonly cpu: number
  readonly process: ScenarioTask<unknown>['process']
}

export const OPTION_NAMES = [
  'profile',
  'quirks',
  'states',
  'bytes',
  'preemptions',
  'points',
  'allTwins',
  'handlerRetries',
  'verify',
  'workers',
  'selfcheck',
  'time',
  'onProgress',
  'stopOnInterrupt',
] as const satisfies readonly (keyof ExploreOptions)[]
const NAMES = ['name', 'machine', 'setup', 'tasks', 'state', ...OPTION_NAMES] as const
const MOST_TASKS = 16
const MOST_CPU = 63
const NAME = /^[A-Za-z][\w-]{0,63}$/

/**
 * The scenario itself, for its type: `setup` says what its tasks get.
 *
 * @example
 * ```ts
 * const race = scenario({
 *   setup(machine) {
 *     const a = machine.process()
 *     const buf = a.map({ pages: 1 })
 *     buf.write(0, Uint8Array.of(1))
 *     return { a, buf }
 *   },
 *   tasks: {
 *     mover: (task, { buf }) => task.migrate(buf, { to: 'device' }),
 *     writer: (task, { buf }) => task.write(buf, 0, 2),
 *   },
 * })
 * console.log(explore(race).findings)
 * ```
 */
export function scenario<Context>(definition: Scenario<Context>): Scenario<Context> {
  return definition
}

/** Whether a value may be meant as a scenario. */
export function isScenario(value: unknown): value is Scenario {
  return typeof value === 'object' && value !== null && 'setup' in value && 'tasks' in value
}

/** The tasks of a scenario. @throws HmmuError HMMU_INVALID_ARGUMENT: it is none */
export function preparedTasks(given: Scenario): PreparedTask[] {
  if (!isScenario(given)) throw invalid('scenario', 'an object with setup and tasks', given)
  options('scenario', given, [...NAMES])
  callable('setup', given.setup)
  if (given.state !== undefined) callable('state', given.state)
  const { tasks } = given
  if (typeof tasks !== 'object' || tasks === null) throw invalid('tasks', 'an object', tasks)
  const names = Object.keys(tasks)
  if (names.length === 0 || names.length > MOST_TASKS)
    throw new HmmuError('HMMU_INVALID_ARGUMENT', `tasks must have 1 to ${MOST_TASKS} properties, not ${names.length}`)
  return names.map((name) => preparedTask(name, tasks[name]))
}

function preparedTask(name: string, given: unknown): PreparedTask {
  if (!NAME.test(name)) throw invalid("a task's name", 'a letter, and up to 63 letters, digits, - and _', name)
  if (typeof given === 'function') return { name, run: given as TaskBody<unknown>, cpu: 0, process: undefined }
  if (typeof given !== 'object' || given === null) throw invalid(`task ${name}`, 'a function or an object', given)
  const { run, cpu = 0, process } = options(`task ${name}`, given as ScenarioTask<unknown>, ['run', 'cpu', 'process'])
  callable(`run of task ${name}`, run)
  if (process !== undefined && typeof process !== 'string' && typeof process !== 'function')
    throw invalid(`process of task ${name}`, 'a name or a function', process)
  return { name, run, cpu: integer(`cpu of task ${name}`, cpu, 0, MOST_CPU), process }
}
