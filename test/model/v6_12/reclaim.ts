// SPDX-License-Identifier: GPL-2.0-only
//
// Reclaim of given pages: they go to swap. Pages that MADV_FREE gave up are freed, and pages of files that were never
// written. Huge pages are split, as there are no slots for them in one piece.

import { folioAt } from './hold'
import { splitFolio } from './huge-split'
import { addToLru, isolateFromLru } from './lru'
import type { Entry, Folio, HugeEntry, ModelFile, Ref } from './page'
import { type Mapping, mappingsOf } from './rmap'
import { blockOf, type Space } from './space'
import { freeSlot, leave } from './swap'
import type { World } from './world'

/** A folio that was taken off the LRU for reclaim. */
export interface Isolated {
  readonly folio: Folio
  readonly ref: Ref
}

/** Reclaim the pages of a range, whoever else maps them: not those that are locked in memory, or on no list. */
export function reclaimRange(space: Space, start: number, end: number): void {
  const { world } = space
  world.drain()
  const isolated: Isolated[] = []
  for (let page = start; page < end; page++) {
    const folio = folioAt(space, page)
    if (folio === undefined || folio.has('unevictable') || !isolateFromLru(folio)) continue
    isolated.push({ folio, ref: folio.get('reclaim') })
  }
  reclaim(world, isolated)
}

/** reclaim_pages() */
export function reclaim(world: World, isolated: readonly Isolated[]): void {
  for (const { folio } of isolated) folio.set('active', false)
  const back = isolated.flatMap((each) => shrink(world, each))
  for (const { folio, ref } of back) {
    addToLru(folio)
    folio.put(ref)
  }
}

/** Returns what is left of the folio, to be put back. */
function shrink(world: World, each: Isolated): Isolated[] {
  const { folio, ref } = each
  if (!folio.tryLock(ref)) return [each]
  try {
    if (isAnonymous(folio) && folio.slot === undefined) {
      if (folio.maybePinned) return [each]
      if (folio.large) return shrinkParts(world, each)
      if (!world.swap.add(folio)) return [activated(world, each)]
    }
    return shrinkSwappable(world, each)
  } finally {
    folio.unlock(ref)
  }
}

/** Whether the folio needs a slot to leave. */
function isAnonymous(folio: Folio): boolean {
  return !folio.cached && folio.has('swapbacked')
}

function shrinkParts(world: World, each: Isolated): Isolated[] {
  const { folio } = each
  if (!splitFolio(world, folio)) return [activated(world, each)]
  return folio.frames.flatMap((frame) => {
    frame.folio.set('lru', false)
    return shrink(world, { folio: frame.folio, ref: frame.folio.get('reclaim') })
  })
}

/** A page that has a slot, a page of a file, or one that MADV_FREE gave up. */
export function shrinkSwappable(world: World, each: Isolated): Isolated[] {
  const { folio } = each
  for (const mapping of mappingsOf(world, folio)) if (folio.mapCount === 0 || !unmap(folio, mapping)) break
  if (folio.mapCount > 0 || folio.maybePinned) return [activated(world, each)]
  const givenUp = !folio.cached && !folio.has('swapbacked')
  if (folio.has('dirty') && !givenUp) {
    if (folio.refCount > 1 + folio.cacheCount) return [each]
    const written = folio.file === undefined ? writeOut(folio) : writeFilePage(world, folio, folio.file)
    if (!written) return folio.file === undefined ? [each] : [activated(world, each)]
  }
  if (folio.refCount !== 1 + folio.cacheCount) return [each]
  if (folio.inCache) folio.file?.cache.delete(folio.index)
  leave(folio)
  folio.put(each.ref)
  return []
}

/** swap_writepage(). What nobody wants any more is not written: it stays, without a slot. */
function writeOut(folio: Folio): boolean {
  const { slot } = folio
  if (slot === undefined || freeSlot(folio)) return false
  slot.value = folio.head.value
  folio.set('dirty', false)
  return true
}

/** shmem_writepage(): the file remembers the slot. */
function writeFilePage(world: World, { head, index }: Folio, file: ModelFile): boolean {
  const slot = world.swap.take(file)
  if (slot === undefined) return false
  slot.value = head.value
  file.cache.delete(index)
  file.swapped.set(index, slot)
  return true
}

/** try_to_unmap() in one mapping. False: the walk ends. */
function unmap(folio: Folio, mapping: Mapping): boolean {
  const { space, vma, first, end } = mapping
  space.invalidate(first, end)
  const huge = space.hugeAt(first)
  const found = huge?.folio === folio || space.entriesWithin(first, end).some((entry) => maps(entry, folio))
  if (!found) return true
  if (vma.flags.locked) {
    if (!folio.large) space.mlocks.mlock(folio)
    return false
  }
  if (huge?.folio === folio) {
    if (mayBeDiscarded(folio, huge)) {
      space.clearHuge(huge.block)
      return true
    }
    space.divideEntry(blockOf(first), (bits) => ({ ...bits, soft: bits.soft || bits.dirty }))
  }
  return space.entriesWithin(first, end).every((entry) => !maps(entry, folio) || unmapEntry(mapping, entry, folio))
}

function maps({ kind, frame }: Entry, folio: Folio): boolean {
  return kind === 'present' && frame?.folio === folio
}

/** Whether a page that MADV_FREE gave up has not been written since, and nobody holds it. */
function mayBeDiscarded(folio: Folio, { dirty }: Entry | HugeEntry): boolean {
  return !dirty && !folio.has('dirty') && folio.refCount === folio.mapCount + 1
}

/** False: the entry is as it was. */
function unmapEntry({ space, vma }: Mapping, entry: Entry, folio: Folio): boolean {
  const { page, frame, dirty, soft, wp } = entry
  if (dirty) folio.set('dirty')
  const { slot } = folio
  if (slot !== undefined) {
    const alone = frame?.exclusive ?? false
    if (alone && folio.maybePinned) return false
    if (frame !== undefined) frame.exclusive = false
    space.swapOut(entry, slot, { soft, wp, alone })
    return true
  }
  if (!folio.cached && !mayBeDiscarded(folio, entry)) {
    folio.set('swapbacked')
    return false
  }
  space.clear(page)
  if (folio.cached && wp && vma.flags.writeProtectMode) space.mark(page)
  return true
}

/** The folio stays, and gives its slot back where slots are rare. */
export function activated(world: World, each: Isolated): Isolated {
  const { folio } = each
  const locked = folio.has('mlocked')
  if (world.swap.full || locked) freeSlot(folio)
  if (!locked) folio.set('active')
  return each
}
