// SPDX-License-Identifier: GPL-2.0-only
//
// The first stage of migrate_vma_setup(): take the pages of a range out of the page table of its process.

import type { Owner } from '../side'
import type { Vma } from '../vma'
import { splitFolio } from './huge-split'
import { emptySlot, type Slot } from './migrate'
import { toMigrationEntry } from './migration-entries'
import { type Entry, type Folio, type Frame, isMapping } from './page'
import { blockOf, HUGE, type Space } from './space'

/** Which pages the caller wants. */
export interface Selection {
  readonly system: boolean
  /** Pages of the owner, of private or coherent memory. */
  readonly private: boolean
  readonly coherent: boolean
  readonly owner: Owner
}

export function collect(space: Space, vma: Vma, start: number, end: number, selection: Selection): Slot[] {
  space.invalidate(start, end, selection.owner)
  const slots: Slot[] = []
  for (let page = start; page < end; ) {
    const next = Math.min((blockOf(page) + 1) * HUGE, end)
    const skipped = !openBlock(space, page)
    for (; page < next; page++) slots.push(skipped ? emptySlot(page, false) : collectPage(space, vma, page, selection))
  }
  return slots
}

/** Huge pages are split, whatever is selected. False: the whole block is passed over. */
function openBlock(space: Space, page: number): boolean {
  const huge = space.hugeAt(page)
  if (huge === undefined) return true
  if (huge.folio !== undefined) return split(space, huge.folio)
  space.splitEntry(blockOf(page))
  return true
}

/** The kernel forgets the reference if the folio is locked. */
function split({ world }: Space, folio: Folio): boolean {
  const ref = folio.get('collect')
  if (!folio.tryLock(ref)) return false
  const done = splitFolio(world, folio)
  folio.unlock(ref)
  folio.put(ref)
  return done
}

function collectPage(space: Space, vma: Vma, page: number, selection: Selection): Slot {
  const entry = space.entries.get(page)
  if (entry === undefined) return emptySlot(page, vma.anonymous)
  if (entry.kind === 'zero') return emptySlot(page, selection.system)
  const { frame } = entry
  if (frame === undefined || !isSelected(entry, frame, selection) || frame.folio.large) return emptySlot(page, false)
  return take(space, entry, frame)
}

function isSelected({ kind }: Entry, { memory }: Frame, selection: Selection): boolean {
  return isMapping(kind) && selection[memory] && (memory === 'system' || selection.owner === 'device')
}

/** The page is left alone if it is locked, or may be pinned. */
function take(space: Space, entry: Entry, frame: Frame): Slot {
  const { page, write } = entry
  const { folio } = frame
  const ref = folio.get('migrate')
  if (folio.tryLock(ref)) {
    if (toMigrationEntry(space, entry, frame)) return { ...emptySlot(page, true), frame, ref, write }
    folio.unlock(ref)
  }
  folio.put(ref)
  return emptySlot(page, false)
}
