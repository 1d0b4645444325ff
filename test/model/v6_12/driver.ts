// SPDX-License-Identifier: GPL-2.0-only
//
// The driver of the drills: the pages that it gives to a migration, and its fault handler.

import type { Memory } from '../side'
import type { Vma } from '../vma'
import type { Handled } from './fault-lock'
import { finalize, movePages, type Slot, unmapAll } from './migrate'
import { collect, type Selection } from './migrate-collect'
import { type Entry, Frame } from './page'
import type { Space } from './space'
import type { World } from './world'

/** What the driver does with each page. */
export interface Choice {
  readonly to: Memory
  /** Whether it leaves a page alone. */
  readonly skip: (page: number) => boolean
}

/** Take a page for each entry that the driver wants to move, and copy the contents. */
export function allocate(world: World, slots: readonly Slot[], { to, skip }: Choice): void {
  for (const slot of slots) {
    const { frame } = slot
    if (!slot.migrate || skip(slot.page)) continue
    if (frame?.memory === to) continue
    const destination = takePage(world, to)
    if (destination === undefined) continue
    destination.value = frame?.value ?? 0
    slot.destination = destination
    slot.destinationRef = destination.folio.get('driver')
    destination.folio.tryLock(slot.destinationRef)
  }
}

function takePage({ device, coherent, memcg }: World, memory: Memory): Frame | undefined {
  if (memory === 'system') return new Frame(0)
  const frame = (memory === 'private' ? device : coherent).take()
  if (frame !== undefined) memcg.forget(frame)
  return frame
}

const BACK: Selection = { system: false, private: true, coherent: false, owner: 'device' }

/** do_swap_page() of a device entry: migrate_to_ram() brings its page back. SIGBUS if the page does not move. */
export function migrateToRam(space: Space, vma: Vma, { page, frame }: Entry): Handled {
  const { world } = space
  const ref = frame?.folio.get('fault')
  const slots = collect(space, vma, page, page + 1, BACK)
  const wanted = slots.some(({ migrate }) => migrate)
  if (wanted) unmapAll(world, slots, frame)
  allocate(world, slots, { to: 'system', skip: () => false })
  movePages(world, slots, { space, vma, end: page + 1, owner: 'device' }, frame)
  const moved = slots.some(({ migrate }) => migrate)
  finalize(world, slots)
  if (ref !== undefined) frame?.folio.put(ref)
  return moved ? 'ok' : 'SIGBUS'
}
