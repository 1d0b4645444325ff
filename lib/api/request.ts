// SPDX-License-Identifier: GPL-2.0-only
//
// The data of a migration, in one call or in steps.

import { address, invalid, isTyped, lengthOf, PAGE_SIZE, pageCount } from '../base/validate'
import type { Core } from './core'
import type { PreparedDriver } from './driver'
import { EntryArrays } from './entry-arrays'

/** A range of pages to migrate. A {@link Mapping} is one. */
export interface MigrationRange {
  /** Address of the first byte; rounded down to a page. */
  readonly start: number
  /** How many pages. */
  readonly pages: number
  /**
   * Arrays of at least `pages` words that get a copy of src and dst when the migration is over. migrate_vma() finds the
   * words of `dst` that were there before. Without these arrays the words are only in the result.
   */
  readonly src?: BigUint64Array | undefined
  /** As {@link MigrationRange.src}. */
  readonly dst?: BigUint64Array | undefined
}

/** @internal A range of which each property was read once: a getter may say something else the next time. */
export interface CheckedRange {
  readonly start: number
  readonly end: number
  readonly pages: number
  readonly src: BigUint64Array | undefined
  readonly dst: BigUint64Array | undefined
}

/** @internal */
export function checkRange(range: MigrationRange): CheckedRange {
  if (typeof range !== 'object' || range === null) throw invalid('range', 'a Mapping or { start, pages }', range)
  const pages = pageCount(range.pages)
  const start = address(range.start)
  const { src, dst } = range
  return {
    start,
    end: start + pages * PAGE_SIZE,
    pages,
    src: src === undefined ? src : checkWords('range.src', src, pages),
    dst: dst === undefined ? dst : checkWords('range.dst', dst, pages),
  }
}

/** @internal The data of a migration, in one call or in steps. */
export class Request {
  readonly arrays: EntryArrays
  readonly driver: PreparedDriver
  readonly start: number
  readonly end: number
  readonly range: CheckedRange

  /** @param prepare makes a driver for the arrays */
  constructor(core: Core, range: CheckedRange, prepare: (arrays: EntryArrays) => PreparedDriver) {
    this.range = range
    this.start = range.start
    this.end = range.end
    this.arrays = new EntryArrays(range.start, range.pages, core)
    this.driver = prepare(this.arrays)
    if (range.dst) this.arrays.presetDst(range.dst)
  }

  /** Begins a migration in the address space of a task. Returns its number, or a failure. */
  begin({ native }: Core, tid: number): number {
    this.arrays.tid = tid
    const { target, device, selection, skip, error } = this.driver
    const { flags, faultPage, owner } = selection
    const words = this.arrays.native
    return native.migrateBegin(tid, this.start, this.end, flags, faultPage, owner, words, target, device, skip, error)
  }

  /** Begins a migration of device pages, of which the range has the addresses. */
  beginOfDevice({ native }: Core): number {
    const { target, device, skip, error } = this.driver
    const { pages, native: words } = this.arrays
    return native.migrateDeviceBegin(this.start / PAGE_SIZE, pages, words, target, device, skip, error)
  }

  /** Takes over a migration of the machine of which this one is a copy. Returns its number, or a failure. */
  adopt({ native }: Core, id: number, tid: number | undefined): number {
    this.arrays.tid = tid
    const { target, device, skip, error } = this.driver
    return native.migrateAdopt(id, this.arrays.native, target, device, skip, error)
  }
}

/** @internal Copies the words into the caller's arrays. An array that was detached meanwhile gets nothing. */
export function giveBack(arrays: EntryArrays, { src, dst }: CheckedRange): void {
  if (src) copyWords(arrays.peekSrc(), src)
  if (dst) copyWords(arrays.peekDst(), dst)
}

function checkWords(name: string, words: unknown, pages: number): BigUint64Array {
  if (isTyped('BigUint64Array', words) && lengthOf(words) >= pages) return words
  throw invalid(name, `a BigUint64Array of at least ${pages} words`, words)
}

/** Copies as many words as there is room for. */
function copyWords(from: BigUint64Array, to: BigUint64Array): void {
  if (lengthOf(to) >= from.length) BigUint64Array.prototype.set.call(to, from)
}
