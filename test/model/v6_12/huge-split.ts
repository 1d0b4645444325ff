// SPDX-License-Identifier: GPL-2.0-only
//
// split_huge_page(): the folio becomes 512 folios. In between all of its entries are migration entries. The model
// changes the entries without this intermediate state, which nobody can see.

import type { Vma } from '../vma'
import { type Entry, Folio, type Frame } from './page'
import { blockOf, HUGE, type Space } from './space'

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
export function splitFolio(folio: Folio): boolean {
  const { mapCount } = folio
  if (mapCount === 0 || folio.refCount !== mapCount + 1) return false
  for (const mapping of mappingsOf(folio)) unmap(folio, mapping)
  divide(folio)
  for (const frame of folio.frames) for (const entry of inOrder(frame)) restore(entry, frame)
  return true
}

/** The mappings that may have a page of the folio, whether they do or not, in the order of the reverse map. */
function mappingsOf(folio: Folio): Mapping[] {
  const found = new Map<Vma, Mapping>()
  const add = (space: Space, page: number, index: number) => {
    const vma = space.vmas.at(page) as Vma
    const first = Math.max(page - index, vma.start)
    const end = Math.min(page - index + HUGE, vma.end)
    if (!found.has(vma)) found.set(vma, { space, vma, first, end })
  }
  for (const { space, block } of folio.huge) add(space, block * HUGE, 0)
  for (const [index, { entries }] of folio.frames.entries())
    for (const { space, page } of entries) add(space, page, index)
  return [...found.values()].sort(
    (a, b) => a.vma.start - a.vma.flags.origin - (b.vma.start - b.vma.flags.origin) || a.space.number - b.space.number,
  )
}

/** try_to_migrate() in one mapping: the huge entry is split first, whether there is one or not. */
function unmap(folio: Folio, { space, vma, first, end }: Mapping): void {
  const block = blockOf(first)
  space.invalidate(block * HUGE, (block + 1) * HUGE)
  const wasHuge = space.huge.get(block)?.folio === folio
  if (wasHuge) space.divideEntry(block, (bits) => bits)
  space.invalidate(first, end)
  if (!wasHuge)
    for (const entry of space.entriesWithin(first, end)) if (entry.frame?.folio === folio) unmapOne(vma, entry, folio)
}

function unmapOne(vma: Vma, entry: Entry, folio: Folio): void {
  if (entry.dirty) folio.set('dirty')
  if (vma.flags.locked) entry.space.mlocks.munlock(folio)
}

/** The caller's lock and reference stay with the old folio, which is gone. */
function divide(folio: Folio): void {
  for (const frame of folio.frames) frame.folio = new Folio([frame], false, folio.flags)
}

function inOrder(frame: Frame): Entry[] {
  return [...frame.entries].sort((a, b) => a.space.number - b.space.number)
}

/** A page of zeros becomes the zero page, if nobody has mlocked it. */
function restore(entry: Entry, frame: Frame): void {
  const { space, page, write, wp, soft } = entry
  const locked = space.vmas.at(page)?.flags.locked ?? false
  if (frame.value === 0 && !locked && !frame.folio.has('mlocked')) {
    space.mapZero(page, { young: true, soft, wp })
    return
  }
  if (write) entry.wp = false
  if (!locked) return
  space.mlocks.mlock(frame.folio)
  space.mlocks.drain()
}
