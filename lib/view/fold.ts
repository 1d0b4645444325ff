// SPDX-License-Identifier: GPL-2.0-only
//
// Rows of tables: neighbours that are alike become one; of more than 24, all that are alike.

import type { Run } from './runs'

const MOST_RUNS = 24

export interface Row<T> extends Run {
  readonly item: T
  /** Equal for rows that are alike. */
  readonly signature: string
  /** Never folded: the followed page. */
  readonly alone: boolean
}

export interface FoldedRow<T> extends Run {
  readonly item: T
  readonly alone: boolean
  /** The runs that the row stands for. */
  readonly runs: readonly Run[]
  /** The last item of it. */
  readonly last: T
}

/**
 * Joins rows.
 * @param follows whether an item goes on where another ends; neighbours that do not stay apart.
 */
export function fold<T>(rows: readonly Row<T>[], follows: (before: Row<T>, after: Row<T>) => boolean): FoldedRow<T>[] {
  const joined: (FoldedRow<T> & { signature: string; tail: Row<T> })[] = []
  for (const row of rows) {
    const before = joined.at(-1)
    const isJoined =
      before && !before.alone && !row.alone && before.signature === row.signature && follows(before.tail, row)
    if (isJoined) {
      const runs = withRun(before.runs, row)
      joined[joined.length - 1] = { ...before, runs, count: before.count + row.count, tail: row, last: row.item }
    } else joined.push({ ...row, runs: [row], last: row.item, tail: row })
  }
  if (joined.length <= MOST_RUNS) return joined
  const classes = new Map<string, FoldedRow<T>>()
  for (const [i, row] of joined.entries()) {
    const key = row.alone ? `alone ${i}` : row.signature
    const known = classes.get(key)
    classes.set(
      key,
      known ? { ...known, count: known.count + row.count, runs: [...known.runs, ...row.runs], last: row.last } : row,
    )
  }
  return [...classes.values()]
}

function withRun(runs: readonly Run[], { first, count }: Run): Run[] {
  const last = runs.at(-1)!
  if (last.first + last.count !== first) return [...runs, { first, count }]
  return [...runs.slice(0, -1), { first: last.first, count: last.count + count }]
}
