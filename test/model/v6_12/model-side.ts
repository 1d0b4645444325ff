// SPDX-License-Identifier: GPL-2.0-only
//
// The model of Linux 6.12 as a side on which drills are played.

import type { Advice } from '../../../lib'
import type {
  Counters,
  DriverChoice,
  Errno,
  Invalidated,
  MapRequest,
  Memory,
  Outcome,
  Prot,
  Side,
  SideMigration,
  Sizes,
} from '../side'
import type { Steps } from '../steps'
import { advise } from './advise'
import * as calls from './calls'
import type { Choice } from './driver'
import { makeExclusive } from './exclusive'
import { access, reachedBy } from './fault'
import { forkInto } from './fork'
import { pin } from './gup'
import { drop, type Held, hold, isolate } from './hold'
import type { Slot } from './migrate'
import { Migration } from './migration'
import { mirror } from './mirror'
import { see } from './observe'
import { protect, registerUserfault, writeProtect } from './protect'
import { reclaimRange } from './reclaim'
import { remap } from './remap'
import type { Space } from './space'
import { truncate } from './truncate'
import { World } from './world'

/** A call that never waits. */
// biome-ignore lint/correctness/useYield: it has the form of those that can wait.
function* atOnce<T>(call: () => T): Steps<T> {
  return call()
}

export class ModelSide implements Side<Space, Space, Held> {
  readonly #world: World

  constructor(sizes: Sizes) {
    this.#world = new World(sizes)
  }

  process = () => this.#world.space()
  /** The process is in the memory cgroup from here on. */
  thread = (space: Space, main: boolean) => {
    if (main) this.#world.memcg.current = space
    else space.threads += 1
    return space
  }
  endThread = (space: Space) => {
    space.threads -= 1
  }
  before = () => this.#world.drain()

  map = (space: Space, request: MapRequest) => space.locks.write(() => atOnce(() => calls.map(space, request)))
  clear = (space: Space) => space.locks.write(() => calls.clearSoftDirty(space))
  unmap = calls.unmap
  remap = (space: Space, start: number, end: number, to: number) =>
    space.locks.write(() => remap(space, start, end, to))
  protect = (space: Space, start: number, end: number, prot: Prot) =>
    space.locks.write(() => protect(space, start, end, prot))
  unlock = (space: Space, start: number, end: number) => space.locks.write(() => calls.unlock(space, start, end))
  lock = calls.lock
  truncate = truncate

  pin = pin
  hold = hold
  isolate = isolate
  drop = drop

  see = see

  watch(space: Space): void {
    space.watched = true
  }

  *advise(space: Space, start: number, end: number, advice: Advice): Steps<Errno> {
    const result = yield* advise(space, start, end, advice)
    this.#world.swap.work()
    return result
  }

  // biome-ignore lint/correctness/useYield: it has the form of those that can wait.
  *reclaim(space: Space, start: number, end: number): Steps<Errno> {
    reclaimRange(space, start, end)
    this.#world.swap.work()
    return 'ok'
  }

  *uffd(space: Space, start: number, end: number, wp: boolean): Steps<Errno> {
    const result = yield* space.locks.write(() => registerUserfault(space, start, end, wp))
    if (result !== 'ok' || !wp) return result
    return yield* space.locks.read(() => atOnce(() => writeProtect(space, start, end)))
  }

  takeInvalidations(): Invalidated<Space>[] {
    return this.#world.takeInvalidations().map(({ space, start, end }) => ({ process: space, start, end }))
  }

  count(space: Space): Counters {
    const { device, coherent, swap } = this.#world
    const swapFree = swap.slots.length > 0 ? swap.free : undefined
    const coherentFree = coherent.size > 0 ? coherent.free : undefined
    return { ...space.resident(), file: 0, deviceFree: device.free, coherentFree, swapFree }
  }

  *load(space: Space, page: number): Steps<{ outcome: Outcome; value: number }> {
    const outcome = yield* access(space, page, false)
    return { outcome, value: reachedBy(space, page)?.value ?? 0 }
  }

  *store(space: Space, page: number, value: number): Steps<Outcome> {
    const outcome = yield* access(space, page, true)
    const frame = reachedBy(space, page)
    if (outcome === 'ok' && frame !== undefined) frame.value = value
    return outcome
  }

  mirror = mirror
  exclusive = makeExclusive

  migrate(space: Space, start: number, end: number, choice: DriverChoice): SideMigration | undefined {
    const { to, owner } = choice
    const { select = { system: to !== 'system', private: to === 'system', coherent: false } } = choice
    const migration = Migration.ofRange(space, start, end, { ...select, owner })
    const skip = (page: number) => choice.skip(page) || choice.error(page)
    return migration && new ModelSideMigration(migration, { to, skip })
  }

  evict(memory: Memory, first: number, last: number): SideMigration | undefined {
    const device = memory === 'coherent' ? this.#world.coherent : this.#world.device
    if (first >= device.size) return undefined
    this.#world.memcg.current = undefined
    const migration = Migration.ofDevice(this.#world, device, first, Math.min(last, device.size - 1))
    return new ModelSideMigration(migration, { to: 'system', skip: () => false })
  }

  fork(space: Space): Steps<Space | Errno> {
    return space.locks.write(() => this.#fork(space))
  }

  exit(space: Space): Steps<Errno> {
    return calls.exit(space)
  }

  /** If it fails, what the child has so far goes again. */
  *#fork(space: Space): Steps<Space | Errno> {
    const child = this.#world.space()
    if (yield* forkInto(space, child)) return child
    yield* calls.exit(child)
    return 'ENOMEM'
  }
}

class ModelSideMigration implements SideMigration {
  readonly #migration: Migration
  readonly #choice: Choice

  constructor(migration: Migration, choice: Choice) {
    this.#migration = migration
    this.#choice = choice
  }

  alloc(): { src: string[]; dst: string[] } | undefined {
    if (!this.#migration.goesOn) return undefined
    this.#migration.allocate(this.#choice)
    const { slots } = this.#migration
    return { src: slots.map(wordOf), dst: slots.map(({ destination }) => (destination === undefined ? '-' : 'V')) }
  }

  final(): { src: string[] } {
    this.#migration.move()
    return { src: this.#migration.slots.map(wordOf) }
  }

  finish(): void {
    this.#migration.finish()
  }
}

/** The flags of a word of src. */
function wordOf({ frame, migrate, write }: Slot): string {
  return `${frame === undefined ? '' : 'V'}${migrate ? 'M' : ''}${write ? 'W' : ''}` || '-'
}
