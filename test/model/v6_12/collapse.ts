// SPDX-License-Identifier: GPL-2.0-only
//
// MADV_COLLAPSE: small pages become a huge page.

import { Declined } from '../declined'
import type { Errno } from '../side'
import type { Steps } from '../steps'
import type { Vma } from '../vma'
import { writtenBits } from './bits'
import { handleFault } from './fault'
import { isolateFromLru } from './lru'
import { type Entry, type Folio, isPresent, newHugePage } from './page'
import { HUGE, type Space } from './space'
import { freeUnmapped } from './swap'

/** Of one huge page. `give up`: EINVAL, and the pages behind it are not tried. EBUSY ends the call, too. */
type Result = Errno | 'give up'

/** The pages of a part of a mapping. mmap_lock is taken for each huge page, and dropped in between. */
export function* collapse(space: Space, vma: Vma, start: number, end: number): Steps<Errno> {
  yield* space.locks.read(nothing)
  if (!maySuit(vma)) return 'EINVAL'
  if (!vma.anonymous) throw new Declined('MADV_COLLAPSE of a file')
  space.world.drain()
  const first = Math.ceil(start / HUGE)
  const last = Math.floor(end / HUGE)
  let failure: Errno = 'EINVAL'
  let done = 0
  for (let block = first; block < last; block++) {
    const result = yield* collapseBlock(space, vma, block)
    if (result === 'ok') done += 1
    else failure = result === 'give up' ? 'EINVAL' : result
    if (result === 'give up' || result === 'EBUSY') break
  }
  return done === last - first ? 'ok' : failure
}

/** Under mmap_lock for reading. */
export function* nothing(): Steps<void> {}

/** Whether a huge page could be in the mapping. */
function maySuit(vma: Vma): boolean {
  const last = Math.floor(vma.end / HUGE)
  if (vma.special || vma.flags.noHugePage || last * HUGE - HUGE < vma.start) return false
  return !vma.anonymous || vma.anonVma !== undefined
}

function* collapseBlock(space: Space, vma: Vma, block: number): Steps<Result> {
  if (space.huge.has(block)) return 'ok'
  const found = yield* space.locks.read(() => scanBlock(space, vma, block))
  if (found !== 'ok') return found
  const huge = newHugePage()
  if (!space.world.memcg.charge(...huge.frames)) return 'EBUSY'
  const ref = huge.get('collapse')
  try {
    const back = yield* bringBack(space, vma, block)
    if (back !== 'ok') return back
    return yield* space.locks.write(() => replaceBlock(space, vma, block, huge))
  } finally {
    huge.put(ref)
  }
}

/** hpage_collapse_scan_pmd() */
function* scanBlock(space: Space, vma: Vma, block: number): Steps<Result> {
  const entries = entriesOf(space, block)
  if (entries.every((entry) => entry === undefined) && !space.smallTables.has(block)) return 'give up'
  return firstFailure(vma, entries, true)
}

function entriesOf(space: Space, block: number): (Entry | undefined)[] {
  return Array.from({ length: HUGE }, (_, i) => space.entries.get(block * HUGE + i))
}

function firstFailure(vma: Vma, entries: readonly (Entry | undefined)[], bring: boolean): Result {
  const failure = entries.map((entry) => scan(vma, entry, bring)).find((each) => each !== undefined)
  return failure ?? (entries.some((entry) => entry?.kind === 'present' && entry.write) ? 'ok' : 'EINVAL')
}

/** __collapse_huge_page_swapin(): pages that are not present come back. */
function* bringBack(space: Space, vma: Vma, block: number): Steps<Result> {
  const unlock = yield* space.locks.acquire()
  let held = true
  const giveUp = () => {
    if (held) unlock()
    held = false
  }
  let some = false
  try {
    for (let page = block * HUGE; page < (block + 1) * HUGE; page++) {
      const entry = space.entries.get(page)
      if (entry === undefined || isPresent(entry.kind)) continue
      some = true
      const outcome = yield* handleFault(space, vma, page, 'read', { ofVma: false, giveUp })
      if (outcome !== 'ok') return outcome === 'mmap' ? 'EAGAIN' : 'give up'
    }
  } finally {
    giveUp()
  }
  if (some) space.world.drain()
  return 'ok'
}

/** The part with mmap_lock held for writing. */
function* replaceBlock(space: Space, vma: Vma, block: number, huge: Folio): Steps<Result> {
  const start = block * HUGE
  if (!space.vmas.list.includes(vma) || start < vma.start || start + HUGE > vma.end) return 'give up'
  yield* space.locks.mark(vma)
  space.invalidate(start, start + HUGE)
  const entries = entriesOf(space, block)
  const found = firstFailure(vma, entries, false)
  if (found === 'ok') replace(space, vma, block, entries, huge)
  return found
}

/** Why the entry can't be part of a huge page. `bring`: a page that is not present will be brought back. */
function scan(vma: Vma, entry: Entry | undefined, bring: boolean): Result | undefined {
  if (entry?.wp || entry?.kind === 'marker') return 'EINVAL'
  if (entry !== undefined && !isPresent(entry.kind)) return bring ? undefined : 'EINVAL'
  if (entry?.frame === undefined) return vma.flags.missingMode || vma.flags.writeProtectMode ? 'EBUSY' : undefined
  if (entry.frame.memory !== 'system') return 'EINVAL'
  const { folio } = entry.frame
  if (folio.cached) return 'give up'
  const free = folio.has('lru') && !folio.locked && folio.refCount === folio.mapCount + folio.cacheCount
  return free ? undefined : 'EAGAIN'
}

function replace(space: Space, vma: Vma, block: number, entries: (Entry | undefined)[], huge: Folio): void {
  for (const [i, frame] of huge.frames.entries()) frame.value = entries[i]?.frame?.value ?? 0
  const old = new Set(entries.flatMap((entry) => entry?.frame?.folio ?? []))
  for (let i = 0; i < HUGE; i++) space.clear(block * HUGE + i)
  for (const folio of old) freeUnmapped(folio)
  // Isolated when they were copied, and put back.
  for (const folio of old) if (folio.mapCount > 0) isolateFromLru(folio)
  for (const folio of old) if (folio.mapCount > 0) folio.set('lru')
  space.smallTables.delete(block)
  space.mapNewHuge(vma, block, huge, writtenBits(vma))
}
