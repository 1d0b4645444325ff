// SPDX-License-Identifier: GPL-2.0-only
//
// The devices of one machine: which there are, who has which pages, and their handlers.

import { deviceKindValues } from '../base/defs.generated'
import { HmmuError } from '../base/errors'
import { boolean, callable, integer, invalid, oneOf, options, synchronous } from '../base/validate'
import { DEVICE_FIELDS } from '../native/layout'
import type { Core } from './core'
import { Device, type DeviceOptions } from './device'
import { checkFaultWindow } from './fault-window'
import type { Task } from './task'

/** A CPU fault on a device page, as a handler sees it. */
export interface DeviceFault {
  /** The task that touched the page. */
  readonly task: Task
  /** The address that was touched. */
  readonly address: number
  /** The device page. */
  readonly pfn: number
  /** The device of the page. */
  readonly device: Device
}

/**
 * Handles a fault on a device page (dev_page_fault_t, migrate_to_ram()), usually by migrating it back with `fault.task`. Returns
 * true to have the access retried, false for a SIGBUS. What it throws reaches the caller of the access.
 */
export type DeviceFaultHandler = (fault: DeviceFault) => boolean

/** Is told of a device page that is free again: its page frame number. */
export type PageFreeHandler = (pfn: number) => void

/** The handlers of a device. */
export interface DeviceHandlers {
  readonly fault?: DeviceFaultHandler | undefined
  readonly free?: PageFreeHandler | undefined
}

/** HMMU_MAX_DEVICES */
const MOST_DEVICES = 64
/** What a refused device fault is to the core; any errno is a SIGBUS. */
const EFAULT = 14

export class Devices {
  readonly #core: Core
  readonly #devices = new Map<number, Device>()
  readonly #handlers = new Map<number, DeviceHandlers>()
  /** Those that drivers from their own source have made. */
  readonly #foreign = new Set<number>()

  constructor(core: Core) {
    this.#core = core
    this.#look()
  }

  /** A driver from its own source makes and removes devices itself. */
  #look(): void {
    const { native } = this.#core
    for (let number = 0; number < MOST_DEVICES; number++) {
      const isThere = native.deviceInfo(number, new Float64Array(DEVICE_FIELDS)) >= 0
      if (isThere && !this.#devices.has(number)) {
        this.#devices.set(number, Device.make(this.#core, number))
        if (this.#core.driver !== undefined) this.#foreign.add(number)
      }
      if (!isThere) this.#forget(number)
    }
  }

  /** Those that have pages, in the order of their numbers. */
  get all(): Device[] {
    if (this.#core.driver !== undefined) this.#look()
    return [...this.#devices.values()].filter(({ pages }) => pages > 0).sort((a, b) => a.number - b.number)
  }

  /** The private one that the machine began with, whether it has pages or not. */
  get first(): Device {
    const first = this.#devices.get(0)
    if (first === undefined) throw new HmmuError('HMMU_INVALID_ARGUMENT', 'device 0 was removed')
    return first
  }

  /** memremap_pages() */
  create(given: DeviceOptions): Device {
    const {
      pages,
      owner,
      migrateToRam,
      pageFree,
      kind = 'private',
      faultWindow,
    } = options<DeviceOptions>('options', given, ['pages', 'kind', 'owner', 'migrateToRam', 'pageFree', 'faultWindow'])
    const handlers = checkHandlers({ fault: migrateToRam, free: pageFree })
    const itsOwner = owner === undefined ? this.#newOwner() : integer('owner', owner, 1, Number.MAX_SAFE_INTEGER)
    const { native } = this.#core
    const itsKind = oneOf('kind', kind, deviceKindValues)
    if (faultWindow !== undefined) checkFaultWindow('faultWindow', faultWindow, kind)
    const number = this.#core.check(native.deviceCreate(itsKind, integer('pages', pages, 1, 2 ** 28), itsOwner))
    const device = Device.make(this.#core, number)
    this.#foreign.delete(number)
    this.#devices.set(number, device)
    this.setHandlers(number, handlers)
    if (faultWindow !== undefined) device.setFaultWindow(faultWindow)
    return device
  }

  #newOwner(): number {
    const owners = new Set([...this.#devices.values()].map(({ owner }) => owner))
    let owner = 1
    while (owners.has(owner)) owner++
    return owner
  }

  /** memunmap_pages() */
  remove(number: number): void {
    this.#core.check(this.#core.native.deviceRemove(number))
    this.#forget(number)
  }

  /**
   * The number of a device that is an argument.
   * @throws HmmuError HMMU_INVALID_ARGUMENT: it is no device, or was removed; HMMU_WRONG_MACHINE
   */
  numberOf(name: string, device: unknown): number {
    if (!(device instanceof Device)) throw invalid(name, 'a Device', device)
    this.#core.same('the device', device.core)
    return device.present()
  }

  /** The device of a device page. */
  of(pfn: number): Device | undefined {
    return this.all.find(({ base, pages }) => pfn >= base && pfn < base + pages)
  }

  /** @throws HmmuError HMMU_INVALID_ARGUMENT: no device has this owner, and it is not 0 */
  checkOwner(owner: unknown): number {
    const number = integer('owner', owner, 0, Number.MAX_SAFE_INTEGER)
    if (number === 0) return number
    for (const device of this.#devices.values()) if (device.owner === number) return number
    const owners = [...this.#devices.values()].map((device) => device.owner)
    throw new HmmuError(
      'HMMU_INVALID_ARGUMENT',
      `no device has owner ${number}; owners of devices are ${[...new Set(owners)].join(', ') || 'none'}, and 0 owns nothing`,
    )
  }

  handlersOf(number: number): DeviceHandlers {
    return this.#handlers.get(number) ?? {}
  }

  get hasHandlers(): boolean {
    for (const { fault, free } of this.#handlers.values()) if (fault !== undefined || free !== undefined) return true
    return false
  }

  #forget(number: number): void {
    this.#devices.delete(number)
    this.#handlers.delete(number)
    this.#foreign.delete(number)
  }

  /** Drivers from their own source are gone; what they have left has no driver. */
  unloaded(): void {
    this.#look()
    this.#foreign.clear()
  }

  /** Whether a driver from its own source has made the device: only that driver knows where the contents of its pages are. */
  hasDriver(number: number): boolean {
    return this.#foreign.has(number)
  }

  setHandlers(number: number, handlers: DeviceHandlers): void {
    const { native } = this.#core
    const { fault, free } = checkHandlers(handlers)
    this.#core.check(native.setDeviceHandlers(number, fault !== undefined, free !== undefined))
    this.#handlers.set(number, { fault, free })
    native.pageFault = (device, tid, address, pfn) => this.#handleFault(device, tid, address, pfn)
    native.pageFree = (device, pfn) => {
      this.#core.callbacks++
      synchronous('the handler of freed pages', this.#handlers.get(device)?.free?.(pfn))
    }
  }

  /** The handlers of a machine that this one is a copy of. */
  copyHandlers(from: Devices): void {
    for (const [number, handlers] of from.#handlers) this.setHandlers(number, handlers)
  }

  #handleFault(number: number, tid: number, address: number, pfn: number): number {
    this.#core.callbacks++
    const handler = this.#handlers.get(number)?.fault
    const device = this.#devices.get(number)
    const task = this.#core.tasks.get(tid)
    if (!handler || !device) return -EFAULT
    if (!task) throw new HmmuError('HMMU_NO_TASK', `a task ${tid} that nobody knows has faulted`)
    return boolean('the result of a device fault handler', handler({ task, address, pfn, device })) ? 0 : -EFAULT
  }
}

function checkHandlers({ fault, free }: DeviceHandlers): DeviceHandlers {
  if (fault !== undefined) callable('the handler of device faults', fault)
  if (free !== undefined) callable('the handler of freed pages', free)
  return { fault, free }
}
