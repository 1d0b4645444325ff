// SPDX-License-Identifier: GPL-2.0-only
//
// Two recordings of one drill, step by step: the same place in the same command.

import type { Recording, Step } from '../record/types'
import type { Book } from './book'
import { differencesOf } from './differences'

/** A column of both scores: the steps of the one and of the other, or only of one. */
export type Pair = readonly [a: number | undefined, b: number | undefined]

function signatures({ steps }: Recording): string[] {
  const seen = new Map<string, number>()
  return steps.map(({ command, kind, stage, index, taskLine }: Step) => {
    const place = [command, kind === 'resume' ? 'resume' : '', stage ?? kind, index ?? '', taskLine ?? ''].join('|')
    const nth = seen.get(place) ?? 0
    seen.set(place, nth + 1)
    return `${place}#${nth}`
  })
}

/** Columns of two recordings in one order. */
export function pairsOf(a: Recording, b: Recording): Pair[] {
  const ofB = signatures(b)
  const placeInB = new Map(ofB.map((signature, i) => [signature, i]))
  const out: Pair[] = []
  let next = 0
  for (const [i, signature] of signatures(a).entries()) {
    const j = placeInB.get(signature)
    if (j === undefined || j < next) {
      out.push([i, undefined])
      continue
    }
    while (next < j) out.push([undefined, next++])
    out.push([i, next++])
  }
  while (next < b.steps.length) out.push([undefined, next++])
  return out
}

/** The step of one side for each step of the other: its own column, or the last column before. */
export function stepsAcross(pairs: readonly Pair[], from: 0 | 1): number[] {
  const to = from === 0 ? 1 : 0
  const out: number[] = []
  let last = 0
  for (const pair of pairs) {
    last = pair[to] ?? last
    if (pair[from] !== undefined) out[pair[from]] = last
  }
  return out
}

/** The steps of common columns, as the first recording has them where both do. */
export const commonSteps = (pairs: readonly Pair[], a: Recording, b: Recording): Step[] =>
  pairs.map(([i, j]) => (i === undefined ? b.steps[j!]! : a.steps[i]!))

/** The common column of each step of one side. */
export const columnsOfSide = (pairs: readonly Pair[], side: 0 | 1): Int32Array =>
  Int32Array.from(pairs.flatMap((pair, column) => (pair[side] === undefined ? [] : [column])))

/** The first step of `a` at which the machines differ; nothing if they never do. */
export function firstDifference(a: Book, b: Book, pairs: readonly Pair[]): number | undefined {
  const across = stepsAcross(pairs, 0)
  for (let n = 0; n <= a.last; n++) {
    if (differencesOf(a.recording, a.replay.at(n), b.replay.at(across[n]!)).length > 0) return n
  }
  return undefined
}
