// SPDX-License-Identifier: GPL-2.0-only
//
// Faults on swap entries: do_swap_page().

import type { Steps } from '../steps'
import type { Vma } from '../vma'
import type { Access } from './access'
import { copyOnWrite } from './cow'
import type { FaultLock, Handled } from './fault-lock'
import { type Entry, type Folio, Frame } from './page'
import type { Space } from './space'
import { freeSlot, join, type SwapSlot } from './swap'
import { waitForLock } from './wait'
import type { World } from './world'

/** A store to a page that can't be written to now goes on as copy-on-write in the same fault. */
export function* swapFault(
  space: Space,
  vma: Vma,
  entry: Entry,
  slot: SwapSlot,
  access: Access,
  lock: FaultLock,
): Steps<Handled> {
  const { page } = entry
  const outcome = yield* bringBack(space, vma, entry, slot, access, lock)
  const mapped = space.entries.get(page)
  if (outcome !== 'ok' || access !== 'write' || mapped?.kind !== 'present' || mapped.write) return outcome
  return yield* copyOnWrite(space, vma, mapped, access, lock)
}

function* bringBack(
  space: Space,
  vma: Vma,
  entry: Entry,
  slot: SwapSlot,
  access: Access,
  lock: FaultLock,
): Steps<Handled> {
  const { page, soft, wp, alone } = entry
  const folio = slot.cached ?? readSlot(space.world, slot)
  const ref = folio.get('fault')
  try {
    if (folio.locked && lock.giveUp !== undefined) {
      lock.giveUp()
      yield* waitForLock(folio)
      return 'mmap'
    }
    yield* waitForLock(folio)
    const same = entry.soft === soft && entry.wp === wp && entry.alone === alone
    if (folio.slot === slot && space.entries.get(page) === entry && same) mapSlot(space, vma, entry, folio, access)
    return 'ok'
  } finally {
    folio.put(ref)
  }
}

/** A page that left a short time ago is active when it comes back. */
function readSlot({ lruAdds }: World, slot: SwapSlot): Folio {
  const { folio } = new Frame(slot.value)
  folio.set('swapbacked')
  folio.set('active')
  join(slot, folio)
  lruAdds.add(folio)
  return folio
}

/** The caller has the only reference besides those of the caches and of entries. */
function mapSlot(space: Space, vma: Vma, entry: Entry, folio: Folio, access: Access): void {
  const { page, soft, wp, alone } = entry
  const store = access === 'write'
  const frame = folio.head
  if (store && !folio.has('lru')) space.world.drain()
  space.remove(entry)
  if (wantsSlotFreed(space.world, vma, folio, store)) freeSlot(folio)
  const exclusive = alone || folio.refCount === 1
  const write = exclusive && vma.flags.write && !wp && (vma.softDirty || soft)
  const dirty = write && store
  const bits = { write, dirty, young: true, soft: soft || dirty, wp }
  if (folio.anonVma === undefined) {
    folio.becomeAnonymous(vma, page)
    if (!exclusive) folio.anonVma = [...vma.chain][0]
    space.mapRead(page, frame, bits)
  } else {
    space.map(vma, page, frame, bits)
  }
  if (exclusive) frame.exclusive = true
}

/** should_try_to_free_swap() */
function wantsSlotFreed({ swap }: World, { flags }: Vma, folio: Folio, store: boolean): boolean {
  return swap.full || flags.locked || folio.has('mlocked') || (store && folio.refCount === 2)
}
