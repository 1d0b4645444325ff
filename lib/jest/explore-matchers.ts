// SPDX-License-Identifier: GPL-2.0-only
//
// The matchers that explore a drill with tasks.

import { type Judge, judgeValues } from '../base/defs.generated'
import { invalid, oneOf } from '../base/validate'
import { type Exploration, type ExploreOptions, exploreDrill } from '../explore'
import type { MatcherContext, MatcherResult } from './matchers'

function explored(matcher: string, drill: unknown, options: ExploreOptions | undefined): Exploration {
  if (typeof drill !== 'string') throw invalid(`what ${matcher}() looks at`, 'the text of a drill with tasks', drill)
  return exploreDrill({ name: 'drill', file: 'drill', firstLine: 1, text: drill }, options)
}

/** What was tried, and what was found. */
function summary({ states, cutOff, findings }: Exploration): string {
  const tried = `${states} states${cutOff === undefined ? ', all orders were tried' : `; cut off by ${cutOff}`}`
  const lines = findings.flatMap(({ judge, sentence, trace }) => [
    `${judge}: ${sentence}`,
    ...trace.map((step) => `  ${step}`),
  ])
  return [tried, ...lines].join('\n')
}

function matched(
  context: MatcherContext,
  [name, expected]: readonly [string, string],
  pass: boolean,
  body: () => string,
): MatcherResult {
  const options = { isNot: context.isNot === true }
  return { pass, message: () => `${context.utils.matcherHint(name, 'drill', expected, options)}\n\n${body()}` }
}

/** {@link HmmuMatchers.toHoldInAllInterleavings} */
export function toHoldInAllInterleavings(
  this: MatcherContext,
  drill: unknown,
  options?: ExploreOptions,
): MatcherResult {
  const exploration = explored('toHoldInAllInterleavings', drill, options)
  const { unmet, cutOff } = exploration
  const pass = unmet.length === 0 && cutOff === undefined
  const body = () => [...unmet.map((text) => `Not as expected: ${text}`), summary(exploration)].join('\n')
  return matched(this, ['toHoldInAllInterleavings', ''], pass, body)
}

/** {@link HmmuMatchers.toFind} */
export function toFind(this: MatcherContext, drill: unknown, judge: Judge, options?: ExploreOptions): MatcherResult {
  oneOf('judge', judge, judgeValues)
  const exploration = explored('toFind', drill, options)
  const pass = exploration.findings.some((finding) => finding.judge === judge)
  return matched(this, ['toFind', `'${judge}'`], pass, () => summary(exploration))
}

/** {@link HmmuMatchers.toReach} */
export function toReach(
  this: MatcherContext,
  drill: unknown,
  outcome: string,
  options?: ExploreOptions,
): MatcherResult {
  if (typeof outcome !== 'string')
    throw invalid('the outcome', 'a text as `hmmu explore --outcomes` prints it', outcome)
  const exploration = explored('toReach', drill, options)
  const pass = exploration.outcomes.some(({ sentence }) => sentence === outcome)
  const body = () => ['Outcomes:', ...exploration.outcomes.map(({ sentence }) => `  ${sentence}`)].join('\n')
  return matched(this, ['toReach', 'outcome'], pass, body)
}
