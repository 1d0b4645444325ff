// SPDX-License-Identifier: GPL-2.0-only
//
// The model as a side on which drills are played.

import * as calls from './calls'
import { access } from './fault'
import { pin } from './gup'
import { drop, type Held, hold, isolate } from './hold'
import { ModelMigration, type Slot } from './migrate'
import { see } from './observe'
import type { ModelProcess } from './process'
import type { Counters, DriverChoice, Outcome, PinHow, Prot, Side, SideMigration } from './side'
import type { Steps } from './steps'
import { World } from './world'

export class ModelSide implements Side<ModelProcess, ModelProcess, Held> {
  readonly #world: World

  constructor(devicePages: number) {
    this.#world = new World(devicePages)
  }

  process = () => this.#world.process()
  thread = (process: ModelProcess) => process
  endThread = () => {}
  before = () => {}

  map = calls.map
  advise = calls.advise
  unlock = calls.unlock
  clear = calls.clearSoftDirty
  uffd = calls.registerUserfault
  protect = (process: ModelProcess, start: number, end: number, prot: Prot) =>
    calls.protect(this.#world, process, start, end, prot)
  lock = (process: ModelProcess, start: number, end: number) => calls.lock(this.#world, process, start, end)
  fork = (process: ModelProcess) => calls.fork(this.#world, process)
  unmap = (process: ModelProcess, start: number, end: number) => calls.unmap(this.#world, process, start, end)
  exit = (process: ModelProcess) => calls.exit(this.#world, process)

  pin = (process: ModelProcess, page: number, { write }: PinHow) => pin(this.#world, process, page, write)
  hold = hold
  isolate = isolate
  drop = drop

  see = see

  count(process: ModelProcess): Counters {
    return { ...process.resident(), file: 0, swap: 0, deviceFree: this.#world.deviceFree }
  }

  *load(process: ModelProcess, page: number): Steps<{ outcome: Outcome; value: number }> {
    const outcome = yield* access(this.#world, process, page, false)
    return { outcome, value: process.frameAt(page)?.value ?? 0 }
  }

  *store(process: ModelProcess, page: number, value: number): Steps<Outcome> {
    const outcome = yield* access(this.#world, process, page, true)
    const frame = process.frameAt(page)
    if (outcome === 'ok' && frame !== undefined) frame.value = value
    return outcome
  }

  migrate(process: ModelProcess, start: number, end: number, choice: DriverChoice): SideMigration | undefined {
    const migration = ModelMigration.begin(this.#world, process, start, end)
    return migration && new ModelSideMigration(migration, choice)
  }
}

class ModelSideMigration implements SideMigration {
  readonly #migration: ModelMigration
  readonly #choice: DriverChoice

  constructor(migration: ModelMigration, choice: DriverChoice) {
    this.#migration = migration
    this.#choice = choice
  }

  alloc(): { src: string[]; dst: string[] } | undefined {
    if (!this.#migration.callbacksRan) return undefined
    this.#migration.allocate(this.#choice)
    const { slots } = this.#migration
    return { src: slots.map(sourceWord), dst: slots.map(destinationWord) }
  }

  final(): { src: string[] } {
    this.#migration.movePages()
    return { src: this.#migration.slots.map(sourceWord) }
  }

  finish(): void {
    this.#migration.finish()
  }
}

/** The flags of a word of src. */
function sourceWord({ frame, migrate, locked, write }: Slot): string {
  const present = frame === undefined ? '' : 'V'
  const rest = `${locked ? 'L' : ''}${write ? 'W' : ''}${frame?.device === undefined ? '' : 'D'}`
  return `${present}${migrate ? 'M' : ''}${rest}` || '-'
}

/** The flags of a word of dst, as the driver filled it. */
function destinationWord({ error, destination }: Slot): string {
  if (error) return 'E'
  if (destination === undefined) return '-'
  return destination.device === undefined ? 'VL' : 'VLD'
}
