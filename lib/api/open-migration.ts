// SPDX-License-Identifier: GPL-2.0-only
//
// A migration under way: what the public classes of migrations are handles of.

import { type StageName, stageNames, stageValues } from '../base/defs.generated'
import { HmmuError } from '../base/errors'
import { oneOf } from '../base/validate'
import { THROWN } from '../native/interface'
import { STATE, STATE_FIELDS } from '../native/layout'
import type { Core } from './core'
import { entriesTable } from './entries-table'
import { MigrationResult } from './migration-result'
import { giveBack, type Request } from './request'

/** Errors that leave a migration as it was. */
const HARMLESS: ReadonlySet<string> = new Set(['HMMU_BLOCKED', 'HMMU_BUSY', 'HMMU_ORDER'])

export class OpenMigration {
  readonly core: Core
  readonly request: Request
  readonly #id: number
  readonly #state = new Float64Array(STATE_FIELDS)
  #result: MigrationResult | undefined
  #failure: { readonly error: unknown } | undefined

  /** @param id its number, or why it could not begin */
  constructor(core: Core, request: Request, id: number) {
    this.core = core
    this.request = request
    this.#id = core.check(id)
    core.migrations.set(this.#id, this)
  }

  get stage(): StageName {
    return stageNames[this.field('stage')] ?? 'done'
  }

  /** A number of the state. */
  field(name: keyof typeof STATE): number {
    if (!this.#over) this.core.check(this.core.native.migrateState(this.#id, this.#state))
    return this.#state[STATE[name]] ?? 0
  }

  get #over(): boolean {
    return this.#result !== undefined || this.#failure !== undefined
  }

  step(): boolean {
    if (this.#over) return false
    return this.#settle(this.core.native.migrateStep(this.#id, this.request.driver.callback)) === 1
  }

  runTo(stage: StageName): StageName {
    const value = oneOf('stage', stage, stageValues)
    if (this.#over) return 'done'
    this.#settle(this.core.native.migrateRun(this.#id, this.request.driver.callback, value))
    return this.stage
  }

  /** Does the rest. A second call has the same result. */
  finish(): MigrationResult {
    if (this.#failure) throw this.#failure.error
    if (this.#result) return this.#result
    this.runTo('done')
    return this.#end(() => this.core.native.migrateEnd(this.#id, this.request.driver.callback))
  }

  /** migrate_vma_pages() */
  pages(): void {
    this.#expectOpen()
    this.#settle(this.core.native.migratePages(this.#id))
  }

  /** migrate_vma_finalize() */
  finalize(): MigrationResult {
    this.#expectOpen()
    return this.#end(() => this.core.native.migrateFinalize(this.#id))
  }

  #expectOpen(): void {
    if (this.#failure) throw this.#failure.error
    if (this.#result) throw new HmmuError('HMMU_ORDER', 'the migration is over: it has been finalized')
  }

  /** The last call of a migration. */
  #end(call: () => number): MigrationResult {
    this.core.check(this.core.native.migrateState(this.#id, this.#state))
    this.#settle(call())
    this.core.migrations.delete(this.#id)
    this.#state[STATE.stage] = stageValues.done
    this.request.driver.end(false)
    giveBack(this.request.arrays, this.request.range)
    this.#result = MigrationResult.byState(this.request.arrays, this.#state)
    return this.#result
  }

  /** Undoes what can be undone, without calling the driver. Does nothing if it is over. */
  abandon(): void {
    if (this.#over) return
    const result = this.core.native.migrateAbandon(this.#id)
    if (result < 0) throw this.core.failure(result)
    this.#fail(new HmmuError('HMMU_DRIVER_THREW', 'the migration was abandoned'))
  }

  /** {@link abandon}, unless the machine is gone. */
  dispose(): void {
    if (!this.core.disposed) this.abandon()
  }

  /** Passes a result on. A failure is thrown, and ends the migration unless it is one that leaves it as it was. */
  #settle(result: number): number {
    if (result >= 0) return result
    const error = this.core.failure(result)
    // A callback can throw any error, also one that says "blocked": that is not this migration, which is undone.
    const code = error instanceof HmmuError && result !== THROWN ? error.code : ''
    if (HARMLESS.has(code) || this.core.disposed) throw error
    this.core.native.migrateAbandon(this.#id)
    this.#fail(error)
    throw error
  }

  #fail(error: unknown): void {
    this.core.migrations.delete(this.#id)
    this.#state[STATE.stage] = stageValues.done
    this.#state[STATE.remaining] = 0
    this.request.driver.end(true)
    giveBack(this.request.arrays, this.request.range)
    this.#failure = { error }
  }

  /** How far it is; nothing if the machine is gone. */
  progress(): object {
    if (this.core.disposed) return {}
    const [position, collected, remaining] = [this.field('position'), this.field('collected'), this.field('remaining')]
    return { stage: this.stage, position, collected, remaining, callbacksRan: this.field('callbacksRan') === 1 }
  }

  text(name: string, all: boolean): string {
    if (this.core.disposed) return `${name} (its machine is disposed of)`
    const where = this.#failure ? 'given up' : `${this.stage} at entry ${this.field('position')}`
    return `${name} of ${this.request.arrays.pages} pages: ${where}\n${entriesTable(this.request.arrays, all)}`
  }
}
