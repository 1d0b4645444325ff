// SPDX-License-Identifier: GPL-2.0-only
//
// madvise()

import type { Advice } from '../../../lib'
import { Declined } from '../declined'
import type { Errno } from '../side'
import type { Steps } from '../steps'
import { sameFlags, type Vma, type VmaFlags } from '../vma'
import { visitAll } from '../vma-ranges'
import { cold } from './cold'
import { collapse, nothing } from './collapse'
import { errnoOf, KEPT } from './fault-lock'
import { free } from './free'
import { populate } from './gup'
import { ReadLock } from './read-lock'
import type { Space } from './space'
import { zap } from './zap'

/** Advice that is taken under mmap_lock for writing. */
const WRITERS: readonly Advice[] = ['hugepage', 'nohugepage', 'dontfork', 'dofork', 'unmergeable']

export function* advise(space: Space, start: number, end: number, advice: Advice): Steps<Errno> {
  if (advice === 'collapse') {
    yield* space.locks.read(nothing)
    return yield* visitAll(space.vmas, start, end, (vma, from, to) => collapse(space, vma, from, to))
  }
  if (advice === 'populate_read' || advice === 'populate_write') {
    const held = new ReadLock(space.locks)
    return yield* held.during(() => populateAll(space, start, end, advice === 'populate_write', held))
  }
  const lock = WRITERS.includes(advice) ? 'write' : 'read'
  return yield* space.locks[lock](() => adviseLocked(space, start, end, advice))
}

function* adviseLocked(space: Space, start: number, end: number, advice: Advice): Steps<Errno> {
  return yield* visitAll(space.vmas, start, end, (vma, from, to) => adviseOne(space, vma, from, to, advice))
}

/** madvise_populate() */
function* populateAll(space: Space, start: number, end: number, write: boolean, held: ReadLock): Steps<Errno> {
  const giveUp = { ofVma: false, giveUp: held.giveUp }
  // The page for which the lock was given up is waited for with the lock, if it has to be.
  let tried = -1
  // Where the present call of get_user_pages() began: a fault fails the call if it got no page before.
  let first = start
  for (let at = start; at < end; ) {
    yield* held.take()
    const vma = space.vmas.at(at)
    if (vma === undefined) return 'ENOMEM'
    if (vma.flags.kind === 'special' || !(write ? vma.flags.write : vma.flags.read)) return 'EINVAL'
    const to = at === tried ? at + 1 : Math.min(vma.end, end)
    const { outcome, page } = yield* populate(space, vma, at, to, write, at === tried ? KEPT : giveUp)
    if (outcome === 'mmap') {
      tried = page
    } else if (outcome !== 'ok') {
      if (page === first) return errnoOf(outcome)
      first = page
    }
    at = page
  }
  return 'ok'
}

function* adviseOne(space: Space, vma: Vma, start: number, end: number, advice: Advice): Steps<Errno> {
  const change = function* (changed: Partial<VmaFlags>): Steps<Errno> {
    const flags = { ...vma.flags, ...changed }
    if (!sameFlags(vma.flags, flags)) yield* space.locks.mark(vma)
    space.vmas.change(vma, start, end, flags)
    return 'ok'
  }
  switch (advice) {
    case 'dontneed':
      return dontNeed(space, vma, start, end)
    case 'free':
      return free(space, vma, start, end)
    case 'cold':
      return cold(space, vma, start, end, false)
    case 'hugepage':
      return yield* change({ hugePage: true, noHugePage: false })
    case 'nohugepage':
      return yield* change({ hugePage: false, noHugePage: true })
    case 'dontfork':
      return yield* change({ dontFork: true })
    case 'dofork':
      return yield* change({ dontFork: false })
    case 'unmergeable':
      return 'ok'
    case 'pageout':
      return cold(space, vma, start, end, true)
    default:
      throw new Declined(`advice ${advice}`)
  }
}

function dontNeed(space: Space, vma: Vma, start: number, end: number): Errno {
  if (vma.flags.kind === 'hugetlb') throw new Declined('MADV_DONTNEED of a hugetlb mapping')
  if (vma.flags.locked || vma.special) return 'EINVAL'
  space.world.drain()
  space.invalidate(start, end)
  zap(space, vma, start, end, true)
  return 'ok'
}
