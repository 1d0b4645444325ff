// SPDX-License-Identifier: GPL-2.0-only
//
// Pages and their owners. Nothing here counts: map counts and reference counts follow from the sets.

import type { ModelProcess } from './process'

/** A shmem or tmpfs file: its pages exist even if no process maps them. */
export interface ModelFile {
  readonly cache: Map<number, Frame>
}

/** One reference to a page besides those of mappings: a pin, a hold, a migration, a waiting task, … */
export interface Ref {
  readonly by: string
}

/** The entry of a process at one page number. */
export interface Entry {
  readonly process: ModelProcess
  readonly page: number
  /** `zero` has no frame. The CPU can't access `migration` and `device`. */
  state: 'zero' | 'present' | 'device' | 'migration'
  frame: Frame | undefined
  write: boolean
  dirty: boolean
  young: boolean
  soft: boolean
}

/** A huge entry of a process, for 512 page numbers. */
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

  /** Lock the unit for the holder of this reference; false if it is locked already. */
  tryLock(ref: Ref): boolean {
    if (this.lockedBy !== undefined) return false
    this.lockedBy = ref
    return true
  }

  unlock(ref: Ref): void {
    if (this.lockedBy === ref) this.lockedBy = undefined
  }

  /** The number of entries that map pages of the unit; a huge entry counts once. */
  get mappings(): number {
    return this.huge.size + this.frames.reduce((sum, frame) => sum + frame.smallMappings, 0)
  }

  /** The largest number of entries that map one page of the unit. */
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

  /** The last mapping clears the mlock mark. */
  forgetMlock(): void {
    if (this.mapCount === 0) this.unit.mlocked = false
  }

  /** Whether the page is free. */
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
