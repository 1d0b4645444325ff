// SPDX-License-Identifier: GPL-2.0-only
//
// Reclaim of given pages, on a machine without swap. Pages that MADV_FREE gave up are freed, and pages of files that
// were never written. Huge pages are split, as there is no room for them in one piece.

import { splitFolio } from './huge-split'
import { addToLru } from './lru'
import type { Folio, Ref } from './page'
import { type Mapping, mappingsOf } from './rmap'
import type { World } from './world'

/** A folio that was taken off the LRU for reclaim. */
export interface Isolated {
  readonly folio: Folio
  readonly ref: Ref
}

/** reclaim_pages() */
export function reclaim(world: World, isolated: readonly Isolated[]): void {
  const done: Isolated[] = []
  for (const { folio } of isolated) folio.set('active', false)
  for (const each of isolated) done.push(...shrink(world, each))
  for (const { folio, ref } of done) {
    addToLru(folio)
    folio.put(ref)
  }
}

/** Returns what is left of the folio, to be put back. */
function shrink(world: World, each: Isolated): Isolated[] {
  const { folio, ref } = each
  if (!folio.tryLock(ref)) return [each]
  try {
    if (folio.cached || !folio.has('swapbacked')) return [shrinkMapped(world, each)]
    if (folio.maybePinned) return [each]
    const parts = folio.large ? split(world, each) : [each]
    for (const part of parts) activate(part.folio)
    return parts
  } finally {
    folio.unlock(ref)
  }
}

/** There is no slot for the folio, but there could be slots for its pages. */
function split(world: World, { folio, ref }: Isolated): Isolated[] {
  if (!splitFolio(world, folio)) return [{ folio, ref }]
  return folio.frames.map((frame) => {
    frame.folio.set('lru', false)
    return { folio: frame.folio, ref: frame.folio.get('reclaim') }
  })
}

/** A page of a file, or one that MADV_FREE gave up. */
function shrinkMapped(world: World, each: Isolated): Isolated {
  const { folio, ref } = each
  for (const mapping of mappingsOf(world, folio)) if (folio.mapCount > 0 && !unmap(folio, mapping)) break
  const alone = folio.refCount === (folio.inCache ? 2 : 1)
  if (folio.mapCount > 0 || folio.maybePinned) activate(folio)
  else if (folio.file !== undefined && folio.has('dirty')) {
    // Shared memory can't be written anywhere.
    if (alone) activate(folio)
  } else if (folio.file !== undefined && alone) folio.file.cache.delete(folio.index)
  return { folio, ref }
}

/** try_to_unmap() in one mapping. False: the walk ends. */
function unmap(folio: Folio, { space, vma, first, end }: Mapping): boolean {
  space.invalidate(first, end)
  const entry = space.entries.get(first)
  if (entry?.kind !== 'present' || entry.frame?.folio !== folio) return true
  if (entry.dirty) folio.set('dirty')
  if (!folio.cached && (folio.refCount !== folio.mapCount + 1 || folio.has('dirty'))) {
    folio.set('swapbacked')
    return false
  }
  space.clear(first)
  if (folio.cached && entry.wp && vma.flags.writeProtectMode) space.mark(first)
  return true
}

function activate(folio: Folio): void {
  if (!folio.has('mlocked')) folio.set('active')
}
