// SPDX-License-Identifier: GPL-2.0-only
//
// Actions of another task on a page: lock it, or take it off the LRU.

import type { Ref, Unit } from './page'
import type { ModelProcess } from './process'
import type { Errno } from './side'

/** A page that was pinned, held or isolated. The zero page has no unit: references to it prevent nothing. */
export interface Held {
  readonly kind: 'pin' | 'hold' | 'isolate'
  readonly unit: Unit | undefined
  readonly ref: Ref
}

function mappedUnit(process: ModelProcess, page: number): Unit | undefined {
  return process.entries.get(page)?.state === 'migration' ? undefined : process.frameAt(page)?.unit
}

/** Reference and lock the page at a page number. */
export function hold(process: ModelProcess, page: number): Held | Errno {
  const unit = mappedUnit(process, page)
  if (unit === undefined) return 'ENOENT'
  if (unit.lockedBy !== undefined) return 'EBUSY'
  const ref = unit.get('hold')
  unit.tryLock(ref)
  return { kind: 'hold', unit, ref }
}

/** Take the page at a page number off the LRU. */
export function isolate(process: ModelProcess, page: number): Held | Errno {
  const unit = mappedUnit(process, page)
  if (unit === undefined) return 'ENOENT'
  if (unit.isolated || unit.frames[0]?.device !== undefined) return 'EBUSY'
  unit.isolated = true
  return { kind: 'isolate', unit, ref: unit.get('isolate') }
}

/** Undo a pin, hold or isolate. */
export function drop({ kind, unit, ref }: Held): void {
  if (unit === undefined) return
  unit.unlock(ref)
  if (kind === 'isolate') unit.isolated = false
  unit.put(ref)
}
