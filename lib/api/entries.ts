// SPDX-License-Identifier: GPL-2.0-only
//
// The entries of a migration, as objects that decode its words.

import { PfnFlag, type WhyName, whyNames } from '../base/defs.generated'
import { integer, PAGE_SIZE, requireInternal } from '../base/validate'
import { type Core, coreOf } from './core'
import { entriesTable, entryRow } from './entries-table'
import { EntryArrays } from './entry-arrays'
import { asText, hex, joinRuns, showsItself, stateOf } from './inspect'

const { VALID, MIGRATE, LOCKED, WRITE, ERROR } = PfnFlag

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
    return whyNames[this.arrays.why(this.#index)] ?? 'none'
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

/** What iterators of the language inherit: map(), filter() and the like, where there are any. */
const iteratorPrototype: object = Object.getPrototypeOf(Object.getPrototypeOf([].values()))

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

  static {
    Object.setPrototypeOf(Scan.prototype, iteratorPrototype)
  }
}

/**
 * Entries one after the other, each an object of its own, which can be kept. It is no generator: those are never inlined, and only
 * of an iterator that is inlined can the compiler leave out the objects that nobody keeps.
 */
class Walk implements IterableIterator<MigrationEntry> {
  readonly #arrays: EntryArrays
  #next = 0

  constructor(arrays: EntryArrays) {
    this.#arrays = arrays
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<MigrationEntry, undefined> {
    if (this.#next >= this.#arrays.pages) return { done: true, value: undefined }
    return { done: false, value: MigrationEntry.make(this.#arrays, this.#next++) }
  }

  static {
    Object.setPrototypeOf(Walk.prototype, iteratorPrototype)
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
  [Symbol.iterator](): Iterator<MigrationEntry> {
    return new Walk(this.arrays)
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
