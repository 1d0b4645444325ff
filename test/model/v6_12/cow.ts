// SPDX-License-Identifier: GPL-2.0-only
//
// A store to an entry that is not writable: do_wp_page().

import type { Steps } from '../steps'
import type { Vma } from '../vma'
import type { Access } from './access'
import { markWritten, writtenBits } from './bits'
import { type FaultLock, type Handled, prepareAnonVma } from './fault-lock'
import { type Entry, type Folio, Frame } from './page'
import type { Space } from './space'
import { freeSlot, freeUnmapped } from './swap'
import { waitForLock } from './wait'

/** With more references than this nobody looks any further. */
const MOST_REFERENCES = 3

export function* copyOnWrite(space: Space, vma: Vma, entry: Entry, access: Access, lock: FaultLock): Steps<Handled> {
  const { frame } = entry
  if (access === 'write' && entry.wp && vma.flags.writeProtectMode) return 'SIGBUS'
  if (vma.shared && frame !== undefined) {
    reuse(vma, entry)
    yield* waitForLock(frame.folio)
    frame.folio.set('dirty')
  } else if (frame !== undefined && ownedAlone(space, frame)) {
    frame.exclusive = true
    frame.folio.anonVma = vma.anonVma
    if (access === 'write') reuse(vma, entry)
  } else {
    return copyPage(space, vma, entry, access, lock)
  }
  return 'ok'
}

/** Whether an anonymous page needs no copy. No lock is waited for. */
function ownedAlone(space: Space, { folio, exclusive }: Frame): boolean {
  return !folio.cached && (exclusive || isLastReference(space, folio))
}

/** wp_can_reuse_anon_folio() */
function isLastReference({ world }: Space, folio: Folio): boolean {
  if (folio.large || folio.refCount > MOST_REFERENCES) return false
  if (!folio.has('lru')) world.drain()
  if (folio.refCount > 1 + folio.cacheCount || folio.locked) return false
  freeSlot(folio)
  return folio.refCount === 1
}

function reuse(vma: Vma, entry: Entry): void {
  markWritten(entry)
  entry.write = vma.flags.write
}

/** wp_page_copy(). A copy that unshares a page is still read-only and clean. */
function copyPage(space: Space, vma: Vma, entry: Entry, access: Access, lock: FaultLock): Handled {
  const { page, frame, soft, wp } = entry
  if (!prepareAnonVma(space, vma, lock)) return 'mmap'
  const copy = new Frame(frame?.value ?? 0)
  if (!space.world.memcg.charge(copy)) return 'OOM'
  space.invalidate(page, page + 1)
  space.mapNew(vma, page, copy, access === 'write' ? writtenBits(vma) : { young: true, soft, wp })
  if (frame !== undefined) freeUnmapped(frame.folio)
  return 'ok'
}
