// SPDX-License-Identifier: GPL-2.0-only
//
// The model of Linux 6.12 as a side on which drills are played.

import type { Advice } from '../../../lib'
import { Declined } from '../declined'
import type { Counters, Invalidated, MapRequest, Outcome, PinHow, Prot, Side } from '../side'
import type { Steps } from '../steps'
import { advise } from './advise'
import * as calls from './calls'
import { access, reachedBy } from './fault'
import { forkInto } from './fork'
import { pin } from './gup'
import { drop, type Held, hold, isolate } from './hold'
import { see } from './observe'
import { protect, registerUserfault } from './protect'
import { remap } from './remap'
import type { Space } from './space'
import { World } from './world'

/** A call that never waits. */
// biome-ignore lint/correctness/useYield: it has the form of those that can wait.
function* atOnce<T>(call: () => T): Steps<T> {
  return call()
}

export class ModelSide implements Side<Space, Space, Held> {
  readonly #world = new World()
  readonly #devicePages: number

  constructor(devicePages: number) {
    this.#devicePages = devicePages
  }

  process = () => this.#world.space()
  thread = (space: Space) => space
  endThread = () => {}
  before = () => this.#world.mlocks.drain()

  map = (space: Space, request: MapRequest) => atOnce(() => calls.map(space, request))
  clear = (space: Space) => atOnce(() => calls.clearSoftDirty(space))
  fork = (space: Space) => atOnce(() => this.#fork(space))
  uffd = (space: Space, start: number, end: number, wp: boolean) =>
    atOnce(() => registerUserfault(space, start, end, wp))
  unmap = calls.unmap
  remap = remap
  exit = calls.exit
  lock = calls.lock
  unlock = calls.unlock
  protect = (space: Space, start: number, end: number, prot: Prot) => protect(space, start, end, prot)
  advise = (space: Space, start: number, end: number, advice: Advice) => advise(space, start, end, advice)

  pin = (space: Space, page: number, { write, dma }: PinHow) => pin(space, page, write, dma)
  hold = hold
  isolate = isolate
  drop = drop

  see = see

  watch(space: Space): void {
    space.watched = true
  }

  takeInvalidations(): Invalidated<Space>[] {
    return this.#world.takeInvalidations().map(({ space, start, end }) => ({ process: space, start, end }))
  }

  count(space: Space): Counters {
    return { ...space.resident(), file: 0, swap: 0, deviceFree: this.#devicePages }
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

  migrate(): never {
    throw new Declined('a migration')
  }

  #fork(space: Space): Space {
    const child = this.#world.space()
    forkInto(space, child)
    return child
  }
}
