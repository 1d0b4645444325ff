// SPDX-License-Identifier: GPL-2.0-only
//
// Migrations as drivers of Linux 6.12 do them, by calls: setup, pages, finalize.

import { HmmuError } from '../base/errors'
import { invalid, options } from '../base/validate'
import { type Core, requireCore } from './core'
import { prepareNobody } from './driver'
import type { DriverContext } from './driver-context'
import { MigrationEntries } from './entries'
import { asText, showsItself, stateOf } from './inspect'
import type { MigrationResult } from './migration-result'
import { OpenMigration } from './open-migration'
import { checkRange, type MigrationRange, Request } from './request'
import { type Selection, selectionOptions } from './selection'

/** The arguments of migrate_vma_setup(): struct migrate_vma. */
export interface MigrateVmaOptions extends Selection {
  /** The pages: a {@link Mapping}, or a part of one. */
  readonly range: MigrationRange
  /** Kinds of pages; as in a kernel there is no default. With none of them empty entries alone are offered. */
  readonly select: NonNullable<Selection['select']>
}

/**
 * A migration whose driver calls migrate_vma_setup(), migrate_vma_pages() and migrate_vma_finalize(). The first call has made it.
 * Between the calls the driver works: it gives pages for {@link DriverMigration.entries} before the second, and programs its own
 * tables before the third. The task has mmap_lock for reading all the time. Linux 6.12.
 *
 * @example
 * ```ts
 * using migration = task.migrateVma({ range: buf, select: ['system'] })
 * for (const entry of migration.entries) migration.driver.moveToDevice(entry)
 * migration.pages()
 * for (const entry of migration.entries) if (entry.migrate) console.log(`page ${entry.index} has moved`)
 * migration.finalize()
 * ```
 */
export class DriverMigration {
  /** What the driver works with until {@link DriverMigration.pages}: allocates, copies, locks, places pages. */
  readonly driver: DriverContext
  readonly #open: OpenMigration

  /** @internal migrate_vma_setup() */
  static make(core: Core, tid: number, given: MigrateVmaOptions): DriverMigration {
    const { range, ...selection } = options<MigrateVmaOptions>('options', given, ['range', ...selectionOptions])
    if (given === undefined || selection.select === undefined)
      throw invalid('select', 'an iterable of kinds of pages', selection.select)
    const request = new Request(core, checkRange(range), (arrays) => prepareNobody(core, arrays, selection))
    return DriverMigration.#setUp(core, request, request.begin(core, tid))
  }

  /** @internal migrate_device_range() */
  static ofDevice(core: Core, range: MigrationRange): DriverMigration {
    const request = new Request(core, checkRange(range), (arrays) => prepareNobody(core, arrays, {}))
    return DriverMigration.#setUp(core, request, request.beginOfDevice(core))
  }

  static #setUp(core: Core, request: Request, id: number): DriverMigration {
    const open = new OpenMigration(core, request, id)
    open.runTo('unmap')
    return new DriverMigration(core, open)
  }

  /** @internal Of a copied machine. A driver that has given its pages does so no more. */
  static adopted(core: Core, open: OpenMigration): DriverMigration {
    const migration = new DriverMigration(core, open)
    if (open.field('callbacksRan') === 1) migration.driver.close()
    return migration
  }

  private constructor(core: Core, open: OpenMigration) {
    requireCore(core, 'migrateVma() makes such migrations')
    this.#open = open
    this.driver = open.request.driver.context as DriverContext
    this.driver.open()
  }

  /** The entries. src tells what may move, and behind {@link DriverMigration.pages} what has moved. */
  get entries(): MigrationEntries {
    return MigrationEntries.make(this.#open.request.arrays)
  }

  /** The words of src. */
  get src(): BigUint64Array {
    return this.#open.request.arrays.src
  }

  /** The words of dst. */
  get dst(): BigUint64Array {
    return this.#open.request.arrays.dst
  }

  /** How many entries may move (cpages). If none may, nothing is left to do but to finalize. */
  get remaining(): number {
    return this.#open.field('remaining')
  }

  /**
   * migrate_vma_pages(), or migrate_device_pages(): takes the pages of dst over, and moves. The entries that still have `migrate`
   * have moved; a driver has to look at each entry for which it gave a page, before it programs its tables.
   * @throws HmmuError HMMU_ORDER: it was called before. HMMU_DRIVER_RULE: the driver broke a rule; the migration is undone and over.
   */
  pages(): void {
    this.driver.close()
    this.#open.pages()
    this.#open.request.arrays.noteLooks()
  }

  /**
   * migrate_vma_finalize(), or migrate_device_finalize(): maps, unlocks and puts the pages.
   * @throws HmmuError HMMU_ORDER: {@link DriverMigration.pages} was not called, or this one was called before. HMMU_DRIVER_RULE,
   *   rule `src_unread`: a page did not move, and the driver has not looked at its entry since; all is finalized even so.
   */
  finalize(): MigrationResult {
    const index = this.#open.request.arrays.unread()
    const result = this.#open.finalize()
    if (index === undefined) return result
    throw new HmmuError(
      'HMMU_DRIVER_RULE',
      `entry ${index}: its page did not move (${this.entries.at(index).why}), and the driver has not looked at src since pages()`,
      { rule: 'src_unread', index },
    )
  }

  /**
   * Gives the migration up: pages that have not moved go back, and pages of the driver are freed. Does nothing if it is over.
   * @throws HmmuError HMMU_BUSY: a handler is running
   */
  abandon(): void {
    this.driver.close()
    this.#open.abandon()
  }

  /** {@link DriverMigration.abandon}, unless the machine is gone. */
  [Symbol.dispose](): void {
    if (!this.#open.core.disposed) this.abandon()
  }

  /** What JSON has: how far it is, and the entries as {@link MigrationEntry.toJSON}. */
  toJSON(): object {
    return { ...this.#open.progress(), entries: this.entries.toJSON() }
  }

  /** @internal */
  [stateOf](): object {
    const { core, request } = this.#open
    return { is: 'DriverMigration', machine: core.machine, ...this.#open.progress(), ...request.arrays.state() }
  }

  /** @internal */
  [asText](all = false): string {
    return this.#open.text('DriverMigration', all)
  }

  static {
    showsItself(DriverMigration.prototype)
  }
}
