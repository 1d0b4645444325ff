// SPDX-License-Identifier: GPL-2.0-only
//
// Actions of another task on a page: lock it, or take it off the LRU.

import type { Errno } from '../side'
import { addToLru, isolateFromLru } from './lru'
import type { Folio, Ref } from './page'
import type { Space } from './space'

/** A page that was pinned, held or isolated. The zero page has no folio: references to it prevent nothing. */
export interface Held {
  readonly kind: 'pin' | 'hold' | 'isolate'
  readonly folio: Folio | undefined
  readonly ref: Ref
}

/** Also the page in the swap cache behind a swap entry. */
export function folioAt(space: Space, page: number): Folio | undefined {
  return space.entries.get(page)?.slot?.cached ?? space.frameAt(page)?.folio
}

/** Reference and lock the page at a page number. */
export function hold(space: Space, page: number): Held | Errno {
  const folio = folioAt(space, page)
  if (folio === undefined) return 'ENOENT'
  if (folio.locked) return 'EBUSY'
  const ref = folio.get('hold')
  folio.tryLock(ref)
  return { kind: 'hold', folio, ref }
}

/** Take the page at a page number off the LRU. */
export function isolate(space: Space, page: number): Held | Errno {
  const folio = folioAt(space, page)
  if (folio === undefined) return 'ENOENT'
  if (!isolateFromLru(folio)) return 'EBUSY'
  return { kind: 'isolate', folio, ref: folio.get('isolate') }
}

/** Undo a pin, hold or isolate. */
export function drop({ kind, folio, ref }: Held): void {
  if (folio === undefined) return
  folio.unlock(ref)
  if (kind === 'isolate') addToLru(folio)
  folio.put(ref)
}
