// SPDX-License-Identifier: GPL-2.0-only

import { type DeviceKind, deviceKindNames } from '../base/defs.generated'
import { HmmuError } from '../base/errors'
import { integer, invalid, options, PAGE_SIZE } from '../base/validate'
import { DEVICE_FIELDS } from '../native/layout'
import { type Core, requireCore } from './core'
import type { DeviceFaultHandler, PageFreeHandler } from './devices'
import type { Driver } from './driver'
import { DriverMigration } from './driver-migration'
import { checkFaultWindow } from './fault-window'
import { asText, showsItself, stateOf } from './inspect'
import type { Machine } from './machine'
import { checkDriver, Migration } from './migration'
import type { MigrationResult } from './migration-result'

/** Pages of a device, by their page frame numbers. */
export interface DevicePages {
  /** The first page. */
  readonly first: number
  /** How many, at least 1. */
  readonly pages: number
}

/** Options of {@link Machine.device}. */
export interface DeviceOptions {
  /**
   * How many pages it has, 1 or more. They are the last ones of the device of its kind that the machine began with, or those of a device
   * that was removed.
   */
  readonly pages: number
  /** Whether CPUs map its pages (`coherent`, Linux 6.12) or fault on them (`private`, the default). */
  readonly kind?: DeviceKind | undefined
  /** Owner of its pages (dev_pagemap.owner), 1 … 2^53 - 1. Devices may share one. By default a number that no device has. */
  readonly owner?: number | undefined
  /** As {@link Device.onFault}. */
  readonly migrateToRam?: DeviceFaultHandler | undefined
  /** As {@link Device.onPageFree}. */
  readonly pageFree?: PageFreeHandler | undefined
  /** As {@link Device.setFaultWindow}; 1 by default. */
  readonly faultWindow?: number | undefined
}

/** What a device has. */
interface DeviceInfo {
  readonly base: number
  readonly pages: number
  readonly free: number
  readonly owner: number
  readonly kind: DeviceKind
}

/** A device with memory of its own (a dev_pagemap). {@link Machine.devices} has them, {@link Machine.device} makes one. */
export class Device {
  readonly #core: Core
  /** Its number: 0 for the private one that the machine began with, 1 for the coherent one. A later device may have it when this one was removed. */
  readonly number: number
  #removed: DeviceInfo | undefined
  /** Which does not change. */
  #owner: number | undefined

  /** @internal */
  static make(core: Core, number: number): Device {
    return new Device(core, number)
  }

  private constructor(core: Core, number: number) {
    this.#core = requireCore(core, 'machine.devices has the devices')
    this.number = number
  }

  get #info(): DeviceInfo {
    if (this.#removed) return this.#removed
    const out = new Float64Array(DEVICE_FIELDS)
    this.#core.check(this.#core.native.deviceInfo(this.number, out))
    const [base = 0, pages = 0, free = 0, owner = 0, kind = 0] = out
    return { base, pages, free, owner, kind: deviceKindNames[kind] ?? 'private' }
  }

  /** Page frame number of its first page. */
  get base(): number {
    return this.#info.base
  }

  /** How many pages it has. The first device gives pages to others, and gets them back. */
  get pages(): number {
    return this.#info.pages
  }

  /** How many of its pages are free. */
  get free(): number {
    return this.#info.free
  }

  /** Whether CPUs map its pages (`coherent`) or fault on them (`private`). */
  get kind(): DeviceKind {
    return this.#info.kind
  }

  /** The owner of its pages: migrations select device pages by it. */
  get owner(): number {
    if (this.#owner !== undefined) return this.#owner
    const { owner } = this.#info
    // A driver from its own source can make another device that has this number.
    if (this.#core.driver === undefined) this.#owner = owner
    return owner
  }

  /** Whether it was removed. Then it has the pages and the owner that it had. */
  get removed(): boolean {
    return this.#removed !== undefined
  }

  /** The machine that it belongs to. */
  get machine(): Machine {
    return this.#core.machine
  }

  /** @internal */
  get core(): Core {
    return this.#core
  }

  /** @internal Its number, unless it was removed, or belongs to a driver from its own source. */
  present(): number {
    if (this.#removed) throw new HmmuError('HMMU_INVALID_ARGUMENT', `device ${this.number} was removed`)
    if (this.#core.devices.hasDriver(this.number))
      throw new HmmuError('HMMU_BUSY', `device ${this.number} has a driver, which alone can do this`, {
        errno: 'EBUSY',
      })
    return this.number
  }

  /**
   * Has a function called for CPU faults on pages of this device (migrate_to_ram(), in 4.14 dev_page_fault_t); without one the
   * built-in driver migrates the page back.
   * @throws HmmuError HMMU_INVALID_ARGUMENT: it was removed
   */
  onFault(handler: DeviceFaultHandler | undefined): void {
    const { devices } = this.#core
    const number = this.present()
    devices.setHandlers(number, { ...devices.handlersOf(number), fault: handler })
  }

  /**
   * Has a function called when a page of this device has lost its last reference (dev_page_free_t): the device can use the page
   * for something else. munmap() frees pages without any other word to the driver. The kernel makes the call under locks, so the
   * function may look, and allocate and put pages; any other call is HMMU_BUSY. What it throws reaches the caller of the call
   * that freed the page, which is carried out all the same.
   * @throws HmmuError HMMU_INVALID_ARGUMENT: it was removed
   */
  onPageFree(handler: PageFreeHandler | undefined): void {
    const { devices } = this.#core
    const number = this.present()
    devices.setHandlers(number, { ...devices.handlersOf(number), free: handler })
  }

  /**
   * Has a CPU fault that the built-in driver handles bring back more than the page that was touched: a window of this many pages,
   * aligned to its size and cut off at the ends of the mapping. Pages that are not of this device stay where they are, and so do
   * pages that are locked or pinned. Copies of the machine keep it.
   * @param pages 1 (as at first), 2, 4 … 512
   * @throws HmmuError HMMU_INVALID_ARGUMENT: it was removed, or is coherent, or has no such window
   */
  setFaultWindow(pages: number): void {
    const number = this.present()
    this.#core.check(this.#core.native.deviceSetFaultWindow(number, checkFaultWindow('pages', pages, this.kind)))
  }

  /** How many pages a CPU fault brings back at most, if the built-in driver handles it. */
  get faultWindow(): number {
    return this.#removed ? 1 : this.#core.check(this.#core.native.deviceFaultWindow(this.number))
  }

  /**
   * memunmap_pages(): brings all of its pages back to system memory ({@link Device.evict}; Linux 4.14 has no such call), and the
   * device is gone, with its handlers. Its pages can be those of another device then.
   * @throws HmmuError HMMU_BUSY: pages are still in use, and the device is still there: a driver or a migration has them, a pin or
   *   a lock keeps them from moving, or, on Linux 4.14, somebody maps them; or the handler of freed pages runs.
   *   HMMU_INVALID_ARGUMENT: it was removed before. What a driver of its own throws, as {@link Device.evict}
   */
  remove(driver: Driver = { to: 'system' }): void {
    const number = this.present()
    const { base, free, pages } = this.#info
    checkDriver(this.#core, base * PAGE_SIZE, driver)
    if (free < pages && this.#core.kernel !== 'linux-4.14') this.evict(undefined, driver)
    const info = this.#info
    this.#core.devices.remove(number)
    this.#removed = { ...info, free: info.pages }
  }

  /**
   * Moves pages off the device, whoever maps them, as for a device that goes: migrate_device_range(), the driver's copying,
   * migrate_device_pages(), migrate_device_finalize(). No task does it, and under no mmap_lock. Free pages, and pages whose lock
   * somebody has, stay. Linux 6.12.
   * @param range by default all pages of the device
   * @throws HmmuError HMMU_NO_PAGE: the range is not within the device; HMMU_DRIVER_RULE and what a callback throws, as
   *   {@link Task.migrate}; HMMU_INVALID_ARGUMENT: a machine of Linux 4.14
   */
  evict(range: DevicePages | undefined = undefined, driver: Driver = { to: 'system' }): MigrationResult {
    return this.beginEviction(range, driver).finish()
  }

  /**
   * {@link Device.evict} in steps.
   * @throws HmmuError as {@link Device.evict}
   */
  beginEviction(range: DevicePages | undefined = undefined, driver: Driver = { to: 'system' }): Migration {
    const { first, pages } = this.#range(range)
    return Migration.ofDevice(this.#core, { start: first * PAGE_SIZE, pages }, driver)
  }

  /**
   * {@link Device.evict} by the driver's calls: this is migrate_device_range(), the first of them.
   * @throws HmmuError HMMU_NO_PAGE: the range is not within the device; HMMU_INVALID_ARGUMENT: a machine of Linux 4.14
   */
  migrateRange(range?: DevicePages): DriverMigration {
    const { first, pages } = this.#range(range)
    return DriverMigration.ofDevice(this.#core, { start: first * PAGE_SIZE, pages })
  }

  #range(range: DevicePages | undefined): DevicePages {
    this.present()
    const { base, pages: all } = this.#info
    if (range === undefined) return { first: base, pages: all }
    if (typeof range !== 'object' || range === null) throw invalid('range', '{ first, pages }', range)
    const { first, pages } = options<DevicePages>('range', range, ['first', 'pages'])
    integer('first', first, 0, 2 ** 32 - 1)
    integer('pages', pages, 1, 2 ** 28)
    if (first >= base && first + pages <= base + all) return { first, pages }
    throw new HmmuError(
      'HMMU_NO_PAGE',
      `${pages} pages from page ${first} on are no pages of the device (pfns are ${base} to ${base + all - 1})`,
    )
  }

  /** What JSON has: number, base, number of pages, how many are free, owner, and kind. Of a machine that is gone the number. */
  toJSON(): object {
    const { number } = this
    return this.#core.disposed ? { number } : { number, ...this.#info }
  }

  /** @internal */
  [stateOf](): object {
    return { is: 'Device', ...this.toJSON(), machine: this.machine }
  }

  /** @internal */
  [asText](): string {
    if (this.#core.disposed) return `Device ${this.number} (its machine is disposed of)`
    const { base, pages, free, owner, kind } = this.#info
    const state = this.#removed ? 'removed' : `${free} free`
    return `Device ${this.number}${kind === 'private' ? '' : ` (${kind})`} of owner ${owner}: pages ${base} to ${base + pages - 1}, ${state}`
  }

  static {
    showsItself(Device.prototype)
  }
}
