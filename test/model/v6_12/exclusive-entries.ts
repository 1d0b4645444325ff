// SPDX-License-Identifier: GPL-2.0-only
//
// The CPU finds device-exclusive entries in the place of mappings, and takes the pages back.

import type { Steps } from '../steps'
import type { Vma } from '../vma'
import type { FaultLock, Handled } from './fault-lock'
import type { Entry, Frame } from './page'
import type { Space } from './space'
import { waitForLock } from './wait'

/** remove_device_exclusive_entry(): the CPU gets the page back, if the entry is still there once the page is locked. */
export function* exclusiveFault(space: Space, vma: Vma, entry: Entry, lock: FaultLock): Steps<Handled> {
  const { page, frame, write, soft, wp } = entry
  if (frame === undefined) return 'ok'
  const { folio } = frame
  if (folio.locked && lock.giveUp !== undefined) {
    lock.giveUp()
    yield* waitForLock(folio)
    return 'mmap'
  }
  yield* waitForLock(folio)
  space.invalidate(page, page + 1)
  const same = entry.write === write && entry.soft === soft && entry.wp === wp
  if (space.entries.get(page) === entry && same) restoreExclusive(space, vma, entry, frame)
  return 'ok'
}

/** restore_exclusive_pte() */
export function restoreExclusive(space: Space, vma: Vma, { page, write, soft, wp }: Entry, frame: Frame): void {
  const writable = write && !wp && vma.flags.write
  space.map(vma, page, frame, { write: writable, dirty: writable, soft: soft || writable, wp })
}
