// SPDX-License-Identifier: GPL-2.0-only
//
// `hmmu explore --diff`: the ways in which a drill can end on two profiles.

import { visible } from '../base/visible'
import type { DrillSource } from '../drill'
import { type Exploration, exploreDrill } from '../explore'
import type { Profile } from '../index'
import { ExitCode } from './exit-codes'
import { type ExploreCommandOptions, searchOptions } from './explore-options'
import { countsText } from './explore-report'

/** A way to end, or a judge that finds something, and an order that shows it. */
interface Shown {
  readonly text: string
  readonly id: string
}

/** What two profiles have in common, and what only one has. */
interface Difference {
  /** One list for each profile. */
  readonly only: readonly [readonly Shown[], readonly Shown[]]
  readonly both: readonly string[]
}

export interface DrillDifference {
  readonly name: string
  readonly explored: readonly [Exploration, Exploration]
  readonly outcomes: Difference
  readonly findings: Difference
}

export function diffDrill(source: DrillSource, options: ExploreCommandOptions, other: Profile): DrillDifference {
  const here = exploreDrill(source, searchOptions(source, options))
  const there = exploreDrill(source, searchOptions(source, { ...options, profile: other }))
  const shown = ({ outcomes }: Exploration) => outcomes.map(({ sentence: text, id }) => ({ text, id }))
  const found = ({ findings }: Exploration) =>
    findings.map(({ judge, sentence, id }) => ({ text: `${judge}: ${sentence}`, id }))
  return {
    name: source.name,
    explored: [here, there],
    outcomes: difference(shown(here), shown(there)),
    findings: difference(found(here), found(there)),
  }
}

function difference(here: readonly Shown[], there: readonly Shown[]): Difference {
  const texts = [here, there].map((list) => new Set(list.map(({ text }) => text)))
  const only = (list: readonly Shown[], others: Set<string> | undefined) => {
    const own = new Map<string, Shown>()
    for (const each of list) if (!others?.has(each.text) && !own.has(each.text)) own.set(each.text, each)
    return [...own.values()]
  }
  const both = [...(texts[0] ?? [])].filter((text) => texts[1]?.has(text))
  return { only: [only(here, texts[1]), only(there, texts[0])], both }
}

/** They differ: 1. A search that was cut off can't tell that they do not: 3. */
export function codeOfDiff({ explored, outcomes, findings }: DrillDifference): number {
  if ([...outcomes.only, ...findings.only].some((list) => list.length > 0)) return ExitCode.FAILED
  return explored.some(({ cutOff }) => cutOff !== undefined) ? ExitCode.CUT_OFF : ExitCode.OK
}

export function diffReport({ name, explored, outcomes, findings }: DrillDifference): string {
  const lines = explored.map((each) => `${visible(name)} (${each.profile}): ${countsText(each)}`)
  const tell = (what: string, { only, both }: Difference) => {
    for (const [i, list] of only.entries())
      for (const { text, id } of list)
        lines.push(`  only ${explored[i]?.profile}: ${what}${visible(text)}`, `    ${id}`)
    lines.push(`  both: ${both.length} ${what === '' ? 'findings' : 'outcomes'}`)
  }
  tell('outcome: ', outcomes)
  tell('', findings)
  return `${lines.join('\n')}\n`
}

export function diffDocument({ name, explored, outcomes, findings }: DrillDifference): object {
  const profiles = explored.map(({ profile, states, cutOff }) => ({ profile, states, cutOff }))
  return { name, profiles, outcomes, findings }
}
