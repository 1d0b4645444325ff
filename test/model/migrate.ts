// SPDX-License-Identifier: GPL-2.0-only
//
// migrate_vma() as its caller sees it, in three parts: up to alloc_and_copy, up to finalize_and_map, and the rest.

import { splitPage } from './huge'
import { type Entry, Frame, type Ref, type Unit } from './page'
import { blockOf, HUGE, type ModelProcess } from './process'
import type { DriverChoice } from './side'
import type { Vma } from './vma'
import type { World } from './world'

/** One word of src and of dst, with the model's knowledge of the entry. */
export interface Slot {
  readonly page: number
  /** The source; undefined for an empty entry and for one that is not collected. */
  frame: Frame | undefined
  migrate: boolean
  locked: boolean
  write: boolean
  /** migrate_vma()'s reference to the source. */
  ref: Ref | undefined
  destination: Frame | undefined
  destinationRef: Ref | undefined
  error: boolean
}

export class ModelMigration {
  readonly slots: Slot[]
  readonly callbacksRan: boolean
  readonly #world: World
  readonly #process: ModelProcess
  readonly #vma: Vma
  readonly #leave: () => void

  /** Collect, prepare, unmap. Undefined: EINVAL. */
  static begin(world: World, process: ModelProcess, start: number, end: number): ModelMigration | undefined {
    const vma = process.vmas.find(start)
    if (vma === undefined || vma.special || start < vma.start || end > vma.end || start >= end) return undefined
    return new ModelMigration(world, process, vma, start, end)
  }

  private constructor(world: World, process: ModelProcess, vma: Vma, start: number, end: number) {
    this.#world = world
    this.#process = process
    this.#vma = vma
    this.#leave = process.semaphore.enter()
    this.slots = this.#collect(start, end)
    for (const slot of this.slots) this.#prepare(slot)
    if (this.#wanted()) for (const slot of this.slots) this.#unmap(slot)
    this.callbacksRan = this.#wanted()
    if (!this.callbacksRan) this.#leave()
  }

  #wanted(): boolean {
    return this.slots.some((slot) => slot.migrate)
  }

  #collect(start: number, end: number): Slot[] {
    const slots: Slot[] = []
    for (let page = start; page < end; ) {
      const next = Math.min((blockOf(page) + 1) * HUGE, end)
      const skipped = !this.#openBlock(page)
      for (; page < next; page++) slots.push(skipped ? emptySlot(page, false) : this.#collectPage(page))
    }
    return slots
  }

  /** Split a huge page. False: the whole block has to be skipped. */
  #openBlock(page: number): boolean {
    const huge = this.#process.hugeAt(page)
    if (huge === undefined) return true
    const { unit } = huge
    if (unit === undefined) {
      this.#process.splitEntry(huge.block)
      return true
    }
    const ref = unit.get('collect')
    // If the lock is taken, the reference is leaked.
    if (unit.lockedBy !== undefined) return false
    const split = splitPage(unit)
    unit.put(ref)
    return split
  }

  #collectPage(page: number): Slot {
    const entry = this.#process.entries.get(page)
    if (entry === undefined || entry.state === 'zero') return emptySlot(page, true)
    const frame = entry.frame as Frame
    if (entry.state === 'migration' || frame.unit.compound) return emptySlot(page, false)
    const ref = frame.unit.get('migrate')
    const slot: Slot = { ...emptySlot(page, true), frame, ref, write: entry.write }
    slot.locked = frame.unit.tryLock(ref)
    if (slot.locked) toMigrationEntry(entry, false)
    return slot
  }

  /** Lock the page, take it off the LRU, and look for unknown references. */
  #prepare(slot: Slot): void {
    const { frame } = slot
    if (frame === undefined) return
    if (!slot.locked) this.#forget(slot)
    else if (frame.device === undefined && (frame.unit.isolated || isPinned(frame.unit))) this.#giveUp(slot)
  }

  /** Check the page after unmapping. The reverse map does not find a device page in other processes. */
  #unmap(slot: Slot): void {
    const { frame } = slot
    if (frame === undefined) return
    if (frame.device !== undefined && frame.mapCount > 0) this.#giveUp(slot)
    else for (const entry of frame.entries) toMigrationEntry(entry, true)
  }

  #forget(slot: Slot): void {
    slot.frame?.unit.put(slot.ref as Ref)
    Object.assign(slot, emptySlot(slot.page, false))
  }

  #giveUp(slot: Slot): void {
    const frame = slot.frame as Frame
    this.#restore(frame, frame)
    frame.unit.unlock(slot.ref as Ref)
    this.#forget(slot)
  }

  /** The driver of the drills: fill dst. */
  allocate(choice: Pick<DriverChoice, 'to' | 'skip' | 'error'>): void {
    const toDevice = choice.to === 'private'
    for (const slot of this.slots) {
      if (!slot.migrate || choice.skip(slot.page)) continue
      if (slot.frame !== undefined && (slot.frame.device !== undefined) === toDevice) continue
      if (choice.error(slot.page)) slot.error = true
      else this.#fill(slot, toDevice ? this.#world.takeDevicePage() : new Frame())
    }
  }

  #fill(slot: Slot, destination: Frame | undefined): void {
    if (destination === undefined) return
    destination.value = slot.frame?.value ?? 0
    slot.destination = destination
    slot.destinationRef = destination.unit.get('driver')
    destination.unit.tryLock(slot.destinationRef)
  }

  /** Decide what moves, up to finalize_and_map. */
  movePages(): void {
    for (const slot of this.slots) {
      if (slot.destination === undefined) slot.migrate = false
      else if (slot.frame !== undefined) slot.migrate &&= this.#mayMove(slot.frame, slot.destination)
      else if (slot.migrate) slot.migrate = this.#insert(slot.page, slot.destination)
    }
  }

  #mayMove(from: Frame, to: Frame): boolean {
    if (to.device !== undefined && from.cached) return false
    if (isPinned(from.unit)) return false
    if (from.unit.dirty) to.unit.dirty = true
    return true
  }

  /** A page for an empty entry, if it is still empty. */
  #insert(page: number, frame: Frame): boolean {
    const process = this.#process
    const vma = this.#vma
    if (!vma.anonymous || process.hugeAt(page) !== undefined) return false
    process.small.add(blockOf(page))
    process.vmas.prepareAnonVma(vma)
    const state = process.entries.get(page)?.state
    if ((state !== undefined && state !== 'zero') || vma.flags.missingMode) return false
    const { write } = vma.flags
    if (frame.device === undefined)
      process.place(page, 'present', frame, { write, dirty: write, soft: write, young: true })
    else process.place(page, 'device', frame, { write })
    if (frame.device === undefined) frame.unit.mlocked = vma.flags.locked
    return true
  }

  /** Set the final entries, and give back all references and locks. */
  finish(): void {
    for (const slot of this.slots) this.#finishSlot(slot)
    this.#leave()
  }

  #finishSlot(slot: Slot): void {
    const { frame, destination } = slot
    if (frame !== undefined) {
      this.#restore(frame, slot.migrate && destination !== undefined ? destination : frame)
      frame.unit.unlock(slot.ref as Ref)
      frame.unit.put(slot.ref as Ref)
    }
    if (destination !== undefined) {
      destination.unit.unlock(slot.destinationRef as Ref)
      destination.unit.put(slot.destinationRef as Ref)
    }
  }

  /** Replace all migration entries of a frame by entries of that frame or of another one. */
  #restore(from: Frame, to: Frame): void {
    for (const entry of [...from.entries]) {
      if (entry.state !== 'migration') continue
      const { process, page, soft } = entry
      const vma = process.vmas.at(page) as Vma
      const write = vma.freshWritable || (entry.write && vma.flags.write)
      if (to.device === undefined) process.place(page, 'present', to, { write, soft })
      else process.place(page, 'device', to, { write })
      if (vma.flags.locked) to.unit.mlocked = true
    }
  }
}

function emptySlot(page: number, migrate: boolean): Slot {
  const nothing = { frame: undefined, ref: undefined, destination: undefined, destinationRef: undefined }
  return { page, migrate, locked: false, write: false, error: false, ...nothing }
}

/** Whether anyone besides migrate_vma() has a reference. */
function isPinned(unit: Unit): boolean {
  return unit.refs.size > 1
}

/**
 * A device entry loses its write permission, and becomes soft-dirty. If the reverse map finds an entry, its dirty bit
 * goes to the page. If the walk of the range finds it, the dirty bit is lost.
 */
function toMigrationEntry(entry: Entry, keepDirty: boolean): void {
  if (entry.state === 'migration') return
  if (entry.state === 'device') Object.assign(entry, { write: false, soft: true })
  if (keepDirty && entry.dirty) (entry.frame as Frame).unit.dirty = true
  Object.assign(entry, { state: 'migration', dirty: false, young: false })
  entry.frame?.forgetMlock()
}

/** The driver's fault handler: bring one page back from the device. */
export function migrateBack(world: World, process: ModelProcess, page: number): boolean {
  const migration = ModelMigration.begin(world, process, page, page + 1)
  if (migration === undefined || !migration.callbacksRan) return false
  migration.allocate({ to: 'system', skip: () => false, error: () => false })
  migration.movePages()
  const moved = migration.slots[0]?.migrate ?? false
  migration.finish()
  return moved
}
