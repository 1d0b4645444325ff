// SPDX-License-Identifier: GPL-2.0-only
//
// madvise()

import type { Advice } from '../../../lib'
import { Declined } from '../declined'
import type { Errno } from '../side'
import type { Steps } from '../steps'
import type { Vma, VmaFlags } from '../vma'
import { visitAll } from '../vma-ranges'
import { cold } from './cold'
import { collapse } from './collapse'
import { free } from './free'
import { populate } from './gup'
import type { Space } from './space'
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
      return cold(space, vma, start, end, false)
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
    case 'pageout':
      return cold(space, vma, start, end, true)
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
