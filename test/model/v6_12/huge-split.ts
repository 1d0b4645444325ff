// SPDX-License-Identifier: GPL-2.0-only
//
// split_huge_page(): the folio becomes 512 folios. In between all of its entries are migration entries. The model
// changes the entries without this intermediate state, which nobody can see.

import { Folio, type Frame } from './page'
import { type Mapping, mappingsOf } from './rmap'
import { blockOf, HUGE } from './space'
import type { World } from './world'

/** Lock the folio and split it. */
export function trySplit(world: World, folio: Folio): boolean {
  const ref = folio.get('split')
  const split = folio.tryLock(ref) && splitFolio(world, folio)
  folio.unlock(ref)
  folio.put(ref)
  return split
}

/**
 * Split. The caller has locked the folio and holds one reference. It fails, and changes nothing, if there is any other
 * reference from outside.
 */
export function splitFolio(world: World, folio: Folio): boolean {
  let { mapCount } = folio
  if (mapCount === 0 || folio.refCount !== mapCount + 1) return false
  const mappings = mappingsOf(world, folio)
  for (const mapping of mappings) if (mapCount > 0) mapCount -= unmap(folio, mapping)
  divide(folio)
  for (const [i, frame] of folio.frames.entries())
    for (const mapping of mappings) restore(mapping, folio.index + i, frame)
  return true
}

/**
 * try_to_migrate() in one mapping: the huge entry is split first, whether there is one or not. Returns how many entries
 * mapped the folio.
 */
function unmap(folio: Folio, { space, vma, first, end }: Mapping): number {
  const block = blockOf(first)
  if (space.hasHugeTable(first)) space.invalidate(block * HUGE, (block + 1) * HUGE)
  const wasHuge = space.huge.get(block)?.folio === folio
  if (wasHuge) space.divideEntry(block, (bits) => bits)
  space.invalidate(first, end)
  if (wasHuge) return 1
  const entries = space.entriesWithin(first, end).filter(({ frame }) => frame?.folio === folio)
  for (const { dirty } of entries) {
    if (dirty) folio.set('dirty')
    if (vma.flags.locked) space.mlocks.munlock(folio)
  }
  return entries.length
}

/** The caller's lock and reference stay with the old folio, which is gone. */
function divide(folio: Folio): void {
  for (const [i, frame] of folio.frames.entries()) {
    frame.folio = new Folio([frame], undefined, folio.flags)
    frame.folio.anonVma = folio.anonVma
    frame.folio.index = folio.index + i
  }
}

/** A page of zeros becomes the zero page, if nobody has mlocked it. */
function restore({ space, vma, first, end }: Mapping, index: number, frame: Frame): void {
  const page = vma.flags.origin + index
  const entry = space.entries.get(page)
  if (entry?.frame !== frame || page < first || page >= end) return
  const { write, wp, soft } = entry
  const { locked } = vma.flags
  if (frame.value === 0 && !locked && !frame.folio.has('mlocked')) {
    space.mapZero(page, { young: true, soft, wp })
    return
  }
  if (write) entry.wp = false
  if (!locked) return
  space.mlocks.mlock(frame.folio)
  space.mlocks.drain()
}
