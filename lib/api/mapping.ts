// SPDX-License-Identifier: GPL-2.0-only

import type { Advice, EntryKind } from '../base/defs.generated'
import { address, bytes, integer, iterable, PAGE_SIZE, pageCount, requireInternal, writable } from '../base/validate'
import type { RemapOptions } from './calls'
import { type Core, coreOf, requireCore } from './core'
import { heldLines, heldPages } from './holders'
import { asText, hex, MOST_ITEMS, morePages, showsItself, stateOf } from './inspect'
import type { PageRange } from './page-range'
import type { Process } from './process'
import { dumpTable, MOST_DUMPED, type PageEntry, type Prot } from './records'

/** Pages that are dumped at a time. */
const PAGES_AT_ONCE = 4096

/**
 * A range of addresses that was mapped. It is a handle to the range, not to a VMA: mappings split and merge beneath it, and it stays
 * when the range is unmapped.
 */
export class Mapping implements PageRange {
  /** The process whose addresses these are. */
  readonly process: Process
  /** Address of the first byte. */
  readonly address: number
  /** How many pages. */
  readonly pages: number

  /** @internal */
  static make(process: Process, start: number, pages: number): Mapping {
    return new Mapping(process, start, pages)
  }

  private constructor(process: Process, start: number, pages: number) {
    requireCore(process?.core, 'map() makes mappings')
    requireInternal('mainTask' in process, 'map() makes mappings')
    this.process = process
    this.address = address(start)
    this.pages = pageCount(pages)
  }

  /** The same as {@link Mapping.address}. */
  get start(): number {
    return this.address
  }

  /** Address of the first byte behind the range. */
  get end(): number {
    return this.address + this.pages * PAGE_SIZE
  }

  /** Address of page i, 0 … pages - 1. */
  pageAddress(i: number): number {
    return this.address + integer('page', i, 0, this.pages - 1) * PAGE_SIZE
  }

  /** `count` pages from page `first` on, as calls that take a range accept it. */
  range(first: number, count = 1): PageRange {
    integer('first', first, 0, this.pages)
    integer('count', count, 0, this.pages - first)
    return { start: this.address + first * PAGE_SIZE, pages: count }
  }

  /** The same addresses in another process of the machine, a child for instance. */
  in(process: Process): Mapping {
    return Mapping.make(this.process.another(process), this.address, this.pages)
  }

  /**
   * Stores bytes.
   * @param offset in bytes from the start of the mapping
   * @throws HmmuError as {@link SystemCalls.store}; HMMU_INVALID_ARGUMENT: not all of the bytes lie within the mapping
   */
  write(offset: number, data: Uint8Array): void {
    const written = bytes(data)
    this.process.store(this.#at(offset, written.length, 'the length of data'), written)
  }

  /**
   * Loads bytes.
   * @param offset in bytes from the start of the mapping
   * @param length how many bytes; by default all up to the end
   * @throws HmmuError as {@link SystemCalls.load}; HMMU_INVALID_ARGUMENT: not all of the bytes lie within the mapping
   */
  read(offset = 0, length?: number): Uint8Array {
    const count = length === undefined ? this.pages * PAGE_SIZE - this.#offset(offset) : length
    return this.process.load(this.#at(offset, count), count)
  }

  /**
   * Loads bytes into an array of the caller's, all of which is filled: no memory is taken.
   * @param buffer see {@link SystemCalls.loadInto}
   * @param offset in bytes from the start of the mapping
   * @throws HmmuError as {@link SystemCalls.loadInto}; HMMU_INVALID_ARGUMENT: not all of the bytes lie within the mapping
   */
  readInto(buffer: Uint8Array, offset = 0): void {
    this.process.loadInto(this.#at(offset, writable('buffer', buffer).length, 'the length of buffer'), buffer)
  }

  #offset(offset: number): number {
    return integer('offset', offset, 0, this.pages * PAGE_SIZE)
  }

  #at(offset: number, length: number, name = 'length'): number {
    integer(name, length, 0, this.pages * PAGE_SIZE - this.#offset(offset))
    return this.address + offset
  }

  /** The state of all pages, or of `count` pages from page `first` on. */
  dump(first = 0, count?: number): PageEntry[] {
    const rest = this.pages - integer('first', first, 0, this.pages)
    return this.process.dump(this.range(first, count === undefined ? rest : count))
  }

  /** How many pages have which kind of entry; kinds that no page has are left out. */
  histogram(): Partial<Record<EntryKind, number>> {
    const counts: Partial<Record<EntryKind, number>> = {}
    for (let first = 0; first < this.pages; first += PAGES_AT_ONCE) {
      for (const { kind } of this.dump(first, Math.min(PAGES_AT_ONCE, this.pages - first))) {
        counts[kind] = (counts[kind] ?? 0) + 1
      }
    }
    return counts
  }

  /**
   * Faults pages in for writing, as mmap() with MAP_POPULATE does: get_user_pages() with FOLL_WRITE. Their contents stay.
   * @param pages indexes, 0 … pages - 1; by default all
   * @throws HmmuError as {@link SystemCalls.pin}
   */
  touch(pages: Iterable<number> = this.#indexes()): void {
    const indexes = iterable('pages', 'an iterable of page indexes', pages)
    for (const page of indexes) this.process.pin(this.pageAddress(page), { write: true }).drop()
  }

  *#indexes(): Iterable<number> {
    for (let page = 0; page < this.pages; page++) yield page
  }

  /** munmap() of all of it. */
  unmap(): void {
    this.process.unmap(this)
  }

  /** mremap() of all of it: the mapping as it is then; this one stays a handle to the old range. */
  remap(remapOptions?: RemapOptions): Mapping {
    return this.process.remap(this, remapOptions)
  }

  /** mprotect() of all of it. */
  protect(prot: Prot): void {
    this.process.protect(this, prot)
  }

  /** madvise() of all of it. */
  advise(advice: Advice): void {
    this.process.advise(this, advice)
  }

  /** ftruncate() of its file, to another number of pages. The mapping keeps its own. Linux 6.12. */
  truncate(pages: number): void {
    this.process.truncate(this.address, pages)
  }

  /** mlock() of all of it. */
  lock(): void {
    this.process.lock(this)
  }

  /** munlock() of all of it. */
  unlock(): void {
    this.process.unlock(this)
  }

  /** What JSON has: the process's number, address and pages. */
  toJSON(): object {
    const { process, address, pages } = this
    return { pid: process.pid, address, pages }
  }

  /** @internal */
  [stateOf](): object {
    const { process, address, pages } = this
    return { is: 'Mapping', process, address, pages }
  }

  /** @internal */
  [asText](all = false): string {
    const head = `Mapping ${hex(this.address)}-${hex(this.end)} of process ${this.process.pid}, ${this.pages} pages`
    if (!this.process.alive) return `${head} (gone)`
    const shown = Math.min(this.pages, all ? MOST_DUMPED : MOST_ITEMS)
    const entries = this.dump(0, shown)
    // A text of all is compared with later ones, so it has no places of the caller's code.
    const held = all ? '' : this.#heldLines(entries)
    return `${head}\n${dumpTable(entries, all)}${morePages(this.pages - shown)}${held === '' ? '' : `\nheld:\n${held}`}`.trimEnd()
  }

  /** Lines on the pages that somebody holds besides their mappings. Only these have more references than mappings. */
  #heldLines(entries: readonly PageEntry[]): string {
    const pages = entries.flatMap(({ pfn, refCount, mapCount }, page) =>
      pfn !== 0 && refCount > mapCount ? [[page, pfn] as const] : [],
    )
    return heldLines(this.process.core, new Map(pages))
  }

  /** @internal */
  [coreOf](): Core {
    return this.process.core
  }

  /** @internal {@link heldLines} of some pages. */
  [heldPages](pages: Iterable<number>): string {
    const wanted = [...pages].map((page) => [page, this.dump(page, 1)[0]?.pfn ?? 0] as const)
    return heldLines(this.process.core, new Map(wanted.filter(([, pfn]) => pfn !== 0)))
  }

  static {
    showsItself(Mapping.prototype)
  }
}
