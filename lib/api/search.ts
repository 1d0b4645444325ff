// SPDX-License-Identifier: GPL-2.0-only
//
// A search through all orders of a program's steps. Decodes the addon's copies; native/addon/search.cc asserts the layout.

import {
  type Judge,
  judgeNames,
  type StageName,
  type SwitchPoint,
  stageNames,
  switchPointNames,
  switchPointValues,
  type WaitName,
  type WhyName,
  waitNames,
  whyNames,
} from '../base/defs.generated'
import { errnoName } from '../base/host'
import { callable, integer, invalid, oneOf } from '../base/validate'
import { FINDING, FINDING_BYTES, RECORD_WORDS, SEARCH, SEARCH_NUMBERS, SEARCH_PARTS } from '../native/layout'
import { coreOf } from './core'
import type { Machine } from './machine'

/** How far a search goes. */
export interface SearchOptions {
  /** Stop behind so many states; 1,000,000 if absent. */
  readonly states?: number | undefined
  /** Stop when states and what was found need so many bytes of memory, by estimate; 1 GiB if absent. */
  readonly bytes?: number | undefined
  /** A task that could go on is put aside at most so often; any number of times if absent. */
  readonly preemptions?: number | undefined
  /** Where calls stop in their middle; nowhere if absent. */
  readonly points?: readonly SwitchPoint[] | undefined
  /** Also try the orders in which two tasks that do the same change places. */
  readonly allTwins?: boolean | undefined
  /** A fault handler that could not move its page has the access fault again; otherwise it gives up with SIGBUS. */
  readonly handlerRetries?: boolean | undefined
  /** Check the machine's balance in each state, and not only at the end. */
  readonly verify?: boolean | undefined
  /** Threads that search, 1 to 64; 1 if absent. What is found is equal for any number. WebAssembly has one, as have machines with
   * drivers in JavaScript; a small search stays with one. */
  readonly workers?: number | undefined
  /** Many states to which rollbacks have led are also made from the begin, and compared. Takes twice the time. A difference is a fault
   * of hmmu, and throws an HmmuError with the code `HMMU_SELFCHECK`. */
  readonly selfcheck?: boolean | undefined
  /** Stop behind so many milliseconds; never if absent. What is found then differs from run to run. */
  readonly time?: number | undefined
  /** Called some ten times a second while the search runs. If it does not return true, the search ends, and {@link SearchResult.cutOff} is
   * `stopped`. It must not use the machine. */
  readonly onProgress?: ((progress: SearchProgress) => boolean) | undefined
  /** A SIGINT (Ctrl-C) ends the search as `onProgress` does, and not the process; a second one does. For commands. Not in
   * WebAssembly, where a signal waits until the search has ended, or ends the process. */
  readonly stopOnInterrupt?: boolean | undefined
}

/** How far a search is. */
export interface SearchProgress {
  /** Different states so far. */
  readonly states: number
  /** How many of them have steps that are still to be tried. */
  readonly open: number
}

/** A fault that some order shows. */
export interface Finding {
  /** Which judge has made it. */
  readonly judge: Judge
  /** The task in whose step it was found; undefined: at the end. */
  readonly task: number | undefined
  /** The action of that step, of all tasks' actions. */
  readonly action: number | undefined
  /** The page of the program that it is about. */
  readonly page: number | undefined
  /** The process of the program that it is about. */
  readonly process: number | undefined
  /** The value found; of a deadlock or a livelock a bit for each task that takes part; of a leak how many pages. */
  readonly found: number
  /** How many steps and ends show it. */
  readonly times: number
  /** The shortest order that leads to it: the task of each step. */
  readonly choices: Uint8Array
  /** Of a livelock: the last so many steps are the cycle; else 0. */
  readonly cycle: number
  /** Of `verify`: the complaint. */
  readonly text: string
}

/** What an action has ended with. */
export interface ActionResult {
  /** The errno, if the kernel refused it, or a signal stopped it. */
  readonly errno: string | undefined
  /** Of a load: the byte. */
  readonly value: number
  /** Of a migration: how many entries have moved. */
  readonly moved: number
  /** Of a migration: why the first entry has not moved that has not. */
  readonly why: WhyName
}

/** One of the ways in which all actions can end. */
export interface SearchOutcome {
  /** Of each action, of all tasks' actions. */
  readonly results: readonly ActionResult[]
  /** The shortest order that leads to it. */
  readonly choices: Uint8Array
}

/** Why a search has not tried all orders. */
export type CutOff = 'states' | 'memory' | 'time' | 'stopped'

/** What a search has found. */
export interface SearchResult {
  /** The number of orders, also one that is too large for an integer. With cycles: fewer than there are. */
  readonly schedules: number
  /** Different states. */
  readonly states: number
  /** Steps that were made. */
  readonly steps: number
  /** States in which all tasks have ended. */
  readonly ends: number
  /** Steps to the state that is farthest from the begin, by the shortest way. */
  readonly depth: number
  /** Undefined: all orders were tried. */
  readonly cutOff: CutOff | undefined
  /** Some order comes back to a state. */
  readonly hasCycles: boolean
  /** By judge, then by the length of the order. */
  readonly findings: readonly Finding[]
  /** By the length of the order. */
  readonly outcomes: readonly SearchOutcome[]
}

/** A step of an order that was made again. */
export interface TraceStep {
  /** Of the program. */
  readonly task: number
  /** Of all tasks' actions. */
  readonly action: number
  /** The action waits; a migration has made a step; the action has ended; the handler of its device fault has made a step; it has stopped
   * at a switching point. */
  readonly event: 'waits' | 'step' | 'ends' | 'handler' | 'stops'
  /** Of `waits`. */
  readonly wait: WaitName
  /** Of `stops`. */
  readonly point: SwitchPoint | undefined
  /** Of `step` and `handler`. */
  readonly stage: StageName
  /** The entry of that stage. */
  readonly position: number
  /** Of `ends`. */
  readonly result: ActionResult
}

const NONE = 2 ** 32 - 1
const CUTS = [undefined, 'states', 'memory', 'time', 'stopped'] as const
const EVENTS = ['waits', 'step', 'ends', 'handler', 'stops'] as const

/** @internal Try all orders of a program, which is given as words, from the machine's state, which it has again then. */
export function search(machine: Machine, program: BigUint64Array, options: SearchOptions): SearchResult {
  const core = machine[coreOf]()
  const numbers = new Float64Array(SEARCH_NUMBERS)
  const { onProgress, stopOnInterrupt = false } = options
  core.native.searchProgress = (states, open) => (onProgress?.({ states, open }) ? 0 : -1)
  try {
    core.check(core.native.search(program, optionNumbers(options), numbers, onProgress !== undefined, stopOnInterrupt))
  } finally {
    core.native.searchProgress = undefined
  }
  const part = (number: number) => core.native.searchPart(number) ?? new ArrayBuffer(0)
  const choices = new Uint8Array(part(SEARCH_PARTS.choices))
  const results = new BigUint64Array(part(SEARCH_PARTS.results))
  const at = (index: number) => numbers[index] ?? 0
  return {
    schedules: at(SEARCH.schedules),
    states: at(SEARCH.states),
    steps: at(SEARCH.steps),
    ends: at(SEARCH.ends),
    depth: at(SEARCH.depth),
    cutOff: CUTS[at(SEARCH.cutOff)],
    hasCycles: at(SEARCH.hasCycles) !== 0,
    findings: decodeFindings(part(SEARCH_PARTS.findings), choices),
    outcomes: decodeOutcomes(part(SEARCH_PARTS.outcomes), results, choices),
  }
}

/** @internal Make the steps of an order, and go back. Shorter than the order if one of its tasks can't run. */
export function replay(
  machine: Machine,
  program: BigUint64Array,
  options: SearchOptions,
  choices: Uint8Array,
): TraceStep[] {
  const core = machine[coreOf]()
  const words = new BigUint64Array(choices.length * RECORD_WORDS.step)
  const made = core.check(core.native.replay(program, optionNumbers(options), choices, words))
  const view = new DataView(words.buffer)
  return Array.from({ length: made }, (_, i) => decodeStep(view, i * RECORD_WORDS.step * 8))
}

/** HMMU_SEARCH_WORKERS */
const MOST_WORKERS = 64
const MOST_NUMBER = Number.MAX_SAFE_INTEGER

/** @internal @throws HmmuError HMMU_INVALID_ARGUMENT: an option is not what it can be */
export function optionNumbers(options: SearchOptions): Float64Array {
  const { points = [], onProgress } = options
  const number = (
    name: 'states' | 'bytes' | 'preemptions' | 'time' | 'workers',
    absent: number,
    min: number,
    max: number,
  ) => (options[name] === undefined ? absent : integer(name, options[name], min, max))
  const states = number('states', 0, 1, MOST_NUMBER)
  const bytes = number('bytes', 0, 1, MOST_NUMBER)
  const preemptions = number('preemptions', NONE, 0, NONE)
  // For C, 0 is never.
  const time = options.time === undefined ? 0 : Math.max(1, number('time', 0, 0, MOST_NUMBER))
  const workers = number('workers', 1, 1, MOST_WORKERS)
  if (!Array.isArray(points)) throw invalid('points', 'an array of switching points', points)
  const mask = points.reduce((bits, point) => bits | oneOf('a point', point, switchPointValues), 0)
  if (onProgress !== undefined) callable('onProgress', onProgress)
  const { allTwins, handlerRetries, verify, selfcheck } = options
  const flags = (allTwins ? 1 : 0) | (handlerRetries ? 2 : 0) | (verify ? 4 : 0) | (selfcheck ? 8 : 0)
  return Float64Array.of(states, bytes, preemptions, mask, flags, time, workers)
}

/** @internal */
export function decodeFindings(buffer: ArrayBuffer, choices: Uint8Array): Finding[] {
  const count = buffer.byteLength / FINDING_BYTES
  return Array.from({ length: count }, (_, i) =>
    decodeFinding(new DataView(buffer, i * FINDING_BYTES, FINDING_BYTES), choices),
  )
}

function decodeFinding(view: DataView, choices: Uint8Array): Finding {
  const [judge = 0, task, action, page, process, found = 0] = Array.from({ length: 6 }, (_, i) =>
    view.getUint32(i * 4, true),
  )
  const long = (offset: number) => Number(view.getBigUint64(offset, true))
  const text = new Uint8Array(view.buffer, view.byteOffset + FINDING.text, FINDING_BYTES - FINDING.text)
  const first = long(FINDING.choices)
  return {
    judge: judgeNames[judge] ?? 'verify',
    task: numberOf(task),
    action: numberOf(action),
    page: numberOf(page),
    process: numberOf(process),
    found,
    times: long(FINDING.times),
    choices: choices.slice(first, first + long(FINDING.length)),
    cycle: long(FINDING.cycle),
    text: new TextDecoder().decode(text.subarray(0, text.indexOf(0))),
  }
}

function numberOf(value: number | undefined): number | undefined {
  return value === NONE ? undefined : value
}

function decodeOutcomes(buffer: ArrayBuffer, results: BigUint64Array, choices: Uint8Array): SearchOutcome[] {
  const words = new BigUint64Array(buffer)
  const count = words.length / RECORD_WORDS.outcome
  const actions = count === 0 ? 0 : results.length / count
  return Array.from({ length: count }, (_, i) => {
    const first = Number(words[i * RECORD_WORDS.outcome] ?? 0n)
    const length = Number(words[i * RECORD_WORDS.outcome + 1] ?? 0n)
    const own = results.subarray(i * actions, (i + 1) * actions)
    return { results: Array.from(own, decodeResult), choices: choices.slice(first, first + length) }
  })
}

function decodeResult(word: bigint): ActionResult {
  const low = Number(word & 0xffffffffn)
  const errno = low & 0xffff
  return {
    errno: errno === 0 ? undefined : (errnoName(errno) ?? String(errno)),
    value: (low >>> 16) & 0xff,
    moved: (low >>> 16) & 0xff,
    why: whyNames[low >>> 24] ?? 'none',
  }
}

/** @internal */
export function decodeStep(view: DataView, at: number): TraceStep {
  const field = (i: number) => view.getUint32(at + i * 4, true)
  const event = EVENTS[field(2)] ?? 'step'
  return {
    task: field(0),
    action: field(1),
    event,
    wait: event === 'waits' ? (waitNames[field(3)] ?? 'nothing') : 'nothing',
    point: event === 'stops' ? switchPointNames.find((name) => switchPointValues[name] === field(3)) : undefined,
    stage: stageNames[field(4)] ?? 'done',
    position: field(5),
    result: decodeResult(view.getBigUint64(at + 24, true)),
  }
}
