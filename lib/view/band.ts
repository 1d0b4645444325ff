// SPDX-License-Identifier: GPL-2.0-only
//
// A region with too many histories, as a picture: y is the page, x the step. Where a line of the picture covers several
// pages, the rarest kind of the step wins, so that a minority does not vanish.

import { ABSENT, eachSpan, type RegionChanges, segmentAt, segmentsIn } from './region-changes'
import { endOf, type Run } from './runs'
import { number } from './words'

const EMPTY: readonly string[] = ['none', 'nomap', ABSENT]

export interface BandPicture {
  readonly lines: number
  readonly steps: number
  readonly kinds: readonly string[]
  /** Line by line, of each step the index of a kind, plus 1; 0: nothing is there. */
  readonly cells: Uint16Array
}

export function bandPicture(region: RegionChanges, lines: number): BandPicture {
  const { kinds, lastStep } = region
  const steps = lastStep + 1
  const all: Run = { first: 0, count: region.pages }
  const shown = kinds.flatMap((kind, i) => (EMPTY.includes(kind) ? [] : [i]))
  const order = rarestFirst(presence(region, all), shown, steps)
  const cells = new Uint16Array(lines * steps)
  for (let line = 0; line < lines; line++) {
    const here = presence(region, pagesOfLine(region.pages, lines, line))
    for (let step = 0; step < steps; step++) {
      for (let rank = 0; rank < shown.length; rank++) {
        const kind = order[step * shown.length + rank]!
        if (here[kind * steps + step] === 0) continue
        cells[line * steps + step] = kind + 1
        break
      }
    }
  }
  return { lines, steps, kinds, cells }
}

/** The pages that a line of the picture covers: at least one. */
export function pagesOfLine(pages: number, lines: number, line: number): Run {
  const first = Math.min(pages - 1, Math.floor((line / lines) * pages))
  return { first, count: Math.max(1, Math.floor(((line + 1) / lines) * pages) - first) }
}

/** How many pages of a run have each kind in each step: kind by kind, step by step. */
function presence(region: RegionChanges, run: Run): Int32Array {
  const { kinds, firsts, lastStep } = region
  const steps = lastStep + 1
  // Differences from step to step first; an own cell behind the last step takes what ends there.
  const by = new Int32Array(kinds.length * (steps + 1))
  for (let i = segmentAt(region, run.first); i < segmentsIn(region) && firsts[i]! < endOf(run); i++) {
    const count = Math.min(firsts[i + 1]!, endOf(run)) - Math.max(firsts[i]!, run.first)
    eachSpan(region, i, (kind, from, to) => {
      by[kind * (steps + 1) + from]! += count
      by[kind * (steps + 1) + to + 1]! -= count
    })
  }
  const counts = new Int32Array(kinds.length * steps)
  for (let kind = 0; kind < kinds.length; kind++) {
    let count = 0
    for (let step = 0; step < steps; step++) {
      count += by[kind * (steps + 1) + step]!
      counts[kind * steps + step] = count
    }
  }
  return counts
}

/** Of each step the kinds that are shown, the rarest first. */
function rarestFirst(counts: Int32Array, shown: readonly number[], steps: number): Uint16Array {
  const order = new Uint16Array(shown.length * steps)
  for (let step = 0; step < steps; step++) {
    const ranked = [...shown].sort((a, b) => counts[a * steps + step]! - counts[b * steps + step]!)
    order.set(ranked, step * shown.length)
  }
  return order
}

/** Reasons of a step, counted: "600 no_page". */
export function bandStops({ stops }: RegionChanges): { step: number; text: string }[] {
  const counts = new Map<number, Map<string, number>>()
  for (const { step, why, count } of stops) {
    const own = counts.get(step) ?? new Map<string, number>()
    own.set(why, (own.get(why) ?? 0) + count)
    counts.set(step, own)
  }
  return [...counts].map(([step, whys]) => ({
    step,
    text: [...whys].map(([why, count]) => `${number(count)} × ${why}`).join(', '),
  }))
}

/** Pages that the lens shows. */
export const LENS_ROWS = 40

/** The pages around one, as many as the lens shows, or all. */
export function lensPages(pages: number, around: number): Run {
  const count = Math.min(LENS_ROWS, pages)
  return { first: Math.max(0, Math.min(pages - count, around - Math.floor(count / 2))), count }
}

export interface LensBar {
  readonly page: number
  readonly kind: string
  readonly from: number
  readonly to: number
}

/** Bars of the lens: of each page the kinds in some steps. */
export function lensBars(region: RegionChanges, pages: Run, from: number, to: number): LensBar[] {
  const bars: LensBar[] = []
  for (let page = pages.first; page < endOf(pages); page++) {
    eachSpan(region, segmentAt(region, page), (index, begin, end) => {
      const kind = region.kinds[index]!
      if (end < from || begin > to || EMPTY.includes(kind)) return
      bars.push({ page, kind, from: Math.max(begin, from), to: Math.min(end, to) })
    })
  }
  return bars
}
