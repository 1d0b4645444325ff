// SPDX-License-Identifier: GPL-2.0-only
//
// Memory for migrations in one call, used again by the next one: making an ArrayBuffer takes many times as long as the migration of a
// page. When a migration is over, its words go to memory of its own (see entry-memory.ts), so that a result that is kept does not
// change. A migration within a callback of another one has the next lane. Arrays of words that a driver has asked for keep their
// memory: the lane gets new memory then.

import { getAddon } from '../native/addon'
import type { NativeCallback, NativeLane, NativeMachine, NativeWords } from '../native/interface'
import { LANE_NUMBERS } from '../native/layout'

/** Entries of a new lane, and of the largest. */
const LEAST = 64
const MOST = 4096

/** So many migrations can be within each other. Others have memory of their own. */
const LANES = 4

/** Bytes of an entry: words of src and dst, a byte of why. */
export const ENTRY_BYTES = 17

/** Memory of one migration at a time. */
export class Lane {
  readonly #call: NativeLane
  /** Of the last arrays, until the addon has them. */
  #native: NativeWords | undefined
  /** What the call is given, and what it tells: LANE in layout.ts. Never anybody else's. */
  readonly numbers: Float64Array
  /** The words, as both kinds of arrays; undefined: somebody has got them. */
  words = NO_WORDS
  bytes = NO_BYTES
  /** How many entries there is memory for. */
  pages = 0

  /** Undefined if the host has no memory. */
  static make(machine: NativeMachine): Lane | undefined {
    const words = nativeMemory(1)
    const numbers = nativeMemory(Math.ceil((LANE_NUMBERS * 8) / ENTRY_BYTES))
    const call = words && numbers && machine.lane(words.native, numbers.native)
    return typeof call === 'function' ? new Lane(call, numbers as NativeMemory) : undefined
  }

  private constructor(call: NativeLane, { buffer }: NativeMemory) {
    this.#call = call
    this.numbers = new Float64Array(buffer, 0, LANE_NUMBERS)
  }

  /** Has memory for so many entries; false if the host has none. */
  fits(pages: number): boolean {
    return pages <= this.pages || this.#renew(Math.max(LEAST, 2 ** Math.ceil(Math.log2(pages))))
  }

  #renew(pages: number): boolean {
    const memory = nativeMemory(pages)
    if (!memory) return false
    this.#native = memory.native
    this.words = new Uint32Array(memory.buffer, 0, pages * 4)
    this.bytes = new Uint8Array(memory.buffer)
    this.pages = pages
    return true
  }

  /** The memory is somebody's from now on. */
  lose(): void {
    this.pages = 0
  }

  /** Migrates. */
  run(callback: NativeCallback | undefined): number {
    const native = this.#native
    if (native === undefined) return callback === undefined ? this.#call() : this.#call(callback)
    this.#native = undefined
    return this.#call(callback, native)
  }
}

const NO_WORDS = new Uint32Array(0)
const NO_BYTES = new Uint8Array(0)

interface NativeMemory {
  readonly native: NativeWords
  readonly buffer: ArrayBuffer
}

/** Memory that the addon has, too; undefined if the host has none. */
function nativeMemory(pages: number): NativeMemory | undefined {
  const native = new (getAddon().Words)(pages)
  const buffer = native.buffer()
  return buffer && { native, buffer }
}

/** The lanes of one machine. */
export class Lanes {
  readonly #lanes: Lane[] = []
  #inUse = 0

  /** Takes the next lane; undefined: the migration is too large, or within too many others. {@link Lanes.leave} ends it. */
  enter(machine: NativeMachine, pages: number): Lane | undefined {
    if (pages > MOST || this.#inUse === LANES) return undefined
    const lane = this.#lanes[this.#inUse] ?? Lane.make(machine)
    if (!lane?.fits(pages)) return undefined
    this.#lanes[this.#inUse++] = lane
    return lane
  }

  /** The last lane that was taken is free again. */
  leave(): void {
    this.#inUse--
  }
}
