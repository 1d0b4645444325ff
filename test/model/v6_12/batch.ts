// SPDX-License-Identifier: GPL-2.0-only

import type { Space } from './space'

/** Entries of one page table. */
const TABLE = 512

/** The number of neighbouring entries that map neighbouring pages of one folio, within one page table; at least 1. */
export function batch(space: Space, page: number, end: number): number {
  const first = space.entries.get(page)
  if (first?.kind !== 'present' || !first.frame?.folio.large) return 1
  const { frames } = first.frame.folio
  const index = frames.indexOf(first.frame)
  const limit = Math.min(end - page, TABLE - (page % TABLE), frames.length - index)
  let count = 1
  for (; count < limit; count++) {
    const entry = space.entries.get(page + count)
    if (entry?.kind !== 'present' || entry.frame !== frames[index + count] || entry.wp !== first.wp) break
  }
  return count
}

/** The parts of a range, one for each page table. */
export function* blocks(start: number, end: number): Generator<[number, number]> {
  for (let at = start; at < end; ) {
    const next = Math.min((Math.floor(at / TABLE) + 1) * TABLE, end)
    yield [at, next]
    at = next
  }
}
