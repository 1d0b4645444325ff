// SPDX-License-Identifier: GPL-2.0-only
//
// Huge pages: how they are made and split.

import { Frame, type HugeEntry, newHugePage, Unit } from './page'
import { blockOf, HUGE, type ModelProcess } from './process'
import type { Steps } from './steps'
import type { Vma } from './vma'
import { waitForLock } from './wait'

const WRITTEN = { dirty: true, young: true, soft: true }

/** The first fault in a block that may have a huge page. */
export function hugeFault(process: ModelProcess, vma: Vma, page: number, write: boolean): 'ok' | 'SIGBUS' {
  process.vmas.prepareAnonVma(vma)
  if (vma.flags.missingMode) return 'SIGBUS'
  if (write) placeWritten(process, vma, blockOf(page), newHugePage())
  else process.placeHuge(blockOf(page), undefined, { young: true })
  return 'ok'
}

/** A store to a huge entry that is not writable. False: try the store on small entries. */
export function* hugeWriteFault(process: ModelProcess, vma: Vma, entry: HugeEntry): Steps<boolean> {
  const { unit, block } = entry
  const wanted = vma.flags.hugePage && !vma.flags.noHugePage
  if (unit === undefined) {
    if (wanted) placeWritten(process, vma, block, newHugePage())
    else process.splitEntry(block)
    return wanted
  }
  yield* waitForLock(unit)
  if (process.huge.get(block) !== entry) return true
  if (unit.mostMappings === 1) Object.assign(entry, WRITTEN, { write: vma.flags.write })
  else if (wanted) copyHuge(process, vma, block, unit)
  else copySmall(process, vma, block, unit)
  return true
}

function copyHuge(process: ModelProcess, vma: Vma, block: number, from: Unit): void {
  const copy = newHugePage()
  for (const [i, frame] of copy.frames.entries()) frame.value = from.frames[i]?.value ?? 0
  placeWritten(process, vma, block, copy)
}

function placeWritten(process: ModelProcess, vma: Vma, block: number, unit: Unit): void {
  process.placeHuge(block, unit, { ...WRITTEN, write: vma.flags.write })
  unit.mlocked = vma.flags.locked
}

function copySmall(process: ModelProcess, vma: Vma, block: number, from: Unit): void {
  process.dropHuge(block)
  for (let i = 0; i < HUGE; i++) {
    const frame = new Frame()
    frame.value = from.frames[i]?.value ?? 0
    process.place(block * HUGE + i, 'present', frame, { ...WRITTEN, write: vma.flags.write })
    frame.unit.mlocked = vma.flags.locked
  }
}

/**
 * split_huge_page(). The caller has locked the page and holds one reference. It fails if there is any other reference
 * from outside. All entries of the page, in every process, become small, old and clean.
 */
export function splitPage(unit: Unit): boolean {
  if (unit.isolated || unit.refCount !== unit.mappings + 1 || unit.mappings === 0) return false
  for (const { process, block } of [...unit.huge]) process.splitEntry(block)
  for (const entry of unit.frames.flatMap((frame) => [...frame.entries])) {
    if (entry.dirty) unit.dirty = true
    entry.dirty = false
    entry.young = false
    entry.write &&= entry.process.vmas.at(entry.page)?.flags.write ?? false
  }
  for (const frame of unit.frames) {
    frame.unit = new Unit([frame])
    frame.unit.dirty = unit.dirty
    frame.unit.mlocked = [...frame.entries].some((entry) => entry.process.vmas.at(entry.page)?.flags.locked)
  }
  return true
}
