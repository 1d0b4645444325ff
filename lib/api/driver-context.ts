// SPDX-License-Identifier: GPL-2.0-only
//
// What a driver in TypeScript can do while migrate_vma() calls it, or between its own calls.

import { PfnFlag, type TargetName, targetValues } from '../base/defs.generated'
import { HmmuError } from '../base/errors'
import { integer, invalid, iterable, oneOf, options } from '../base/validate'
import { type Core, requireCore } from './core'
import type { Device } from './device'
import { MigrationEntries, MigrationEntry } from './entries'
import type { DstWatcher, EntryArrays } from './entry-arrays'
import { markIndexes } from './entry-indexes'
import { asText, showsItself } from './inspect'
import type { Machine } from './machine'
import { type MoveKind, Moves, moveKindValues } from './moves'

const MOST_PFN = 2 ** 32 - 1

/** Options of {@link DriverContext.moveAll}. */
export interface MoveAllOptions {
  /** Where pages are to go. */
  readonly to: TargetName
  /** To device memory: which device; by default the one that the machine began with. */
  readonly device?: Device | undefined
  /** Indexes of the only entries that are to move, 0 … length - 1, as the built-in driver has them; by default all are. */
  readonly only?: Iterable<number> | undefined
  /** What an entry may have to be moved: a page of RAM, a device page, or none; by default any of them. */
  readonly kinds?: Iterable<MoveKind> | undefined
}

/** What a driver in TypeScript works with. Pages are page frame numbers. */
export class DriverContext {
  /** The machine of the migration. */
  readonly machine: Machine
  readonly #core: Core
  readonly #arrays: EntryArrays
  readonly #moves: Moves
  readonly #watcher: DstWatcher = {
    beforeLook: () => this.#moves.carryOut(),
    beforeHandOut: () => {
      this.#collects = false
      this.#nameAll()
    },
  }
  /** Moves can be collected: a callback runs, and nobody else has dst. */
  #collects = false
  /** The driver is to give pages now. */
  #isAllocating = false

  /** @internal */
  static make(core: Core, arrays: EntryArrays): DriverContext {
    return new DriverContext(core, arrays)
  }

  private constructor(core: Core, arrays: EntryArrays) {
    this.#core = requireCore(core, 'callbacks of drivers are given one')
    this.machine = core.machine
    this.#arrays = arrays
    this.#moves = new Moves(core, arrays)
  }

  /** @internal Runs a callback: allocAndCopy or the other one. */
  call(allocates: boolean, callback: () => void): void {
    this.#core.callbacks++
    this.open(allocates)
    try {
      callback()
      this.#moves.carryOut()
    } finally {
      this.#shut()
    }
  }

  /** @internal The driver's work begins: moves are collected from now on. */
  open(allocates = true): void {
    this.#collects = true
    this.#isAllocating = allocates
    this.#arrays.watcher = this.#watcher
  }

  /** @internal The driver's work ends: all of it is in dst now. */
  close(): void {
    try {
      this.#moves.carryOut()
    } finally {
      this.#shut()
    }
  }

  #shut(): void {
    this.#collects = false
    this.#isAllocating = false
    this.#moves.end()
    this.#arrays.watcher = undefined
  }

  /** Every page that was placed is remembered, as dst may lose it. */
  #nameAll(): void {
    this.#moves.carryOut()
    for (const page of this.#moves.takeUnnamed()) this.#core.driverPages.set(page, this)
  }

  /**
   * Takes a free device page, with a reference of the caller's.
   * @param from a device, of which the lowest page is taken, or a page, by its pfn; by default the device that the machine began with
   * @returns undefined if none is free, or this page is not
   */
  allocDevicePage(from?: Device | number): number | undefined {
    const { native } = this.#core
    if (typeof from === 'number') return this.#allocate(native.deviceAllocPage(pfn('page', from)), 'HMMU_BUSY', from)
    return this.#allocate(native.deviceAllocOf(this.#numberOf(from)), 'HMMU_OUT_OF_DEVICE_PAGES')
  }

  #numberOf(device: Device | undefined): number {
    return device === undefined ? 0 : this.#core.devices.numberOf('device', device)
  }

  /** alloc_page(): a system page with one reference, its contents undefined; undefined if the machine has none. */
  allocSystemPage(): number | undefined {
    return this.#allocate(this.#core.native.pageAlloc(), 'HMMU_OUT_OF_FRAMES')
  }

  #allocate(result: number, exhausted: string, page = result): number | undefined {
    if (result < 0) {
      const failure = this.#core.failure(result)
      if (failure instanceof HmmuError && failure.code === exhausted) return undefined
      throw failure
    }
    this.#core.driverPages.set(page, this)
    return page
  }

  /** copy_highpage(): copies 4096 bytes from one page to another. */
  copyPage(to: number, from: number): void {
    this.#core.check(this.#core.native.pageCopy(pfn('to', to), pfn('from', from)))
  }

  /** clear_highpage(): fills a page with zeroes. */
  zeroPage(page: number): void {
    this.#core.check(this.#core.native.pageZero(pfn('page', page)))
  }

  /** trylock_page(): false if somebody else has the lock. */
  lock(page: number): boolean {
    const result = this.#core.native.pageTrylock(pfn('page', page))
    if (result >= 0) return true
    const failure = this.#core.failure(result)
    if (failure instanceof HmmuError && failure.errno === 'EBUSY') return false
    throw failure
  }

  /** unlock_page() of a page that the driver has locked. */
  unlock(page: number): void {
    this.#core.check(this.#core.native.pageUnlock(pfn('page', page)))
  }

  /** put_page() of a page that the driver has allocated. */
  put(page: number): void {
    this.#core.check(this.#core.native.pagePut(pfn('page', page)))
    this.#core.driverPages.delete(page)
  }

  /**
   * Does for one entry all that is needed to move it to device memory: allocate, copy or zero, lock, set dst. A page of one device
   * can move to another.
   * @param to a device, of which the lowest free page is taken, or a page, by its pfn; by default the device that the machine began with
   * @returns false if there is nothing to move (no MIGRATE, or the page is on that device) or no page of it is free, or this one is not
   */
  moveToDevice(entry: MigrationEntry, to?: Device | number): boolean {
    this.#own(entry)
    const device = typeof to === 'number' ? this.#core.devices.of(pfn('page', to))?.number : this.#numberOf(to)
    if (!entry.migrate || (entry.device && this.#core.devices.of(entry.pfn ?? 0)?.number === device)) return false
    if (typeof to === 'number') return this.#fill(entry, this.allocDevicePage(to))
    return this.#move(entry, targetValues.device, device)
  }

  /**
   * Does for one entry all that is needed to move it to system memory: allocate, copy or zero, lock, set dst.
   * @returns false if there is nothing to move (no MIGRATE, or the page is in system memory) or no page is free
   */
  moveToSystem(entry: MigrationEntry): boolean {
    this.#own(entry)
    if (!entry.migrate || (entry.valid && !entry.device)) return false
    return this.#move(entry, targetValues.system)
  }

  /**
   * {@link moveToDevice} or {@link moveToSystem} of all entries, by one call into the machine. Entries that have a page or an error in
   * dst already are left alone, so a driver can give some entries theirs before.
   * @param entries the entries of this migration
   * @returns how many entries have got a page
   * @throws HmmuError HMMU_ORDER: not in allocAndCopy, nor between {@link Task.migrateVma} and {@link DriverMigration.pages}
   */
  moveAll(entries: MigrationEntries, moves: MoveAllOptions): number {
    if (!(entries instanceof MigrationEntries))
      throw invalid('entries', 'the MigrationEntries of this migration', entries)
    if (entries.arrays !== this.#arrays) throw invalid('entries', 'the entries of this migration', entries)
    if (moves === undefined) throw invalid('options', 'an object', moves)
    const { to, device, only, kinds } = options<MoveAllOptions>('options', moves, ['to', 'device', 'only', 'kinds'])
    const target = oneOf('to', to, targetValues)
    if (device !== undefined && to !== 'device')
      throw new HmmuError('HMMU_INVALID_ARGUMENT', `device goes with to: 'device'`)
    const number = this.#numberOf(device)
    const bits = kinds === undefined ? ALL_KINDS : kindBits(kinds)
    const listed = only === undefined ? undefined : markIndexes('only', only, this.#arrays.pages)
    if (!this.#isAllocating)
      throw new HmmuError('HMMU_ORDER', 'the driver gives pages in allocAndCopy only, or before pages()')
    this.#moves.carryOut()
    const count = this.#core.check(this.#moves.all({ target, device: number, kinds: bits }, listed))
    if (!this.#collects) this.#nameAll()
    return count
  }

  #move(entry: MigrationEntry, target: number, device = 0): boolean {
    if (this.#moves.has(entry.index)) this.#nameAll()
    if (!this.#moves.add(entry.index, entry.pfn ?? 0, target, device))
      return this.#fill(entry, this.#allocateFor(target, device))
    if (!this.#collects) this.#nameAll()
    return true
  }

  #allocateFor(target: number, device: number): number | undefined {
    if (target !== targetValues.device) return this.allocSystemPage()
    return this.#allocate(this.#core.native.deviceAllocOf(device), 'HMMU_OUT_OF_DEVICE_PAGES')
  }

  /** Copies or zeroes, locks and places a page, if there is one: one step after the other. */
  #fill(entry: MigrationEntry, page: number | undefined): boolean {
    if (page === undefined) return false
    const source = entry.pfn
    if (source === undefined) this.zeroPage(page)
    else this.copyPage(page, source)
    this.lock(page)
    this.setDestination(entry, page)
    return true
  }

  /**
   * Writes a page into dst: with VALID, in Linux 4.14 also LOCKED, and DEVICE if it is a device page. The page must be locked (see
   * {@link lock}) and filled by then; what else must hold is checked when the callback returns.
   */
  setDestination(entry: MigrationEntry, page: number): void {
    this.#replace(entry)
    this.#arrays.setDestination(entry.index, pfn('page', page))
  }

  /** Reports an unrecoverable error for an entry: MIGRATE_PFN_ERROR in dst. */
  setError(entry: MigrationEntry): void {
    this.#replace(entry)
    this.#arrays.setDst(entry.index, 0, PfnFlag.ERROR)
  }

  /** An entry is to get another word in dst. */
  #replace(entry: MigrationEntry): void {
    this.#own(entry)
    if (this.#moves.has(entry.index)) this.#nameAll()
  }

  #own(entry: MigrationEntry): void {
    if (!(entry instanceof MigrationEntry)) throw invalid('entry', 'a MigrationEntry', entry)
    if (entry.arrays !== this.#arrays) throw invalid('entry', 'an entry of this migration', entry)
  }

  /** @internal Pages that were allocated here. */
  get #pages(): number[] {
    return [...this.#core.driverPages].filter(([, owner]) => owner === this).map(([page]) => page)
  }

  /**
   * @internal The migration is over, or a callback has failed. What was allocated here goes with a failure; else pages that were
   * not placed stay the driver's.
   */
  end(failed: boolean): void {
    const { driverPages } = this.#core
    if (driverPages.size === 0) return
    const { native } = this.#core
    for (const page of this.#pages) {
      // Pages that the migration has taken over, or that are not locked, answer with an error, which says nothing new.
      if (failed) {
        native.pageUnlock(page)
        native.pagePut(page)
      }
      driverPages.delete(page)
    }
  }

  /** @internal */
  [asText](): string {
    this.#nameAll()
    return `DriverContext { ${this.#pages.length} pages allocated }`
  }

  static {
    showsItself(DriverContext.prototype)
  }
}

function pfn(name: string, value: number): number {
  return integer(name, value, 0, MOST_PFN)
}

const ALL_KINDS = moveKindValues.system | moveKindValues.device | moveKindValues.empty

function kindBits(kinds: Iterable<MoveKind>): number {
  let bits = 0
  for (const kind of iterable('kinds', 'an iterable of kinds', kinds)) bits |= oneOf('a kind', kind, moveKindValues)
  return bits
}
