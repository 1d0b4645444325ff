// SPDX-License-Identifier: GPL-2.0-only
//
// Moves that a driver asks for entry by entry. A call into the core for each would cost more than the move itself, so
// they are collected and carried out many at a time: at the latest before anything else is asked of the machine, before
// dst is looked at, and when the callback returns. So nobody can tell the difference.

import { targetValues } from '../base/defs.generated'
import type { Core } from './core'
import type { EntryArrays, MoveTarget } from './entry-arrays'

/** Most moves that are collected. */
const MOST = 4096

/** Marks of entries: in a list of what was placed, or placed by {@link Moves.all} and in no list yet. */
const LISTED = 1
const UNLISTED = 2

const NONE = new Uint32Array(0)

/** What an entry has before it moves. */
export type MoveKind = 'system' | 'device' | 'empty'

/** @internal Their bits: enum move_from of native/core/kernel/move_all.h. */
export const moveKindValues: Readonly<Record<MoveKind, number>> = { system: 1, device: 2, empty: 4 }

/** @internal The moves of one migration. */
export class Moves {
  readonly #core: Core
  readonly #arrays: EntryArrays
  /** Entries, and their sources (0: none), of the moves that are not carried out yet. Made for the first one. */
  #entries: Uint32Array = NONE
  #sources: Uint32Array = NONE
  #count = 0
  #target: number = targetValues.device
  /** To device memory: the number of the device. */
  #device = 0
  /** The number of further destinations that can certainly be allocated. */
  #left = 0
  /** Destinations that are recorded only in dst. */
  #unnamed: Uint32Array[] = []
  /** Marks of entries that were moved; undefined: none was. */
  #moved: Uint8Array | undefined
  /** Whether there may be {@link UNLISTED} ones. */
  #hasUnlisted = false

  constructor(core: Core, arrays: EntryArrays) {
    this.#core = core
    this.#arrays = arrays
  }

  get #marks(): Uint8Array {
    this.#moved ??= new Uint8Array(this.#arrays.pages)
    return this.#moved
  }

  /** Whether an entry was moved: its destination would be forgotten if it got another one. */
  has(entry: number): boolean {
    return this.#moved !== undefined && this.#moved[entry] !== 0
  }

  /** Collects a move; false if it isn't sure that there is a page for it. */
  add(entry: number, source: number, target: number, device: number): boolean {
    const elsewhere = target !== this.#target || device !== this.#device
    if (elsewhere || this.#left === 0 || this.#count === this.#entries.length) this.#begin(target, device)
    if (this.#left === 0) return false
    this.#entries[this.#count] = entry
    this.#sources[this.#count] = source
    this.#marks[entry] = LISTED
    this.#count++
    this.#left--
    return true
  }

  #begin(target: number, device: number): void {
    this.carryOut()
    if (this.#entries === NONE) {
      this.#entries = new Uint32Array(Math.min(this.#arrays.pages, MOST))
      this.#sources = new Uint32Array(this.#entries.length)
    }
    this.#left = this.#core.check(this.#core.native.destinationsLeft(target, device))
    this.#target = target
    this.#device = device
    this.#core.postpone(this)
  }

  /** Carries out the collected moves. Later calls may change the number of free destinations. */
  carryOut(): void {
    const count = this.#count
    this.#count = 0
    this.#left = 0
    if (count === 0) return
    const pages = this.#sources.slice(0, count)
    this.#core.check(this.#core.native.destinations(this.#target, this.#device, pages))
    for (let k = 0; k < count; k++) this.#arrays.setDestination(this.#entries[k] ?? 0, pages[k] ?? 0)
    this.#unnamed.push(pages)
  }

  /** Moves many entries at once. Returns how many, or a failure. */
  all(to: MoveTarget, only: Uint8Array | undefined): number {
    this.#hasUnlisted = true
    return this.#arrays.moveAll(to, UNLISTED, this.#marks, only)
  }

  /** The callback is over. Moves not carried out by now are dropped. The migration owns the placed pages. */
  end(): void {
    this.#count = 0
    this.#left = 0
    this.#unnamed = []
    this.#hasUnlisted = false
  }

  /** The destinations that were placed since this was last asked: dst may be about to lose them. */
  takeUnnamed(): number[] {
    const pages = this.#unnamed.flatMap((some) => [...some])
    this.#unnamed = []
    if (this.#hasUnlisted) this.#list(pages)
    return pages
  }

  /** Adds what {@link Moves.all} has placed to a list. */
  #list(pages: number[]): void {
    this.#hasUnlisted = false
    const marks = this.#marks
    for (let i = 0; i < marks.length; i++) {
      if (marks[i] !== UNLISTED) continue
      marks[i] = LISTED
      pages.push(this.#arrays.placedPfn(i))
    }
  }
}
