// SPDX-License-Identifier: GPL-2.0-only
//
// The LRU lists, as far as page flags show them. The kernel collects changes in batches. The model has the batch of new
// folios here, and that of mlock in mlock.ts. It applies other changes at once: no other batch lasts long enough to be
// noticed.

import type { Folio, Ref } from './page'

/** Most folios in a batch. */
export const BATCH = 31
/** SWAP_CLUSTER_MAX: pages that reclaim takes at a time, and is content with. */
export const BATCH_OF_RECLAIM = 32

/** How often folios were put on lists. */
let placed = 0

/** The folio becomes the newest one of its list. */
function place(folio: Folio): void {
  placed += 1
  folio.listed = placed
}

/** New folios, and those that are put back. They are on no list until the batch is emptied. */
export class AddBatch {
  #waiting: { folio: Folio; ref: Ref }[] = []

  /** folio_add_lru() */
  add(folio: Folio): void {
    this.#waiting.push({ folio, ref: folio.get('batch') })
    folio.adding = true
    if (this.#waiting.length === BATCH || folio.large) this.drain()
  }

  drain(): void {
    for (const { folio, ref } of this.#waiting) {
      folio.adding = false
      addToLru(folio)
      folio.put(ref)
    }
    this.#waiting = []
  }
}

/** Add a folio that is on no list. */
export function addToLru(folio: Folio): void {
  const evictable = !folio.has('mlocked')
  folio.set('unevictable', !evictable)
  if (!evictable) {
    folio.set('active', false)
    folio.mlockCount = 0
  }
  folio.set('lru')
  place(folio)
}

/** False if the folio is on no list. */
export function isolateFromLru(folio: Folio): boolean {
  if (!folio.has('lru')) return false
  folio.set('lru', false)
  return true
}

/** folio_mark_accessed(). A folio that is on no list, and in no batch, loses `referenced` and does not become active. */
export function markAccessed(folio: Folio): void {
  if (!folio.has('referenced')) folio.set('referenced')
  else if (!folio.has('unevictable') && !folio.has('active')) {
    if (folio.has('lru') || folio.adding) folio.set('active')
    folio.set('referenced', false)
  }
}

/** folio_mark_lazyfree() */
export function markLazyFree(folio: Folio): void {
  if (folio.cached || !folio.has('swapbacked') || folio.has('unevictable') || !folio.has('lru')) return
  for (const flag of ['active', 'referenced', 'swapbacked'] as const) folio.set(flag, false)
  place(folio)
}

/** folio_deactivate() */
export function makeCold(folio: Folio): void {
  if (!folio.has('unevictable') && folio.has('lru')) folio.set('active', false)
}
