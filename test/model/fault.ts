// SPDX-License-Identifier: GPL-2.0-only
//
// Loads and stores, and the faults that they cause.

import { Declined } from './declined'
import { hugeFault, hugeWriteFault } from './huge'
import { migrateBack } from './migrate'
import { munlockPage } from './mlock'
import { type Entry, Frame, type ModelFile } from './page'
import { blockOf, HUGE, type ModelProcess } from './process'
import type { Outcome } from './side'
import type { Steps } from './steps'
import { fileIndex, type Vma } from './vma'
import { waitForLock } from './wait'
import type { World } from './world'

/** More faults than one access can need. */
const MOST_FAULTS = 50
/** fault_around_bytes, in pages. */
const FAULT_AROUND = 16

/** A load or store of one byte by the CPU. */
export function* access(world: World, process: ModelProcess, page: number, write: boolean): Steps<Outcome> {
  for (let i = 0; i < MOST_FAULTS; i++) {
    if (touch(process, page, write)) return 'ok'
    const outcome = yield* process.semaphore.read(function* () {
      const vma = process.vmas.at(page)
      if (vma === undefined || !(write ? vma.flags.write : vma.accessible)) return 'SIGSEGV'
      return yield* handleFault(world, process, vma, page, write)
    })
    if (outcome !== 'ok') return outcome
  }
  throw new Error('the access never succeeds')
}

/** Let the CPU use an entry that allows the access. */
function touch(process: ModelProcess, page: number, write: boolean): boolean {
  const entry = process.entries.get(page) ?? process.hugeAt(page)
  if (entry === undefined || !process.vmas.at(page)?.accessible) return false
  if ('state' in entry && entry.state !== 'present' && entry.state !== 'zero') return false
  if (write && !entry.write) return false
  entry.young = true
  if (write) entry.dirty = true
  return true
}

/** handle_mm_fault(): does one step towards the access; after `ok` it has to be tried again. */
export function* handleFault(
  world: World,
  process: ModelProcess,
  vma: Vma,
  page: number,
  write: boolean,
): Steps<'ok' | 'SIGBUS'> {
  if (vma.special) throw new Declined(`an access to a mapping of kind ${vma.flags.kind}`)
  if (process.wantsHuge(vma, page)) return hugeFault(process, vma, page, write)
  const huge = process.hugeAt(page)
  if (huge !== undefined) {
    if (!write || huge.write) {
      if (write) mark(huge)
      return 'ok'
    }
    if (yield* hugeWriteFault(process, vma, huge)) return 'ok'
  }
  const entry = process.entries.get(page)
  if (entry === undefined) return yield* missingFault(process, vma, page, write)
  if (entry.state === 'migration') {
    yield* waitForLock((entry.frame as Frame).unit)
    return 'ok'
  }
  if (entry.state === 'device') return migrateBack(world, process, page) ? 'ok' : 'SIGBUS'
  if (write && !entry.write) yield* copyOnWrite(process, vma, entry)
  else if (write) mark(entry)
  return 'ok'
}

/** Set the bits of an entry after a fault. On x86 a read fault on a present entry changes nothing. */
function mark(entry: { young: boolean; dirty: boolean; soft: boolean }): void {
  Object.assign(entry, { young: true, dirty: true, soft: true })
}

/** A page of a private mapping that was written to. */
function placeOwn(process: ModelProcess, vma: Vma, page: number, value: number): void {
  const frame = new Frame()
  frame.value = value
  process.place(page, 'present', frame, { write: vma.flags.write, dirty: true, young: true, soft: true })
  frame.unit.mlocked = vma.flags.locked
}

function* missingFault(process: ModelProcess, vma: Vma, page: number, write: boolean): Steps<'ok' | 'SIGBUS'> {
  if (vma.anonymous) return anonymousFault(process, vma, page, write)
  const file = vma.flags.file as ModelFile
  if (!write && faultAround(process, vma, file, page)) return 'ok'
  const index = fileIndex(vma, page)
  const own = write && !vma.shared
  if (own) process.vmas.prepareAnonVma(vma)
  if (!file.cache.has(index)) {
    if (vma.flags.missingMode) return 'SIGBUS'
    file.cache.set(index, new Frame({ cached: true }))
  }
  const cached = file.cache.get(index) as Frame
  yield* waitForLock(cached.unit)
  if (own) placeOwn(process, vma, page, cached.value)
  else placeCached(process, vma, page, cached, write)
  return 'ok'
}

function anonymousFault(process: ModelProcess, vma: Vma, page: number, write: boolean): 'ok' | 'SIGBUS' {
  process.small.add(blockOf(page))
  if (write) process.vmas.prepareAnonVma(vma)
  if (vma.flags.missingMode) return 'SIGBUS'
  if (write) placeOwn(process, vma, page, 0)
  else process.place(page, 'zero', undefined, { young: true })
  return 'ok'
}

function placeCached(process: ModelProcess, vma: Vma, page: number, frame: Frame, write: boolean): void {
  const bits = { write: write || vma.freshWritable, dirty: write, young: true, soft: write }
  process.place(page, 'present', frame, bits)
  if (write) frame.unit.dirty = true
}

/** Map cached pages near the wanted page, where nothing is mapped. True if the wanted page was among them. */
function faultAround(process: ModelProcess, vma: Vma, file: ModelFile, page: number): boolean {
  const first = Math.max(Math.floor(page / FAULT_AROUND) * FAULT_AROUND, vma.start)
  const end = Math.min(first + FAULT_AROUND, (blockOf(first) + 1) * HUGE, vma.end)
  for (let near = first; near < end; near++) {
    const frame = file.cache.get(fileIndex(vma, near))
    if (frame === undefined || frame.unit.lockedBy !== undefined || process.entries.has(near)) continue
    placeCached(process, vma, near, frame, false)
  }
  return process.entries.has(page)
}

/** A store to an entry that is not writable: do_wp_page(). */
function* copyOnWrite(process: ModelProcess, vma: Vma, entry: Entry): Steps<void> {
  const { page, frame } = entry
  if (frame === undefined || (frame.cached && !vma.shared)) return yield* copyPage(process, vma, page, frame)
  if (frame.cached) {
    reuse(vma, entry)
    yield* waitForLock(frame.unit)
    frame.unit.dirty = true
    return
  }
  yield* waitForLock(frame.unit)
  if (process.entries.get(page) !== entry || entry.state !== 'present' || entry.frame !== frame) return
  if (frame.unit.mostMappings > 1) yield* copyPage(process, vma, page, frame)
  else reuse(vma, entry)
}

function reuse(vma: Vma, entry: Entry): void {
  mark(entry)
  entry.write = vma.flags.write
}

/** A locked mapping that got a copy clears the mark of the old page. That takes the old page's lock. */
function* copyPage(process: ModelProcess, vma: Vma, page: number, from: Frame | undefined): Steps<void> {
  process.vmas.prepareAnonVma(vma)
  placeOwn(process, vma, page, from?.value ?? 0)
  if (from === undefined || !vma.flags.locked) return
  yield* waitForLock(from.unit)
  munlockPage(from)
}
