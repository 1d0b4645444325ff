// SPDX-License-Identifier: GPL-2.0-only
//
// MADV_COLD: pages become old. MADV_PAGEOUT: they are reclaimed, too.

import type { Errno } from '../side'
import type { Vma } from '../vma'
import { batch, blocks } from './batch'
import { trySplit } from './huge-split'
import { addToLru, isolateFromLru, makeCold } from './lru'
import type { Entry, Folio, HugeEntry } from './page'
import { type Isolated, reclaim } from './reclaim'
import { HUGE, type Space } from './space'

/** `out`: MADV_PAGEOUT. Its pages are reclaimed for each page table. */
export function cold(space: Space, vma: Vma, start: number, end: number, out: boolean): Errno {
  if (vma.flags.locked || vma.special) return 'EINVAL'
  space.world.drain()
  for (const [from, to] of blocks(start, end)) {
    const isolated: Isolated[] | undefined = out ? [] : undefined
    if (!coldHuge(space, from, to, isolated))
      for (let page = from; page < to; ) page += coldPages(space, page, to, isolated)
    if (isolated !== undefined) reclaim(space.world, isolated)
  }
  return 'ok'
}

/** True if the block is still huge, and done. */
function coldHuge(space: Space, start: number, end: number, isolated: Isolated[] | undefined): boolean {
  const entry = space.hugeAt(start)
  if (entry === undefined) return false
  const { folio } = entry
  if (folio === undefined || folio.likelyShared) return true
  if (end - start < HUGE) return !trySplit(space.world, folio)
  treat(folio, [entry], isolated)
  return true
}

/** Returns the number of entries that are done; 0 after a split. */
function coldPages(space: Space, page: number, end: number, isolated: Isolated[] | undefined): number {
  const folio = space.presentAt(page)?.folio
  if (folio === undefined) return 1
  const count = batch(space, page, end)
  if (count < folio.frames.length) return folio.likelyShared || !trySplit(space.world, folio) ? count : 0
  if (!folio.has('lru') || folio.mapCount !== folio.frames.length) return count
  const entries = Array.from({ length: count }, (_, i) => space.entries.get(page + i) as Entry)
  treat(folio, entries, isolated)
  return count
}

/** Pages that are to be reclaimed are taken off the LRU first; their entries stay as they are. */
function treat(folio: Folio, entries: (Entry | HugeEntry)[], isolated: Isolated[] | undefined): void {
  folio.set('referenced', false)
  if (isolated === undefined) {
    for (const entry of entries) entry.young = false
    makeCold(folio)
  } else if (isolateFromLru(folio)) {
    if (folio.has('unevictable')) addToLru(folio)
    else isolated.push({ folio, ref: folio.get('reclaim') })
  }
}
