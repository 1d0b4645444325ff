// SPDX-License-Identifier: GPL-2.0-only
//
// The swap area and the swap cache. A slot is in use while somebody remembers it, or while its page is in memory.

import type { Entry, Folio, ModelFile } from './page'

export class SwapSlot {
  /** The swap entries of page tables. */
  readonly entries = new Set<Entry>()
  /** The file that remembers the slot in the place of a page. */
  file: ModelFile | undefined
  /** The page of the slot in the swap cache. */
  cached: Folio | undefined
  /** What was written there. */
  value = 0

  /** How many remember it. */
  get users(): number {
    return this.entries.size + (this.file === undefined ? 0 : 1)
  }

  get free(): boolean {
    return this.users === 0 && this.cached === undefined
  }
}

export class SwapArea {
  readonly slots: readonly SwapSlot[]
  /** Where the search for a free slot begins: behind the last one that was given. */
  #next = 0
  /** The last free slot was given, and the worker has not run since. */
  #exhausted = false

  constructor(size: number) {
    this.slots = Array.from({ length: size }, () => new SwapSlot())
  }

  get free(): number {
    return this.slots.filter(({ free }) => free).length
  }

  /** vm_swap_full(): more than half of the slots are in use. */
  get full(): boolean {
    return 2 * this.free < this.slots.length
  }

  /** add_to_swap(): put a page into the swap cache. False: there is no slot for it. */
  add(folio: Folio): boolean {
    const slot = this.#allocate()
    if (slot === undefined) return false
    join(slot, folio)
    folio.set('dirty')
    this.#given()
    return true
  }

  /** A slot for a page of a file, which leaves memory. */
  take(file: ModelFile): SwapSlot | undefined {
    const slot = this.#allocate()
    if (slot === undefined) return undefined
    slot.file = file
    this.#given()
    return slot
  }

  #given(): void {
    if (this.free === 0) this.#exhausted = true
  }

  /** The next slot that is free. If the area is full, a slot that only has a page in memory will do. */
  #allocate(): SwapSlot | undefined {
    if (this.free === 0) return undefined
    const { length } = this.slots
    for (let i = 0; i < length; i++) {
      const number = (this.#next + i) % length
      const slot = this.slots[number] as SwapSlot
      if (this.full) reclaimSlot(slot)
      if (!slot.free) continue
      this.#next = number + 1
      return slot
    }
    return undefined
  }

  /** The worker that runs after a command that took the last free slot. */
  work(): void {
    if (this.#exhausted && this.free === 0) for (const slot of this.slots) reclaimSlot(slot)
    this.#exhausted = false
  }

  /** free_swap_and_cache(): one user less. */
  release(slot: SwapSlot): void {
    if (slot.cached !== undefined && (slot.cached.mapCount === 0 || this.full)) reclaimSlot(slot)
  }
}

/** Free a slot that only has a page in memory, if the page can be locked. */
function reclaimSlot({ cached }: SwapSlot): void {
  if (cached !== undefined && !cached.locked) freeSlot(cached)
}

export function join(slot: SwapSlot, folio: Folio): void {
  slot.cached = folio
  folio.slot = slot
}

export function leave(folio: Folio): void {
  if (folio.slot !== undefined) folio.slot.cached = undefined
  folio.slot = undefined
}

/** folio_free_swap(): the page leaves the swap cache if nobody remembers its slot. It is dirty then. */
export function freeSlot(folio: Folio): boolean {
  if (folio.slot === undefined || folio.slot.users > 0) return false
  leave(folio)
  folio.set('dirty')
  return true
}

/** free_swap_cache(): an entry that mapped the page is gone. */
export function freeUnmapped(folio: Folio): void {
  if (folio.mapCount === 0 && !folio.locked) freeSlot(folio)
}
