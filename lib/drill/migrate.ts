// SPDX-License-Identifier: GPL-2.0-only
//
// `migrate`, with the commands that run while it stands in a callback.

import type { BuiltinDriver, Device, Migration, StageName } from '../api'
import type { MigrateCommand, PageRange } from './ast'
import { refusal, untilDone } from './execution'
import { advance, type Hooks, Interleaving, type Outcome, skipped } from './interleaving'
import { migrateWords } from './migrate-words'
import { Missing, OTHER_OWNER, type Pages, type TaskOf, type World } from './world'

/** Carry out a `migrate`. */
export function migrate(world: World, command: MigrateCommand, hooks: Hooks): Outcome {
  let pages: Pages
  try {
    pages = world.pages(command.process, command.place)
  } catch (error) {
    if (!(error instanceof Missing)) throw error
    return skipped(command.interleaved)
  }
  return new MigrateRun(world, command, pages, hooks).run()
}

class MigrateRun {
  readonly #taskOf: TaskOf
  readonly #devices: readonly Device[]
  readonly #command: MigrateCommand
  readonly #pages: Pages
  readonly #interleaving: Interleaving
  readonly #hooks: Hooks
  readonly #lines: string[] = []

  constructor(world: World, command: MigrateCommand, pages: Pages, hooks: Hooks) {
    this.#hooks = hooks
    this.#taskOf = world.taskOf
    this.#devices = world.machine.devices
    this.#command = command
    this.#pages = pages
    this.#interleaving = new Interleaving(world, command.interleaved, hooks)
  }

  run(): Outcome {
    const result = this.#migrate()
    if (result === undefined) return { lines: ['blocked'], ended: true }
    return this.#interleaving.end([...this.#lines, result])
  }

  /** The `ret` line; undefined if it can't even begin. */
  #migrate(): string | undefined {
    const { actor, address, count } = this.#pages
    const begin = untilDone(() => this.#taskOf(actor).beginMigration({ start: address, pages: count }, this.#driver()))
    try {
      const next = begin.next()
      if (!next.done) return undefined
      const migration = next.value
      this.#callbacks(migration)
      this.#advance(migration, 'done')
      migration.finish()
      return 'ret 0'
    } catch (error) {
      const errno = refusal(error)
      if (errno === undefined) throw error
      return `ret -${errno}`
    }
  }

  #advance(migration: Migration, stage: StageName): void {
    const { actor, region, first, count } = this.#pages
    advance(this.#hooks, migration, { process: actor.name, region: region.name, first, count }, stage)
  }

  #driver(): BuiltinDriver {
    const { to, skip, error, select, owner } = this.#command
    return {
      ...this.#destination(to),
      skip: this.#indexes(skip),
      error: this.#indexes(error),
      select,
      owner: owner === 'other' ? OTHER_OWNER : undefined,
    }
  }

  /** A machine without coherent memory has no page to move to. */
  #destination(to: MigrateCommand['to']): Pick<BuiltinDriver, 'to' | 'device' | 'only'> {
    if (to === 'sys') return { to: 'system' }
    if (to === 'dev') return { to: 'device' }
    const device = this.#devices.find(({ kind }) => kind === 'coherent')
    return device === undefined ? { to: 'device', only: [] } : { to: 'device', device }
  }

  /**
   * The drill lists page numbers of the region, the driver takes indexes of src. Each is there once, however often it
   * is listed.
   */
  #indexes(ranges: readonly PageRange[]): number[] {
    const { first, last } = this.#pages
    const indexes: number[] = []
    let next = first
    for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
      const end = Math.min(range.last, last)
      for (let page = Math.max(range.first, next); page <= end; page++) indexes.push(page - first)
      next = Math.max(next, end + 1)
    }
    return indexes
  }

  /** Go through the callbacks, if there is anything to migrate. */
  #callbacks(migration: Migration): void {
    const { first } = this.#pages
    try {
      this.#advance(migration, 'alloc_and_copy')
      if (!migration.callbacksRan) return
      this.#lines.push(`alloc ${migrateWords(migration.src, first)}`, `dst ${migrateWords(migration.dst, first)}`)
      this.#lines.push(...this.#interleaving.run('alloc'))
      this.#advance(migration, 'finalize_and_map')
      this.#lines.push(`final ${migrateWords(migration.src, first)}`)
      this.#lines.push(...this.#interleaving.run('final'))
    } catch (error) {
      migration.abandon()
      throw error
    }
  }
}
