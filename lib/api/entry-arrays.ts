// SPDX-License-Identifier: GPL-2.0-only
//
// src, dst and why of a migration, as raw words. While it goes on, they are in memory that the addon has, too: a lane, or memory of
// its own. See lanes.ts for what becomes of them afterwards.

import { PfnFlag, targetValues } from '../base/defs.generated'
import { HmmuError } from '../base/errors'
import { latin1 } from '../base/latin1'
import { PAGE_SIZE } from '../base/validate'
import { getAddon } from '../native/addon'
import type { NativeWords } from '../native/interface'
import type { Core, WordMeaning } from './core'
import { ownMemory, partFor, partStart } from './entry-memory'
import { heldPages } from './holders'
import { ENTRY_BYTES, type Lane } from './lanes'

const { VALID, MIGRATE, LOCKED, WRITE, DEVICE, ERROR } = PfnFlag
const FLAGS = VALID | MIGRATE | LOCKED | WRITE | DEVICE | ERROR

/** Bits of a word below its page frame number. */
const PFN_SHIFT = 6

/** Up to so many entries are copied one by one, which takes less time than a call. */
const FEW = 8

/**
 * @internal The words of a migration. They are seen as pairs of 32-bit halves (the lower one first), so that a flag or a page frame
 *   number can be had without making a BigInt.
 */
export class EntryArrays {
  readonly pages: number
  /** Address of the first entry. */
  readonly start: number
  readonly #meaning: WordMeaning
  /** Of a migration that has no lane. */
  readonly #native: NativeWords | undefined
  /** All of the memory, of which the words of src begin at a half; those of dst and the bytes of why follow. */
  #words: Uint32Array
  #bytes: Uint8Array
  #at = 0
  /** Arrays of words that somebody has got. */
  #src: BigUint64Array | undefined
  #dst: BigUint64Array | undefined
  /** The memory is shared with other migrations that are over. */
  #isPart = false
  /** The task that migrates; undefined: it is a range of device pages. */
  tid: number | undefined = undefined
  /** Told before somebody looks at dst, and before dst is handed out, after which it can change at any time. */
  watcher: DstWatcher | undefined = undefined
  /** Which words of src somebody has looked at; undefined: nobody wants to know. */
  #looks: Uint8Array | undefined = undefined

  constructor(start: number, pages: number, core: Core, lane?: Lane) {
    this.pages = pages
    this.start = start - (start % PAGE_SIZE)
    this.#meaning = core.meaning
    if (lane) {
      this.#native = undefined
      this.#words = lane.words
      this.#bytes = lane.bytes
      this.#clear()
    } else {
      this.#native = new (getAddon().Words)(Math.max(pages, 1))
      const buffer = this.#native.buffer()
      if (!buffer) throw new HmmuError('HMMU_HOST_MEMORY', `the host has no memory for src and dst of ${pages} pages`)
      this.#words = new Uint32Array(buffer, 0, pages * 4)
      this.#bytes = new Uint8Array(buffer)
    }
  }

  #clear(): void {
    if (this.pages > FEW) {
      this.#bytes.fill(0, 0, this.pages * ENTRY_BYTES)
      return
    }
    for (let i = 0; i < this.pages * 4; i++) this.#words[i] = 0
    for (let i = this.pages * 16; i < this.pages * ENTRY_BYTES; i++) this.#bytes[i] = 0
  }

  /** First page frame number of device memory. */
  get deviceBase(): number {
    return this.#meaning.deviceBase
  }

  /** First page frame number of device-coherent memory. */
  get coherentBase(): number {
    return this.#meaning.coherentBase
  }

  /** As the addon has the words of a migration that has no lane. */
  get native(): NativeWords {
    return this.#native as NativeWords
  }

  /**
   * The migration is over: its words go to memory of their own, unless somebody has arrays of them. Then these keep the lane's memory.
   * @returns whether the lane has lost its memory
   */
  leaveLane(): boolean {
    if (this.#src || this.#dst) return true
    const length = this.pages * ENTRY_BYTES
    const memory = partFor(length)
    this.#copyTo(memory.words, memory.bytes, partStart)
    this.#isPart = true
    return false
  }

  #copyTo(words: Uint32Array, bytes: Uint8Array, start: number): void {
    const { pages } = this
    const from = this.#at * 4
    if (pages > FEW) bytes.set(this.#bytes.subarray(from, from + pages * ENTRY_BYTES), start)
    else {
      for (let i = 0; i < pages * 4; i++) words[start / 4 + i] = this.#words[this.#at + i] as number
      for (let i = pages * 16; i < pages * ENTRY_BYTES; i++) bytes[start + i] = this.#bytes[from + i] as number
    }
    this.#words = words
    this.#bytes = bytes
    this.#at = start / 4
  }

  /** Arrays of words are asked for: memory that others have parts of is nobody's to see. */
  #own(): void {
    if (!this.#isPart) return
    const { words, bytes } = ownMemory(this.pages * ENTRY_BYTES)
    this.#copyTo(words, bytes, 0)
    this.#isPart = false
  }

  /** What belongs to the machine of the migration; undefined: it is gone. */
  get core(): Core | undefined {
    return this.#meaning.core.deref()
  }

  /** src itself. Whoever has it may look at all words. */
  get src(): BigUint64Array {
    this.#looks = undefined
    if (this.#src === undefined) {
      this.#own()
      this.#src = this.peekSrc()
    }
    return this.#src
  }

  /** dst itself. */
  get dst(): BigUint64Array {
    this.watcher?.beforeHandOut()
    if (this.#dst === undefined) {
      this.#own()
      this.#dst = this.peekDst()
    }
    return this.#dst
  }

  /** src, for one who only reads. It counts for no look of the driver's. */
  peekSrc(): BigUint64Array {
    return this.#view(0)
  }

  /** dst, as {@link EntryArrays.peekSrc}. */
  peekDst(): BigUint64Array {
    return this.#view(this.pages * 8)
  }

  /** Empty if somebody has given the memory away. */
  #view(offset: number): BigUint64Array {
    const { buffer, byteLength } = this.#bytes
    if (byteLength === 0) return new BigUint64Array(0)
    return new BigUint64Array(buffer as ArrayBuffer, this.#at * 4 + offset, this.pages)
  }

  /** The reasons. */
  peekWhy(): Uint8Array {
    const from = this.#at * 4 + this.pages * 16
    return this.#bytes.subarray(from, from + this.pages)
  }

  why(i: number): number {
    return this.#bytes[this.#at * 4 + this.pages * 16 + i] ?? 0
  }

  /** From now on looks at src are noted. */
  noteLooks(): void {
    this.#looks = new Uint8Array(this.pages)
  }

  /** An entry with a destination that does not move, and at which nobody has looked; undefined: there is none. */
  unread(): number | undefined {
    const looks = this.#looks
    this.#looks = undefined
    const stayed = (i: number) => (this.dstFlags(i) & VALID) !== 0 && (this.srcFlags(i) & MIGRATE) === 0
    const i = looks?.findIndex((looked, i) => looked === 0 && stayed(i))
    return i === -1 ? undefined : i
  }

  #srcHalf(i: number): number {
    if (this.#looks) this.#looks[i] = 1
    return this.#words[this.#at + i * 2] ?? 0
  }

  #dstHalf(i: number): number {
    return this.#words[this.#at + (this.pages + i) * 2] ?? 0
  }

  srcFlags(i: number): number {
    return this.#srcHalf(i) & FLAGS
  }

  dstFlags(i: number): number {
    this.watcher?.beforeLook()
    return this.#dstHalf(i) & FLAGS
  }

  srcPfn(i: number): number {
    return pfnOf(this.#srcHalf(i), this.#words[this.#at + i * 2 + 1] ?? 0)
  }

  dstPfn(i: number): number {
    this.watcher?.beforeLook()
    return this.placedPfn(i)
  }

  /** The page in dst, where no move is left to be carried out. */
  placedPfn(i: number): number {
    return pfnOf(this.#dstHalf(i), this.#words[this.#at + (this.pages + i) * 2 + 1] ?? 0)
  }

  srcWord(i: number): bigint {
    return word(this.#srcHalf(i), this.#words[this.#at + i * 2 + 1] ?? 0)
  }

  dstWord(i: number): bigint {
    this.watcher?.beforeLook()
    return word(this.#dstHalf(i), this.#words[this.#at + (this.pages + i) * 2 + 1] ?? 0)
  }

  /** Entries with MIGRATE in src. */
  countMigrate(): number {
    let count = 0
    for (let i = 0; i < this.pages; i++) if (this.srcFlags(i) & MIGRATE) count++
    return count
  }

  /** Whether the source page is device memory. */
  srcIsDevice(i: number): boolean {
    return (this.srcFlags(i) & VALID) !== 0 && this.srcPfn(i) >= this.deviceBase
  }

  /** Names a locked page as the destination of an entry. */
  setDestination(i: number, pfn: number): void {
    this.setDst(i, pfn, VALID | this.#destinationFlags(pfn >= this.deviceBase))
  }

  #destinationFlags(device: boolean): number {
    return this.#meaning.hasFlags ? LOCKED | (device ? DEVICE : 0) : 0
  }

  setDst(i: number, pfn: number, flags: number): void {
    const at = this.#at + (this.pages + i) * 2
    this.#words[at] = (pfn << PFN_SHIFT) | flags
    this.#words[at + 1] = pfn >>> (32 - PFN_SHIFT)
  }

  /** What stands in dst before the migration. */
  presetDst(words: BigUint64Array): void {
    const dst = this.peekDst()
    for (let i = 0; i < this.pages; i++) dst[i] = words[i] ?? 0n
  }

  /** {@link DriverContext.moveAll}: returns how many have got a page, or a failure. */
  moveAll(to: MoveTarget, mark: number, moved: Uint8Array, only: Uint8Array | undefined): number {
    const { native } = this.core as Core
    moveRequest[0] = this.pages
    moveRequest[1] = to.target
    moveRequest[2] = to.device
    moveRequest[3] = to.kinds
    moveRequest[4] = this.#destinationFlags(to.target === targetValues.device)
    moveRequest[5] = mark
    return native.moveAll(moveRequest, this.#bytes, moved, only)
  }

  /** {@link heldLines} of entries, by what their addresses map now. */
  heldLines(entries: Iterable<number>): string {
    const process = this.#meaning.core.deref()?.tasks.get(this.tid ?? 0)?.process
    return process?.alive ? process.mapping(this)[heldPages](entries) : ''
  }

  /** All of it, to be compared. */
  state(): { start: number; words: string } {
    this.watcher?.beforeLook()
    const from = this.#at * 4
    return { start: this.start, words: latin1(this.#bytes.subarray(from, from + this.pages * ENTRY_BYTES)) }
  }
}

/** Used again and again: the call reads it at once. */
const moveRequest = new Uint32Array(6)

/** Who wants to know what is done with dst. */
export interface DstWatcher {
  beforeLook(): void
  beforeHandOut(): void
}

/** Where all entries are to move, and which kinds of them. */
export interface MoveTarget {
  readonly target: number
  readonly device: number
  readonly kinds: number
}

function pfnOf(low: number, high: number): number {
  return (high & ((1 << PFN_SHIFT) - 1)) * 2 ** (32 - PFN_SHIFT) + (low >>> PFN_SHIFT)
}

function word(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low)
}
