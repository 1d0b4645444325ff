// SPDX-License-Identifier: GPL-2.0-only
//
// Which quirks findings need: each alone off, and each alone on.

import { type QuirkName, quirkNames } from '../api'
import { invalid } from '../base/validate'
import { type Explorable, explore } from './explorable'
import type { Exploration, ExploreOptions } from './explore'
import type { FoundBy } from './finding'

/** What a quirk has to do with findings. */
export interface QuirkBlame {
  /** The quirk. */
  readonly quirk: QuirkName
  /** Judges that find nothing if this quirk alone is off. */
  readonly needed: readonly FoundBy[]
  /** Judges that find something if this quirk alone is on, and nothing if none is. */
  readonly enough: readonly FoundBy[]
}

/** What quirks have to do with the findings of an exploration. */
export interface Blame {
  /** The quirks of the machine that have to do with a finding. */
  readonly quirks: readonly QuirkBlame[]
  /** Judges that also find something if no quirk is on. */
  readonly always: readonly FoundBy[]
}

/**
 * Explore again, with each quirk of the machine alone off, with each alone on, and with none.
 * @param subject what was explored, with the same options
 * @param explored what {@link explore} returned for it
 * @throws HmmuError and DrillError as {@link explore}
 */
export function blame<Context>(subject: Explorable<Context>, explored: Exploration, options?: ExploreOptions): Blame {
  checkExploration(explored)
  const before = judgesOf(explored)
  if (before.size === 0) return { quirks: [], always: [] }
  const judgesWith = (quirks: ReadonlySet<QuirkName>) =>
    judgesOf(explore(subject, { ...options, profile: explored.profile, quirks: exactly(quirks) }))
  const none = judgesWith(new Set())
  const quirks = explored.quirks.map((quirk) => {
    const without = judgesWith(new Set(explored.quirks.filter((each) => each !== quirk)))
    const alone = judgesWith(new Set([quirk]))
    return {
      quirk,
      needed: [...before].filter((judge) => !without.has(judge)),
      enough: [...before].filter((judge) => alone.has(judge) && !none.has(judge)),
    }
  })
  return {
    quirks: quirks.filter(({ needed, enough }) => needed.length + enough.length > 0),
    always: [...before].filter((judge) => none.has(judge)),
  }
}

function checkExploration(given: unknown): void {
  const { findings, quirks } = (given ?? {}) as Partial<Exploration>
  if (!Array.isArray(findings) || !Array.isArray(quirks)) throw invalid('explored', 'what explore() returned', given)
}

function judgesOf({ findings }: Exploration): Set<FoundBy> {
  return new Set(findings.map(({ judge }) => judge))
}

/** Just these quirks. */
export function exactly(on: ReadonlySet<QuirkName>): Record<QuirkName, boolean> {
  return Object.fromEntries(quirkNames.map((name) => [name, on.has(name)])) as Record<QuirkName, boolean>
}
