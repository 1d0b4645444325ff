// SPDX-License-Identifier: GPL-2.0-only

import { PfnFlag, whyNames } from '../base/defs.generated'
import type { EntryArrays } from './entry-arrays'
import { type Cell, pageCell, pagesTable, wordFlags } from './inspect'

const { VALID } = PfnFlag

/** @internal src, dst and why as a table, runs of like entries joined. */
export function entriesTable(arrays: EntryArrays, all = false): string {
  return pagesTable(['page', 'src', '', 'dst', '', 'why'], arrays.pages, (i) => entryRow(arrays, i), all)
}

/** @internal The cells of one entry. */
export function entryRow(arrays: EntryArrays, i: number): Cell[] {
  const src = arrays.srcFlags(i)
  const dst = arrays.dstFlags(i)
  const why = whyNames[arrays.why(i)] ?? 'none'
  return [
    { prefix: '', number: i },
    wordFlags(src),
    src & VALID ? pageCell(arrays.srcPfn(i), arrays) : '',
    wordFlags(dst),
    dst & VALID ? pageCell(arrays.dstPfn(i), arrays) : '',
    why === 'none' ? '' : why,
  ]
}
