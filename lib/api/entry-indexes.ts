// SPDX-License-Identifier: GPL-2.0-only
//
// Lists of entries, by their indexes, as drivers give them.

import { integer, iterable } from '../base/validate'

export function indexes(name: string, list: Iterable<number> | undefined, most = Number.MAX_SAFE_INTEGER): number[] {
  if (list === undefined) return []
  return Array.from(iterable(name, 'an iterable of entry indexes', list), (index) =>
    integer(`an index in ${name}`, index, 0, most),
  )
}

/** The indexes below `pages` that a list does not have. */
export function allBut(list: Iterable<number>, pages: number): number[] {
  const listed = markIndexes('driver.only', list, pages)
  return Array.from({ length: pages }, (_, index) => index).filter((index) => listed[index] === 0)
}

/** 1 for each index below `pages` that a list has. */
export function markIndexes(name: string, list: Iterable<number>, pages: number): Uint8Array {
  const listed = new Uint8Array(pages)
  for (const index of indexes(name, list, pages - 1)) listed[index] = 1
  return listed
}
