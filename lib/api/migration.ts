// SPDX-License-Identifier: GPL-2.0-only
//
// Migrations: all in one call, or in steps.

import { types } from 'node:util'
import { type StageName, stageNames, stageValues } from '../base/defs.generated'
import { HmmuError } from '../base/errors'
import { address, invalid, lengthOf, oneOf, PAGE_SIZE, pageCount, requireInternal } from '../base/validate'
import { THROWN } from '../native/interface'
import { STATE_FIELDS } from '../native/layout'
import { type Core, requireCore } from './core'
import { type Driver, type PreparedDriver, prepareDriver } from './driver'
import { EntryArrays, entriesTable, MigrationEntries, type MigrationEntry } from './entries'
import { asText, showsItself, stateOf } from './inspect'

/** A range of pages to migrate. A {@link Mapping} is one. */
export interface MigrationRange {
  /** Address of the first byte; rounded down to a page. */
  readonly start: number
  /** How many pages. */
  readonly pages: number
  /**
   * Arrays of at least `pages` words that get a copy of src and dst when the migration is over. migrate_vma() finds the
   * words of `dst` that were there before. Without these arrays the words are only in the result.
   */
  readonly src?: BigUint64Array | undefined
  /** As {@link MigrationRange.src}. */
  readonly dst?: BigUint64Array | undefined
}

// Places of what native/addon/migration.cc writes into a state.
const STATE = { stage: 0, position: 1, collected: 2, remaining: 3, callbacksRan: 4, outOfBounds: 5 } as const

/** @internal The data of a migration, in one call or in steps. */
export class Request {
  readonly arrays: EntryArrays
  readonly driver: PreparedDriver
  readonly start: number
  readonly end: number
  readonly #src: BigUint64Array | undefined
  readonly #dst: BigUint64Array | undefined

  /** @param prepare makes a driver for the arrays */
  constructor(core: Core, range: MigrationRange, prepare: (arrays: EntryArrays) => PreparedDriver) {
    if (typeof range !== 'object' || range === null) throw invalid('range', 'a Mapping or { start, pages }', range)
    const pages = pageCount(range.pages)
    this.start = address(range.start)
    this.end = this.start + pages * PAGE_SIZE
    // Read once: a getter may say something else the next time.
    const { src, dst } = range
    this.#src = checkWords('range.src', src, pages)
    this.#dst = checkWords('range.dst', dst, pages)
    this.arrays = new EntryArrays(this.start, pages, core)
    this.driver = prepare(this.arrays)
    for (let i = 0; this.#dst && i < pages; i++) this.arrays.dst[i] = this.#dst[i] ?? 0n
  }

  /** Begins a migration in the address space of a task. Returns its number, or a failure. */
  begin({ native }: Core, tid: number): number {
    const { target, selection, skip, error } = this.driver
    const { flags, faultPage, owner } = selection
    const words = this.arrays.native
    return native.migrateBegin(tid, this.start, this.end, flags, faultPage, owner, words, target, skip, error)
  }

  /** Begins a migration of device pages, of which the range has the addresses. */
  beginOfDevice({ native }: Core): number {
    const { target, skip, error } = this.driver
    const { pages, native: words } = this.arrays
    return native.migrateDeviceBegin(this.start / PAGE_SIZE, pages, words, target, skip, error)
  }

  /** Copies the words into the caller's arrays. An array that was detached meanwhile gets nothing. */
  giveBack(): void {
    copyWords(this.arrays.src, this.#src)
    copyWords(this.arrays.dst, this.#dst)
  }
}

function checkWords(name: string, words: unknown, pages: number): BigUint64Array | undefined {
  if (words === undefined || (types.isBigUint64Array(words) && lengthOf(words) >= pages)) return words
  throw invalid(name, `a BigUint64Array of at least ${pages} words`, words)
}

/** Copies as many words as there is room for. */
function copyWords(from: BigUint64Array, to: BigUint64Array | undefined): void {
  if (to && lengthOf(to) >= from.length) BigUint64Array.prototype.set.call(to, from)
}

/** The result of a migration. */
export class MigrationResult {
  /** Whether the driver was called: it is not if nothing could be migrated. */
  readonly callbacksRan: boolean
  /** How many entries were collected. */
  readonly collected: number
  /** How many moved, or were filled where there was no page. */
  readonly moved: number
  /** Quirk `hole-dst-index`: a word after the end of dst would have been written. */
  readonly outOfBounds: boolean
  readonly #arrays: EntryArrays
  #entries: MigrationEntry[] | undefined

  /** @internal */
  static make(arrays: EntryArrays, state: Float64Array): MigrationResult {
    return new MigrationResult(arrays, state)
  }

  private constructor(arrays: EntryArrays, state: Float64Array) {
    requireInternal(arrays instanceof EntryArrays, 'migrate() returns results')
    this.#arrays = arrays
    this.collected = state[STATE.collected] ?? 0
    this.callbacksRan = state[STATE.callbacksRan] === 1
    this.outOfBounds = state[STATE.outOfBounds] === 1
    this.moved = this.callbacksRan ? arrays.countMigrate() : 0
  }

  /** The words of src; MIGRATE is left in those that moved. */
  get src(): BigUint64Array {
    return this.#arrays.src
  }

  /** The words of dst. */
  get dst(): BigUint64Array {
    return this.#arrays.dst
  }

  /** The entries, each of which says why it did not move. Made when first asked for. */
  get entries(): MigrationEntry[] {
    this.#entries ??= [...MigrationEntries.make(this.#arrays)]
    return this.#entries
  }

  /** What JSON has: counts, and the entries as {@link MigrationEntry.toJSON}. */
  toJSON(): object {
    const { callbacksRan, collected, moved, outOfBounds } = this
    const entries = MigrationEntries.make(this.#arrays).toJSON()
    return { callbacksRan, collected, moved, outOfBounds, entries }
  }

  /** @internal */
  [stateOf](): object {
    const { callbacksRan, collected, moved, outOfBounds } = this
    return { is: 'MigrationResult', callbacksRan, collected, moved, outOfBounds, ...this.#arrays.state() }
  }

  /** @internal */
  [asText](all = false): string {
    const called = this.callbacksRan ? '' : ', the driver was not called'
    const title = `MigrationResult: ${this.moved} of ${this.#arrays.pages} pages moved${called}`
    return `${title}\n${entriesTable(this.#arrays, all)}`
  }

  static {
    showsItself(MigrationResult.prototype)
  }
}

/** @internal migrate_vma() in one call. */
export function migrate(core: Core, tid: number, range: MigrationRange, driver: Driver): MigrationResult {
  const request = new Request(core, range, (words) => prepareDriver(core, words, driver))
  const { target, selection, skip, error, callback } = request.driver
  const state = new Float64Array(STATE_FIELDS)
  const { start, end, arrays } = request
  const { flags, faultPage, owner } = selection
  const result = core.native.migrate(
    tid,
    start,
    end,
    flags,
    faultPage,
    owner,
    arrays.native,
    target,
    skip,
    error,
    callback,
    state,
  )
  // Asked for at once, before giving up the driver's pages has an error of its own.
  const failure = result < 0 ? { error: core.failure(result) } : undefined
  request.driver.end(failure !== undefined)
  request.giveBack()
  if (failure) throw failure.error
  return MigrationResult.make(arrays, state)
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
  readonly #core: Core
  readonly #request: Request
  readonly #id: number
  readonly #state = new Float64Array(STATE_FIELDS)
  #result: MigrationResult | undefined
  #failure: { readonly error: unknown } | undefined

  /** @internal In the address space of a task. */
  static make(core: Core, tid: number, range: MigrationRange, driver: Driver): Migration {
    const request = new Request(core, range, (arrays) => prepareDriver(core, arrays, driver))
    return new Migration(core, request, request.begin(core, tid))
  }

  /** @internal Of device pages. */
  static ofDevice(core: Core, range: MigrationRange, driver: Driver): Migration {
    const request = new Request(core, range, (arrays) => prepareDriver(core, arrays, driver))
    return new Migration(core, request, request.beginOfDevice(core))
  }

  // id: its number, or why it could not begin.
  private constructor(core: Core, request: Request, id: number) {
    this.#core = requireCore(core, 'beginMigration() makes migrations')
    this.#request = request
    this.#id = core.check(id)
  }

  /** The stage under way; `'done'` when nothing is left to do. */
  get stage(): StageName {
    return stageNames[this.#field(STATE.stage)] ?? 'done'
  }

  /** Index of the entry at which the stage stands. */
  get position(): number {
    return this.#field(STATE.position)
  }

  /** How many entries were collected so far. */
  get collected(): number {
    return this.#field(STATE.collected)
  }

  /** How many entries are still to be migrated (cpages). */
  get remaining(): number {
    return this.#field(STATE.remaining)
  }

  /** Whether alloc_and_copy was called. */
  get callbacksRan(): boolean {
    return this.#field(STATE.callbacksRan) === 1
  }

  /** The words of src, as the migration sees them. */
  get src(): BigUint64Array {
    return this.#request.arrays.src
  }

  /** The words of dst, as the migration sees them. */
  get dst(): BigUint64Array {
    return this.#request.arrays.dst
  }

  /** The entries. */
  get entries(): MigrationEntries {
    return MigrationEntries.make(this.#request.arrays)
  }

  #field(field: number): number {
    if (!this.#over) this.#core.check(this.#core.native.migrateState(this.#id, this.#state))
    return this.#state[field] ?? 0
  }

  get #over(): boolean {
    return this.#result !== undefined || this.#failure !== undefined
  }

  /**
   * Does one entry of the stage under way, or goes on to the next stage.
   * @returns false when the migration is done
   * @throws HmmuError HMMU_BLOCKED: it has to wait; step() again goes on. HMMU_DRIVER_RULE, or what a callback threw:
   *   the migration is undone and over.
   */
  step(): boolean {
    if (this.#over) return false
    return this.#settle(this.#core.native.migrateStep(this.#id, this.#request.driver.callback)) === 1
  }

  /**
   * Goes on until a stage is over; until the callback has returned for `alloc_and_copy` and `finalize_and_map`.
   * @returns the stage at which the migration stands then, `'done'` if nothing is left
   * @throws HmmuError as {@link Migration.step}
   */
  runTo(stage: StageName): StageName {
    const value = oneOf('stage', stage, stageValues)
    if (this.#over) return 'done'
    this.#settle(this.#core.native.migrateRun(this.#id, this.#request.driver.callback, value))
    return this.stage
  }

  /**
   * Does the rest of the migration. A second call has the same result.
   * @throws HmmuError as {@link Migration.step}
   */
  finish(): MigrationResult {
    if (this.#failure) throw this.#failure.error
    if (this.#result) return this.#result
    this.runTo('done')
    const { native } = this.#core
    this.#core.check(native.migrateState(this.#id, this.#state))
    this.#settle(native.migrateEnd(this.#id, this.#request.driver.callback))
    this.#request.driver.end(false)
    this.#request.giveBack()
    this.#result = MigrationResult.make(this.#request.arrays, this.#state)
    return this.#result
  }

  /**
   * Abandons the migration: pages that have not moved go back, without calling the driver. Does nothing if it is over.
   * @throws HmmuError HMMU_BUSY: a callback of it is running
   */
  abandon(): void {
    if (this.#over) return
    const result = this.#core.native.migrateAbandon(this.#id)
    if (result < 0) throw this.#core.failure(result)
    this.#end(new HmmuError('HMMU_DRIVER_THREW', 'the migration was abandoned'))
  }

  /** {@link Migration.abandon}, unless the machine is gone. */
  [Symbol.dispose](): void {
    if (!this.#core.disposed) this.abandon()
  }

  /** Passes a result on. A failure is thrown, and ends the migration unless it is one that leaves it as it was. */
  #settle(result: number): number {
    if (result >= 0) return result
    const error = this.#core.failure(result)
    // A callback can throw any error, also one that says "blocked": that is not this migration, which is undone.
    const code = error instanceof HmmuError && result !== THROWN ? error.code : ''
    if (code === 'HMMU_BLOCKED' || code === 'HMMU_BUSY' || this.#core.disposed) throw error
    this.#core.native.migrateAbandon(this.#id)
    this.#end(error)
    throw error
  }

  #end(error: unknown): void {
    this.#state[STATE.stage] = stageValues.done
    this.#state[STATE.remaining] = 0
    this.#request.driver.end(true)
    this.#request.giveBack()
    this.#failure = { error }
  }

  /** What JSON has: how far it is, and the entries as {@link MigrationEntry.toJSON}. */
  toJSON(): object {
    return { ...this.#progress(), entries: this.entries.toJSON() }
  }

  /** How far it is; nothing if the machine is gone. */
  #progress(): object {
    if (this.#core.disposed) return {}
    const { stage, position, collected, remaining, callbacksRan } = this
    return { stage, position, collected, remaining, callbacksRan }
  }

  /** @internal */
  [stateOf](): object {
    const { machine } = this.#core
    return { is: 'Migration', machine, ...this.#progress(), ...this.#request.arrays.state() }
  }

  /** @internal */
  [asText](all = false): string {
    if (this.#core.disposed) return 'Migration (its machine is disposed of)'
    const where = this.#failure ? 'given up' : `${this.stage} at entry ${this.position}`
    return `Migration of ${this.#request.arrays.pages} pages: ${where}\n${entriesTable(this.#request.arrays, all)}`
  }

  static {
    showsItself(Migration.prototype)
  }
}
