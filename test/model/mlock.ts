// SPDX-License-Identifier: GPL-2.0-only
//
// Pages marked as mlocked. The mark itself is nothing that the model makes claims about. But who takes it away needs the lock of the
// page, and what happens while that is waited for the model does not know.

import { Declined } from './declined'
import type { Frame, Unit } from './page'
import { HUGE, type ModelProcess } from './process'

/** mlock() has found a page. One that is locked by somebody else is passed over. */
export function mlockPage(process: ModelProcess, page: number): void {
  const huge = process.hugeAt(page)
  const unit = process.frameAt(page)?.unit
  if (unit === undefined || unit.lockedBy !== undefined) return
  const onlyMapping = huge !== undefined && unit.mappings === 1
  if (!unit.compound || onlyMapping) unit.mlocked = true
}

/** The mapping of a range is not locked any more. */
export function munlockRange(process: ModelProcess, start: number, end: number): void {
  for (const { unit, block } of process.hugeWithin(start, end)) if (unit && block * HUGE >= start) munlockHuge(unit)
  for (const { state, frame } of process.entriesWithin(start, end)) {
    if (state !== 'present' || frame === undefined) continue
    if (!frame.unit.compound) munlockPage(frame)
    else if (frame.unit.frames[0] === frame) munlockHuge(frame.unit)
  }
}

/** The lock of a huge page is taken whether or not it is marked. */
function munlockHuge(unit: Unit): void {
  if (unit.lockedBy !== undefined) throw new Declined('munlock waits for the lock of a huge page')
  unit.mlocked = false
}

/** The mark goes, unless there is a locked mapping left. */
export function munlockPage(frame: Frame): void {
  const { unit } = frame
  if (!unit.mlocked) return
  if (unit.lockedBy !== undefined && !unit.isolated) throw new Declined('munlock waits for the lock of a page')
  unit.mlocked = false
  if (unit.isolated) return
  for (const { process, page } of frame.entries) if (process.vmas.at(page)?.flags.locked) unit.mlocked = true
}
