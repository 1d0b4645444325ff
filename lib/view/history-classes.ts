// SPDX-License-Identifier: GPL-2.0-only
//
// Segments with the same history: the same kinds and reasons in the same steps. Frames may differ.

import { eachSpan, type RegionChanges, segmentsIn } from './region-changes'

/** The class of each segment, numbered in the order in which they appear. */
export function classesOf(region: RegionChanges): Int32Array {
  const classOf = new Int32Array(segmentsIn(region))
  const examples: number[] = []
  const known = new Map<number, number>()
  for (let segment = 0; segment < classOf.length; segment++) {
    const words = wordsOf(region, segment)
    let key = hashOf(words)
    let found = known.get(key)
    // Another history with the same hash is looked for behind it.
    while (found !== undefined && !isAlike(words, wordsOf(region, examples[found]!))) found = known.get(++key)
    if (found === undefined) {
      found = examples.push(segment) - 1
      known.set(key, found)
    }
    classOf[segment] = found
  }
  return classOf
}

/** A history as numbers: two for each span, three for each reason. */
function wordsOf(region: RegionChanges, segment: number): number[] {
  const words: number[] = []
  eachSpan(region, segment, (kind, from) => words.push(from, kind))
  const { marks, stops } = region
  for (let i = marks.starts[segment]!; i < marks.starts[segment + 1]!; i++) {
    const { step, why } = stops[marks.items[i]!]!
    words.push(-1, step, whyNumber(region, why))
  }
  return words
}

const whyNumber = ({ stops }: RegionChanges, why: string): number => stops.findIndex((stop) => stop.why === why)

const isAlike = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((word, i) => word === b[i])

/** 53 bits of two hashes in the manner of FNV. */
function hashOf(words: readonly number[]): number {
  let [high, low] = [0x811c9dc5, 0x9e3779b9]
  for (const word of words) {
    high = Math.imul(high ^ word, 0x01000193)
    low = Math.imul(low ^ word, 0x85ebca6b) ^ (low >>> 13)
  }
  return (high >>> 0) * 2 ** 21 + (low >>> 11)
}
