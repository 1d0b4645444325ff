// SPDX-License-Identifier: GPL-2.0-only
//
// Migrations as the driver of the drills makes them, in steps: of a range, and of pages of the device.

import type { Steps } from '../steps'
import type { Device } from './device'
import { allocate, type Choice } from './driver'
import { emptySlot, finalize, movePages, type Range, type Slot, unmapAll } from './migrate'
import { collect, type Selection } from './migrate-collect'
import type { Frame } from './page'
import type { Space } from './space'
import type { World } from './world'

export class Migration {
  readonly slots: readonly Slot[]
  /** Whether there is anything to migrate. If not, the migration is over; that of device pages always goes on. */
  readonly goesOn: boolean
  readonly #world: World
  readonly #range: Range | undefined
  readonly #leave: () => void

  /** migrate_vma_setup(), with mmap_lock held for reading to the end. Undefined: EINVAL. */
  static ofRange(space: Space, start: number, end: number, selection: Selection): Migration | undefined {
    const vma = space.vmas.find(start)
    if (vma === undefined || vma.special || start < vma.start || end > vma.end || start >= end) return undefined
    const leave = space.locks.enter()
    const slots = collect(space, vma, start, end, selection)
    return new Migration(space.world, slots, leave, { space, vma, end, owner: selection.owner })
  }

  /** migrate_device_range(). No lock of a process is held. */
  static ofDevice(world: World, device: Device, first: number, last: number): Migration {
    const slots = Array.from({ length: last - first + 1 }, (_, i) => takeDevicePage(device, first + i))
    return new Migration(world, slots, () => {})
  }

  private constructor(world: World, slots: readonly Slot[], leave: () => void, range?: Range) {
    this.slots = slots
    this.#world = world
    this.#range = range
    this.#leave = leave
    const wanted = () => range === undefined || slots.some(({ migrate }) => migrate)
    if (wanted()) unmapAll(world, slots)
    this.goesOn = wanted()
    if (!this.goesOn) leave()
  }

  allocate(choice: Choice): void {
    allocate(this.#world, this.slots, choice)
  }

  move(): void {
    movePages(this.#world, this.slots, this.#range)
  }

  finish(): void {
    finalize(this.#world, this.slots)
    this.#leave()
  }
}

/** The word of a device page: 0 if it is free, or locked. */
function takeDevicePage(device: Device, number: number): Slot {
  const slot = emptySlot(number, false)
  const frame = device.page(number)
  if (frame === undefined || frame.folio.refCount === 0) return slot
  const ref = frame.folio.get('migrate')
  if (frame.folio.tryLock(ref)) return { ...slot, migrate: true, frame, ref }
  frame.folio.put(ref)
  return slot
}

/** migrate_device_coherent_folio(): what a long-term pin does before. False: the page has to stay. */
export function* moveToSystem(world: World, frame: Frame): Steps<boolean> {
  const { folio } = frame
  const ref = folio.get('migrate')
  let locked = false
  try {
    if (folio.locked) yield { ready: () => !folio.locked }
    locked = folio.tryLock(ref)
  } finally {
    if (!locked) folio.put(ref)
  }
  const slots = [{ ...emptySlot(frame.device ?? 0, true), frame, ref }]
  const isMoving = () => slots.some(({ migrate }) => migrate)
  unmapAll(world, slots)
  if (!isMoving()) return false
  allocate(world, slots, { to: 'system', skip: () => false })
  movePages(world, slots)
  const moved = isMoving()
  finalize(world, slots)
  return moved
}
