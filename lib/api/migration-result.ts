// SPDX-License-Identifier: GPL-2.0-only

import { requireInternal } from '../base/validate'
import { STATE } from '../native/layout'
import { type Core, coreOf } from './core'
import { MigrationEntries, type MigrationEntry } from './entries'
import { entriesTable } from './entries-table'
import { EntryArrays } from './entry-arrays'
import { heldPages } from './holders'
import { asText, showsItself, stateOf } from './inspect'

/** @internal What the machine tells of a migration that is over, as bits. */
export const RAN = 1
export const OUT_OF_BOUNDS = 2

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

  /** @internal @param bits {@link RAN}, {@link OUT_OF_BOUNDS} */
  static make(arrays: EntryArrays, collected: number, moved: number, bits: number): MigrationResult {
    return new MigrationResult(arrays, collected, moved, bits)
  }

  /** @internal What NativeMachine.migrateState() has told. */
  static byState(arrays: EntryArrays, state: Float64Array): MigrationResult {
    requireInternal(arrays instanceof EntryArrays, 'migrate() returns results')
    const ran = state[STATE.callbacksRan] === 1
    const bits = (ran ? RAN : 0) | (state[STATE.outOfBounds] === 1 ? OUT_OF_BOUNDS : 0)
    return new MigrationResult(arrays, state[STATE.collected] ?? 0, ran ? arrays.countMigrate() : 0, bits)
  }

  private constructor(arrays: EntryArrays, collected: number, moved: number, bits: number) {
    requireInternal(arrays instanceof EntryArrays, 'migrate() returns results')
    this.#arrays = arrays
    this.collected = collected
    this.callbacksRan = (bits & RAN) !== 0
    this.outOfBounds = (bits & OUT_OF_BOUNDS) !== 0
    this.moved = this.callbacksRan ? moved : 0
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

  /** @internal */
  [coreOf](): Core | undefined {
    return this.#arrays.core
  }

  /** @internal Lines on the pages of some entries that somebody holds, now. */
  [heldPages](entries: Iterable<number>): string {
    return this.#arrays.heldLines(entries)
  }

  static {
    showsItself(MigrationResult.prototype)
  }
}
