// SPDX-License-Identifier: GPL-2.0-only
//
// Drivers: the built-in one, ones in TypeScript, and what these can do while migrate_vma() calls them.

import { PfnFlag, selectNames, type TargetName, targetValues } from '../base/defs.generated'
import { HmmuError } from '../base/errors'
import { callable, integer, invalid, iterable, oneOf, options, synchronous } from '../base/validate'
import { DRIVERS } from '../native/interface'
import { type Core, requireCore } from './core'
import type { Device } from './device'
import { type EntryArrays, MigrationEntries, MigrationEntry } from './entries'
import { asText, showsItself } from './inspect'
import type { Machine } from './machine'
import { Moves } from './moves'
import { type PreparedSelection, prepareSelection, type Selection, selectionOptions } from './selection'

const MOST_PFN = 2 ** 32 - 1

/**
 * The built-in driver. For each entry the first rule that fits: src lacks MIGRATE, or it is listed in `skip`, or not listed in
 * `only`: nothing; its page is in system memory, or on the device, already: nothing; listed in `error`: ERROR in dst; else it takes a page (none
 * left: nothing), copies or zeroes it, locks it and puts it into dst.
 */
export interface BuiltinDriver extends Selection {
  /** Where pages are to go. */
  readonly to: TargetName
  /** To device memory: which device; by default the one that the machine began with. */
  readonly device?: Device | undefined
  /** Indexes of the only entries that are to move, 0 … pages - 1; by default all are. */
  readonly only?: Iterable<number> | undefined
  /** Indexes of entries to be left alone. */
  readonly skip?: Iterable<number> | undefined
  /** Indexes of entries for which the driver reports an error. */
  readonly error?: Iterable<number> | undefined
}

/**
 * A driver in TypeScript: struct migrate_vma_ops. Both callbacks run while migrate_vma() does, and must not be
 * asynchronous. They can call anything of the machine but dispose(). What one throws undoes the migration and reaches the
 * caller of migrate() as it is.
 */
export interface CustomDriver extends Selection {
  /**
   * alloc_and_copy: gives the entries that are to move a page each, locked and with the contents copied, in dst;
   * {@link DriverContext.moveToDevice} does it all for one entry. src must not be changed.
   */
  allocAndCopy(entries: MigrationEntries, driver: DriverContext): void
  /** finalize_and_map: the entries that have moved still have `migrate`; a device would set up its own tables now. */
  finalizeAndMap?(entries: MigrationEntries, driver: DriverContext): void
}

/** What migrate() accepts. */
export type Driver = BuiltinDriver | CustomDriver

/** What a driver in TypeScript works with. Pages are page frame numbers. */
export class DriverContext {
  /** The machine of the migration. */
  readonly machine: Machine
  readonly #core: Core
  readonly #arrays: EntryArrays
  readonly #moves: Moves
  /** Moves can be collected: a callback runs, and nobody else has dst. */
  #collects = false

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

  /** @internal Runs a callback. */
  call(callback: () => void): void {
    this.#core.callbacks++
    this.open()
    try {
      callback()
      this.#moves.carryOut()
    } finally {
      this.#shut()
    }
  }

  /** @internal The driver's work begins: moves are collected from now on. */
  open(): void {
    this.#collects = true
    this.#arrays.beforeLook = () => this.#moves.carryOut()
    this.#arrays.beforeHandOut = () => {
      this.#collects = false
      this.#nameAll()
    }
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
    this.#moves.end()
    this.#arrays.beforeLook = undefined
    this.#arrays.beforeHandOut = undefined
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
    const { native, driverPages } = this.#core
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

/** @internal A driver as the addon takes it. */
export interface PreparedDriver {
  /** Target of the built-in driver, or one of {@link DRIVERS}. */
  readonly target: number
  /** The number of the built-in driver's device. */
  readonly device: number
  readonly selection: PreparedSelection
  readonly skip: Float64Array | undefined
  readonly error: Float64Array | undefined
  readonly callback: ((which: number) => number) | undefined
  /** What the driver works with between calls. */
  readonly context?: DriverContext
  /** To be called when the migration is over, or could not begin. */
  end(failed: boolean): void
}

/** @internal */
export function prepareDriver(core: Core, arrays: EntryArrays, driver: Driver): PreparedDriver {
  if (typeof driver !== 'object' || driver === null) throw invalid('driver', 'an object', driver)
  if (!('allocAndCopy' in driver)) return prepareBuiltin(core, driver, arrays.pages)
  callable('driver.allocAndCopy', driver.allocAndCopy)
  const alien = builtinOptions.find((name) => name in driver)
  if (alien !== undefined)
    throw new HmmuError(
      'HMMU_INVALID_ARGUMENT',
      `driver.${alien} is for the built-in driver, and there is driver.allocAndCopy; one of them is allowed`,
    )
  if (driver.finalizeAndMap !== undefined) callable('driver.finalizeAndMap', driver.finalizeAndMap)
  const entries = MigrationEntries.make(arrays)
  const context = DriverContext.make(core, arrays)
  const callback = (which: number) => {
    try {
      context.call(() => {
        if (which === 0) synchronous('driver.allocAndCopy', driver.allocAndCopy(entries, context))
        else synchronous('driver.finalizeAndMap', driver.finalizeAndMap?.(entries, context))
      })
    } catch (error) {
      context.end(true)
      throw error
    }
    return 0
  }
  return {
    target: DRIVERS.callback,
    device: 0,
    selection: prepareSelection(core, driver, selectNames),
    skip: undefined,
    error: undefined,
    callback,
    end: (failed) => context.end(failed),
  }
}

/** @internal Nobody is called: the driver works between its calls. */
export function prepareNobody(core: Core, arrays: EntryArrays, selection: Selection): PreparedDriver {
  const context = DriverContext.make(core, arrays)
  return {
    target: DRIVERS.nobody,
    device: 0,
    selection: prepareSelection(core, selection, []),
    skip: undefined,
    error: undefined,
    callback: undefined,
    context,
    end: (failed) => context.end(failed),
  }
}

const builtinOptions = ['to', 'device', 'only', 'skip', 'error'] as const

function prepareBuiltin(core: Core, driver: BuiltinDriver, pages: number): PreparedDriver {
  options<BuiltinDriver & Partial<CustomDriver>>('driver', driver, [
    ...builtinOptions,
    ...selectionOptions,
    'allocAndCopy',
    'finalizeAndMap',
  ])
  if ('finalizeAndMap' in driver)
    throw new HmmuError(
      'HMMU_INVALID_ARGUMENT',
      'driver.finalizeAndMap goes with driver.allocAndCopy, which is missing',
    )
  const { to, device, only, skip, error } = driver
  if (device !== undefined && to !== 'device')
    throw new HmmuError('HMMU_INVALID_ARGUMENT', `driver.device goes with to: 'device'`)
  const left = only === undefined ? [] : allBut(indexes('driver.only', only, pages - 1), pages)
  return {
    target: oneOf('driver.to', to, targetValues),
    device: device === undefined ? 0 : core.devices.numberOf('driver.device', device),
    selection: prepareSelection(core, driver, [to === 'device' ? 'system' : 'private']),
    skip: Float64Array.from([...indexes('driver.skip', skip), ...left]),
    error: Float64Array.from(indexes('driver.error', error)),
    callback: undefined,
    end: () => undefined,
  }
}

function indexes(name: string, list: Iterable<number> | undefined, most = Number.MAX_SAFE_INTEGER): number[] {
  if (list === undefined) return []
  return Array.from(iterable(name, 'an iterable of entry indexes', list), (index) =>
    integer(`an index in ${name}`, index, 0, most),
  )
}

/** The indexes below `pages` that a list does not have. */
function allBut(list: readonly number[], pages: number): number[] {
  const listed = new Uint8Array(pages)
  for (const index of list) listed[index] = 1
  return Array.from({ length: pages }, (_, index) => index).filter((index) => listed[index] === 0)
}
