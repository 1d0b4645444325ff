// SPDX-License-Identifier: GPL-2.0-only
//
// get_user_pages() and pin_user_pages(): references to pages from outside. mlock() and MADV_POPULATE use them to make
// pages present.

import type { Errno, PinHow } from '../side'
import type { Steps } from '../steps'
import type { Vma } from '../vma'
import type { Access } from './access'
import { markWritten } from './bits'
import { handleFault } from './fault'
import { errnoOf, type FaultLock, type Handled, KEPT } from './fault-lock'
import type { Held } from './hold'
import { markAccessed } from './lru'
import { moveToSystem } from './migration'
import { type Folio, type Frame, isPresent } from './page'
import { blockOf, HUGE, type Space } from './space'

interface Wanted {
  readonly write: boolean
  /** FOLL_PIN */
  readonly dma: boolean
  /** FOLL_LONGTERM */
  readonly longterm?: boolean
  /** FOLL_TOUCH */
  readonly touch: boolean
  /** FOLL_SPLIT_PMD */
  readonly split?: boolean
}

/** Pin one page. */
export function pin(space: Space, page: number, how: PinHow): Steps<Held | Errno> {
  return space.locks.read(() => pinLocked(space, page, how))
}

function* pinLocked(space: Space, page: number, { write, dma, longterm }: PinHow): Steps<Held | Errno> {
  const counted = dma || longterm
  if (counted) space.everPinned = true
  const vma = space.vmas.at(page)
  if (vma === undefined || vma.flags.kind === 'special' || !(write ? vma.flags.write : vma.flags.read)) return 'EFAULT'
  for (;;) {
    const outcome = yield* makePresent(space, vma, page, { write, dma: counted, longterm, touch: !counted })
    if (outcome !== 'ok') return errnoOf(outcome)
    const frame = space.frameAt(page)
    if (!longterm || frame?.memory !== 'coherent') return heldBy(frame?.folio, counted)
    if (!(yield* moveToSystem(space.world, frame))) return 'EBUSY'
  }
}

function heldBy(folio: Folio | undefined, dma: boolean): Held {
  return { kind: 'pin', folio, ref: folio?.get('pin', dma) ?? { by: 'pin of the zero page', dma } }
}

/** How far pages of a mapping were made present. `mmap`: mmap_lock was given up at the page, to wait for it. */
export interface Populated {
  readonly outcome: Handled
  readonly page: number
}

/** Make pages of a part of a mapping present, as long as the lock is kept. */
export function* populate(
  space: Space,
  vma: Vma,
  start: number,
  end: number,
  write: boolean,
  lock: FaultLock = KEPT,
): Steps<Populated> {
  let outcome: Handled = 'ok'
  let page = start
  while (page < end && outcome === 'ok') {
    outcome = yield* makePresent(space, vma, page, { write, dma: false, touch: true }, lock)
    if (outcome === 'ok') page += 1
  }
  space.world.drain()
  return { outcome, page }
}

/** Fault until the page can be followed. */
export function* makePresent(
  space: Space,
  vma: Vma,
  page: number,
  wanted: Wanted,
  lock: FaultLock = KEPT,
): Steps<Handled> {
  for (;;) {
    if (wanted.split && space.hugeAt(page) !== undefined) space.splitEntry(blockOf(page))
    const access = follow(space, vma, page, wanted)
    if (access === undefined) return 'ok'
    const outcome = yield* handleFault(space, vma, page, access, lock)
    if (outcome !== 'ok') return outcome
  }
}

/** The kind of fault that is needed; undefined: none, the page is found. */
function follow(space: Space, vma: Vma, page: number, wanted: Wanted): Access | undefined {
  const huge = space.hugeAt(page)
  const entry = huge ?? space.entries.get(page)
  if (entry === undefined || ('kind' in entry && !isPresent(entry.kind))) return wanted.write ? 'write' : 'read'
  if (wanted.write && !entry.write) return 'write'
  const frame = huge === undefined ? space.frameAt(page) : huge.folio?.frames[page % HUGE]
  if (wanted.dma && !wanted.write && !entry.write && mustUnshare(vma, frame, huge !== undefined, wanted))
    return 'unshare'
  if (!wanted.touch) return undefined
  if (huge !== undefined) {
    if (wanted.write) markWritten(huge)
  } else if (frame !== undefined) {
    if (wanted.write && !entry.dirty) frame.folio.set('dirty')
    markAccessed(frame.folio)
  }
  return undefined
}

/** gup_must_unshare(): a long-term pin must not see a page that the next store replaces. */
function mustUnshare(vma: Vma, frame: Frame | undefined, huge: boolean, { longterm = false }: Wanted): boolean {
  if (frame === undefined || frame.folio.cached) return longterm && !vma.shared
  return !(huge ? frame.folio.head : frame).exclusive
}
