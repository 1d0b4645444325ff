// SPDX-License-Identifier: GPL-2.0-only
//
// Pages, folios and entries. Nothing here counts: map counts and reference counts follow from the sets.

import type { Memory } from '../side'
import type { AnonVma, Vma } from '../vma'
import type { Bits } from './bits'
import type { Space } from './space'
import type { SwapSlot } from './swap'

/** One reference to a folio besides those of mappings. `dma`: taken with FOLL_PIN. */
export interface Ref {
  readonly by: string
  readonly dma: boolean
}

/**
 * - `zero`, `marker`: no frame.
 * - `present`, `device`: they map their frame.
 * - `migration`, `exclusive`: they point to a frame that they do not map.
 * - `swap`: it points to a slot.
 */
export type Kind = 'zero' | 'marker' | 'present' | 'device' | 'migration' | 'exclusive' | 'swap'

/** The entry of a process at one page number. */
export interface Entry extends Bits {
  readonly space: Space
  readonly page: number
  readonly kind: Kind
  readonly frame: Frame | undefined
  readonly slot: SwapSlot | undefined
  /** Of a page that was exclusive: a migration entry that is not writable, or a swap entry. */
  alone: boolean
}

export function isPresent(kind: Kind): boolean {
  return kind === 'zero' || kind === 'present'
}

export function isMapping(kind: Kind): boolean {
  return kind === 'present' || kind === 'device'
}

/** A huge entry of a process, for 512 page numbers. */
export interface HugeEntry extends Bits {
  readonly space: Space
  /** Number of the first page / 512. */
  readonly block: number
  /** Undefined: the huge zero page. */
  readonly folio: Folio | undefined
}

/** Flags of a folio, in the order in which dumps print them. */
export const FLAGS = [
  ...(['uptodate', 'dirty', 'lru', 'active', 'referenced', 'swapbacked', 'unevictable', 'mlocked'] as const),
]
export type Flag = (typeof FLAGS)[number]

/** What one FOLL_PIN adds to the reference count of a small folio. */
const PIN_BIAS = 1024

/** Pages that are locked, referenced, and taken off the LRU together: one frame, or the 512 of a huge page. */
export class Folio {
  readonly frames: Frame[]
  /** The file to which it belongs; undefined for an anonymous one. */
  file: ModelFile | undefined
  readonly huge = new Set<HugeEntry>()
  /** Its slot, if it is in the swap cache. */
  slot: SwapSlot | undefined
  /** Device-exclusive entries of its pages. Each has a reference. */
  readonly exclusives = new Set<Entry>()
  readonly refs = new Set<Ref>()
  readonly flags: Set<Flag>
  lockedBy: Ref | undefined
  /** It waits in the batch of those that are added to the LRU. */
  adding = false
  /** Of two folios on one list the one with the greater number came later. */
  listed = 0
  /** How many locked mappings the kernel knows of. It counts only for folios on the list of unevictable ones. */
  mlockCount = 0

  /** The anon_vma whose mappings may have its pages. */
  anonVma: AnonVma | undefined
  /** The number of its first page within its file, or for its anon_vma: a page number less the mapping's `origin`. */
  index = 0

  constructor(frames: Frame[], file: ModelFile | undefined, flags: Iterable<Flag>) {
    this.frames = frames
    this.file = file
    this.flags = new Set(flags)
  }

  /** __folio_set_anon() */
  becomeAnonymous(vma: Vma, page: number): void {
    this.set('swapbacked')
    this.anonVma = vma.anonVma
    this.index = page - vma.flags.origin
  }

  /** folio_mapping(): whether it is in the cache of a file, or in the swap cache. */
  get hasMapping(): boolean {
    return this.cached || this.slot !== undefined
  }

  /** Whether it belongs to a file. */
  get cached(): boolean {
    return this.file !== undefined
  }

  get large(): boolean {
    return this.frames.length > 1
  }

  get head(): Frame {
    return this.frames[0] as Frame
  }

  /** A new reference. */
  get(by: string, dma = false): Ref {
    const ref = { by, dma }
    this.refs.add(ref)
    return ref
  }

  put(ref: Ref): void {
    this.refs.delete(ref)
  }

  /** Lock the folio for the holder of this reference; false if it is locked already. */
  tryLock(ref: Ref): boolean {
    if (this.locked) return false
    this.lockedBy = ref
    return true
  }

  unlock(ref: Ref): void {
    if (this.lockedBy === ref) this.lockedBy = undefined
  }

  get locked(): boolean {
    return this.lockedBy !== undefined
  }

  set(flag: Flag, on = true): void {
    if (on) this.flags.add(flag)
    else this.flags.delete(flag)
  }

  has(flag: Flag): boolean {
    return this.flags.has(flag)
  }

  /** folio_mapcount(): the number of entries; a huge entry counts once. */
  get mapCount(): number {
    return this.huge.size + this.frames.reduce((sum, frame) => sum + frame.entries.size, 0)
  }

  /** Whether its file holds it. */
  get inCache(): boolean {
    return this.file?.cache.get(this.index) === this.head
  }

  /** References of the caches. */
  get cacheCount(): number {
    return (this.inCache ? 1 : 0) + (this.slot === undefined ? 0 : 1)
  }

  /** folio_ref_count() */
  get refCount(): number {
    let outside = 0
    for (const { dma } of this.refs) outside += dma && !this.large ? PIN_BIAS : 1
    return this.exclusives.size + this.cacheCount + this.mapCount + outside
  }

  /** folio_maybe_dma_pinned() */
  get maybePinned(): boolean {
    return this.large ? [...this.refs].some(({ dma }) => dma) : this.refCount >= PIN_BIAS
  }

  /** folio_likely_mapped_shared(): a guess for large folios. */
  get likelyShared(): boolean {
    const count = this.mapCount
    if (count <= 1) return false
    if (!this.large) return true
    return this.huge.size > 0 || count > this.frames.length || this.head.entries.size > 1
  }
}

/** One page of memory, or of the device. */
export class Frame {
  /** Its first byte; nothing else is ever written. */
  value: number
  folio: Folio
  readonly entries = new Set<Entry>()
  /** PageAnonExclusive */
  exclusive = false
  /** Of what memory it is. */
  readonly memory: Memory
  /** Its number, if it is a page of a device. */
  readonly device: number | undefined

  constructor(value: number, file?: ModelFile, memory: Memory = 'system', device?: number) {
    this.value = value
    this.memory = memory
    this.device = device
    this.folio = new Folio([this], file, memory === 'system' ? ['uptodate'] : [])
  }

  /** Whether CPUs map it. */
  get kind(): 'present' | 'device' {
    return this.memory === 'private' ? 'device' : 'present'
  }

  /** How often this very page is mapped, by itself or with its folio. */
  get mapCount(): number {
    return this.folio.huge.size + this.entries.size
  }
}

/** A huge page, filled with zeroes. */
export function newHugePage(): Folio {
  const frames = Array.from({ length: 512 }, () => new Frame(0))
  const folio = new Folio(frames, undefined, ['uptodate'])
  for (const frame of frames) frame.folio = folio
  return folio
}

/** A shmem or tmpfs file: its pages exist even if no process maps them. */
export class ModelFile {
  readonly cache = new Map<number, Frame>()
  /** The slots of its pages that left memory. */
  readonly swapped = new Map<number, SwapSlot>()
  /** Its length in pages. */
  size: number
  /** How many calls change its length, or wait for that. */
  resizers = 0
  /** One of them has the inode's lock. */
  resizing = false

  constructor(size: number) {
    this.size = size
  }
}
