// SPDX-License-Identifier: GPL-2.0-only

import { diffArrays } from 'diff'

/** A line of two transcripts next to each other. Undefined where one of them has no such line. */
export interface SideBySide {
  readonly left: string | undefined
  readonly right: string | undefined
}

/** Transcripts that differ more than this are not aligned: to do that takes time that grows with the square of the changes. */
const MOST_CHANGES = 2000

/** The lines of two transcripts, equal ones next to each other. */
export function sideBySide(left: string, right: string): SideBySide[] {
  const [before, after] = [linesOf(left), linesOf(right)]
  const changes = diffArrays(before, after, { maxEditLength: MOST_CHANGES })
  if (changes === undefined) return paired(before, after)
  const rows: SideBySide[] = []
  let removed: readonly string[] = []
  let added: readonly string[] = []
  const flush = () => {
    for (const row of paired(removed, added)) rows.push(row)
    removed = []
    added = []
  }
  for (const change of changes) {
    if (change.removed) removed = change.value
    else if (change.added) added = change.value
    else {
      flush()
      for (const line of change.value) rows.push({ left: line, right: line })
    }
  }
  flush()
  return rows
}

function linesOf(transcript: string): string[] {
  return transcript.split('\n').slice(0, -1)
}

function paired(left: readonly string[], right: readonly string[]): SideBySide[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) => ({ left: left[i], right: right[i] }))
}
