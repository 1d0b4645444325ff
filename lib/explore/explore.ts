// SPDX-License-Identifier: GPL-2.0-only
//
// Explores a drill: all orders of its tasks' steps, from the state in which its other commands leave the machine.

import type {
  Finding,
  Machine,
  MachineOptions,
  Profile,
  QuirkName,
  SearchOptions,
  SearchResult,
  SwitchPoint,
  TraceStep,
} from '../api'
import { replay, search } from '../api/search'
import type { Drill, Expectation } from '../drill/ast'
import { DrillError } from '../drill/errors'
import { kernelOfProfile } from '../drill/language'
import { type DrillSource, parseDrill } from '../drill/parse'
import { runDrill } from '../drill/runner'
import type { World } from '../drill/world'
import { choicesOfId, type IdHead, idHead } from './choices'
import { exploreOrder } from './explore-order'
import type { FoundBy } from './finding'
import { type DrillAction, programOf } from './program'
import type { Program } from './program-words'
import { searchProgram } from './search-program'
import { traceLines } from './sentences'

/** Where calls stop in their middle. */
export const DEFAULT_POINTS: readonly SwitchPoint[] = ['device-fault']

/** What is explored, and how far. By default calls stop at the point `device-fault`. */
export interface ExploreOptions extends SearchOptions {
  /** Which kernel the machine is; `linux-4.14` if absent. */
  readonly profile?: Profile | undefined
  /** Quirks switched on or off, besides the profile's. */
  readonly quirks?: MachineOptions['quirks'] | undefined
}

/** A finding of a drill. */
export interface ExploredFinding extends Omit<Finding, 'judge'> {
  /** Which judge has made it; `'driver'`: a callback in TypeScript threw, or broke a rule. */
  readonly judge: FoundBy

  /** With it {@link replay} makes the finding's order again. */
  readonly id: string
  /** What was found, in words. */
  readonly sentence: string
  /** The order, step by step, in words. */
  readonly trace: readonly string[]
}

/** One of the ways in which a drill can end. */
export interface ExploredOutcome {
  /** With it {@link replay} makes an order again that ends so. */
  readonly id: string
  /** The results of all tasks, in words. */
  readonly sentence: string
}

/** What exploring a drill has found. */
export interface Exploration extends Omit<SearchResult, 'findings' | 'outcomes'> {
  /** The drill's name. */
  readonly name: string
  /** The machine's profile. */
  readonly profile: Profile
  /** The quirks that were on. */
  readonly quirks: readonly QuirkName[]
  /** The tasks' names. */
  readonly tasks: readonly string[]
  /** By judge, then by the length of the order. */
  readonly findings: readonly ExploredFinding[]
  /** By the length of the order. */
  readonly outcomes: readonly ExploredOutcome[]
  /** What the drill's `expect` lines say, and was not so; without any such line, each finding. In words. */
  readonly unmet: readonly string[]
}

/** An order that was made again. */
export interface Replay {
  /** Its steps. */
  readonly steps: readonly TraceStep[]
  /** Its steps in words. */
  readonly trace: readonly string[]
}

/**
 * Explore a drill with tasks.
 * @throws DrillError HMMU_DRILL_SYNTAX, or HMMU_DRILL_RUN: it has no tasks, a command before the tasks fails or waits, or a task has
 *   a command that can't be explored
 */
export function exploreDrill(source: DrillSource, options: ExploreOptions = {}): Exploration {
  return withProgram(source, options, (drill, machine, program, head, world) => {
    const search = searchOf(drill, options)
    const explored = drill.order
      ? exploreOrder(drill, drill.order, machine, program, head, search, world)
      : searchProgram(machine, program, head, search)
    return { ...explored, name: drill.name, unmet: unmetOf(drill.expectations, explored.findings, machine.quirks) }
  })
}

/** The search of {@link exploreDrill} alone, and the machine's quirks: no sentences, no orders again. @throws DrillError as it */
export function searchDrill(
  source: DrillSource,
  options: ExploreOptions,
): SearchResult & { readonly quirks: readonly QuirkName[] } {
  return withProgram(source, options, (_drill, machine, program) => ({
    ...search(machine, program.words, withPoints(options)),
    quirks: machine.quirks,
  }))
}

/**
 * Make the order of a finding or outcome again.
 * @throws DrillError as exploreDrill(); HMMU_DRILL_RUN also: the id is of another drill, profile or other options
 */
export function replayDrill(source: DrillSource, id: string, options: ExploreOptions = {}): Replay {
  return withProgram(source, options, (drill, machine, program, head) => {
    const choices = choicesOf(id, head, drill)
    const steps = replay(machine, program.words, searchOf(drill, options), choices)
    return { steps, trace: traceLines(steps, program) }
  })
}

/** @throws DrillError the id is of something else */
export function choicesOf(id: string, head: IdHead, drill: Drill): Uint8Array {
  const choices = choicesOfId(id, head, 'the drill has')
  if (typeof choices === 'string') throw new DrillError('HMMU_DRILL_RUN', drill.file, choices)
  return choices
}

/** With the default of {@link ExploreOptions}. */
export function withPoints(options: ExploreOptions): SearchOptions {
  return { ...options, points: options.points ?? DEFAULT_POINTS }
}

/** How a drill is explored: its order says it, or the options. */
export function searchOf({ order }: Drill, options: ExploreOptions): SearchOptions {
  if (order === undefined) return withPoints(options)
  const { points = DEFAULT_POINTS, handlerRetries } = order
  return { ...options, points, handlerRetries }
}

/** Frames of RAM: a small machine, of which several fit into WebAssembly's memory. */
export const RAM_PAGES = 8192

type Use<T> = (drill: Drill, machine: Machine, program: Program<DrillAction>, head: IdHead, world: World) => T

/** Run the commands before the tasks, and use the machine. */
export function withProgram<T>(source: DrillSource, options: ExploreOptions, use: Use<T>): T {
  const drill = parseDrill(source, kernelOfProfile(options.profile))
  if (drill.tasks.length === 0)
    throw new DrillError('HMMU_DRILL_RUN', drill.file, "the drill has no task (a line 'task NAME')")
  let kept: World | undefined
  const { failure } = runDrill(
    { ...drill, tasks: [] },
    {
      profile: options.profile,
      quirks: options.quirks,
      contents: false,
      ramPages: RAM_PAGES,
      strict: true,
      keep: (world) => {
        kept = world
      },
    },
  )
  if (failure !== undefined) throw failure
  if (kept === undefined) throw new DrillError('HMMU_DRILL_RUN', drill.file, 'the drill has not run to its tasks')
  const { machine } = kept
  try {
    machine.drainPagevecs()
    const program = programOf(drill, kept)
    return use(drill, machine, program, idHead(machine, source.text, searchOf(drill, options)), kept)
  } finally {
    machine.dispose()
  }
}

/** What is not as the drill expects it. */
function unmetOf(
  expectations: readonly Expectation[],
  findings: readonly ExploredFinding[],
  quirks: readonly QuirkName[],
): string[] {
  if (expectations.length === 0) return findings.map(({ judge, sentence }) => `${judge}: ${sentence}`)
  const expected = new Set<FoundBy | 'finding'>(
    expectations.filter(({ sense }) => sense === 'finds').map(({ judge }) => judge),
  )
  return expectations.flatMap((expectation) => {
    const { judge, quirk, text } = expectation
    const finds = expectation.sense === 'finds' && (quirk === undefined || quirks.includes(quirk))
    const seen = findings.filter((finding) =>
      judge === 'finding' ? finds || !expected.has(finding.judge) : finding.judge === judge,
    )
    if (finds) return seen.length > 0 ? [] : [`'${text}': there is no such finding`]
    return seen
      .slice(0, 1)
      .map(({ sentence }) => `'${text}'${quirk === undefined ? '' : `, and the quirk is off`}: ${sentence}`)
  })
}
