// SPDX-License-Identifier: GPL-2.0-only
//
// MADV_FREE. Without memory pressure it only makes entries old and clean, and splits huge pages.

import type { Errno } from '../side'
import type { Vma } from '../vma'
import { batch, blocks } from './batch'
import { trySplit } from './huge-split'
import { markLazyFree } from './lru'
import type { Entry, Folio, HugeEntry } from './page'
import { HUGE, type Space } from './space'
import { freeSlot } from './swap'

export function free(space: Space, vma: Vma, start: number, end: number): Errno {
  if (vma.flags.locked || vma.special || !vma.anonymous) return 'EINVAL'
  space.world.drain()
  space.invalidate(start, end)
  for (const [from, to] of blocks(start, end)) if (!freeHuge(space, from, to)) freeSmall(space, from, to)
  return 'ok'
}

/** True if the block is still huge, and done. */
function freeHuge(space: Space, start: number, end: number): boolean {
  const entry = space.hugeAt(start)
  if (entry === undefined) return false
  const { folio } = entry
  if (folio === undefined || folio.likelyShared || folio.locked) return true
  if (end - start < HUGE) return !trySplit(space.world, folio)
  clean(entry, folio)
  return true
}

function clean(entry: Entry | HugeEntry, folio: Folio): void {
  folio.set('dirty', false)
  Object.assign(entry, { young: false, dirty: false })
  markLazyFree(folio)
}

function freeSmall(space: Space, start: number, end: number): void {
  for (let page = start; page < end; ) page += freePages(space, page, end)
}

/** Returns the number of entries that are done; 0 after a split. */
function freePages(space: Space, page: number, end: number): number {
  const slot = space.entries.get(page)?.slot
  if (slot !== undefined) {
    space.clear(page)
    space.world.swap.release(slot)
  }
  const frame = space.presentAt(page)
  if (frame?.memory !== 'system') return 1
  const { folio } = frame
  const count = batch(space, page, end)
  if (count < folio.frames.length) return folio.likelyShared || !trySplit(space.world, folio) ? count : 0
  const shared = folio.locked || folio.mapCount !== folio.frames.length
  if ((folio.has('dirty') || folio.slot !== undefined) && shared) return count
  if (folio.slot !== undefined && !freeSlot(folio)) return count
  for (let i = 0; i < count; i++) clean(space.entries.get(page + i) as Entry, folio)
  return count
}
