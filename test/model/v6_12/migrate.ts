// SPDX-License-Identifier: GPL-2.0-only
//
// The stages of a migration that work on a list of pages: of a range, or of the device.

import type { Owner } from '../side'
import type { Vma } from '../vma'
import { insert } from './insert'
import { isolateFromLru } from './lru'
import { removeMigrationEntries, tryToMigrate } from './migration-entries'
import type { Frame, Ref } from './page'
import type { Space } from './space'
import { freeSlot } from './swap'
import type { World } from './world'

/** One word of src and of dst. */
export interface Slot {
  /** A page number of the process, or the number of a device page. */
  readonly page: number
  /** The source; undefined for an empty entry, and for one that was passed over. */
  frame: Frame | undefined
  migrate: boolean
  write: boolean
  /** The migration's reference to the source. */
  ref: Ref | undefined
  destination: Frame | undefined
  destinationRef: Ref | undefined
}

/** A range of a process to which new pages can be added. */
export interface Range {
  readonly space: Space
  readonly vma: Vma
  readonly end: number
  /** Named by events. */
  readonly owner: Owner
}

export function emptySlot(page: number, migrate: boolean): Slot {
  const nothing = { frame: undefined, ref: undefined, destination: undefined, destinationRef: undefined }
  return { page, migrate, write: false, ...nothing }
}

/** migrate_device_unmap(). `faulting`: the page whose fault has a reference to it. */
export function unmapAll(world: World, slots: readonly Slot[], faulting?: Frame): void {
  world.drain()
  for (const slot of slots) {
    if (slot.frame !== undefined && !unmap(world, slot.frame, faulting)) slot.migrate = false
  }
  for (const slot of slots) if (slot.frame !== undefined && !slot.migrate) restore(world, slot, slot.frame)
}

/** False if the page has to stay. */
function unmap(world: World, frame: Frame, faulting: Frame | undefined): boolean {
  const { folio } = frame
  const system = frame.memory === 'system'
  if (system && !isolate(world, frame)) return false
  if (folio.mapCount > 0) tryToMigrate(world, folio)
  if (folio.mapCount === 0 && !isReferenced(frame, faulting)) return true
  if (system) world.lruAdds.add(folio)
  return false
}

function isolate(world: World, { folio }: Frame): boolean {
  if (!folio.has('lru')) world.drain()
  return isolateFromLru(folio)
}

/** migrate_vma_check_page(). A device page may have one reference that nobody knows. */
function isReferenced(frame: Frame, faulting: Frame | undefined): boolean {
  const { folio } = frame
  const known = 1 + (frame === faulting ? 1 : 0) + (frame.memory === 'system' ? 0 : 1) + (folio.hasMapping ? 1 : 0)
  return folio.large || folio.refCount - known > folio.mapCount
}

function restore(world: World, slot: Slot, frame: Frame): void {
  removeMigrationEntries(world, frame, frame)
  release(frame, slot.ref)
  Object.assign(slot, emptySlot(slot.page, false))
}

function release({ folio }: Frame, ref: Ref | undefined): void {
  if (ref === undefined) return
  folio.unlock(ref)
  folio.put(ref)
}

/** migrate_vma_pages(), and migrate_device_pages(), which has no range. */
export function movePages(world: World, slots: readonly Slot[], range?: Range, faulting?: Frame): void {
  let told = false
  for (const slot of slots) {
    const { frame, destination, page } = slot
    if (destination === undefined) {
      slot.migrate = false
    } else if (frame !== undefined) {
      slot.migrate = move(world, frame, destination, frame === faulting)
    } else if (slot.migrate && range !== undefined) {
      if (!told) range.space.invalidate(page, range.end, range.owner)
      told = true
      slot.migrate = insert(range.space, range.vma, page, destination)
    }
  }
}

/** False if the page has to stay. */
function move({ memcg }: World, from: Frame, to: Frame, faulting: boolean): boolean {
  const { folio } = from
  if (to.memory !== 'system' && folio.hasMapping && !freeSlot(folio)) return false
  if (folio.refCount !== 1 + (faulting ? 1 : 0) + folio.cacheCount + folio.mapCount) return false
  moveMapping(from, to)
  moveFlags(from, to)
  memcg.move(from, to)
  return true
}

/** folio_migrate_mapping() */
function moveMapping({ folio: from }: Frame, frame: Frame): void {
  const to = frame.folio
  to.index = from.index
  to.anonVma = from.anonVma
  if (from.has('swapbacked')) to.set('swapbacked')
  if (from.file === undefined) return
  to.file = from.file
  from.file.cache.set(from.index, frame)
  if (!from.has('dirty')) return
  from.set('dirty', false)
  to.set('dirty')
}

/** folio_migrate_flags(). A device page keeps what it has from an earlier life. */
function moveFlags({ folio: from }: Frame, { folio: to }: Frame): void {
  for (const flag of ['uptodate', 'referenced', 'dirty'] as const) if (from.has(flag)) to.set(flag)
  const moved = (['active', 'unevictable'] as const).find((flag) => from.has(flag))
  if (moved === undefined) return
  from.set(moved, false)
  to.set(moved)
}

/** migrate_vma_finalize(), migrate_device_finalize() */
export function finalize(world: World, slots: readonly Slot[]): void {
  for (const { frame, destination, destinationRef, migrate, ref } of slots) {
    if (frame !== undefined) {
      const to = migrate && destination !== undefined ? destination : frame
      if (to.memory === 'system') world.lruAdds.add(to.folio)
      removeMigrationEntries(world, frame, to)
      release(frame, ref)
    }
    if (destination !== undefined) release(destination, destinationRef)
  }
}
