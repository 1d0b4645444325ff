// SPDX-License-Identifier: GPL-2.0-only
//
// src, dst and why of a migration: as raw words, and as objects that decode them.

import { PfnFlag, type WhyName, whyNames } from '../base/defs.generated'
import { HmmuError } from '../base/errors'
import { latin1 } from '../base/latin1'
import { integer, PAGE_SIZE, requireInternal } from '../base/validate'
import { getAddon } from '../native/addon'
import type { NativeWords } from '../native/interface'
import { type Core, coreOf } from './core'
import { entriesTable, entryRow } from './entries-table'
import { heldPages } from './holders'
import { asText, hex, joinRuns, showsItself, stateOf } from './inspect'

const { VALID, MIGRATE, LOCKED, WRITE, DEVICE, ERROR } = PfnFlag
const FLAGS = VALID | MIGRATE | LOCKED | WRITE | DEVICE | ERROR

/** Bits of a word below its page frame number. */
const PFN_SHIFT = 6

/**
 * @internal The memory of a migration. Words are also seen as pairs of 32-bit halves (the lower one first), so that a
 *   flag or a page frame number can be had without making a BigInt.
 */
export class EntryArrays {
  readonly native: NativeWords
  readonly pages: number
  /** Address of the first entry. */
  readonly start: number
  readonly deviceBase: number
  readonly coherentBase: number
  readonly why: Uint8Array
  readonly #src: BigUint64Array
  readonly #dst: BigUint64Array
  /** The words of Linux 4.14 have LOCKED and DEVICE, which later kernels see by the page. */
  readonly #hasFlags: boolean
  readonly #srcHalves: Uint32Array
  readonly #dstHalves: Uint32Array
  readonly #core: WeakRef<Core>
  /** The task that migrates; undefined: it is a range of device pages. */
  tid: number | undefined
  /** Called before somebody looks at dst. */
  beforeLook: (() => void) | undefined
  /** Called before dst is handed out, after which it can change at any time. */
  beforeHandOut: (() => void) | undefined

  /** Which words of src somebody has looked at; undefined: nobody wants to know. */
  #looks: Uint8Array | undefined

  constructor(start: number, pages: number, core: Core) {
    this.#core = core.weak
    this.native = new (getAddon().Words)(Math.max(pages, 1))
    const buffer = this.native.buffer()
    if (!buffer) throw new HmmuError('HMMU_HOST_MEMORY', `the host has no memory for src and dst of ${pages} pages`)
    const dstOffset = buffer.byteLength - Math.max(pages, 1) * 9
    this.pages = pages
    this.start = start - (start % PAGE_SIZE)
    this.deviceBase = core.deviceBase
    this.coherentBase = core.coherentBase
    this.#hasFlags = core.kernel === 'linux-4.14'
    this.#src = new BigUint64Array(buffer, 0, pages)
    this.#dst = new BigUint64Array(buffer, dstOffset, pages)
    this.why = new Uint8Array(buffer, dstOffset * 2, pages)
    this.#srcHalves = new Uint32Array(buffer, 0, pages * 2)
    this.#dstHalves = new Uint32Array(buffer, dstOffset, pages * 2)
  }

  /** What belongs to the machine of the migration; undefined: it is gone. */
  get core(): Core | undefined {
    return this.#core.deref()
  }

  /** src itself. Whoever has it may look at all words. */
  get src(): BigUint64Array {
    this.#looks = undefined
    return this.#src
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

  #look(i: number): void {
    if (this.#looks) this.#looks[i] = 1
  }

  /** dst itself. */
  get dst(): BigUint64Array {
    this.beforeHandOut?.()
    return this.#dst
  }

  srcWord(i: number): bigint {
    this.#look(i)
    return this.#src[i] ?? 0n
  }

  srcFlags(i: number): number {
    this.#look(i)
    return (this.#srcHalves[i * 2] ?? 0) & FLAGS
  }

  dstFlags(i: number): number {
    this.beforeLook?.()
    return (this.#dstHalves[i * 2] ?? 0) & FLAGS
  }

  srcPfn(i: number): number {
    return pfnOf(this.#srcHalves, i)
  }

  dstPfn(i: number): number {
    this.beforeLook?.()
    return pfnOf(this.#dstHalves, i)
  }

  dstWord(i: number): bigint {
    this.beforeLook?.()
    return this.#dst[i] ?? 0n
  }

  /** Whether the source page is device memory. */
  srcIsDevice(i: number): boolean {
    return (this.srcFlags(i) & VALID) !== 0 && this.srcPfn(i) >= this.deviceBase
  }

  /** Names a locked page as the destination of an entry. */
  setDestination(i: number, pfn: number): void {
    const flags = this.#hasFlags ? LOCKED | (pfn >= this.deviceBase ? DEVICE : 0) : 0
    this.setDst(i, pfn, VALID | flags)
  }

  setDst(i: number, pfn: number, flags: number): void {
    this.#dstHalves[i * 2] = (pfn << PFN_SHIFT) | flags
    this.#dstHalves[i * 2 + 1] = pfn >>> (32 - PFN_SHIFT)
  }

  /** {@link heldLines} of entries, by what their addresses map now. */
  heldLines(entries: Iterable<number>): string {
    const process = this.#core.deref()?.tasks.get(this.tid ?? 0)?.process
    return process?.alive ? process.mapping(this)[heldPages](entries) : ''
  }

  /** All of it, to be compared. */
  state(): { start: number; words: string } {
    this.beforeLook?.()
    const words = [this.#src, this.#dst, this.why].map(({ buffer, byteOffset, byteLength }) =>
      latin1(new Uint8Array(buffer, byteOffset, byteLength)),
    )
    return { start: this.start, words: words.join('') }
  }

  /** Entries with MIGRATE in src. */
  countMigrate(): number {
    let count = 0
    for (let i = 0; i < this.pages; i++) if (this.srcFlags(i) & MIGRATE) count++
    return count
  }
}

function pfnOf(halves: Uint32Array, i: number): number {
  const low = (halves[i * 2] ?? 0) >>> PFN_SHIFT
  const high = (halves[i * 2 + 1] ?? 0) & ((1 << PFN_SHIFT) - 1)
  return high * 2 ** (32 - PFN_SHIFT) + low
}

/**
 * One entry of a migration: page `start + index · 4096`. It is a window on the words, not a copy: its properties change
 * while the migration goes on, and no longer after its end.
 */
export class MigrationEntry {
  /** @internal */
  readonly arrays: EntryArrays
  #index: number

  /** @internal */
  static make(arrays: EntryArrays, index: number): MigrationEntry {
    return new MigrationEntry(arrays, index)
  }

  private constructor(arrays: EntryArrays, index: number) {
    requireInternal(arrays instanceof EntryArrays, 'migrations have entries')
    this.arrays = arrays
    this.#index = index
  }

  /** @internal */
  [coreOf](): Core | undefined {
    return this.arrays.core
  }

  /** @internal Makes this the window on another entry. */
  moveTo(index: number): this {
    this.#index = index
    return this
  }

  /** Index in src and dst. */
  get index(): number {
    return this.#index
  }

  /** Address of the page, in bytes. */
  get address(): number {
    return this.arrays.start + this.#index * PAGE_SIZE
  }

  /** The word of src. Makes a BigInt; the other properties don't. */
  get src(): bigint {
    return this.arrays.srcWord(this.#index)
  }

  /** The word of dst. Makes a BigInt; the other properties don't. */
  get dst(): bigint {
    return this.arrays.dstWord(this.#index)
  }

  /** src has MIGRATE: the page can be migrated; from finalizeAndMap on: it has moved. */
  get migrate(): boolean {
    return (this.arrays.srcFlags(this.#index) & MIGRATE) !== 0
  }

  /** src has VALID: there is a source page. */
  get valid(): boolean {
    return (this.arrays.srcFlags(this.#index) & VALID) !== 0
  }

  /** The entry is empty and can be filled: MIGRATE without VALID. There is nothing to copy. */
  get empty(): boolean {
    return (this.arrays.srcFlags(this.#index) & (MIGRATE | VALID)) === MIGRATE
  }

  /** src has LOCKED: migrate_vma() has locked the source page. Linux 6.12 has no such flag: the page of an entry with MIGRATE is locked. */
  get locked(): boolean {
    return (this.arrays.srcFlags(this.#index) & LOCKED) !== 0
  }

  /** src has WRITE: the CPU entry was writable. */
  get write(): boolean {
    return (this.arrays.srcFlags(this.#index) & WRITE) !== 0
  }

  /** The source page is device memory; in Linux 4.14 src has DEVICE. */
  get device(): boolean {
    return this.arrays.srcIsDevice(this.#index)
  }

  /** Page frame number of the source page, if there is one. */
  get pfn(): number | undefined {
    return this.valid ? this.arrays.srcPfn(this.#index) : undefined
  }

  /** Page frame number of the destination page, if the driver has given one. */
  get destination(): number | undefined {
    return this.arrays.dstFlags(this.#index) & VALID ? this.arrays.dstPfn(this.#index) : undefined
  }

  /** dst has ERROR: the driver has met an unrecoverable error. */
  get error(): boolean {
    return (this.arrays.dstFlags(this.#index) & ERROR) !== 0
  }

  /** Bits of {@link PfnFlag} in src. */
  get srcFlags(): number {
    return this.arrays.srcFlags(this.#index)
  }

  /** Bits of {@link PfnFlag} in dst. */
  get dstFlags(): number {
    return this.arrays.dstFlags(this.#index)
  }

  /** Why the page did not move or was not offered; `'none'` for one that moved, or that nothing has kept so far. */
  get why(): WhyName {
    return whyNames[this.arrays.why[this.#index] ?? 0] ?? 'none'
  }

  /** What JSON has: index, address, the words in hexadecimal, and why. */
  toJSON(): object {
    const { index, address, src, dst, why } = this
    return { index, address, src: hex(src), dst: hex(dst), why }
  }

  /** @internal */
  [stateOf](): object {
    return { is: 'MigrationEntry', ...this.toJSON() }
  }

  /** @internal */
  [asText](): string {
    const [page, src, source, dst, destination, why] = joinRuns([entryRow(this.arrays, this.#index)])[0] ?? []
    const words = [`src ${src} ${source}`.trimEnd(), `dst ${dst} ${destination}`.trimEnd(), `why ${why || 'none'}`]
    return `MigrationEntry ${page} { ${words.join(', ')} }`
  }

  static {
    showsItself(MigrationEntry.prototype)
  }
}

/** Entries one after the other, by hand, as a generator takes longer. */
class Scan implements IterableIterator<MigrationEntry> {
  readonly #entry: MigrationEntry
  readonly #pages: number
  readonly #result: { done: boolean; value: MigrationEntry }
  #next = 0

  constructor(arrays: EntryArrays) {
    this.#entry = MigrationEntry.make(arrays, 0)
    this.#pages = arrays.pages
    this.#result = { done: false, value: this.#entry }
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<MigrationEntry, undefined> {
    if (this.#next >= this.#pages) return { done: true, value: undefined }
    this.#entry.moveTo(this.#next++)
    return this.#result as IteratorYieldResult<MigrationEntry>
  }
}

/**
 * The entries of a migration, in ascending order.
 *
 * A `for … of` loop makes a small object for each entry, which can be kept. Where millions are looked at,
 * {@link MigrationEntries.scan} goes over them with a single one, and {@link MigrationEntries.src} has the bare words.
 */
export class MigrationEntries implements Iterable<MigrationEntry> {
  /** @internal */
  readonly arrays: EntryArrays

  /** @internal */
  static make(arrays: EntryArrays): MigrationEntries {
    return new MigrationEntries(arrays)
  }

  private constructor(arrays: EntryArrays) {
    requireInternal(arrays instanceof EntryArrays, 'migrations have entries')
    this.arrays = arrays
  }

  /** How many entries there are. */
  get length(): number {
    return this.arrays.pages
  }

  /** The words of src themselves. A driver never changes them: doing so is a breach of rule `src_changed`. */
  get src(): BigUint64Array {
    return this.arrays.src
  }

  /** The words of dst themselves. They are checked when the driver's callback returns. */
  get dst(): BigUint64Array {
    return this.arrays.dst
  }

  /** An entry by its index, 0 … length - 1. */
  at(i: number): MigrationEntry {
    return MigrationEntry.make(this.arrays, integer('entry index', i, 0, this.arrays.pages - 1))
  }

  /** The entries from the first to the last, each an object of its own. */
  *[Symbol.iterator](): Iterator<MigrationEntry> {
    for (let i = 0; i < this.arrays.pages; i++) yield MigrationEntry.make(this.arrays, i)
  }

  /** Goes over the entries with one object that is moved from entry to entry: do not keep it. */
  scan(): IterableIterator<MigrationEntry> {
    return new Scan(this.arrays)
  }

  /** What JSON has: an array of entries. */
  toJSON(): object[] {
    return [...this].map((entry) => entry.toJSON())
  }

  /** @internal */
  [coreOf](): Core | undefined {
    return this.arrays.core
  }

  /** @internal */
  [stateOf](): object {
    return { is: 'MigrationEntries', ...this.arrays.state() }
  }

  /** @internal */
  [asText](all = false): string {
    return `MigrationEntries\n${entriesTable(this.arrays, all)}`
  }

  static {
    showsItself(MigrationEntries.prototype)
  }
}
