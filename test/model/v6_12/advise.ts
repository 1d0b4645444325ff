// SPDX-License-Identifier: GPL-2.0-only
//
// madvise()

import type { Advice } from '../../../lib'
import { Declined } from '../declined'
import type { Errno } from '../side'
import type { Steps } from '../steps'
import type { Vma, VmaFlags } from '../vma'
import { visitAll } from '../vma-ranges'
import { batch } from './batch'
import { collapse } from './collapse'
import { populate } from './gup'
import { splitFolio } from './huge-split'
import { makeCold, markLazyFree } from './lru'
import type { Entry, Folio, HugeEntry } from './page'
import { blockOf, HUGE, type Space } from './space'
import { zap } from './zap'

export function* advise(space: Space, start: number, end: number, advice: Advice): Steps<Errno> {
  if (advice === 'populate_read' || advice === 'populate_write')
    return yield* populateAll(space, start, end, advice === 'populate_write')
  return yield* visitAll(space.vmas, start, end, (vma, from, to) => adviseOne(space, vma, from, to, advice))
}

function* populateAll(space: Space, start: number, end: number, write: boolean): Steps<Errno> {
  for (let at = start; at < end; ) {
    const vma = space.vmas.at(at)
    if (vma === undefined) return 'ENOMEM'
    if (vma.flags.kind === 'special' || !(write ? vma.flags.write : vma.flags.read)) return 'EINVAL'
    const to = Math.min(vma.end, end)
    if (!(yield* populate(space, vma, at, to, write))) return 'EFAULT'
    at = to
  }
  return 'ok'
}

function* adviseOne(space: Space, vma: Vma, start: number, end: number, advice: Advice): Steps<Errno> {
  const change = (flags: Partial<VmaFlags>): Errno => {
    space.vmas.change(vma, start, end, { ...vma.flags, ...flags })
    return 'ok'
  }
  switch (advice) {
    case 'dontneed':
      return dontNeed(space, vma, start, end)
    case 'free':
      return free(space, vma, start, end)
    case 'cold':
      return cold(space, vma, start, end)
    case 'collapse':
      return yield* collapse(space, vma, start, end)
    case 'hugepage':
      return change({ hugePage: true, noHugePage: false })
    case 'nohugepage':
      return change({ hugePage: false, noHugePage: true })
    case 'dontfork':
      return change({ dontFork: true })
    case 'dofork':
      return change({ dontFork: false })
    case 'unmergeable':
      return 'ok'
    default:
      throw new Declined(`advice ${advice}`)
  }
}

function dontNeed(space: Space, vma: Vma, start: number, end: number): Errno {
  if (vma.flags.kind === 'hugetlb') throw new Declined('MADV_DONTNEED of a hugetlb mapping')
  if (vma.flags.locked || vma.special) return 'EINVAL'
  space.mlocks.drain()
  space.invalidate(start, end)
  zap(space, vma, start, end, true)
  return 'ok'
}

function free(space: Space, vma: Vma, start: number, end: number): Errno {
  if (vma.flags.locked || vma.special || !vma.anonymous) return 'EINVAL'
  space.mlocks.drain()
  space.invalidate(start, end)
  for (const [from, to] of blocks(start, end)) if (!freeHuge(space, from, to)) freeSmall(space, from, to)
  return 'ok'
}

/** The parts of a range, one for each page table. */
function* blocks(start: number, end: number): Generator<[number, number]> {
  for (let at = start; at < end; at = (blockOf(at) + 1) * HUGE) yield [at, Math.min((blockOf(at) + 1) * HUGE, end)]
}

/** True if the block is still huge, and done. */
function freeHuge(space: Space, start: number, end: number): boolean {
  const entry = space.hugeAt(start)
  if (entry === undefined) return false
  const { folio } = entry
  if (folio === undefined || folio.likelyShared || folio.locked) return true
  if (end - start < HUGE) return !trySplit(space, folio)
  clean(entry, folio)
  return true
}

/** Without memory pressure MADV_FREE only makes entries old and clean. */
function clean(entry: Entry | HugeEntry, folio: Folio): void {
  folio.set('dirty', false)
  Object.assign(entry, { young: false, dirty: false })
  markLazyFree(folio)
}

/** Lock a folio and split it. */
function trySplit({ world }: Space, folio: Folio): boolean {
  const ref = folio.get('madvise')
  const split = folio.tryLock(ref) && splitFolio(world, folio)
  folio.unlock(ref)
  folio.put(ref)
  return split
}

function freeSmall(space: Space, start: number, end: number): void {
  for (let page = start; page < end; ) page += freePages(space, page, end)
}

/** Returns the number of entries that are done; 0 after a split. */
function freePages(space: Space, page: number, end: number): number {
  const folio = presentFolio(space, page)
  if (folio === undefined) return 1
  const count = batch(space, page, end)
  if (count < folio.frames.length) return folio.likelyShared || !trySplit(space, folio) ? count : 0
  if (folio.has('dirty') && (folio.locked || folio.mapCount !== folio.frames.length)) return count
  for (let i = 0; i < count; i++) clean(space.entries.get(page + i) as Entry, folio)
  return count
}

function presentFolio(space: Space, page: number): Folio | undefined {
  return space.entries.get(page)?.frame?.folio
}

function cold(space: Space, vma: Vma, start: number, end: number): Errno {
  if (vma.flags.locked || vma.special) return 'EINVAL'
  space.mlocks.drain()
  for (const [from, to] of blocks(start, end))
    if (!coldHuge(space, from, to)) for (let page = from; page < to; ) page += coldPages(space, page, to)
  return 'ok'
}

/** True if the block is still huge, and done. */
function coldHuge(space: Space, start: number, end: number): boolean {
  const entry = space.hugeAt(start)
  if (entry === undefined) return false
  const { folio } = entry
  if (folio === undefined || folio.likelyShared) return true
  if (end - start < HUGE) return !trySplit(space, folio)
  entry.young = false
  makeCold(folio)
  return true
}

/** Returns the number of entries that are done; 0 after a split. */
function coldPages(space: Space, page: number, end: number): number {
  const folio = presentFolio(space, page)
  if (folio === undefined) return 1
  const count = batch(space, page, end)
  if (count < folio.frames.length) return folio.likelyShared || !trySplit(space, folio) ? count : 0
  if (!folio.has('lru') || folio.mapCount !== folio.frames.length) return count
  for (let i = 0; i < count; i++) (space.entries.get(page + i) as Entry).young = false
  makeCold(folio)
  return count
}
