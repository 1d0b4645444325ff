// SPDX-License-Identifier: GPL-2.0-only

import { integer, invalid, options, PAGE_SIZE } from '../base/validate'
import { type Core, requireCore } from './core'
import type { Driver } from './driver'
import { DriverMigration } from './driver-migration'
import { asText, showsItself, stateOf } from './inspect'
import type { Machine } from './machine'
import { Migration } from './migration'
import type { MigrationResult } from './migration-result'
import { DEFAULT_OWNER } from './selection'

/** Pages of a device, by their page frame numbers. */
export interface DevicePages {
  /** The first page. */
  readonly first: number
  /** How many, at least 1. */
  readonly pages: number
}

/** A device with memory of its own (a dev_pagemap). {@link Machine.devices} has them. */
export class Device {
  readonly #core: Core
  /** Page frame number of its first page. */
  readonly base: number
  /** How many pages it has. */
  readonly pages: number
  /** The owner of its pages: migrations select device pages by it. */
  readonly owner: number

  /** @internal */
  static make(core: Core, base: number, pages: number): Device {
    return new Device(core, base, pages)
  }

  private constructor(core: Core, base: number, pages: number) {
    this.#core = requireCore(core, 'machine.devices has the devices')
    this.base = base
    this.pages = pages
    this.owner = DEFAULT_OWNER
  }

  /** The machine that it belongs to. */
  get machine(): Machine {
    return this.#core.machine
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
    if (range === undefined) return { first: this.base, pages: this.pages }
    if (typeof range !== 'object' || range === null) throw invalid('range', '{ first, pages }', range)
    const { first, pages } = options<DevicePages>('range', range, ['first', 'pages'])
    return { first: integer('first', first, 0, 2 ** 32 - 1), pages: integer('pages', pages, 1, 2 ** 28) }
  }

  /** What JSON has: base, number of pages and owner. */
  toJSON(): object {
    const { base, pages, owner } = this
    return { base, pages, owner }
  }

  /** @internal */
  [stateOf](): object {
    return { is: 'Device', ...this.toJSON(), machine: this.machine }
  }

  /** @internal */
  [asText](): string {
    return `Device of owner ${this.owner}: pages ${this.base} to ${this.base + this.pages - 1}`
  }

  static {
    showsItself(Device.prototype)
  }
}
