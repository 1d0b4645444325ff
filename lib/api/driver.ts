// SPDX-License-Identifier: GPL-2.0-only
//
// Drivers: the built-in one, and ones in TypeScript.

import { selectValues, type TargetName, targetValues } from '../base/defs.generated'
import { HmmuError } from '../base/errors'
import { callable, invalid, oneOf, options, synchronous } from '../base/validate'
import { DRIVERS } from '../native/interface'
import type { Core } from './core'
import type { Device } from './device'
import { DriverContext } from './driver-context'
import { MigrationEntries } from './entries'
import type { EntryArrays } from './entry-arrays'
import { allBut, indexes } from './entry-indexes'
import { type PreparedSelection, prepareSelection, type Selection, selectionOptions } from './selection'

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
  /** There is no finalize_and_map. */
  readonly once: boolean
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
      context.call(which === 0, () => {
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
    selection: prepareSelection(core, driver, ALL_SELECTED),
    skip: undefined,
    error: undefined,
    callback,
    once: driver.finalizeAndMap === undefined,
    end: (failed) => context.end(failed),
  }
}

/** Callbacks are offered all kinds of pages unless they choose. */
const ALL_SELECTED = Object.values(selectValues).reduce((all, bit) => all | bit, 0)

/** @internal Nobody is called: the driver works between its calls. */
export function prepareNobody(core: Core, arrays: EntryArrays, selection: Selection): PreparedDriver {
  const context = DriverContext.make(core, arrays)
  return {
    target: DRIVERS.nobody,
    device: 0,
    selection: prepareSelection(core, selection, 0),
    skip: undefined,
    error: undefined,
    callback: undefined,
    once: false,
    context,
    end: (failed) => context.end(failed),
  }
}

const builtinOptions = ['to', 'device', 'only', 'skip', 'error'] as const

/** Those that a driver can have, be it a wrong one. */
const driverOptions = [...builtinOptions, ...selectionOptions, 'allocAndCopy', 'finalizeAndMap'] as const

const nothingToEnd = () => undefined

function prepareBuiltin(core: Core, driver: BuiltinDriver, pages: number): PreparedDriver {
  options<BuiltinDriver & Partial<CustomDriver>>('driver', driver, driverOptions)
  if ('finalizeAndMap' in driver)
    throw new HmmuError(
      'HMMU_INVALID_ARGUMENT',
      'driver.finalizeAndMap goes with driver.allocAndCopy, which is missing',
    )
  const { to, device, only, skip, error } = driver
  if (device !== undefined && to !== 'device')
    throw new HmmuError('HMMU_INVALID_ARGUMENT', `driver.device goes with to: 'device'`)
  const target = oneOf('driver.to', to, targetValues)
  const isDevice = target === targetValues.device
  const selection = prepareSelection(core, driver, isDevice ? selectValues.system : selectValues.private)
  return {
    target,
    device: device === undefined ? 0 : core.devices.numberOf('driver.device', device),
    selection,
    skip: skip === undefined && only === undefined ? undefined : Float64Array.from(skipped(skip, only, pages)),
    error: error === undefined ? undefined : Float64Array.from(indexes('driver.error', error)),
    callback: undefined,
    once: true,
    end: nothingToEnd,
  }
}

function skipped(skip: Iterable<number> | undefined, only: Iterable<number> | undefined, pages: number): number[] {
  const left = only === undefined ? [] : allBut(only, pages)
  return [...indexes('driver.skip', skip), ...left]
}
