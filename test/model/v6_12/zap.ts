// SPDX-License-Identifier: GPL-2.0-only
//
// Removing entries.

import type { Vma } from '../vma'
import { markAccessed } from './lru'
import { blockOf, HUGE, type Space } from './space'
import { freeUnmapped } from './swap'

/**
 * Remove all entries of a part of a mapping. `keepMarkers`: what userfaultfd write-protected in a file stays so, by a
 * marker.
 */
export function zap(space: Space, vma: Vma, start: number, end: number, keepMarkers: boolean): void {
  for (let at = start; at < end; ) {
    const next = Math.min((blockOf(at) + 1) * HUGE, end)
    if (space.hugeAt(at) !== undefined) {
      if (next - at === HUGE) space.clearHuge(blockOf(at))
      else space.splitEntry(blockOf(at))
    }
    space.hugetlb.delete(blockOf(at))
    for (; at < next; at++) zapPage(space, vma, at, keepMarkers && !vma.anonymous)
  }
}

function zapPage(space: Space, vma: Vma, page: number, keepMarkers: boolean): void {
  const entry = space.entries.get(page)
  if (entry === undefined) return
  const { kind, frame, slot, dirty, young, wp } = entry
  if (kind === 'marker' && keepMarkers) return
  if (frame?.folio.cached && kind === 'present') {
    if (dirty) frame.folio.set('dirty')
    if (young) markAccessed(frame.folio)
  }
  space.clear(page)
  if (slot !== undefined) space.world.swap.release(slot)
  if (frame !== undefined && kind === 'present') freeUnmapped(frame.folio)
  if (wp && keepMarkers && vma.flags.writeProtectMode) space.mark(page)
}
