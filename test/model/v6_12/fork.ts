// SPDX-License-Identifier: GPL-2.0-only
//
// fork(): both processes share the pages, read-only.

import { Declined } from '../declined'
import type { Steps } from '../steps'
import { Vma } from '../vma'
import { batch } from './batch'
import type { Bits } from './bits'
import { NO_BITS, writtenBits } from './bits'
import { restoreExclusive } from './exclusive-entries'
import { type Entry, Frame, type HugeEntry } from './page'
import { blockOf, HUGE, type Space } from './space'

/** dup_mmap(). False: it failed, and the child is not complete. */
export function* forkInto(parent: Space, child: Space): Steps<boolean> {
  for (const vma of parent.vmas.list) {
    yield* parent.locks.mark(vma)
    if (!vma.flags.dontFork && !forkVma(parent, child, vma)) return false
  }
  return true
}

function forkVma(parent: Space, child: Space, vma: Vma): boolean {
  const unset = { locked: false, missingMode: false, writeProtectMode: false }
  const copy = new Vma(vma.start, vma.end, { ...vma.flags, ...unset })
  copy.softDirty = vma.softDirty
  if (copy.flags.file !== undefined) copy.linkBehind(vma)
  child.vmas.add(copy)
  // Nothing but special memory is copied of a mapping without anonymous pages: faults bring its pages back.
  if (vma.flags.kind === 'special') copyTables(parent, child, vma)
  if (vma.anonVma === undefined) return true
  if (vma.flags.kind === 'hugetlb') throw new Declined('fork with a hugetlb page')
  copy.anonVma = {}
  copy.chain = new Set([...vma.chain, copy.anonVma])
  parent.invalidate(vma.start, vma.end)
  copyTables(parent, child, vma)
  for (const entry of parent.hugeWithin(vma.start, vma.end)) copyHuge(parent, child, entry)
  for (let page = vma.start; page < vma.end; ) {
    const count = copyEntry(parent, child, vma, copy, page)
    if (count === 0) return false
    page += count
  }
  return true
}

function copyTables(parent: Space, child: Space, vma: Vma): void {
  for (let block = blockOf(vma.start); block * HUGE < vma.end; block++) {
    if (parent.hasHugeTable(block * HUGE)) child.addHugeTable(block * HUGE)
    if (parent.smallTables.has(block)) child.addSmallTable(block * HUGE)
  }
}

/** A huge page that may be pinned is split, so that its pages are copied one by one. */
function copyHuge(parent: Space, child: Space, entry: HugeEntry): void {
  const { block, folio } = entry
  if (folio?.head.exclusive && parent.everPinned && folio.maybePinned) {
    parent.splitEntry(block)
    return
  }
  if (folio !== undefined) folio.head.exclusive = false
  entry.write = false
  child.mapHuge(block, folio, shared(entry))
}

/** Returns how many entries were copied, 0 if one can't be. */
function copyEntry(parent: Space, child: Space, vma: Vma, copy: Vma, page: number): number {
  const entry = parent.entries.get(page)
  switch (entry?.kind) {
    case undefined:
    case 'marker':
      return 1
    case 'migration':
      shareMigration(child, entry)
      return 1
    case 'swap':
      shareSlot(child, entry)
      return 1
    case 'device':
      shareDevice(child, copy, entry)
      return 1
    case 'exclusive': {
      const frame = entry.frame as Frame
      if (frame.folio.locked) return 0
      restoreExclusive(parent, vma, entry, frame)
    }
  }
  return copyPresent(parent, child, vma, copy, parent.entries.get(page) as Entry)
}

function shareMigration(child: Space, entry: Entry): void {
  const { page, young, dirty, soft } = entry
  Object.assign(entry, { write: false, alone: false })
  child.addSmallTable(page)
  child.add({ ...entry, ...NO_BITS, young, dirty, soft, space: child })
}

function shareSlot(child: Space, entry: Entry): void {
  const { page, soft } = entry
  entry.alone = false
  child.addSmallTable(page)
  child.add({ ...entry, ...NO_BITS, soft, space: child })
}

/** The soft-dirty bit of an entry that can be written to is lost, the parent's, too. */
function shareDevice(child: Space, copy: Vma, entry: Entry): void {
  const frame = entry.frame as Frame
  frame.exclusive = false
  if (entry.write) Object.assign(entry, { write: false, soft: false })
  child.map(copy, entry.page, frame, { soft: entry.soft })
}

/** Returns how many entries were copied. Those of a large folio are copied together, with the bits of the first one. */
function copyPresent(parent: Space, child: Space, vma: Vma, copy: Vma, entry: Entry): number {
  const { frame, page } = entry
  if (frame === undefined) {
    entry.write = false
    child.mapZero(page, shared(entry))
    return 1
  }
  if (mustCopy(parent, frame)) {
    child.mapNew(copy, page, new Frame(frame.value), writtenBits(copy))
    return 1
  }
  const count = frame.folio.maybePinned ? 1 : likeCount(parent, vma, page)
  for (let i = 0; i < count; i++) share(child, copy, parent.entries.get(page + i) as Entry, entry)
  return count
}

/** A page that may be pinned for DMA stays with the parent. */
function mustCopy(parent: Space, frame: Frame): boolean {
  return parent.everPinned && !frame.folio.cached && frame.exclusive && frame.folio.maybePinned
}

/** How many neighbouring entries are copied together. */
function likeCount(parent: Space, vma: Vma, page: number): number {
  const first = parent.entries.get(page) as Entry
  const most = batch(parent, page, vma.end)
  for (let i = 1; i < most; i++) {
    const entry = parent.entries.get(page + i) as Entry
    if (entry.dirty !== first.dirty || (!vma.softDirty && entry.soft !== first.soft)) return i
  }
  return most
}

function share(child: Space, copy: Vma, entry: Entry, first: Entry): void {
  const frame = entry.frame as Frame
  frame.exclusive = false
  entry.write = false
  child.map(copy, entry.page, frame, shared(first))
}

/** The child's bits. */
function shared({ dirty, soft }: Bits): Partial<Bits> {
  return { dirty, soft }
}
