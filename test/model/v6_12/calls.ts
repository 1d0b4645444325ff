// SPDX-License-Identifier: GPL-2.0-only
//
// System calls that change mappings.

import { Declined } from '../declined'
import type { Errno, MapRequest } from '../side'
import type { Steps } from '../steps'
import { newVma, type Vma, type VmaFlags } from '../vma'
import { type Changed, changeAll } from '../vma-ranges'
import type { FaultLock } from './fault-lock'
import { type Populated, populate } from './gup'
import { mlockRange } from './mlock'
import { Frame, isPresent, ModelFile } from './page'
import { ReadLock } from './read-lock'
import { HUGE, type Space } from './space'
import { closeFile } from './truncate'
import { zap } from './zap'

/** Pages of memory that hugetlb mappings can have. */
const HUGETLB_POOL = 4 * HUGE

export function map(space: Space, request: MapRequest): Errno {
  const { kind, start, pages } = request
  if (kind === 'hugetlb') reserve(space, pages)
  const file = kind === 'anon' ? undefined : new ModelFile(pages)
  space.vmas.add(newVma(request, file))
  if (kind === 'special') mapSpecial(space, file as ModelFile, start, pages)
  return 'ok'
}

/** The pool of huge pages is small, and the model does not know how much of it is left. */
function reserve({ world }: Space, pages: number): void {
  world.hugetlbPages += pages
  if (world.hugetlbPages > HUGETLB_POOL) throw new Declined('more hugetlb memory than there is')
}

/** Memory of some device: it is mapped from the start, shared by all who map it, and no page of the system's. */
function mapSpecial(space: Space, { cache }: ModelFile, start: number, pages: number): void {
  for (let i = 0; i < pages; i++) {
    space.addSmallTable(start + i)
    cache.set(i, new Frame(0))
  }
}

/** The parts of the mappings of a range. */
export function partsOf(space: Space, start: number, end: number): { vma: Vma; from: number; to: number }[] {
  return space.vmas
    .within(start, end)
    .map((vma) => ({ vma, from: Math.max(start, vma.start), to: Math.min(end, vma.end) }))
}

/** The files of a range are closed when mmap_lock is free again, the last one first. */
export function* unmap(space: Space, start: number, end: number): Steps<Errno> {
  const gone = yield* space.locks.write(() => removeMappings(space, start, end))
  for (const vma of gone.reverse()) yield* closeFile(space.world, vma)
  return 'ok'
}

/** Returns the mappings that are gone. */
export function* removeMappings(space: Space, start: number, end: number): Steps<Vma[]> {
  if (space.vmas.within(start, end).length === 0) return []
  for (const vma of space.vmas.within(start, end)) {
    yield* space.locks.mark(vma)
    space.vmas.split(start)
    space.vmas.split(end)
  }
  space.world.drain()
  space.invalidate(start, end)
  const parts = partsOf(space, start, end)
  for (const { vma, from, to } of parts) zap(space, vma, from, to, false)
  space.vmas.remove(start, end)
  space.freeTables(start, end)
  return parts.map(({ vma }) => vma)
}

/** The end of a process. Its watcher is gone before. */
export function* exit(space: Space): Steps<Errno> {
  if (space.starving > 0) throw new Declined('the end of a process that waits for memory: it would be killed there')
  if (!space.locks.idle) yield { ready: () => space.locks.idle }
  space.watched = false
  space.world.drain()
  const { list } = space.vmas
  for (const vma of list) zap(space, vma, vma.start, vma.end, false)
  space.vmas.list = []
  space.world.spaces.delete(space)
  for (const vma of [...list].reverse()) yield* closeFile(space.world, vma)
  return 'ok'
}

export function* lock(space: Space, start: number, end: number): Steps<Errno> {
  const result = yield* space.locks.write(() => changeLocked(space, start, end, true))
  if (result !== 'ok') return result
  const held = new ReadLock(space.locks)
  return yield* held.during(() => populateAll(space, start, end, held))
}

/** __mm_populate() */
function* populateAll(space: Space, start: number, end: number, held: ReadLock): Steps<Errno> {
  for (let at = start; at < end; ) {
    yield* held.take()
    const vma = space.vmas.find(at)
    if (vma === undefined || vma.start >= end) break
    at = Math.max(at, vma.start)
    const to = Math.min(vma.end, end)
    const lock = { ofVma: false, giveUp: held.giveUp }
    const { outcome, page } = vma.special
      ? ({ outcome: 'ok', page: to } as const)
      : yield* populateLocked(space, vma, at, to, lock)
    // A call that got pages ends without an error; the next one begins at the page that fails.
    if (outcome === 'SIGBUS' && page === at) return 'ENOMEM'
    if (outcome === 'OOM' && page === at) return 'EAGAIN'
    at = page
  }
  return 'ok'
}

/** populate_vma_page_range(): as a store where copy-on-write could come later. SIGBUS: a page can't be made present. */
export function* populateLocked(space: Space, vma: Vma, start: number, end: number, lock: FaultLock): Steps<Populated> {
  if (!vma.accessible) return { outcome: 'SIGBUS', page: start }
  return yield* populate(space, vma, start, end, vma.flags.write && !vma.shared, lock)
}

export function unlock(space: Space, start: number, end: number): Steps<Errno> {
  return changeLocked(space, start, end, false)
}

function changeLocked(space: Space, start: number, end: number, locked: boolean): Steps<Errno> {
  const flagsOf = (vma: Vma): VmaFlags => (vma.special ? vma.flags : { ...vma.flags, locked })
  // biome-ignore lint/correctness/useYield: marking pages never waits.
  const changed = function* ({ vma, start: from, end: to }: Changed): Steps<void> {
    mlockRange(space, vma, from, to)
  }
  return changeAll(space.vmas, start, end, flagsOf, changed, (vma) => space.locks.mark(vma))
}

/** Clearing soft-dirty bits takes write access from present entries, so that the next write is seen. */
export function* clearSoftDirty(space: Space): Steps<Errno> {
  for (const vma of space.vmas.list) {
    yield* space.locks.mark(vma)
    vma.softDirty = false
  }
  space.invalidate(0, Number.POSITIVE_INFINITY)
  for (const entry of space.entries.values()) {
    if (!isPresent(entry.kind)) {
      entry.soft = false
      continue
    }
    const pinned = space.everPinned && entry.write && !entry.frame?.folio.cached && entry.frame?.folio.maybePinned
    if (!pinned) Object.assign(entry, { write: false, soft: false })
  }
  for (const entry of space.huge.values()) Object.assign(entry, { write: false, soft: false })
  return 'ok'
}
