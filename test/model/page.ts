// SPDX-License-Identifier: GPL-2.0-only
//
// Pages and who has them. Nothing here counts: how often a page is mapped and referenced follows from the sets.

import type { ModelProcess } from './process'

/** A shmem or tmpfs file: pages that exist whether or not somebody maps them. */
export interface ModelFile {
  /** The page number at which page 0 of it is mapped, in every process. */
  readonly firstPage: number
  readonly cache: Map<number, Frame>
}

/** One reference to a page beside those of mappings: a pin, a hold, a migration, a waiting task, … */
export interface Ref {
  readonly by: string
}

/** What a process has at one page number. */
export interface Entry {
  readonly process: ModelProcess
  readonly page: number
  /** `zero` has no frame; `migration` and `device` are out of reach of the CPU. */
  state: 'zero' | 'present' | 'device' | 'migration'
  frame: Frame | undefined
  write: boolean
  dirty: boolean
  young: boolean
  soft: boolean
}

/** What a process has at 512 page numbers at once. */
export interface HugeEntry {
  readonly process: ModelProcess
  /** Number of the first page / 512. */
  readonly block: number
  /** Undefined: the huge zero page. */
  readonly unit: Unit | undefined
  write: boolean
  dirty: boolean
  young: boolean
  soft: boolean
}

/** Pages that are locked, referenced, and taken off the LRU together: one frame, or the 512 of a huge page. */
export class Unit {
  readonly frames: Frame[]
  readonly huge = new Set<HugeEntry>()
  readonly refs = new Set<Ref>()
  lockedBy: Ref | undefined
  isolated = false
  /** PG_mlocked. It is here because munlock waits for the lock of such pages. */
  mlocked = false
  /** PG_dirty. It is here because MADV_FREE looks at it. */
  dirty = false

  constructor(frames: Frame[]) {
    this.frames = frames
  }

  get compound(): boolean {
    return this.frames.length > 1
  }

  /** A new reference. */
  get(by: string): Ref {
    const ref = { by }
    this.refs.add(ref)
    return ref
  }

  put(ref: Ref): void {
    this.refs.delete(ref)
  }

  /** Lock it for the one with this reference; false where it is locked already. */
  tryLock(ref: Ref): boolean {
    if (this.lockedBy !== undefined) return false
    this.lockedBy = ref
    return true
  }

  unlock(ref: Ref): void {
    if (this.lockedBy === ref) this.lockedBy = undefined
  }

  /** How many entries map pages of it, a huge entry once. */
  get mappings(): number {
    return this.huge.size + this.frames.reduce((sum, frame) => sum + frame.smallMappings, 0)
  }

  /** How many entries map the page of it that is mapped most. */
  get mostMappings(): number {
    return this.huge.size + Math.max(...this.frames.map((frame) => frame.smallMappings))
  }

  /** page_count() */
  get refCount(): number {
    const [first] = this.frames
    const base = first?.device === undefined ? 0 : 1
    const cache = first?.cached ? 1 : 0
    return base + cache + this.mappings + this.refs.size
  }
}

/** One page of memory. */
export class Frame {
  /** Number of a device page; undefined for a page of RAM. */
  readonly device: number | undefined
  /** Whether it belongs to a file. */
  readonly cached: boolean
  /** Its first byte; nothing else is ever written. */
  value = 0
  unit: Unit
  readonly entries = new Set<Entry>()

  constructor(kind: { device?: number; cached?: boolean } = {}) {
    this.device = kind.device
    this.cached = kind.cached ?? false
    this.unit = new Unit([this])
  }

  /** The entries that count as mappings; those of a migration under way do not. */
  get smallMappings(): number {
    let count = 0
    for (const entry of this.entries) if (entry.state !== 'migration') count += 1
    return count
  }

  /** page_mapcount() */
  get mapCount(): number {
    return this.unit.huge.size + this.smallMappings
  }

  /** The mark of mlocked pages goes with the last mapping. */
  forgetMlock(): void {
    if (this.mapCount === 0) this.unit.mlocked = false
  }

  /** Whether nobody has it; what a page of the device is then. */
  get free(): boolean {
    return this.unit.refs.size === 0 && this.entries.size === 0
  }
}

/** A huge page, filled with zeroes. */
export function newHugePage(): Unit {
  const unit = new Unit(Array.from({ length: 512 }, () => new Frame()))
  for (const frame of unit.frames) frame.unit = unit
  return unit
}
