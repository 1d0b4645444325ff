// SPDX-License-Identifier: GPL-2.0-only
//
// What `hmmu explore` prints of a drill.

import { visible } from '../base/visible'
import type { DrillSource } from '../drill'
import { type Blame, blame, type Exploration } from '../explore'
import { ExitCode } from './exit-codes'
import { type ExploreCommandOptions, searchOptions } from './explore-options'

export function codeOf({ unmet, cutOff }: Exploration): number {
  if (unmet.length > 0) return ExitCode.FAILED
  return cutOff === undefined ? ExitCode.OK : ExitCode.CUT_OFF
}

/** Something wrong is worse than a search that was cut off. */
export function worse(a: number, b: number): number {
  return a === ExitCode.FAILED || b === ExitCode.FAILED ? ExitCode.FAILED : Math.max(a, b)
}

export function report(source: DrillSource, explored: Exploration, options: ExploreCommandOptions): string {
  const { name, profile, tasks, findings, outcomes, unmet } = explored
  const lines = [`${visible(name)} (${profile}): ${tasks.length} tasks, ${countsText(explored)}`]
  for (const { judge, sentence, id, times } of findings) {
    lines.push(`  ${judge}: ${visible(sentence)}`, `    ${times} times; shortest order: ${id}`)
  }
  if (findings.length === 0) lines.push('  no finding')
  if (options.outcomes) for (const { sentence } of outcomes) lines.push(`  outcome: ${sentence}`)
  else lines.push(`  ${outcomes.length} outcomes`)
  if (options.blame) lines.push(...blameLines(blame(source, explored, searchOptions(source, options))))
  for (const text of unmet) lines.push(`  not as expected: ${visible(text)}`)
  return `${lines.join('\n')}\n`
}

export function countsText({ states, schedules, steps, hasCycles, cutOff }: Exploration): string {
  const orders = schedules < 1e9 ? String(schedules) : schedules.toExponential(3)
  const text = `${states} states, ${steps} steps, ${hasCycles || cutOff ? 'at least ' : ''}${orders} orders`
  return cutOff === undefined
    ? `${text}, all tried`
    : `${text}; ${cutOff === 'stopped' ? cutOff : `cut off by ${cutOff}`}`
}

function blameLines({ quirks, always }: Blame): string[] {
  return [
    ...quirks.flatMap(({ quirk, needed, enough }) => [
      ...(needed.length > 0 ? [`  without ${quirk} no ${needed.join(', no ')}`] : []),
      ...(enough.length > 0 ? [`  ${quirk} alone is enough for ${enough.join(', ')}`] : []),
    ]),
    ...(always.length > 0 ? [`  no quirk is needed for ${always.join(', ')}`] : []),
  ]
}

export function documentOf(source: DrillSource, explored: Exploration, options: ExploreCommandOptions): object {
  const findings = explored.findings.map(({ choices, ...finding }) => ({ ...finding, choices: [...choices] }))
  const blamed = options.blame ? { blame: blame(source, explored, searchOptions(source, options)) } : {}
  return { ...explored, findings, ...blamed }
}
