// SPDX-License-Identifier: GPL-2.0-only
//
// Pages marked as mlocked. The model makes no claims about the mark itself. But clearing the mark takes the page's
// lock, and the model can't predict what happens during that wait.

import { Declined } from './declined'
import type { Frame, Unit } from './page'
import { HUGE, type ModelProcess } from './process'

/** mlock() has found a page. It skips a page that another task has locked. */
export function mlockPage(process: ModelProcess, page: number): void {
  const huge = process.hugeAt(page)
  const unit = process.frameAt(page)?.unit
  if (unit === undefined || unit.lockedBy !== undefined) return
  const onlyMapping = huge !== undefined && unit.mappings === 1
  if (!unit.compound || onlyMapping) unit.mlocked = true
}

/** The mapping of a range is no longer locked. */
export function munlockRange(process: ModelProcess, start: number, end: number): void {
  for (const { unit, block } of process.hugeWithin(start, end)) if (unit && block * HUGE >= start) munlockHuge(unit)
  for (const { state, frame } of process.entriesWithin(start, end)) {
    if (state !== 'present' || frame === undefined) continue
    if (!frame.unit.compound) munlockPage(frame)
    else if (frame.unit.frames[0] === frame) munlockHuge(frame.unit)
  }
}

/** The lock of a huge page is taken even if the page has no mark. */
function munlockHuge(unit: Unit): void {
  if (unit.lockedBy !== undefined) throw new Declined('munlock waits for the lock of a huge page')
  unit.mlocked = false
}

/** Clear the mark, unless a locked mapping is left. */
export function munlockPage(frame: Frame): void {
  const { unit } = frame
  if (!unit.mlocked) return
  if (unit.lockedBy !== undefined && !unit.isolated) throw new Declined('munlock waits for the lock of a page')
  unit.mlocked = false
  if (unit.isolated) return
  for (const { process, page } of frame.entries) if (process.vmas.at(page)?.flags.locked) unit.mlocked = true
}
