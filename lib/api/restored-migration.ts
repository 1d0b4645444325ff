// SPDX-License-Identifier: GPL-2.0-only
//
// Migrations that were under way when their machine was copied, and that nobody goes on with yet.

import { HmmuError } from '../base/errors'
import { PAGE_SIZE } from '../base/validate'
import { REQUEST_FIELDS } from '../native/layout'
import { type Core, requireCore } from './core'
import { type Driver, prepareDriver, prepareNobody } from './driver'
import { DriverMigration } from './driver-migration'
import type { EntryArrays } from './entry-arrays'
import { Migration } from './migration'
import { OpenMigration } from './open-migration'
import { checkRange, Request } from './request'
import type { Task } from './task'

/**
 * A migration of a machine that was restored or copied. It holds its pages and locks, and stands where the original stood. Functions
 * are no part of a copy; so its driver has to be given again before it goes on.
 *
 * @example
 * ```ts
 * const copy = Machine.restore(bytes)
 * for (const restored of copy.restoredMigrations) restored.adopt({ to: 'device' }).finish()
 * ```
 */
export class RestoredMigration {
  /** The task that migrates; undefined for device pages. */
  readonly task: Task | undefined
  /** Address of the first byte; for device pages the page frame number of the first one × 4096. */
  readonly start: number
  /** How many pages. */
  readonly pages: number
  /** Whether its driver calls ({@link Task.migrateVma}); else it is one that is called. */
  readonly calls: boolean
  readonly #core: Core
  readonly #id: number

  /** @internal */
  static make(core: Core, id: number): RestoredMigration {
    return new RestoredMigration(core, id)
  }

  private constructor(core: Core, id: number) {
    this.#core = requireCore(core, 'copies of machines have such migrations')
    this.#id = id
    const request = new Float64Array(REQUEST_FIELDS)
    core.check(core.native.migrateRequest(id, request))
    const [tid = 0, start = 0, end = 0, called = 0] = request
    this.task = core.tasks.get(tid)
    this.start = start
    this.pages = (end - start) / PAGE_SIZE
    this.calls = called === 0
  }

  /**
   * Goes on with a migration that has a driver to be called.
   * @param driver what was given to the original, or another one; which pages are selected does not change any more
   * @throws HmmuError HMMU_INVALID_ARGUMENT: its driver calls; HMMU_ORDER: it was adopted before
   */
  adopt(driver: Driver): Migration
  /**
   * Goes on with a migration whose driver calls. Pages that the driver had allocated, and not put into dst, are its own still:
   * {@link Machine.leaks} lists them.
   * @throws HmmuError HMMU_INVALID_ARGUMENT: its driver is to be called; HMMU_ORDER: it was adopted before
   */
  adopt(): DriverMigration
  adopt(driver?: Driver): Migration | DriverMigration {
    const core = this.#core
    if (driver === undefined)
      return DriverMigration.adopted(
        core,
        this.#open((arrays) => prepareNobody(core, arrays, {})),
      )
    return Migration.adopted(
      core,
      this.#open((arrays) => prepareDriver(core, arrays, driver)),
    )
  }

  #open(prepare: (arrays: EntryArrays) => Request['driver']): OpenMigration {
    if (!this.#core.restored.has(this)) throw new HmmuError('HMMU_ORDER', 'the migration was adopted before')
    const request = new Request(this.#core, checkRange(this), prepare)
    const open = new OpenMigration(this.#core, request, request.adopt(this.#core, this.#id, this.task?.tid))
    this.#core.restored.delete(this)
    return open
  }
}
