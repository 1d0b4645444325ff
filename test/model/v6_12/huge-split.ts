// SPDX-License-Identifier: GPL-2.0-only
//
// split_huge_page(): the folio becomes 512 folios. In between all of its entries are migration entries. The model
// changes the entries without this intermediate state, which nobody can see.

import type { Vma } from '../vma'
import { Folio, type Frame } from './page'
import { blockOf, HUGE, type Space } from './space'
import type { World } from './world'

/** A mapping of a folio's pages. */
interface Mapping {
  readonly space: Space
  readonly vma: Vma
  /** The first page number in the mapping that has a page of the folio. */
  readonly first: number
  readonly end: number
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

/** The mappings that may have a page of the folio, whether they do or not, in the order of the reverse map. */
function mappingsOf({ spaces }: World, { anonVma, index }: Folio): Mapping[] {
  const found: Mapping[] = []
  for (const space of spaces) {
    for (const vma of space.vmas.list) {
      if (anonVma === undefined || !vma.chain.has(anonVma)) continue
      const first = Math.max(vma.flags.origin + index, vma.start)
      const end = Math.min(vma.flags.origin + index + HUGE, vma.end)
      if (first < end) found.push({ space, vma, first, end })
    }
  }
  return found.sort((a, b) => startOf(a) - startOf(b) || a.vma.linked - b.vma.linked)
}

function startOf({ vma }: Mapping): number {
  return vma.start - vma.flags.origin
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
    frame.folio = new Folio([frame], false, folio.flags)
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
