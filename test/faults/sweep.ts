// SPDX-License-Identifier: GPL-2.0-only
//
// Every passage of every injection site of a drill fails once, and from then on.

import type { Drill } from '../../lib/drill'
import { type InjectionName, injectionNames } from '../../lib/index'
import { type Fault, runWithFault } from './faulty-run'

export interface SweepOptions {
  /** Passages of a site that are tried; the first ones, and others evenly spread over the rest. All of them if absent. */
  readonly passages?: number | undefined
  /** Told of every run before it begins. */
  readonly onRun?: ((fault: Fault | undefined) => void) | undefined
}

export interface SweepResult {
  /** Runs in which a fault happened. */
  readonly injected: number
  /** What must not be, with the fault in front; [] if all is well. */
  readonly problems: readonly string[]
}

/** The huge zero page stays for good. */
const HUGE_ZERO_PAGE = 512

/** Sweep a drill. Without a fault it must print `expected`, if that is given. */
export function sweep(drill: Drill, expected: string | undefined, options: SweepOptions = {}): SweepResult {
  options.onRun?.(undefined)
  const plain = runWithFault(drill)
  const problems = plain.problems.map((problem) => `without a fault: ${problem}`)
  if (expected !== undefined && plain.transcript !== expected)
    problems.push('without a fault: another transcript than expected')
  const leaks = plain.ramMissing !== 0 && plain.ramMissing !== HUGE_ZERO_PAGE
  let injected = 0
  for (const site of injectionNames) {
    for (const forever of [false, true]) {
      const result = sweepSite(drill, site, forever, leaks, options)
      injected += result.injected
      problems.push(...result.problems)
    }
  }
  return { injected, problems }
}

function sweepSite(
  drill: Drill,
  site: InjectionName,
  forever: boolean,
  leaks: boolean,
  options: SweepOptions,
): SweepResult {
  const problems: string[] = []
  let injected = 0
  for (let nth = 1; ; nth = next(nth, options.passages)) {
    const fault = { site, nth, forever }
    options.onRun?.(fault)
    const run = runWithFault(drill, fault)
    problems.push(...run.problems.map((problem) => `${faultName(fault)}: ${problem}`))
    if (!leaks && run.ramMissing !== 0 && run.ramMissing !== HUGE_ZERO_PAGE) {
      problems.push(`${faultName(fault)}: in the end ${run.ramMissing} frames are missing`)
    }
    if (!run.reached) return { injected, problems }
    injected++
  }
}

/** The passage to fail next: where not all are to be tried, steps get longer by a half, so that `passages` of them go far. */
function next(nth: number, passages: number | undefined): number {
  return passages === undefined || nth < passages ? nth + 1 : Math.ceil(nth * 1.5)
}

export function faultName({ site, nth, forever }: Fault): string {
  return `${site} ${nth}${forever ? ' and all that follow' : ''}`
}
