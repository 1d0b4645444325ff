// SPDX-License-Identifier: GPL-2.0-only
//
// What exploring scenarios in TypeScript has to know of a machine.

import { PinBit } from '../base/defs.generated'
import type { PinOptions } from './calls'
import { coreOf } from './core'
import { type Driver, type PreparedDriver, prepareDriver } from './driver'
import { EntryArrays } from './entry-arrays'
import type { Machine } from './machine'
import type { PageRange } from './page-range'

/** The flags of a pin, by its options. */
export { pinFlags } from './calls'

/** The options of a pin, whose flags are the action's value. */
export function pinOptionsOf(value: number): PinOptions {
  return {
    write: (value & PinBit.WRITE) !== 0,
    dma: (value & PinBit.DMA) !== 0,
    longterm: (value & PinBit.LONGTERM) !== 0,
  }
}

/** A driver as a migration of the range would take it. Throws what that migration would throw at once. */
export function checkedDriver(machine: Machine, { start, pages }: PageRange, driver: Driver): PreparedDriver {
  const core = machine[coreOf]()
  const prepared = prepareDriver(core, new EntryArrays(start, pages, core), driver)
  prepared.end(false)
  return prepared
}

/** Whether handlers in TypeScript are called for faults, freed pages or invalidations. */
export function hasHandlers(machine: Machine): boolean {
  const { devices, notifiers, intervals } = machine[coreOf]()
  return devices.hasHandlers || notifiers.size > 0 || intervals.size > 0
}

/** How many callbacks of drivers and handlers in TypeScript have begun. */
export function callbacksBegun(machine: Machine): number {
  return machine[coreOf]().callbacks
}

/** Whether an error is what a callback has thrown, and not why a call has failed. */
export function isThrown(machine: Machine, error: unknown): boolean {
  const { thrown } = machine[coreOf]()
  return thrown !== undefined && thrown === error
}
