// SPDX-License-Identifier: GPL-2.0-only
//
// MADV_COLLAPSE: small pages become a huge page.

import { Declined } from '../declined'
import type { Errno } from '../side'
import type { Steps } from '../steps'
import type { Vma } from '../vma'
import { writtenBits } from './bits'
import { isolateFromLru } from './lru'
import { type Entry, type Folio, newHugePage } from './page'
import { HUGE, type Space } from './space'

// biome-ignore lint/correctness/useYield: it will wait when the model has migrations.
export function* collapse(space: Space, vma: Vma, start: number, end: number): Steps<Errno> {
  if (!maySuit(vma)) return 'EINVAL'
  if (!vma.anonymous) throw new Declined('MADV_COLLAPSE of a file')
  space.mlocks.drain()
  const first = Math.ceil(start / HUGE)
  const last = Math.floor(end / HUGE)
  let failure: Errno = 'EINVAL'
  let done = 0
  for (let block = first; block < last; block++) {
    const result = collapseBlock(space, vma, block)
    if (result === 'ok') done += 1
    else failure = result
  }
  return done === last - first ? 'ok' : failure
}

/** Whether a huge page could be in the mapping. */
function maySuit(vma: Vma): boolean {
  const last = Math.floor(vma.end / HUGE)
  if (vma.special || vma.flags.noHugePage || last * HUGE - HUGE < vma.start) return false
  return !vma.anonymous || vma.anonVma !== undefined
}

function collapseBlock(space: Space, vma: Vma, block: number): Errno {
  if (space.huge.has(block)) return 'ok'
  const start = block * HUGE
  const entries = Array.from({ length: HUGE }, (_, i) => space.entries.get(start + i))
  if (entries.every((entry) => entry === undefined) && !space.smallTables.has(block)) return 'EINVAL'
  for (const entry of entries) {
    const failure = scan(vma, entry)
    if (failure !== undefined) return failure
  }
  if (!entries.some((entry) => entry?.write)) return 'EINVAL'
  space.invalidate(start, start + HUGE)
  replace(space, vma, block, entries)
  return 'ok'
}

/** Why the entry can't be part of a huge page. */
function scan(vma: Vma, entry: Entry | undefined): Errno | undefined {
  if (entry?.wp || entry?.kind === 'marker') return 'EINVAL'
  if (entry?.frame === undefined) return vma.flags.missingMode || vma.flags.writeProtectMode ? 'EBUSY' : undefined
  const { folio } = entry.frame
  if (folio.cached) return 'EINVAL'
  const free = folio.has('lru') && !folio.locked && folio.refCount === folio.mapCount
  return free ? undefined : 'EAGAIN'
}

function replace(space: Space, vma: Vma, block: number, entries: (Entry | undefined)[]): void {
  const huge: Folio = newHugePage()
  for (const [i, frame] of huge.frames.entries()) frame.value = entries[i]?.frame?.value ?? 0
  const old = new Set(entries.flatMap((entry) => entry?.frame?.folio ?? []))
  for (let i = 0; i < HUGE; i++) space.clear(block * HUGE + i)
  // Isolated when they were copied, and put back.
  for (const folio of old) if (folio.mapCount > 0) isolateFromLru(folio)
  for (const folio of old) if (folio.mapCount > 0) folio.set('lru')
  space.smallTables.delete(block)
  space.mapNewHuge(vma, block, huge, writtenBits(vma))
}
