// SPDX-License-Identifier: GPL-2.0-only
//
// Explores random drills. Of each kind of finding the smallest drill is kept, and made smaller.

import { type Judge, type Profile, type QuirkName, type SwitchPoint, switchPointNames } from '../api'
import { DrillError } from '../drill/errors'
import { DEFAULT_PROFILE, kernelOfProfile } from '../drill/language'
import type { DrillSource } from '../drill/parse'
import { DEFAULT_POINTS, type ExploredFinding, type ExploreOptions, exploreDrill, searchDrill } from './explore'
import { randomDrill } from './random'
import { smaller } from './shrink'

/** A search of this many states takes a tenth of a second. */
const STATES = 30_000
/** Of so many seeds in a row, one drill stops at all switching points. */
const ALL_POINTS_EVERY = 4

/** How many random drills are explored, and how. */
export interface RandomOptions extends ExploreOptions {
  /** How many drills. */
  readonly programs: number
  /** The seed of the first one; each has the seed behind that of the one before. */
  readonly seed: number
  /** Called behind each drill. */
  readonly onProgram?: (() => void) | undefined
}

/** A kind of finding: what a judge finds, and the quirk that it takes. */
export interface RandomFinding {
  /** The judge. */
  readonly judge: Judge
  /** Without it the judge finds nothing. Undefined: that is so for no single quirk. */
  readonly quirk: QuirkName | undefined
  /** How many drills show it. */
  readonly programs: number
  /** The seed of the drill that was smallest. */
  readonly seed: number
  /** Where calls stopped in their middle. */
  readonly points: readonly SwitchPoint[]
  /** That drill, without what the finding does not need. */
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
  /** How many drills each judge has found something in. */
  readonly judges: Readonly<Partial<Record<Judge, number>>>
  /** By judge, then by quirk. */
  readonly findings: readonly RandomFinding[]
}

/** Where calls of a random drill stop, unless the caller says it. */
function pointsOf(seed: number): readonly SwitchPoint[] {
  return seed % ALL_POINTS_EVERY === ALL_POINTS_EVERY - 1 ? switchPointNames : DEFAULT_POINTS
}

/** Explore random drills, each in all orders. */
export function exploreRandom(options: RandomOptions): RandomExploration {
  const { programs, seed, profile = DEFAULT_PROFILE } = options
  const kinds = new Map<string, Kind>()
  const judges: Partial<Record<Judge, number>> = {}
  const total = { states: 0, steps: 0, cutOff: 0 }
  for (let i = 0; i < programs; i++) {
    const each = seed + i
    const program = new RandomProgram(each, { ...options, profile, states: options.states ?? STATES })
    const { states, steps, cutOff, findings } = program.search(program.text)
    total.states += states
    total.steps += steps
    if (cutOff !== undefined) total.cutOff++
    for (const judge of new Set(findings.map((finding) => finding.judge))) {
      judges[judge] = (judges[judge] ?? 0) + 1
      const quirk = program.quirkOf(judge)
      const key = `${judge} ${quirk ?? ''}`
      const kind = kinds.get(key)
      if (kind === undefined) kinds.set(key, { judge, quirk, programs: 1, smallest: program })
      else kinds.set(key, { ...kind, programs: kind.programs + 1, smallest: smallerOf(kind.smallest, program) })
    }
    options.onProgram?.()
  }
  const findings = [...kinds.keys()].sort().map((key) => described(kinds.get(key) as Kind))
  return { profile, programs, seed, ...total, judges, findings }
}

interface Kind {
  readonly judge: Judge
  readonly quirk: QuirkName | undefined
  readonly programs: number
  readonly smallest: RandomProgram
}

function smallerOf(a: RandomProgram, b: RandomProgram): RandomProgram {
  return b.text.length < a.text.length ? b : a
}

function described({ judge, quirk, programs, smallest }: Kind): RandomFinding {
  const drill = smaller(smallest.text, (text) => smallest.shows(text, judge, quirk))
  const finding = smallest.explore(drill).find((each) => each.judge === judge) as ExploredFinding
  return { judge, quirk, programs, seed: smallest.seed, points: smallest.options.points ?? [], drill, finding }
}

/** A random drill, and what it is explored with. */
class RandomProgram {
  readonly seed: number
  readonly text: string
  readonly options: ExploreOptions

  constructor(seed: number, options: ExploreOptions) {
    this.seed = seed
    this.text = randomDrill(seed, kernelOfProfile(options.profile))
    this.options = { ...options, points: options.points ?? pointsOf(seed) }
  }

  search(text: string, quirks = this.options.quirks) {
    return searchDrill(sourceOf(text), { ...this.options, quirks })
  }

  explore(text: string): readonly ExploredFinding[] {
    return exploreDrill(sourceOf(text), this.options).findings
  }

  finds(text: string, judge: Judge, without?: QuirkName): boolean {
    const quirks = without === undefined ? this.options.quirks : { ...this.options.quirks, [without]: false }
    return this.search(text, quirks).findings.some((finding) => finding.judge === judge)
  }

  /** The first quirk without which a judge finds nothing. */
  quirkOf(judge: Judge): QuirkName | undefined {
    const { quirks } = this.search(this.text)
    return quirks.find((quirk) => !this.finds(this.text, judge, quirk))
  }

  /** Whether a smaller text shows the same. */
  shows(text: string, judge: Judge, quirk: QuirkName | undefined): boolean {
    try {
      return this.finds(text, judge) && (quirk === undefined || !this.finds(text, judge, quirk))
    } catch (error) {
      if (error instanceof DrillError) return false
      throw error
    }
  }
}

function sourceOf(text: string): DrillSource {
  return { name: 'random', file: 'random.drill', firstLine: 1, text }
}
