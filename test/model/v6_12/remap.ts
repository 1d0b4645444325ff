// SPDX-License-Identifier: GPL-2.0-only
//
// mremap() to another place, with equal length.

import type { Errno } from '../side'
import type { Steps } from '../steps'
import { Vma } from '../vma'
import type { Bits } from './bits'
import { removeMappings } from './calls'
import { blockOf, HUGE, type Space } from './space'

export function* remap(space: Space, start: number, end: number, to: number): Steps<Errno> {
  const vma = space.vmas.at(start)
  if (vma === undefined || end > vma.end) return 'EFAULT'
  yield* space.locks.mark(vma)
  const target = movedVma(vma, start, end, to)
  const realigned = alignDown(space, vma, target, start)
  space.vmas.add(target)
  moveTables(space, vma, start - realigned, end, to - realigned)
  yield* removeMappings(space, start, end)
  return 'ok'
}

function movedVma(vma: Vma, start: number, end: number, to: number): Vma {
  const touched = !vma.anonymous || vma.anonVma !== undefined
  const origin = touched ? vma.flags.origin + to - start : 0
  const target = new Vma(to, to + end - start, { ...vma.flags, origin, missingMode: false, writeProtectMode: false })
  target.softDirty = vma.softDirty
  target.takeAnonVma(vma)
  return target
}

/** By how many pages the move may begin earlier, so that it moves whole tables. */
function alignDown(space: Space, vma: Vma, target: Vma, start: number): number {
  const past = start % HUGE
  const pages = target.end - target.start
  if (past === 0 || past !== target.start % HUGE || pages < HUGE - past || vma.start !== start) return 0
  const alone = (from: number) => space.vmas.within(from - past, from).length === 0
  return alone(start) && alone(target.start) ? past : 0
}

function moveTables(space: Space, vma: Vma, start: number, end: number, to: number): void {
  space.invalidate(start, end)
  const userfault = vma.flags.missingMode || vma.flags.writeProtectMode
  for (let at = start; at < end; ) {
    const there = at - start + to
    const pages = Math.min(HUGE - (at % HUGE), HUGE - (there % HUGE), end - at)
    moveBlock(space, at, there, pages, userfault)
    at += pages
  }
}

/** Entries become soft-dirty, but not those of a table that moves as a whole. userfaultfd's marks are lost. */
function moveBlock(space: Space, from: number, to: number, pages: number, userfault: boolean): void {
  if (!space.hasHugeTable(from)) return
  space.addHugeTable(to)
  const whole = pages === HUGE
  const huge = space.hugeAt(from)
  if (huge !== undefined) {
    if (whole) {
      moveHuge(space, from, to, userfault)
      return
    }
    space.splitEntry(blockOf(from))
  }
  if (!space.smallTables.has(blockOf(from))) return
  space.addSmallTable(to)
  const keepsSoft = whole && !userfault
  for (let i = 0; i < pages; i++) moveEntry(space, from + i, to + i, keepsSoft, userfault)
  if (keepsSoft) space.smallTables.delete(blockOf(from))
}

function moveHuge(space: Space, from: number, to: number, userfault: boolean): void {
  const entry = space.hugeAt(from)
  if (entry === undefined) return
  space.huge.delete(blockOf(from))
  entry.folio?.huge.delete(entry)
  space.mapHuge(blockOf(to), entry.folio, movedBits(entry, false, userfault))
}

function moveEntry(space: Space, from: number, to: number, keepsSoft: boolean, userfault: boolean): void {
  const entry = space.entries.get(from)
  if (entry === undefined) return
  space.remove(entry)
  if (entry.kind === 'marker' && userfault) return
  space.add({ ...entry, ...movedBits(entry, keepsSoft, userfault), page: to })
}

function movedBits({ write, dirty, young, soft, wp }: Bits, keepsSoft: boolean, userfault: boolean): Bits {
  return { write, dirty, young, soft: soft || !keepsSoft, wp: wp && !userfault }
}
