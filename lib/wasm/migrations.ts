// SPDX-License-Identifier: GPL-2.0-only
//
// Migrations under way, each with a number; native/wasm/migration.c is the C side.
//
// The core has src, dst and why in memory of the instance, JavaScript has them in Words. They are copied at each switch
// between the two: into the instance before a call that drives the migration and after a callback, out of the instance
// before a callback and after the call.

import { stageValues } from '../base/defs.generated'
import type { NativeCallback, NativeLane } from '../native/interface'
import { LANE, LANE_NUMBERS, REQUEST_FIELDS, STATE, STATE_FIELDS } from '../native/layout'
import { WasmCopies } from './copies'
import { EBUSY, ECANCELED, EINVAL, ENOMEM } from './errno'
import type { WasmExports } from './exports'
import type { WasmInstance } from './instance'
import { BYTES_PER_PAGE, Words } from './words'

const PAGE = 4096

/** Whole pages from an address to another one. */
function pagesBetween(start: number, end: number): number {
  return Math.floor(end / PAGE) - Math.floor(start / PAGE)
}

/** What it takes to make a migration: the number of pages, arrays for them, and the driver. */
interface Request {
  readonly pages: number
  readonly words: unknown
  readonly target: number
  readonly device: number
  readonly skip?: Float64Array | undefined
  readonly error?: Float64Array | undefined
  /** The arrays are only so long: their memory is a lane. */
  readonly entries?: number
}

type RequestNumbers = [tid: number, start: number, end: number, flags: number, faultPage: number, owner: number]

/** Begins the migration whose struct is at an address. */
type Begin = (exports: WasmExports, address: number) => number

class Migration {
  readonly instance: WasmInstance
  /** Size and offsets of struct migration. */
  readonly address: number
  readonly #words: Words
  readonly #wordsAddress: number
  /** How many entries the words are for. */
  readonly #entries: number
  /** The driver of the current call. */
  callback: NativeCallback | undefined
  /** A call that drives the migration is under way. */
  running = false

  constructor(instance: WasmInstance, address: number, words: Words, entries: number) {
    this.#entries = entries
    this.instance = instance
    this.address = address
    this.#words = words
    this.#wordsAddress = instance.exports.migrationWords(address)
  }

  get #memory(): Uint8Array {
    return this.instance.bytes(this.#wordsAddress, this.#entries * BYTES_PER_PAGE)
  }

  /** Copies into the instance: the core goes on. */
  copyIn(): void {
    this.#words.copyTo(this.#memory)
  }

  /** Copies out of the instance: JavaScript goes on. */
  copyOut(): void {
    this.#words.copyFrom(this.#memory)
  }

  /** Drives the migration by a call that may run a callback. */
  drive(callback: NativeCallback | undefined, call: () => number): number {
    this.callback = callback
    this.running = true
    this.copyIn()
    const result = call()
    this.copyOut()
    this.running = false
    this.callback = undefined
    return result
  }
}

export abstract class WasmMigrations extends WasmCopies {
  readonly #migrations = new Map<number, Migration>()
  /** Migrations of the machine of which this one is a copy, by their numbers: the core's, until they are adopted. */
  readonly #restored = new Map<number, number>()
  #restoredCount = 0
  #lastId = 0

  protected override copyWordsIn(): void {
    for (const migration of this.#migrations.values()) migration.copyIn()
  }

  protected override onMigration(id: number, which: number): number {
    const migration = this.#migrations.get(id)
    const callback = migration?.callback
    if (!migration || !callback) return -ECANCELED
    migration.copyOut()
    const result = this.callBack(() => callback(which))
    migration.copyIn()
    return result
  }

  migrate(
    tid: number,
    start: number,
    end: number,
    flags: number,
    faultPage: number,
    owner: number,
    words: unknown,
    target: number,
    device: number,
    skip: Float64Array | undefined,
    error: Float64Array | undefined,
    callback: NativeCallback | undefined,
    state: Float64Array,
  ): number {
    const request = { pages: pagesBetween(start, end), words, target, device, skip, error }
    return this.#migrate([tid, start, end, flags, faultPage, owner], request, callback, state)
  }

  #migrate(
    numbers: RequestNumbers,
    request: Request,
    callback: NativeCallback | undefined,
    state: Float64Array,
  ): number {
    return this.call((instance) => {
      const id = this.#begin(instance, request, (exports, address) => exports.migrationBegin(address, ...numbers))
      const migration = this.#migrations.get(id)
      if (!migration) return id
      const { exports } = instance
      const result = migration.drive(callback, () => exports.migrationRun(migration.address, stageValues.done))
      exports.migrationState(migration.address)
      state.set(instance.told(STATE_FIELDS))
      if (result >= 0) return this.#end(id, migration, undefined)
      // A run that failed is undone without calling the driver again, and its error is the one to be told.
      this.holdError()
      this.#abandon(id, migration)
      return result
    })
  }

  lane(words: unknown, numbers: unknown): NativeLane | number {
    const buffer = numbers instanceof Words ? numbers.buffer() : undefined
    if (!(words instanceof Words) || !buffer || buffer.byteLength < LANE_NUMBERS * 8)
      return this.call(() => this.refuse(-EINVAL, 'HMMU_INVALID_ARGUMENT', 'the memory of the lane is missing'))
    const ours = new Float64Array(buffer, 0, LANE_NUMBERS)
    let memory: Words = words
    let isInUse = false
    return (callback, other: unknown = memory) => {
      if (isInUse) return this.call(() => this.refuse(-EBUSY, 'HMMU_BUSY', 'the lane is in use'))
      if (!(other instanceof Words))
        return this.call(() => this.refuse(-EINVAL, 'HMMU_INVALID_ARGUMENT', 'the memory of the lane is missing'))
      memory = other
      isInUse = true
      const result = this.#migrateIn(memory, ours, callback)
      isInUse = false
      return result
    }
  }

  #migrateIn(words: Words, numbers: Float64Array, callback: NativeCallback | undefined): number {
    const [tid = 0, start = 0, end = 0, flags = 0, faultPage = 0, owner = 0, target = 0, device = 0, once = 0] = numbers
    const state = new Float64Array(STATE_FIELDS)
    const called = once && callback ? (which: number) => (which === 0 ? callback(which) : 0) : callback
    const pages = Math.max(pagesBetween(start, end), 0)
    const request = { pages, words, target, device, entries: pages }
    const result = this.#migrate([tid, start, end, flags, faultPage, owner], request, called, state)
    numbers[LANE.collected] = state[STATE.collected] ?? 0
    numbers[LANE.callbacksRan] = state[STATE.callbacksRan] ?? 0
    numbers[LANE.outOfBounds] = state[STATE.outOfBounds] ?? 0
    numbers[LANE.moved] = words.countMigrate(pages)
    return result
  }

  migrateBegin(
    tid: number,
    start: number,
    end: number,
    flags: number,
    faultPage: number,
    owner: number,
    words: unknown,
    target: number,
    device: number,
    skip: Float64Array | undefined,
    error: Float64Array | undefined,
  ): number {
    const request = { pages: pagesBetween(start, end), words, target, device, skip, error }
    return this.call((instance) =>
      this.#begin(instance, request, (exports, address) =>
        exports.migrationBegin(address, tid, start, end, flags, faultPage, owner),
      ),
    )
  }

  migrateDeviceBegin(
    first: number,
    pages: number,
    words: unknown,
    target: number,
    device: number,
    skip: Float64Array | undefined,
    error: Float64Array | undefined,
  ): number {
    return this.call((instance) =>
      this.#begin(instance, { pages, words, target, device, skip, error }, (exports, address) =>
        exports.migrationDeviceBegin(address, first, pages),
      ),
    )
  }

  /** Begins a migration. Returns its number, or a negative errno. */
  #begin(instance: WasmInstance, request: Request, begin: Begin): number {
    return this.#open(instance, ++this.#lastId, request, begin)
  }

  #open(instance: WasmInstance, id: number, request: Request, begin: Begin): number {
    const { pages, words, entries = words instanceof Words ? words.pages : 0 } = request
    if (!(words instanceof Words)) {
      return this.refuse(-EINVAL, 'HMMU_INVALID_ARGUMENT', 'the arrays of the migration are missing')
    }
    if (pages > words.pages) {
      return this.refuse(-EINVAL, 'HMMU_INVALID_ARGUMENT', 'the arrays of the migration are too short')
    }
    const { exports } = instance
    const address = this.#make(instance, id, request, entries)
    if (!address) return this.refuse(-ENOMEM, 'HMMU_HOST_MEMORY', 'the machine has no memory for the migration')
    const migration = new Migration(instance, address, words, entries)
    migration.copyIn()
    const err = begin(exports, address)
    if (err < 0) {
      exports.migrationFree(address)
      return err
    }
    migration.copyOut()
    this.#migrations.set(id, migration)
    return id
  }

  /** Gives a number to each migration that was under way in the machine of which this one is a copy. */
  protected meetMigrations(): void {
    this.call((instance) => {
      const count = instance.exports.migrations(0, 0)
      return this.lend(instance, count * Uint32Array.BYTES_PER_ELEMENT, (at) => {
        instance.exports.migrations(at, count)
        const contexts = new Uint32Array(instance.exports.memory.buffer, at >>> 0, count)
        for (const context of contexts) this.#restored.set(++this.#lastId, context)
        this.#restoredCount = count
        return 0
      })
    })
  }

  restoredMigrations(): number {
    return this.#restoredCount
  }

  /** Calls with a migration that is not adopted yet, and the core's address of it. */
  #withRestored(id: number, run: (context: number, instance: WasmInstance) => number): number {
    return this.call((instance) => {
      const context = this.#restored.get(id)
      if (context !== undefined) return run(context, instance)
      return this.refuse(-EINVAL, 'HMMU_ORDER', 'the migration has its arrays and its driver already')
    })
  }

  migrateRequest(id: number, out: Float64Array): number {
    return this.#withRestored(id, (context, instance) => {
      instance.exports.migrationRequest(context)
      out.set(instance.told(REQUEST_FIELDS))
      return 0
    })
  }

  migrateAdopt(
    id: number,
    words: unknown,
    target: number,
    device: number,
    skip: Float64Array | undefined,
    error: Float64Array | undefined,
  ): number {
    return this.#withRestored(id, (context, instance) => {
      instance.exports.migrationRequest(context)
      const [, start = 0, end = 0] = instance.told(REQUEST_FIELDS)
      const request = { pages: pagesBetween(start, end), words, target, device, skip, error }
      const adopted = this.#open(instance, id, request, (exports, address) => exports.migrationAdopt(address, context))
      if (adopted >= 0) this.#restored.delete(id)
      return adopted
    })
  }

  /** struct migration with its arrays and the built-in driver's lists; 0 if there is no memory for it. */
  #make({ exports }: WasmInstance, id: number, { target, device, skip, error }: Request, pages: number): number {
    const indexes = target < 0 ? [] : [...(skip ?? []), ...(error ?? [])]
    const skipCount = target < 0 ? 0 : (skip?.length ?? 0)
    const address = exports.migrationMake(id, pages, target, device, skipCount, indexes.length - skipCount)
    if (address) indexes.forEach((index, i) => void exports.migrationSetIndex(address, i, index))
    return address
  }

  /** Calls with a migration. A migration can't be driven from within its own callback. */
  #withIdle(id: number, run: (migration: Migration, instance: WasmInstance) => number): number {
    return this.call((instance) => {
      const migration = this.#migrations.get(id)
      if (!migration) return this.refuse(-EINVAL, 'HMMU_INVALID_ARGUMENT', 'the migration is over')
      if (migration.running) return this.refuse(-EBUSY, 'HMMU_BUSY', 'a callback of the migration is running')
      return run(migration, instance)
    })
  }

  migrateStep(id: number, callback: NativeCallback | undefined): number {
    return this.#withIdle(id, (migration, { exports }) =>
      migration.drive(callback, () => exports.migrationStep(migration.address)),
    )
  }

  migrateRun(id: number, callback: NativeCallback | undefined, stage: number): number {
    return this.#withIdle(id, (migration, { exports }) =>
      migration.drive(callback, () => exports.migrationRun(migration.address, stage)),
    )
  }

  migratePages(id: number): number {
    return this.#withIdle(id, (migration, { exports }) =>
      migration.drive(undefined, () => exports.migrationPages(migration.address)),
    )
  }

  migrateFinalize(id: number): number {
    return this.#withIdle(id, (migration, instance) => {
      const result = migration.drive(undefined, () => instance.exports.migrationFinalize(migration.address))
      const [over] = instance.told(1)
      if (over === 1 && result !== -EBUSY) this.#forget(id, migration)
      return result
    })
  }

  migrateEnd(id: number, callback: NativeCallback | undefined): number {
    return this.#withIdle(id, (migration) => this.#end(id, migration, callback))
  }

  #end(id: number, migration: Migration, callback: NativeCallback | undefined): number {
    const { address, instance } = migration
    const result = migration.drive(callback, () => instance.exports.migrationEnd(address, false))
    // -EBUSY, in a handler: the core has refused it, and the migration goes on.
    if (result !== -EBUSY) this.#forget(id, migration)
    return result
  }

  migrateAbandon(id: number): number {
    return this.#withIdle(id, (migration) => this.#abandon(id, migration))
  }

  /** Undoes as much as possible, without any callback. */
  #abandon(id: number, migration: Migration): number {
    const { address, instance } = migration
    const result = migration.drive(undefined, () => instance.exports.migrationEnd(address, true))
    if (result === -EBUSY) return result
    this.#forget(id, migration)
    return 0
  }

  #forget(id: number, { address, instance }: Migration): void {
    instance.exports.migrationFree(address)
    this.#migrations.delete(id)
  }

  migrateState(id: number, out: Float64Array): number {
    return this.call((instance) => {
      const migration = this.#migrations.get(id)
      if (!migration) return this.refuse(-EINVAL, 'HMMU_INVALID_ARGUMENT', 'the migration is over')
      instance.exports.migrationState(migration.address)
      out.set(instance.told(STATE_FIELDS))
      return 0
    })
  }

  protected override close(): void {
    super.close()
    this.#migrations.clear()
    this.#restored.clear()
  }
}
