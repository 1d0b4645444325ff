// SPDX-License-Identifier: GPL-2.0-only
//
// An address space: mappings, and the entry at each page number.

import type { Entry, Frame, HugeEntry, Unit } from './page'
import { Semaphore } from './steps'
import { type Vma, VmaList } from './vma'

/** Pages of a huge page. */
export const HUGE = 512

export const blockOf = (page: number): number => Math.floor(page / HUGE)

interface Bits {
  readonly write?: boolean
  readonly dirty?: boolean
  readonly young?: boolean
  readonly soft?: boolean
}

export class ModelProcess {
  readonly vmas = new VmaList((_vma, page) => this.splitEntryAt(page))
  readonly entries = new Map<number, Entry>()
  readonly huge = new Map<number, HugeEntry>()
  /** Blocks that have had a small page; no huge page can come there. */
  readonly small = new Set<number>()
  readonly semaphore = new Semaphore()
  alive = true

  hugeAt(page: number): HugeEntry | undefined {
    return this.huge.get(blockOf(page))
  }

  /** The frame at this page number, in whatever state. */
  frameAt(page: number): Frame | undefined {
    return this.entries.get(page)?.frame ?? this.hugeAt(page)?.unit?.frames[page % HUGE]
  }

  /** Put a frame (or the zero page) at a page number, and replace the entry there. */
  place(page: number, state: Entry['state'], frame: Frame | undefined, bits: Bits = {}): Entry {
    this.drop(page)
    const { write = false, dirty = false, young = false, soft = false } = bits
    const entry: Entry = { process: this, page, state, frame, write, dirty, young, soft }
    this.entries.set(page, entry)
    frame?.entries.add(entry)
    this.small.add(blockOf(page))
    return entry
  }

  /** Clear the entry at this page number. */
  drop(page: number): void {
    const entry = this.entries.get(page)
    if (entry === undefined) return
    if (entry.frame?.cached && entry.state === 'present' && entry.dirty) entry.frame.unit.dirty = true
    entry.frame?.entries.delete(entry)
    this.entries.delete(page)
    entry.frame?.forgetMlock()
  }

  placeHuge(block: number, unit: Unit | undefined, bits: Bits): void {
    this.dropHuge(block)
    const { write = false, dirty = false, young = false, soft = false } = bits
    const entry: HugeEntry = { process: this, block, unit, write, dirty, young, soft }
    this.huge.set(block, entry)
    unit?.huge.add(entry)
  }

  dropHuge(block: number): void {
    const entry = this.huge.get(block)
    this.huge.delete(block)
    if (entry?.unit === undefined) return
    entry.unit.huge.delete(entry)
    if (entry.unit.huge.size === 0) entry.unit.mlocked = false
  }

  /** Map a huge page (or the huge zero page) by 512 small entries. The page itself stays whole. */
  splitEntry(block: number): void {
    const entry = this.huge.get(block)
    if (entry === undefined) return
    this.dropHuge(block)
    const { unit, write, young, soft } = entry
    if (unit !== undefined) {
      unit.mlocked = false
      unit.dirty ||= entry.dirty
    }
    for (let i = 0; i < HUGE; i++) {
      const page = block * HUGE + i
      if (unit === undefined) this.place(page, 'zero', undefined, { young: true })
      else this.place(page, 'present', unit.frames[i], { write, young, soft })
    }
  }

  /** Split a huge entry that reaches across this page number. */
  splitEntryAt(page: number): void {
    if (page % HUGE !== 0) this.splitEntry(blockOf(page))
  }

  /** Zap: remove all entries of a range. */
  zap(start: number, end: number): void {
    this.splitEntryAt(start)
    this.splitEntryAt(end)
    for (const block of [...this.huge.keys()]) {
      if (block * HUGE >= start && block * HUGE < end) this.dropHuge(block)
    }
    for (let page = start; page < end; page++) this.drop(page)
  }

  /** Page numbers and blocks of a range that have an entry. */
  entriesWithin(start: number, end: number): Entry[] {
    const found: Entry[] = []
    for (let page = start; page < end; page++) {
      const entry = this.entries.get(page)
      if (entry !== undefined) found.push(entry)
    }
    return found
  }

  hugeWithin(start: number, end: number): HugeEntry[] {
    return [...this.huge.values()].filter((entry) => entry.block * HUGE >= start && entry.block * HUGE < end)
  }

  /** Whether the block of a page is empty, and wholly within a mapping that wants huge pages. */
  wantsHuge(vma: Vma, page: number): boolean {
    const first = blockOf(page) * HUGE
    const fits = first >= vma.start && first + HUGE <= vma.end
    const asked = vma.flags.hugePage && !vma.flags.noHugePage
    return vma.anonymous && asked && fits && !this.small.has(blockOf(page)) && !this.huge.has(blockOf(page))
  }

  /** Resident pages by kind: the RSS counters. */
  resident(): { anon: number; shmem: number } {
    let anon = 0
    let shmem = 0
    for (const entry of this.entries.values()) {
      if (entry.frame?.cached) shmem += 1
      else if (entry.frame !== undefined) anon += 1
    }
    for (const entry of this.huge.values()) if (entry.unit !== undefined) anon += HUGE
    return { anon, shmem }
  }
}
