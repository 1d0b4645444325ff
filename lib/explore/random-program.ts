// SPDX-License-Identifier: GPL-2.0-only
//
// One random drill: what is found in it, and which quirks are enough for that.

import { type Judge, type QuirkName, type SwitchPoint, switchPointNames } from '../api'
import { DrillError } from '../drill/errors'
import { kernelOfProfile } from '../drill/language'
import type { DrillSource } from '../drill/parse'
import { exactly } from './blame'
import { DEFAULT_POINTS, type ExploredFinding, type ExploreOptions, exploreDrill, searchDrill } from './explore'
import { hasHugePage, randomDrill } from './random'

/** A search of this many states takes a tenth of a second. */
const STATES = 30_000
/** The same, as states with the parts of a huge page take ten times the time. */
const HUGE_STATES = 3_000
/** Of so many seeds in a row, one drill stops at all switching points. */
const ALL_POINTS_EVERY = 4

/** What a judge finds, and what it takes. */
export interface FindingKind {
  /** The judge. */
  readonly judge: Judge
  /** With these quirks alone the judge finds something, and with one of them less it does not. None: it takes no quirk. */
  readonly quirks: readonly QuirkName[]
}

/** What exploring one random drill has come to. */
export interface ProgramResult {
  /** The drill's seed. */
  readonly seed: number
  /** How long its text is. */
  readonly length: number
  /** How many states were looked at. */
  readonly states: number
  /** How many steps were made. */
  readonly steps: number
  /** Whether the search was cut off. */
  readonly cutOff: boolean
  /** Each kind of finding once. */
  readonly kinds: readonly FindingKind[]
}

/** A random drill, and what it is explored with. */
export class RandomProgram {
  readonly seed: number
  readonly text: string
  readonly options: ExploreOptions

  constructor(seed: number, options: ExploreOptions) {
    this.seed = seed
    this.text = randomDrill(seed, kernelOfProfile(options.profile))
    const { points = pointsOf(seed), states = hasHugePage(this.text) ? HUGE_STATES : STATES } = options
    this.options = { ...options, points, states, workers: 1 }
  }

  /** Explore it, and again with fewer quirks if there are findings. */
  result(): ProgramResult {
    const { seed, text } = this
    const { states, steps, cutOff, findings, quirks } = searchDrill(sourceOf(text), this.options)
    const judges = [...new Set(findings.map(({ judge }) => judge))]
    const kinds = judges.flatMap((judge) => this.#causesOf(judge, quirks).map((cause) => ({ judge, quirks: cause })))
    return { seed, length: text.length, states, steps, cutOff: cutOff !== undefined, kinds }
  }

  /** The findings of a drill like this one, in words. */
  explore(text: string): readonly ExploredFinding[] {
    return exploreDrill(sourceOf(text), this.options).findings
  }

  /** Whether a drill shows a kind of finding. The text may be no drill at all. */
  shows(text: string, { judge, quirks }: FindingKind): boolean {
    return (
      this.#finds(text, judge, quirks) &&
      (quirks.length === 0 || !this.#finds(text, judge, [])) &&
      this.#finds(text, judge)
    )
  }

  /** A judge may find several things, which take quirks of their own. */
  #causesOf(judge: Judge, quirks: readonly QuirkName[]): QuirkName[][] {
    const causes: QuirkName[][] = []
    let rest = [...quirks]
    let finds = true
    while (finds) {
      const cause = this.#causeOf(judge, rest)
      causes.push(cause)
      rest = rest.filter((quirk) => !cause.includes(quirk))
      finds = cause.length > 0 && rest.length > 0 && this.#finds(this.text, judge, rest)
    }
    return causes
  }

  /** Some of the quirks that are enough, and not without each: half of them are left out at a time, then a quarter, … */
  #causeOf(judge: Judge, quirks: readonly QuirkName[]): QuirkName[] {
    if (this.#finds(this.text, judge, [])) return []
    let kept = [...quirks]
    for (let size = Math.ceil(kept.length / 2), last = false; !last; size = Math.ceil(size / 2)) {
      last = size <= 1
      for (let at = 0; at < kept.length; ) {
        const fewer = [...kept.slice(0, at), ...kept.slice(at + size)]
        if (fewer.length > 0 && this.#finds(this.text, judge, fewer)) kept = fewer
        else at += size
      }
    }
    return kept
  }

  /** @param quirks all that are on; the profile's if absent */
  #finds(text: string, judge: Judge, quirks?: readonly QuirkName[]): boolean {
    const options = quirks === undefined ? this.options : { ...this.options, quirks: exactly(new Set(quirks)) }
    try {
      return searchDrill(sourceOf(text), options).findings.some((finding) => finding.judge === judge)
    } catch (error) {
      if (error instanceof DrillError) return false
      throw error
    }
  }
}

/** Where calls of a random drill stop, unless the caller says it. */
function pointsOf(seed: number): readonly SwitchPoint[] {
  return seed % ALL_POINTS_EVERY === ALL_POINTS_EVERY - 1 ? switchPointNames : DEFAULT_POINTS
}

function sourceOf(text: string): DrillSource {
  return { name: 'random', file: 'random.drill', firstLine: 1, text }
}
