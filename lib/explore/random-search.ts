// SPDX-License-Identifier: GPL-2.0-only
//
// Explores random drills. Of each kind of finding the smallest drill is kept, and made smaller.

import type { Profile, SwitchPoint } from '../api'
import { DEFAULT_PROFILE } from '../drill/language'
import type { ExploredFinding, ExploreOptions } from './explore'
import { type FindingKind, type ProgramResult, RandomProgram } from './random-program'
import { smaller } from './shrink'

/** How many random drills are explored, and how. */
export interface RandomOptions extends ExploreOptions {
  /** How many drills. */
  readonly programs: number
  /** The seed of the first one; each has the seed behind that of the one before. */
  readonly seed: number
}

/** A kind of finding, and what shows it. */
export interface RandomFinding extends FindingKind {
  /** How many drills show it. */
  readonly programs: number
  /** The seed of the first of them. */
  readonly firstSeed: number
  /** The seed of the smallest. */
  readonly seed: number
  /** Where calls stopped in their middle. */
  readonly points: readonly SwitchPoint[]
  /** The smallest drill, without what the finding does not need. */
  readonly drill: string
  /** The finding in it: id, sentence, trace. */
  readonly finding: ExploredFinding
}

/** What exploring random drills has found. */
export interface RandomExploration {
  /** The profile of the machines. */
  readonly profile: Profile
  /** How many drills were explored. */
  readonly programs: number
  /** The seed of the first one. */
  readonly seed: number
  /** Of all drills. */
  readonly states: number
  /** Of all drills. */
  readonly steps: number
  /** How many searches were cut off. */
  readonly cutOff: number
  /** How many drills show something. */
  readonly found: number
  /** By judge, then by quirks. */
  readonly findings: readonly RandomFinding[]
}

/** Explore one of the drills. @param index from 0 on */
export function exploreOne(options: RandomOptions, index: number): ProgramResult {
  return new RandomProgram(options.seed + index, options).result()
}

/** Explore all drills, one after the other. */
export function* exploreEach(options: RandomOptions): Generator<ProgramResult> {
  for (let i = 0; i < options.programs; i++) yield exploreOne(options, i)
}

/**
 * Explore random drills, each in all orders.
 * @param results of all drills, in the order of their seeds; other threads may have explored them
 */
export function exploreRandom(
  options: RandomOptions,
  results: Iterable<ProgramResult> = exploreEach(options),
): RandomExploration {
  const { programs, seed, profile = DEFAULT_PROFILE } = options
  const kinds = new Map<string, Seen>()
  const total = { states: 0, steps: 0, cutOff: 0, found: 0 }
  for (const result of results) {
    total.states += result.states
    total.steps += result.steps
    total.cutOff += Number(result.cutOff)
    total.found += Number(result.kinds.length > 0)
    for (const kind of result.kinds) {
      const key = `${kind.judge} ${kind.quirks.join(' ')}`
      kinds.set(key, seenAgain(kinds.get(key), kind, result))
    }
  }
  const findings = [...kinds.keys()].sort().map((key) => described(kinds.get(key) as Seen, options))
  return { profile, programs, seed, ...total, findings }
}

/** Drills that show one kind of finding. */
interface Seen {
  readonly kind: FindingKind
  readonly programs: number
  readonly firstSeed: number
  readonly smallest: ProgramResult
}

function seenAgain(seen: Seen | undefined, kind: FindingKind, result: ProgramResult): Seen {
  if (seen === undefined) return { kind, programs: 1, firstSeed: result.seed, smallest: result }
  const smallest = result.length < seen.smallest.length ? result : seen.smallest
  return { ...seen, programs: seen.programs + 1, smallest }
}

function described({ kind, programs, firstSeed, smallest: { seed } }: Seen, options: RandomOptions): RandomFinding {
  const program = new RandomProgram(seed, options)
  const drill = smaller(program.text, (text) => program.shows(text, kind))
  const finding = program.explore(drill).find(({ judge }) => judge === kind.judge) as ExploredFinding
  return { ...kind, programs, firstSeed, seed, points: program.options.points ?? [], drill, finding }
}
