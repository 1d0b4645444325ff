// SPDX-License-Identifier: GPL-2.0-only
//
// get_user_pages(): references to pages from outside. mlock() uses it to make pages present.

import { handleFault } from './fault'
import type { Held } from './hold'
import { mlockPage } from './mlock'
import type { ModelProcess } from './process'
import type { Errno } from './side'
import type { Steps } from './steps'
import type { Vma } from './vma'
import type { World } from './world'

/** Pin one page. */
export function* pin(world: World, process: ModelProcess, page: number, write: boolean): Steps<Held | Errno> {
  return yield* process.semaphore.read(function* () {
    const vma = process.vmas.at(page)
    if (vma === undefined || vma.flags.kind === 'special' || !(write ? vma.flags.write : vma.flags.read))
      return 'EFAULT'
    if (!(yield* makePresent(world, process, vma, page, write))) return 'EFAULT'
    const unit = process.frameAt(page)?.unit
    return { kind: 'pin' as const, unit, ref: unit?.get('pin') ?? { by: 'pin of the zero page' } }
  })
}

/** Fault until the page can be followed; false if it never can. */
function* makePresent(world: World, process: ModelProcess, vma: Vma, page: number, write: boolean): Steps<boolean> {
  while (!follow(process, page, write)) {
    if ((yield* handleFault(world, process, vma, page, write)) === 'SIGBUS') return false
  }
  return true
}

/** FOLL_TOUCH marks a huge entry as written, but not a small entry. */
function follow(process: ModelProcess, page: number, write: boolean): boolean {
  const huge = process.hugeAt(page)
  if (huge !== undefined) {
    if (write && !huge.write) return false
    if (write) Object.assign(huge, { young: true, dirty: true, soft: true })
    return true
  }
  const entry = process.entries.get(page)
  if (entry === undefined || (entry.state !== 'present' && entry.state !== 'zero')) return false
  if (write && !entry.write) return false
  if (write && entry.frame !== undefined && !entry.dirty) entry.frame.unit.dirty = true
  return true
}

/** Make all pages of a locked mapping present; false if one can't be. */
export function* populate(world: World, process: ModelProcess, vma: Vma, start: number, end: number): Steps<boolean> {
  if (!vma.accessible) return false
  const write = vma.flags.write && !vma.shared
  for (let page = start; page < end; page++) {
    if (!(yield* makePresent(world, process, vma, page, write))) return false
    if (vma.flags.locked) mlockPage(process, page)
  }
  return true
}
