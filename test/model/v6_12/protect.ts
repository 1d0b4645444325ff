// SPDX-License-Identifier: GPL-2.0-only
//
// mprotect(), and write protection by userfaultfd, which changes entries in the same way.

import { Declined } from '../declined'
import type { Errno, Prot } from '../side'
import type { Steps } from '../steps'
import { PROTS, type Vma, type VmaFlags } from '../vma'
import { changeAll } from '../vma-ranges'
import type { Bits } from './bits'
import { partsOf, populateLocked } from './calls'
import { KEPT } from './fault-lock'
import { type Entry, type Frame, isPresent } from './page'
import { blockOf, HUGE, type Space } from './space'

export function* protect(space: Space, start: number, end: number, prot: Prot): Steps<Errno> {
  const flagsOf = (vma: Vma) => protectedFlags(vma, prot)
  return yield* changeAll(
    space.vmas,
    start,
    end,
    flagsOf,
    function* ({ vma, start: from, end: to, old }) {
      changeProtection(space, vma, from, to, false)
      if (old.locked && !old.write && !vma.shared && vma.flags.write) yield* populateLocked(space, vma, from, to, KEPT)
    },
    (vma) => space.locks.mark(vma),
  )
}

/** Private memory counts as committed once it is writable. It does no longer if it becomes read-only untouched. */
function protectedFlags({ flags, shared, anonymous, anonVma }: Vma, prot: Prot): VmaFlags {
  const rights = PROTS[prot]
  if (rights.read === flags.read && rights.write === flags.write) return flags
  const untouched = anonymous && anonVma === undefined
  const account = rights.write ? flags.account || !shared : flags.account && !untouched
  return { ...flags, ...rights, account }
}

/** change_protection(). `wp`: for userfaultfd. */
function changeProtection(space: Space, vma: Vma, start: number, end: number, wp: boolean): void {
  const markers = wp && !vma.anonymous
  if (markers) for (let page = start; page < end; page++) space.addSmallTable(page)
  for (const range of space.protectionRanges(start, end)) space.invalidate(range.start, range.end)
  for (let at = start; at < end; ) {
    const next = Math.min((blockOf(at) + 1) * HUGE, end)
    const huge = space.hugeAt(at)
    if (huge !== undefined && next - at < HUGE) space.splitEntry(blockOf(at))
    else if (huge !== undefined) changeEntry(vma, huge, huge.folio?.head, wp)
    for (; at < next; at++) changePage(space, vma, at, wp, markers)
  }
}

function changePage(space: Space, vma: Vma, page: number, wp: boolean, markers: boolean): void {
  const entry = space.entries.get(page)
  if (entry === undefined) {
    if (markers) space.mark(page)
  } else if (isPresent(entry.kind)) changeEntry(vma, entry, entry.frame, wp)
  else changeSwapEntry(entry, wp)
}

/**
 * Entries that can be written to become entries that can be read. Those of the device are soft-dirty no more then; those
 * of a migration remember that the page was exclusive.
 */
function changeSwapEntry(entry: Entry, wp: boolean): void {
  const { kind, write, frame } = entry
  if (write && kind === 'device') entry.soft = false
  if (write && kind === 'migration') entry.alone = !frame?.folio.cached
  entry.write = false
  if (wp && kind !== 'marker') entry.wp = true
}

/** An entry gets the rights of fresh ones, or more if no fault is needed to see the next store. */
function changeEntry(vma: Vma, entry: Bits, frame: Frame | undefined, wp: boolean): void {
  if (wp) entry.wp = true
  entry.write = !wp && (vma.freshWritable || mayWriteAtOnce(vma, entry, frame))
}

/**
 * can_change_pte_writable(). For shared mappings it is not asked: the kernel looks at the rights of before to see whether
 * it wants to be told of stores, and finds that it does not.
 */
function mayWriteAtOnce(vma: Vma, entry: Bits, frame: Frame | undefined): boolean {
  if (!vma.flags.write || (!vma.softDirty && !entry.soft)) return false
  if (entry.wp && vma.flags.writeProtectMode) return false
  return !vma.shared && frame !== undefined && !frame.folio.cached && frame.exclusive
}

/** Register a range with userfaultfd, in one of two modes. */
export function* registerUserfault(space: Space, start: number, end: number, wp: boolean): Steps<Errno> {
  const touched = space.vmas.within(start, end)
  if (touched.some((vma) => vma.flags.kind === 'hugetlb')) throw new Declined('userfaultfd on hugetlb memory')
  if (touched.length === 0 || touched.some((vma) => vma.special)) return 'EINVAL'
  for (let at = start; at < end; ) {
    const vma = space.vmas.find(at)
    if (vma === undefined || vma.start >= end) break
    const [from, to] = [Math.max(at, vma.start), Math.min(vma.end, end)]
    yield* space.locks.mark(vma)
    const has = wp ? vma.flags.writeProtectMode : vma.flags.missingMode
    const flags = has ? vma.flags : { ...vma.flags, missingMode: !wp, writeProtectMode: wp }
    at = Math.max(to, space.vmas.change(vma, from, to, flags).end)
  }
  return 'ok'
}

/** mwriteprotect_range(): write-protect what is there. */
export function writeProtect(space: Space, start: number, end: number): Errno {
  let result: Errno = 'ENOENT'
  for (const { vma, from, to } of partsOf(space, start, end)) {
    if (!vma.flags.writeProtectMode) return 'ENOENT'
    changeProtection(space, vma, from, to, true)
    result = 'ok'
  }
  return result
}
