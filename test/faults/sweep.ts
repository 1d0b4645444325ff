// SPDX-License-Identifier: GPL-2.0-only
//
// Lets every passage of every injection site of a drill fail: only that passage, and that passage with all later ones.

import { DEFAULT_PROFILE, type Drill } from '../../lib/drill'
import { injectionNames, type Profile } from '../../lib/index'
import { type Fault, type FaultyRun, runWithFault } from './faulty-run'

export interface SweepOptions {
  /** Of the machine; `linux-4.14` if absent. */
  readonly profile?: Profile | undefined
  /**
   * The number of passages of a site that are tried within one command: so many first ones, and the last one. All if
   * absent.
   */
  readonly perCommand?: number | undefined
  /** Called before every run. */
  readonly onRun?: ((fault: Fault | undefined) => void) | undefined
}

export interface SweepResult {
  /** Runs in which a fault happened. */
  readonly injected: number
  /** Problems, each with its fault in front; [] if there are none. */
  readonly problems: readonly string[]
}

/** The huge zero page stays for good. */
const HUGE_ZERO_PAGE = 512

/** Sweep a drill. Without a fault it must print `expected`, if that is given. */
export function sweep(drill: Drill, expected: string | undefined, options: SweepOptions = {}): SweepResult {
  const profile = options.profile ?? DEFAULT_PROFILE
  options.onRun?.(undefined)
  const plain = runWithFault(drill, profile)
  const problems = plain.problems.map((problem) => `without a fault: ${problem}`)
  if (expected !== undefined && plain.transcript !== expected)
    problems.push('without a fault: another transcript than expected')
  let injected = 0
  for (const site of injectionNames) {
    const passages = choose(
      plain.passes.map((passes) => passes[site]),
      options.perCommand,
    )
    for (const forever of [false, true]) {
      for (const nth of passages) {
        const fault = { site, nth, forever }
        options.onRun?.(fault)
        const run = runWithFault(drill, profile, fault)
        if (run.reached) injected++
        problems.push(...problemsOf(run).map((problem) => `${faultName(fault)}: ${problem}`))
      }
    }
  }
  return { injected, problems }
}

function problemsOf(run: FaultyRun): string[] {
  const problems = [...run.problems]
  if (!run.reached) problems.push('the site is not passed as often as without a fault')
  if (run.ramMissing !== 0 && run.ramMissing !== HUGE_ZERO_PAGE) {
    problems.push(`in the end ${run.ramMissing} frames are missing`)
  }
  return problems
}

/**
 * The passages to fail. Up to the fault, a run is equal to the run without a fault, so its numbers can be used: `ends`
 * is the number of passages of the site at the end of each command. Many passages of one command are alike, such as
 * those for the pages of a large region.
 */
function choose(ends: readonly number[], perCommand: number | undefined): number[] {
  const chosen: number[] = []
  let begin = 0
  for (const end of ends) {
    for (let nth = begin + 1; nth <= end; nth++) {
      if (perCommand === undefined || nth <= begin + perCommand || nth === end) chosen.push(nth)
    }
    begin = end
  }
  return chosen
}

export function faultName({ site, nth, forever }: Fault): string {
  return `${site} ${nth}${forever ? ' and all that follow' : ''}`
}
