// SPDX-License-Identifier: GPL-2.0-only
//
// Migrations by callbacks, or by the built-in driver: all in one call, or in steps.

import type { StageName } from '../base/defs.generated'
import { LANE, STATE_FIELDS } from '../native/layout'
import { type Core, requireCore } from './core'
import { type Driver, type PreparedDriver, prepareDriver } from './driver'
import { MigrationEntries } from './entries'
import { EntryArrays } from './entry-arrays'
import { asText, showsItself, stateOf } from './inspect'
import type { Lane } from './lanes'
import { MigrationResult, OUT_OF_BOUNDS, RAN } from './migration-result'
import { OpenMigration } from './open-migration'
import { type CheckedRange, checkRange, giveBack, type MigrationRange, Request } from './request'

/** @internal migrate_vma() in one call. */
export function migrate(core: Core, tid: number, given: MigrationRange, driver: Driver): MigrationResult {
  const range = checkRange(given)
  // Who looks on at calls wants to see the arguments. A call that waits in a driver goes on later.
  const hasLanes = !core.isObserved && core.driver === undefined
  const lane = hasLanes ? core.lanes.enter(core.native, range.pages) : undefined
  if (lane) return migrateInLane(core, tid, range, driver, lane)
  return migrateInOwnWords(core, tid, range, (arrays) => prepareDriver(core, arrays, driver))
}

/** Without objects that are not needed: a migration of one page takes about as long as a few of them. */
function migrateInLane(core: Core, tid: number, range: CheckedRange, driver: Driver, lane: Lane): MigrationResult {
  const { numbers } = lane
  const arrays = new EntryArrays(range.start, range.pages, core, lane)
  let prepared: PreparedDriver
  let result: number
  try {
    prepared = prepareDriver(core, arrays, driver)
    arrays.tid = tid
    if (range.dst) arrays.presetDst(range.dst)
    if (prepared.skip || prepared.error) return migrateInOwnWords(core, tid, range, () => prepared)
    write(numbers, tid, range, prepared)
    core.settle()
    result = lane.run(prepared.callback)
  } finally {
    core.lanes.leave()
    leaveLane(arrays, lane)
  }
  // Whole numbers from here on, which take no memory. The next migration has the lane, which may be one of a handler.
  const collected = Number(numbers[LANE.collected]) | 0
  const moved = Number(numbers[LANE.moved]) | 0
  const bits = (numbers[LANE.callbacksRan] === 1 ? RAN : 0) | (numbers[LANE.outOfBounds] === 1 ? OUT_OF_BOUNDS : 0)
  settle(core, arrays, range, prepared, result)
  return MigrationResult.make(arrays, collected, moved, bits)
}

/** Words that the host has no memory for keep the lane's. */
function leaveLane(arrays: EntryArrays, lane: Lane): void {
  let isKept = true
  try {
    isKept = arrays.leaveLane()
  } finally {
    if (isKept) lane.lose()
  }
}

function write(numbers: Float64Array, tid: number, range: CheckedRange, driver: PreparedDriver): void {
  const { target, device, selection, once } = driver
  numbers[LANE.tid] = tid
  numbers[LANE.start] = range.start
  numbers[LANE.end] = range.end
  numbers[LANE.flags] = selection.flags
  numbers[LANE.faultPage] = selection.faultPage
  numbers[LANE.owner] = selection.owner
  numbers[LANE.target] = target
  numbers[LANE.device] = device
  numbers[LANE.once] = once ? 1 : 0
}

type Prepare = (arrays: EntryArrays) => PreparedDriver

function migrateInOwnWords(core: Core, tid: number, range: CheckedRange, prepare: Prepare): MigrationResult {
  const request = new Request(core, range, prepare)
  const { target, device, selection, skip, error, callback } = request.driver
  const state = new Float64Array(STATE_FIELDS)
  request.arrays.tid = tid
  const { start, end, arrays } = request
  const { flags, faultPage, owner } = selection
  const outer = core.request
  core.request = request
  const result = core.native.migrate(
    tid,
    start,
    end,
    flags,
    faultPage,
    owner,
    arrays.native,
    target,
    device,
    skip,
    error,
    callback,
    state,
  )
  core.request = outer
  settle(core, arrays, range, request.driver, result)
  return MigrationResult.byState(arrays, state)
}

/** The end of a migration in one call: throws if it has failed. */
function settle(core: Core, arrays: EntryArrays, range: CheckedRange, driver: PreparedDriver, result: number): void {
  // Asked for at once, before giving up the driver's pages has an error of its own.
  const failure = result < 0 ? { error: core.failure(result) } : undefined
  driver.end(failure !== undefined)
  giveBack(arrays, range)
  if (failure) throw failure.error
}

/** @internal Throws if a migration by this driver could not begin: a wrong argument is one even if there is nothing to migrate. */
export function checkDriver(core: Core, start: number, driver: Driver): void {
  prepareDriver(core, new EntryArrays(start, 0, core), driver).end(false)
}

/**
 * A migration in steps: between any two entries other tasks can run. It stays open, with its pages locked and unmapped, until
 * {@link Migration.finish} or {@link Migration.abandon}, or until its machine goes.
 *
 * @example
 * ```ts
 * const migration = task.beginMigration(buf, { to: 'device' })
 * migration.runTo('alloc_and_copy')
 * // All pages of buf are migration entries now; another task that touches one waits.
 * const result = migration.finish()
 * ```
 */
export class Migration {
  readonly #open: OpenMigration

  /** @internal In the address space of a task. */
  static make(core: Core, tid: number, range: MigrationRange, driver: Driver): Migration {
    const request = new Request(core, checkRange(range), (arrays) => prepareDriver(core, arrays, driver))
    return new Migration(core, new OpenMigration(core, request, request.begin(core, tid)))
  }

  /** @internal Of device pages. */
  static ofDevice(core: Core, range: MigrationRange, driver: Driver): Migration {
    const request = new Request(core, checkRange(range), (arrays) => prepareDriver(core, arrays, driver))
    return new Migration(core, new OpenMigration(core, request, request.beginOfDevice(core)))
  }

  /** @internal Of a copied machine. */
  static adopted(core: Core, open: OpenMigration): Migration {
    return new Migration(core, open)
  }

  private constructor(core: Core, open: OpenMigration) {
    requireCore(core, 'beginMigration() makes migrations')
    this.#open = open
  }

  /** The stage under way; `'done'` when nothing is left to do. */
  get stage(): StageName {
    return this.#open.stage
  }

  /** Index of the entry at which the stage stands. */
  get position(): number {
    return this.#open.field('position')
  }

  /** How many entries were collected so far. */
  get collected(): number {
    return this.#open.field('collected')
  }

  /** How many entries are still to be migrated (cpages). */
  get remaining(): number {
    return this.#open.field('remaining')
  }

  /** Whether alloc_and_copy was called. */
  get callbacksRan(): boolean {
    return this.#open.field('callbacksRan') === 1
  }

  /** The words of src, as the migration sees them. */
  get src(): BigUint64Array {
    return this.#open.request.arrays.src
  }

  /** The words of dst, as the migration sees them. */
  get dst(): BigUint64Array {
    return this.#open.request.arrays.dst
  }

  /** The entries. */
  get entries(): MigrationEntries {
    return MigrationEntries.make(this.#open.request.arrays)
  }

  /**
   * Does one entry of the stage under way, or goes on to the next stage.
   * @returns false when the migration is done
   * @throws HmmuError HMMU_BLOCKED: it has to wait; step() again goes on. HMMU_DRIVER_RULE, or what a callback threw:
   *   the migration is undone and over.
   */
  step(): boolean {
    return this.#open.step()
  }

  /**
   * Goes on until a stage is over; until the callback has returned for `alloc_and_copy` and `finalize_and_map`.
   * @returns the stage at which the migration stands then, `'done'` if nothing is left
   * @throws HmmuError as {@link Migration.step}
   */
  runTo(stage: StageName): StageName {
    return this.#open.runTo(stage)
  }

  /**
   * Does the rest of the migration. A second call has the same result.
   * @throws HmmuError as {@link Migration.step}
   */
  finish(): MigrationResult {
    return this.#open.finish()
  }

  /**
   * Abandons the migration: pages that have not moved go back, without calling the driver. Does nothing if it is over.
   * @throws HmmuError HMMU_BUSY: a callback of it is running
   */
  abandon(): void {
    this.#open.abandon()
  }

  /** {@link Migration.abandon}, unless the machine is gone. */
  [Symbol.dispose](): void {
    this.#open.dispose()
  }

  /** What JSON has: how far it is, and the entries as {@link MigrationEntry.toJSON}. */
  toJSON(): object {
    return { ...this.#open.progress(), entries: this.entries.toJSON() }
  }

  /** @internal */
  [stateOf](): object {
    const { core, request } = this.#open
    return { is: 'Migration', machine: core.machine, ...this.#open.progress(), ...request.arrays.state() }
  }

  /** @internal */
  [asText](all = false): string {
    return this.#open.text('Migration', all)
  }

  static {
    showsItself(Migration.prototype)
  }
}
