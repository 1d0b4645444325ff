// SPDX-License-Identifier: GPL-2.0-only
//
// Migration entries: how they take the place of entries that map a page, and how they become such entries again.

import type { Vma } from '../vma'
import { type Entry, type Folio, type Frame, isMapping } from './page'
import { type Mapping, mappingsOf } from './rmap'
import type { Space } from './space'
import type { World } from './world'

/**
 * Replace an entry. The page is exclusive no more: the entry remembers that it was. False, and nothing is changed, if
 * the page is exclusive and may be pinned.
 */
export function toMigrationEntry(space: Space, entry: Entry, frame: Frame): boolean {
  const { kind, write, dirty, young, soft, wp } = entry
  const exclusive = !frame.folio.cached && frame.exclusive
  if (exclusive && kind === 'present' && frame.folio.maybePinned) return false
  frame.exclusive = false
  const seen = kind === 'present' ? { dirty, young } : {}
  if (seen.dirty) frame.folio.set('dirty')
  space.unmapTo('migration', entry, { ...seen, write, soft, wp, alone: exclusive && !write })
  return true
}

/** try_to_migrate(): unmap a page everywhere. It fails where the page may be pinned. */
export function tryToMigrate(world: World, folio: Folio): void {
  for (const mapping of mappingsOf(world, folio)) if (folio.mapCount === 0 || !unmap(folio, mapping)) return
}

/** try_to_migrate_one(). False: the walk ends. */
function unmap(folio: Folio, { space, vma, first, end }: Mapping): boolean {
  const frame = folio.head
  space.invalidate(first, end)
  const entry = space.entries.get(first)
  if (entry?.frame !== frame || !isMapping(entry.kind)) return true
  // The bits of a device entry are read as those of a present one, and then always say dirty.
  if (entry.dirty || entry.kind === 'device') folio.set('dirty')
  if (!toMigrationEntry(space, entry, frame)) return false
  if (vma.flags.locked) space.mlocks.drain()
  return true
}

/** remove_migration_ptes(): all migration entries of a page become entries of that page, or of another one. */
export function removeMigrationEntries(world: World, from: Frame, to: Frame): void {
  for (const { space, vma, first } of mappingsOf(world, to.folio)) {
    const entry = space.entries.get(first)
    if (entry?.frame === from && entry.kind === 'exclusive') loseExclusive(space, vma, entry, from)
    if (entry?.frame !== from || entry.kind !== 'migration') continue
    const { young, soft, alone } = entry
    const wp = entry.wp && !entry.write
    const write = entry.write || (vma.freshWritable && !wp)
    const seen = to.kind === 'present' ? { young, dirty: entry.dirty && to.folio.has('dirty') } : {}
    if (!to.folio.cached && (entry.write || alone)) to.exclusive = true
    space.map(vma, first, to, { ...seen, write, soft, wp })
    if (vma.flags.locked) space.mlocks.drain()
  }
}

/** An exclusive entry of a coherent page is taken for a migration entry. The page is never free again. */
function loseExclusive(space: Space, vma: Vma, { page, soft, wp }: Entry, frame: Frame): void {
  frame.folio.get('lost')
  space.map(vma, page, frame, { soft, wp })
}
