// SPDX-License-Identifier: GPL-2.0-only
//
// What a driver mirrors: the words of hmm_range_fault(), and interval notifiers. Linux 6.12.

import { type NotifyKind, notifyKindNames } from '../base/defs.generated'
import { boolean, callable, integer, options, PAGE_SIZE } from '../base/validate'
import { type Core, requireCore } from './core'
import { asText, showsItself, stateOf } from './inspect'
import type { PageRange } from './page-range'
import { MOST_DUMPED } from './records'
import { isRefused } from './schedule'
import { DEFAULT_OWNER } from './selection'

/** What {@link SystemCalls.mirror} and {@link SystemCalls.rangeFault} ask of each page. */
export interface MirrorOptions {
  /** HMM_PFN_REQ_FAULT: fault in what is missing. */
  readonly fault?: boolean | undefined
  /** HMM_PFN_REQ_WRITE: for writing. Without `fault` it asks for nothing. */
  readonly write?: boolean | undefined
  /** dev_private_owner: pages of devices of this owner are reported where they are. By default that of the machine's
   *  first device, 1; 0 owns none. */
  readonly owner?: number | undefined
}

/** An invalidation that meets an interval notifier (struct mmu_notifier_range). */
export interface IntervalInvalidation {
  /** The interval notifier. */
  readonly notifier: IntervalNotifier
  /** Why. */
  readonly kind: NotifyKind
  /** Of `migrate` and `exclusive` the owner of the device for which it is done; else 0. */
  readonly owner: number
  /** First byte. */
  readonly start: number
  /** First byte behind; 2^64 of `release`. */
  readonly end: number
  /** What {@link IntervalNotifier.setSequence} takes. */
  readonly sequence: number
  /** Whether the function may wait. The OOM reaper does not let it. */
  readonly blockable: boolean
}

/**
 * mmu_interval_notifier_ops.invalidate(): calls {@link IntervalNotifier.setSequence} and removes the range from the device's
 * tables; or ignores the invalidation, as drivers do with `migrate` of their own owner, and does nothing. Returns true; false: it
 * would have to wait, and is not to (`blockable`), so that the invalidation is given up. The kernel calls it under locks, so it
 * may look, and work with pages of a driver; any other call is HMMU_BUSY. What it throws reaches the caller of the call that
 * invalidates, which is carried out all the same, and the invalidation is treated as without a function.
 */
export type IntervalHandler = (invalidation: IntervalInvalidation) => boolean

/** A handler as the core calls it: 0 or a negative errno. */
export type IntervalListener = (
  kind: number,
  owner: number,
  start: number,
  end: number,
  sequence: number,
  blockable: number,
) => number

/** Options of {@link Process.intervalNotifier}. */
export interface NotifierOptions {
  /** Owner of the driver's device, by default that of the machine's first device, 1; 0: none. It matters without `invalidate` only. */
  readonly owner?: number | undefined
  /** The driver's function. Copies of the machine do not have it. */
  readonly invalidate?: IntervalHandler | undefined
}

/** What hmm_range_fault() says of a page. */
export interface MirroredPage {
  /** HMM_PFN_VALID: it can be read. */
  readonly valid: boolean
  /** HMM_PFN_WRITE: it can be written to. */
  readonly write: boolean
  /** HMM_PFN_ERROR: nothing can be there, as no mapping is there, or it may not be read, or its pages have no struct page. */
  readonly error: boolean
  /** The order of the CPU's mapping: 9 for a huge page, else 0. */
  readonly order: number
  /** Page frame number; 0 if it is not valid. */
  readonly pfn: number
  /** It is a page of a device, private or coherent. */
  readonly device: boolean
  /** It is a device-coherent page. */
  readonly coherent: boolean
}

/** @internal What the core is told: nobody is there who could be told; the function would wait. */
const ENOENT = 2
const EAGAIN = 11

/** @internal Bits of the flags that native calls take. */
const REQ_FAULT = 1
const REQ_WRITE = 2

/** @internal */
export function prepareMirror(core: Core, given: MirrorOptions | undefined): { flags: number; owner: number } {
  const { fault = false, write = false, owner }: MirrorOptions = options('options', given, ['fault', 'write', 'owner'])
  return {
    flags: (boolean('fault', fault) ? REQ_FAULT : 0) | (boolean('write', write) ? REQ_WRITE : 0),
    owner: owner === undefined ? DEFAULT_OWNER : core.devices.checkOwner(owner),
  }
}

/** @internal */
export function prepareNotifier(core: Core, given: NotifierOptions | undefined) {
  const { owner, invalidate }: NotifierOptions = options('options', given, ['owner', 'invalidate'])
  if (invalidate !== undefined) callable('invalidate', invalidate)
  return { owner: prepareMirror(core, { owner }).owner, invalidate }
}

/** @internal The words of one call. One that goes on needs those that it has written so far. */
export class MirroredWords {
  #words: BigUint64Array | undefined

  /** Those of a copy of the task begin with what another one's have got. */
  copyFrom(other: MirroredWords): void {
    this.#words = other.#words?.slice()
  }

  /** @param waits whether an error says that the call has to wait */
  make(
    core: Core,
    pages: number,
    waits: (error: unknown) => boolean,
    call: (words: BigUint64Array) => number,
  ): MirroredPage[] {
    integer('pages', pages, 1, MOST_DUMPED)
    const before = this.#words
    const words = before?.length === pages ? before : new BigUint64Array(pages)
    this.#words = undefined
    const result = call(words)
    if (result >= 0) return decodeMirror(core, words)
    const error = core.failure(result)
    if (waits(error)) this.#words = words
    else if (isRefused(error)) this.#words = before
    throw error
  }
}

/** Flags are in the upper halves of the words. */
function decodeMirror(core: Core, words: BigUint64Array): MirroredPage[] {
  const halves = new Uint32Array(words.buffer)
  const { deviceBase, coherentBase } = core
  return Array.from(words, (_, page) => {
    const flags = halves[2 * page + 1] ?? 0
    const pfn = halves[2 * page] ?? 0
    const valid = flags >>> 31 === 1
    return {
      valid,
      write: ((flags >>> 30) & 1) === 1,
      error: ((flags >>> 29) & 1) === 1,
      order: (flags >>> 24) & 31,
      pfn,
      device: valid && pfn >= deviceBase,
      coherent: valid && pfn >= coherentBase,
    }
  })
}

/**
 * A range of a process that a driver mirrors (mmu_interval_notifier), with a sequence number that each invalidation of the
 * range changes. The driver's loop: {@link IntervalNotifier.readBegin}; {@link SystemCalls.rangeFault}; then, with its own
 * lock, {@link IntervalNotifier.readRetry}: if that is true, all begins anew; else the device is programmed.
 */
export class IntervalNotifier {
  /** Its number, counted from 1. Another may have it when this one was removed. */
  readonly id: number
  /** First address. */
  readonly start: number
  /** How many pages it has. */
  readonly pages: number
  readonly #core: Core

  /** @internal */
  static make(core: Core, id: number, range: PageRange, invalidate: IntervalHandler | undefined): IntervalNotifier {
    const notifier = new IntervalNotifier(core, id, range)
    if (invalidate) notifier.#listen(invalidate)
    return notifier
  }

  private constructor(core: Core, id: number, range: PageRange) {
    this.#core = requireCore(core, 'intervalNotifier() of a process makes interval notifiers')
    const { start, pages } = range
    this.id = id
    this.start = start
    this.pages = pages
  }

  #listen(invalidate: IntervalHandler): void {
    const { native, intervals } = this.#core
    intervals.set(this.id, (kind, owner, start, end, sequence, blockable) => {
      this.#core.callbacks++
      const name = notifyKindNames[kind] ?? 'none'
      const told = { notifier: this, kind: name, owner, start, end, sequence, blockable: blockable !== 0 }
      return boolean('the result of invalidate()', invalidate(told)) ? 0 : -EAGAIN
    })
    this.#core.check(native.notifyIntervals())
    native.intervalInvalidate = (id, ...told) => intervals.get(id)?.(...told) ?? -ENOENT
  }

  /** @internal */
  get core(): Core {
    return this.#core
  }

  /**
   * mmu_interval_read_begin(): the sequence number.
   * @throws HmmuError HMMU_BLOCKED: the range is being invalidated, by a migration in steps: a kernel would wait
   */
  readBegin(): number {
    return this.#core.check(this.#core.native.intervalReadBegin(this.id))
  }

  /** mmu_interval_read_retry(): whether the range was invalidated since the sequence number was read. */
  readRetry(sequence: number): boolean {
    const seq = integer('sequence', sequence, 0, Number.MAX_SAFE_INTEGER)
    return this.#core.check(this.#core.native.intervalReadRetry(this.id, seq)) === 1
  }

  /**
   * mmu_interval_set_seq(), in {@link NotifierOptions.invalidate} only: whoever has read the sequence begins anew.
   * @param sequence that of the invalidation
   * @throws HmmuError HMMU_INVALID_ARGUMENT: elsewhere, or another number
   */
  setSequence(sequence: number): void {
    const seq = integer('sequence', sequence, 0, Number.MAX_SAFE_INTEGER)
    this.#core.check(this.#core.native.intervalSetSeq(this.id, seq))
  }

  /**
   * mmu_interval_notifier_remove(). An interval notifier outlives its process.
   * @throws HmmuError HMMU_BLOCKED: intervals of the process are being invalidated, by a migration in steps; to be repeated.
   *   HMMU_INVALID_ARGUMENT: it was removed before
   */
  remove(): void {
    this.#core.check(this.#core.native.intervalRemove(this.id))
    this.#core.intervals.delete(this.id)
  }

  /** What JSON has: its number and its range. */
  toJSON(): object {
    const { id, start, pages } = this
    return { id, start, pages }
  }

  /** @internal */
  [stateOf](): object {
    return { is: 'IntervalNotifier', ...this.toJSON() }
  }

  /** @internal */
  [asText](): string {
    return `Interval notifier ${this.id} of ${this.pages} pages at 0x${this.start.toString(16)}`
  }

  /** @internal First address behind it. */
  get end(): number {
    return this.start + this.pages * PAGE_SIZE
  }

  static {
    showsItself(IntervalNotifier.prototype)
  }
}
