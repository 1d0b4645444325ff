// SPDX-License-Identifier: GPL-2.0-only
//
// Faults on huge entries.

import type { Steps } from '../steps'
import type { Vma } from '../vma'
import type { Access } from './access'
import { markWritten, writtenBits } from './bits'
import { type FaultLock, type Handled, prepareAnonVma } from './fault-lock'
import { type Folio, type HugeEntry, newHugePage } from './page'
import { blockOf, type Space } from './space'
import { waitForLock } from './wait'

/** The first fault in a block that may have a huge page. `fallback`: the page has to be a small one. */
export function hugeFault(space: Space, vma: Vma, page: number, access: Access, lock: FaultLock): Handled | 'fallback' {
  if (!prepareAnonVma(space, vma, lock)) return 'mmap'
  const folio = access === 'write' ? newHugePage() : undefined
  if (folio !== undefined && !space.world.memcg.charge(...folio.frames)) return 'fallback'
  if (vma.flags.missingMode) return 'SIGBUS'
  if (folio !== undefined) space.mapNewHuge(vma, blockOf(page), folio, writtenBits(vma))
  else space.mapHuge(blockOf(page), undefined, { young: true })
  return 'ok'
}

/** A store to a huge entry that is not writable. `fallback`: it is split; try the store on small entries. */
export function* hugeWriteFault(
  space: Space,
  vma: Vma,
  entry: HugeEntry,
  access: Access,
): Steps<'ok' | 'SIGBUS' | 'fallback'> {
  const { folio, block } = entry
  if (access === 'write' && entry.wp && vma.flags.writeProtectMode) return 'SIGBUS'
  if (folio !== undefined) {
    if (!folio.head.exclusive) {
      yield* waitForLock(folio)
      if (space.huge.get(block) !== entry) return 'ok'
    }
    if (ownedAlone(folio)) {
      folio.head.exclusive = true
      folio.anonVma = vma.anonVma
      if (access === 'write') reuse(vma, entry)
      return 'ok'
    }
  }
  space.splitEntry(block)
  return 'fallback'
}

function ownedAlone(folio: Folio): boolean {
  return folio.head.exclusive || folio.refCount === 1
}

function reuse(vma: Vma, entry: HugeEntry): void {
  markWritten(entry)
  entry.write = vma.flags.write
}
