// SPDX-License-Identifier: GPL-2.0-only
//
// An address space: mappings, the entry at each page number, and what a watcher is told.

import type { Owner } from '../side'
import { type Vma, VmaList } from '../vma'
import { type Bits, NO_BITS } from './bits'
import type { Interval } from './interval'
import { Locks } from './locks'
import type { MlockBatch } from './mlock'
import { type Entry, type Folio, type Frame, type HugeEntry, isMapping } from './page'
import type { SwapSlot } from './swap'
import type { World } from './world'

/** Pages of a huge page. */
export const HUGE = 512
/** Pages that one table of huge entries covers: 1 GiB. */
const GIB = HUGE * HUGE
/** Pages of 512 GiB. */
const TOP = GIB * HUGE

export const blockOf = (page: number): number => Math.floor(page / HUGE)

/** A range whose translations became invalid. */
export interface Invalidation {
  readonly space: Space
  readonly start: number
  readonly end: number
}

type EntryBits = Bits & Pick<Entry, 'alone'>

export class Space {
  readonly vmas: VmaList
  readonly entries = new Map<number, Entry>()
  readonly huge = new Map<number, HugeEntry>()
  /** Blocks of hugetlb mappings that have a page: whether it is writable. */
  readonly hugetlb = new Map<number, boolean>()
  /** Blocks that have a table of small entries; no huge page can come there. */
  readonly smallTables = new Set<number>()
  /** Numbers of GiB that have a table of huge entries. */
  readonly hugeTables = new Set<number>()
  /** Whether FOLL_PIN was ever used here. */
  everPinned = false
  watched = false
  /** How many threads besides the first one run a command. */
  threads = 0
  /** How many wait for a page of the memory cgroup. */
  starving = 0
  readonly locks = new Locks()
  /** The parts that drivers mirror at the moment. */
  readonly intervals = new Set<Interval>()
  /** How many spaces were made before this one. */
  readonly number: number
  readonly world: World

  constructor(number: number, world: World) {
    this.number = number
    this.world = world
    this.vmas = new VmaList((vma, page) => this.#cut(vma, page))
  }

  get mlocks(): MlockBatch {
    return this.world.mlocks
  }

  /** mmu_notifier_invalidate_range_start(). `migration`: the owner that an event of a migration names. */
  invalidate(start: number, end: number, migration?: Owner): void {
    if (this.watched) this.world.report({ space: this, start, end })
    for (const interval of this.intervals)
      if (start < interval.end && end > interval.start && migration !== interval.owner) interval.changed = true
  }

  /** A mapping is about to end or to begin at a page within it. A huge page can't reach across. */
  #cut(vma: Vma, page: number): void {
    const block = blockOf(page)
    const within = block * HUGE >= vma.start && (block + 1) * HUGE <= vma.end
    if (page % HUGE !== 0 && within && this.hasHugeTable(page)) this.splitEntry(block)
  }

  hasHugeTable(page: number): boolean {
    return this.hugeTables.has(Math.floor(page / GIB))
  }

  addHugeTable(page: number): void {
    this.hugeTables.add(Math.floor(page / GIB))
  }

  addSmallTable(page: number): void {
    this.addHugeTable(page)
    this.smallTables.add(blockOf(page))
  }

  /** Free the tables of parts where no mapping is left. */
  freeTables(start: number, end: number): void {
    const empty = (first: number, pages: number) => this.vmas.within(first, first + pages).length === 0
    for (let block = blockOf(start); block * HUGE < end; block++)
      if (empty(block * HUGE, HUGE)) this.smallTables.delete(block)
    for (let gib = Math.floor(start / GIB); gib * GIB < end; gib++)
      if (empty(gib * GIB, GIB)) this.hugeTables.delete(gib)
  }

  /** The parts of a range for which a change of protection reports an invalidation. */
  protectionRanges(start: number, end: number): { start: number; end: number }[] {
    const ranges: { start: number; end: number }[] = []
    for (let at = start; at < end; ) {
      const top = Math.min(end, (Math.floor(at / TOP) + 1) * TOP)
      for (; at < top && !this.hasHugeTable(at); at = Math.min(top, (Math.floor(at / GIB) + 1) * GIB)) {}
      if (at < top) ranges.push({ start: at, end: top })
      at = top
    }
    return ranges
  }

  hugeAt(page: number): HugeEntry | undefined {
    return this.huge.get(blockOf(page))
  }

  /** The frame at this page number. A page under migration is nowhere. */
  frameAt(page: number): Frame | undefined {
    const entry = this.entries.get(page)
    if (entry?.kind === 'migration') return undefined
    return entry?.frame ?? this.hugeAt(page)?.folio?.frames[page % HUGE]
  }

  /** The frame of a present small entry. */
  presentAt(page: number): Frame | undefined {
    const entry = this.entries.get(page)
    return entry?.kind === 'present' ? entry.frame : undefined
  }

  /** Set an entry where none is. */
  #set(
    page: number,
    kind: Entry['kind'],
    frame: Frame | undefined,
    bits: Partial<EntryBits>,
    slot: SwapSlot | undefined = undefined,
  ): void {
    this.addSmallTable(page)
    this.add({ ...NO_BITS, alone: false, ...bits, space: this, page, kind, frame, slot })
  }

  /** Add an entry where none is, and where a table is. */
  add(entry: Entry): void {
    this.entries.set(entry.page, entry)
    if (isMapping(entry.kind)) entry.frame?.entries.add(entry)
    else if (entry.kind === 'exclusive') entry.frame?.folio.exclusives.add(entry)
    entry.slot?.entries.add(entry)
  }

  /** Take an entry away, without a look at its page. */
  remove(entry: Entry): void {
    this.entries.delete(entry.page)
    entry.frame?.entries.delete(entry)
    entry.frame?.folio.exclusives.delete(entry)
    entry.slot?.entries.delete(entry)
  }

  /** Replace an entry that maps a page by one that only points to it. */
  unmapTo(kind: 'migration' | 'exclusive', entry: Entry, bits: Partial<EntryBits>): void {
    this.clear(entry.page)
    this.#set(entry.page, kind, entry.frame, bits)
  }

  /** Replace an entry that maps a page by one of a slot. */
  swapOut(entry: Entry, slot: SwapSlot, bits: Partial<EntryBits>): void {
    this.clear(entry.page)
    this.#set(entry.page, 'swap', undefined, bits, slot)
  }

  /** Map a page that was read from a slot. It is not mlocked. */
  mapRead(page: number, frame: Frame, bits: Partial<Bits>): void {
    this.clear(page)
    this.#set(page, 'present', frame, bits)
  }

  mapZero(page: number, bits: Partial<Bits>): void {
    this.clear(page)
    this.#set(page, 'zero', undefined, bits)
  }

  mark(page: number): void {
    this.#set(page, 'marker', undefined, {})
  }

  /** Map a page that is in use already. */
  map(vma: Vma, page: number, frame: Frame, bits: Partial<Bits>): void {
    this.clear(page)
    this.#set(page, frame.kind, frame, bits)
    if (!frame.folio.large && vma.flags.locked) this.mlocks.mlock(frame.folio)
  }

  /** Map a new anonymous page. */
  mapNew(vma: Vma, page: number, frame: Frame, bits: Partial<Bits>): void {
    this.clear(page)
    this.#set(page, frame.kind, frame, bits)
    frame.exclusive = true
    frame.folio.becomeAnonymous(vma, page)
    if (frame.memory === 'system') this.#addNew(frame.folio, vma)
  }

  /** folio_add_lru_vma() */
  #addNew(folio: Folio, vma: Vma): void {
    if (vma.flags.locked) this.mlocks.mlockNew(folio)
    else this.world.lruAdds.add(folio)
  }

  /** Clear the entry at this page number. Removing any map in a locked mapping munlocks the folio. */
  clear(page: number): void {
    const entry = this.entries.get(page)
    if (entry === undefined) return
    this.remove(entry)
    const { frame, kind } = entry
    if (frame !== undefined && isMapping(kind) && this.vmas.at(page)?.flags.locked) this.mlocks.munlock(frame.folio)
  }

  mapHuge(block: number, folio: Folio | undefined, bits: Partial<Bits>): void {
    const entry: HugeEntry = { ...NO_BITS, ...bits, space: this, block, folio }
    this.huge.set(block, entry)
    this.addHugeTable(block * HUGE)
    folio?.huge.add(entry)
  }

  mapNewHuge(vma: Vma, block: number, folio: Folio, bits: Partial<Bits>): void {
    this.mapHuge(block, folio, bits)
    folio.head.exclusive = true
    folio.becomeAnonymous(vma, block * HUGE)
    this.#addNew(folio, vma)
  }

  clearHuge(block: number): void {
    const entry = this.huge.get(block)
    this.huge.delete(block)
    if (entry?.folio === undefined) return
    entry.folio.huge.delete(entry)
    if (this.vmas.at(block * HUGE)?.flags.locked) this.mlocks.munlock(entry.folio)
  }

  /** __split_huge_pmd(): report it, whether there is a huge entry or not. The folio stays whole. */
  splitEntry(block: number): void {
    this.invalidate(block * HUGE, (block + 1) * HUGE)
    this.divideEntry(block, (bits) => ({ ...bits, soft: bits.soft || bits.dirty }))
  }

  /** Put 512 small entries in the place of a huge one. */
  divideEntry(block: number, bitsOf: (bits: Bits) => Bits): void {
    const entry = this.huge.get(block)
    if (entry === undefined) return
    const { folio, write, dirty, young, soft, wp } = entry
    if (dirty) folio?.set('dirty')
    const exclusive = folio?.head.exclusive ?? false
    for (const frame of folio?.frames ?? []) frame.exclusive = exclusive
    const bits = bitsOf({ write, dirty, young, soft, wp })
    this.huge.delete(block)
    folio?.huge.delete(entry)
    for (let i = 0; i < HUGE; i++) {
      const frame = folio?.frames[i]
      if (frame === undefined) this.#set(block * HUGE + i, 'zero', undefined, { young: true, wp })
      else this.#set(block * HUGE + i, 'present', frame, bits)
    }
    if (folio !== undefined && this.vmas.at(block * HUGE)?.flags.locked) this.mlocks.munlock(folio)
  }

  /** Small entries of a range, ascending. */
  entriesWithin(start: number, end: number): Entry[] {
    const found: Entry[] = []
    for (let page = start; page < end; page++) {
      const entry = this.entries.get(page)
      if (entry !== undefined) found.push(entry)
    }
    return found
  }

  /** Huge entries that begin in a range, ascending. */
  hugeWithin(start: number, end: number): HugeEntry[] {
    const found: HugeEntry[] = []
    for (let block = Math.ceil(start / HUGE); block * HUGE < end; block++) {
      const entry = this.huge.get(block)
      if (entry !== undefined) found.push(entry)
    }
    return found
  }

  /** Whether the block of a page is empty, and wholly within a mapping that wants huge pages. */
  wantsHuge(vma: Vma, page: number): boolean {
    const first = blockOf(page) * HUGE
    const fits = first >= vma.start && first + HUGE <= vma.end
    const asked = vma.flags.hugePage && !vma.flags.noHugePage
    return vma.anonymous && asked && fits && !this.smallTables.has(blockOf(page)) && !this.huge.has(blockOf(page))
  }

  /** Resident pages by kind: the RSS counters. */
  resident(): { anon: number; shmem: number; swap: number } {
    let anon = 0
    let shmem = 0
    let swap = 0
    for (const { frame, slot } of this.entries.values()) {
      if (slot !== undefined) swap += 1
      else if (frame?.folio.cached) shmem += 1
      else if (frame !== undefined) anon += 1
    }
    for (const { folio } of this.huge.values()) if (folio !== undefined) anon += HUGE
    return { anon, shmem, swap }
  }
}
