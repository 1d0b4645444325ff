// SPDX-License-Identifier: GPL-2.0-only
//
// What the runs of a record must be, besides what each is: entries lie within their region as it is at that step, runs of a
// list do not overlap, and all of them together can be shown.

import type { Recording, Step } from '../record/types'
import { coveringOf } from './region-changes'
import { endOf, type Run } from './runs'

/** The most runs, each counted once for each piece that others cut it into. 4 bytes of memory each. */
const MOST_COVERED = 2 ** 25

/** @throws Error that names the place */
export function checkRuns(recording: Recording, place: string): void {
  const regions = new Regions()
  for (const [n, step] of recording.steps.entries()) {
    const at = `${place}.steps[${n}]`
    regions.follow(step)
    for (const [region, runs] of byRegion(step)) {
      regions.check(region, runs, `${at}.entries`)
      checkApart(runs, `${at}.entries`)
    }
    checkApart(
      (step.frames ?? []).map(({ pfn, count }) => ({ first: pfn, count })),
      `${at}.frames`,
    )
    for (const [i, delta] of (step.migrations ?? []).entries())
      if ('entries' in delta) checkApart(delta.entries, `${at}.migrations[${i}].entries`)
  }
  if (coveringOf(recording) > MOST_COVERED)
    throw new Error(`${place}.steps change too much: record a part of them, with from and to (see docs/record.md)`)
}

/** How many pages regions have, by `A/buf`, as steps change that. */
class Regions {
  readonly #processes = new Map<string, Map<string, number>>()

  follow({ full, processes = {} }: Step): void {
    if (full) this.#processes.clear()
    for (const [name, process] of Object.entries(processes))
      if (process === null) this.#processes.delete(name)
      else this.#processes.set(name, new Map(process.regions.map((region) => [region.name, region.pages])))
  }

  check(at: string, runs: readonly Run[], place: string): void {
    const [process, region] = at.split('/') as [string, string]
    const pages = this.#processes.get(process)?.get(region)
    if (pages === undefined) throw new Error(`${place} has pages of ${at}, which is not there`)
    for (const run of runs)
      if (endOf(run) > pages) throw new Error(`${place} has page ${endOf(run) - 1} of ${at}, which has ${pages}`)
  }
}

function byRegion({ entries = [] }: Step): Map<string, Run[]> {
  const found = new Map<string, Run[]>()
  for (const entry of entries) {
    const runs = found.get(entry.at)
    if (runs) runs.push(entry)
    else found.set(entry.at, [entry])
  }
  return found
}

function checkApart(runs: readonly Run[], place: string): void {
  let end = 0
  for (const run of [...runs].sort((a, b) => a.first - b.first)) {
    if (run.first < end) throw new Error(`${place} has two runs with ${run.first}`)
    end = endOf(run)
  }
}
