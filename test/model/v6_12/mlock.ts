// SPDX-License-Identifier: GPL-2.0-only
//
// Marks of folios in locked mappings. Folios wait in a batch until the lists of the LRU see the change. Nothing waits
// for a page lock here.

import type { Vma } from '../vma'
import { batch } from './batch'
import { BATCH } from './lru'
import type { Folio, Ref } from './page'
import type { Space } from './space'

interface Work {
  readonly folio: Folio
  readonly ref: Ref
  readonly apply: (folio: Folio) => void
}

/** The batch of the only CPU. It is emptied before each command, and by some calls. */
export class MlockBatch {
  #works: Work[] = []

  /** mlock_folio(): a folio that is mapped by one more locked mapping. */
  mlock(folio: Folio): void {
    folio.set('mlocked')
    this.#add(folio, onMlock)
  }

  /** mlock_new_folio(): a folio that is on no list yet. */
  mlockNew(folio: Folio): void {
    folio.set('mlocked')
    this.#add(folio, onMlockNew)
  }

  /** munlock_folio() */
  munlock(folio: Folio): void {
    this.#add(folio, onMunlock)
  }

  #add(folio: Folio, apply: (folio: Folio) => void): void {
    this.#works.push({ folio, ref: folio.get('batch'), apply })
    if (this.#works.length === BATCH || folio.large) this.drain()
  }

  drain(): void {
    for (const { folio, ref, apply } of this.#works) {
      apply(folio)
      folio.put(ref)
    }
    this.#works = []
  }
}

function onMlock(folio: Folio): void {
  if (!folio.has('lru')) return
  if (!folio.has('mlocked')) folio.set('unevictable', false)
  else if (folio.has('unevictable')) folio.mlockCount += 1
  else makeUnevictable(folio)
}

function onMlockNew(folio: Folio): void {
  folio.set('lru')
  if (folio.has('mlocked')) makeUnevictable(folio)
}

function makeUnevictable(folio: Folio): void {
  folio.set('active', false)
  folio.set('unevictable')
  folio.mlockCount = 1
}

/** The last of the locked mappings that the kernel has counted takes the mark away. */
function onMunlock(folio: Folio): void {
  const onList = folio.has('lru') && folio.has('unevictable')
  if (onList) {
    folio.mlockCount = Math.max(0, folio.mlockCount - 1)
    if (folio.mlockCount > 0) return
  }
  folio.set('mlocked', false)
  if (onList) folio.set('unevictable', false)
}

/** The pages of a range of a mapping, when it becomes locked, or is locked no longer. */
export function mlockRange(space: Space, vma: Vma, start: number, end: number): void {
  const { mlocks, world } = space
  const { locked } = vma.flags
  const apply = (folio: Folio) => (locked ? mlocks.mlock(folio) : mlocks.munlock(folio))
  world.drain()
  for (const { folio } of space.hugeWithin(start, end)) if (folio !== undefined) apply(folio)
  for (let page = start; page < end; ) {
    const frame = space.presentAt(page)
    // Pages of a device are passed over.
    const folio = frame?.memory === 'system' ? frame.folio : undefined
    const step = batch(space, page, end)
    // A large folio is only mlocked if all of it is mapped within the range.
    if (folio !== undefined && (!locked || step === folio.frames.length)) apply(folio)
    page += step
  }
  world.drain()
}
