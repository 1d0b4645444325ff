// SPDX-License-Identifier: GPL-2.0-only
//
// The matchers that explore a drill with tasks, or a scenario.

import { judgeNames, judgeValues } from '../base/defs.generated'
import { invalid, oneOf } from '../base/validate'
import { type Exploration, type ExploreOptions, explore, type FoundBy, isScenario } from '../explore'
import type { MatcherContext, MatcherResult } from './matchers'

/** The judges, and what scenarios with drivers in TypeScript have besides. */
const FOUND_BY = { ...judgeValues, driver: judgeNames.length }

function explored(matcher: string, subject: unknown, options: ExploreOptions | undefined): Exploration {
  if (isScenario(subject) || typeof subject === 'string') return explore(subject, options)
  throw invalid(`what ${matcher}() looks at`, 'the text of a drill with tasks, or a scenario', subject)
}

/** What was tried, and what was found. */
function summary({ states, cutOff, findings }: Exploration): string {
  const tried = `${states} states${cutOff === undefined ? ', all orders were tried' : `; cut off by ${cutOff}`}`
  const lines = findings.flatMap(({ judge, sentence, trace, id }) => [
    `${judge}: ${sentence}`,
    ...trace.map((step) => `  ${step}`),
    `  id: ${id}`,
  ])
  return [tried, ...lines].join('\n')
}

function matched(
  context: MatcherContext,
  [name, subject, expected]: readonly [string, unknown, string],
  pass: boolean,
  body: () => string,
): MatcherResult {
  const options = { isNot: context.isNot === true }
  return {
    pass,
    message: () =>
      `${context.utils.matcherHint(name, isScenario(subject) ? 'scenario' : 'drill', expected, options)}\n\n${body()}`,
  }
}

/** {@link HmmuMatchers.toHoldInAllInterleavings} */
export function toHoldInAllInterleavings(
  this: MatcherContext,
  subject: unknown,
  options?: ExploreOptions,
): MatcherResult {
  const exploration = explored('toHoldInAllInterleavings', subject, options)
  const { unmet, cutOff } = exploration
  const pass = unmet.length === 0 && cutOff === undefined
  const body = () => [...unmet.map((text) => `Not as expected: ${text}`), summary(exploration)].join('\n')
  return matched(this, ['toHoldInAllInterleavings', subject, ''], pass, body)
}

/** {@link HmmuMatchers.toFind} */
export function toFind(
  this: MatcherContext,
  subject: unknown,
  judge: FoundBy,
  options?: ExploreOptions,
): MatcherResult {
  oneOf('judge', judge, FOUND_BY)
  const exploration = explored('toFind', subject, options)
  const pass = exploration.findings.some((finding) => finding.judge === judge)
  return matched(this, ['toFind', subject, `'${judge}'`], pass, () => summary(exploration))
}

/** {@link HmmuMatchers.toReach} */
export function toReach(
  this: MatcherContext,
  subject: unknown,
  outcome: string,
  options?: ExploreOptions,
): MatcherResult {
  if (typeof outcome !== 'string')
    throw invalid('the outcome', 'a text as `hmmu explore --outcomes` prints it', outcome)
  const exploration = explored('toReach', subject, options)
  const pass = exploration.outcomes.some(({ sentence }) => sentence === outcome)
  const body = () => ['Outcomes:', ...exploration.outcomes.map(({ sentence }) => `  ${sentence}`)].join('\n')
  return matched(this, ['toReach', subject, 'outcome'], pass, body)
}
