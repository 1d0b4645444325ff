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
  const joined: Group<T>[] = []
  for (const row of rows) {
    const before = joined.at(-1)
    const isJoined =
      before && !before.alone && !row.alone && before.signature === row.signature && follows(before.tail, row)
    if (isJoined) extend(before, row.count, row.item, [row])
    else joined.push(groupOf(row))
    joined.at(-1)!.tail = row
  }
  return joined.length <= MOST_RUNS ? joined : classesOf(joined)
}

/** A row that grows: all of this is linear in the number of rows. */
interface Group<T> extends FoldedRow<T> {
  count: number
  last: T
  readonly runs: { first: number; count: number }[]
  readonly signature: string
  tail: Row<T>
}

function groupOf<T>(row: Row<T>): Group<T> {
  const { first, count, item, signature, alone } = row
  return { first, count, item, signature, alone, runs: [{ first, count }], last: item, tail: row }
}

function extend<T>(group: Group<T>, count: number, last: T, runs: readonly Run[]): void {
  group.count += count
  group.last = last
  for (const run of runs) {
    const end = group.runs.at(-1)!
    if (end.first + end.count === run.first) end.count += run.count
    else group.runs.push({ first: run.first, count: run.count })
  }
}

function classesOf<T>(groups: readonly Group<T>[]): Group<T>[] {
  const classes = new Map<string, Group<T>>()
  for (const [i, group] of groups.entries()) {
    const key = group.alone ? `alone ${i}` : group.signature
    const known = classes.get(key)
    if (known) extend(known, group.count, group.last, group.runs)
    else classes.set(key, group)
  }
  return [...classes.values()]
}
