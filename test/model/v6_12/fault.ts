// SPDX-License-Identifier: GPL-2.0-only
//
// Loads and stores, and the faults that they cause.

import { Declined } from '../declined'
import type { Outcome } from '../side'
import type { Steps } from '../steps'
import { fileIndex, type Vma } from '../vma'
import type { Access } from './access'
import { markWritten, protectedBits, writtenBits } from './bits'
import { copyOnWrite } from './cow'
import { migrateToRam } from './driver'
import { exclusiveFault } from './exclusive-entries'
import { type FaultLock, type Handled, prepareAnonVma } from './fault-lock'
import { hugeFault, hugeWriteFault } from './huge-fault'
import { Frame, isPresent, type ModelFile } from './page'
import { blockOf, HUGE, type Space } from './space'
import type { SwapSlot } from './swap'
import { swapFault } from './swap-fault'
import { waitForLock, waitUnlocked } from './wait'

/** More faults than one access can need. */
const MOST_FAULTS = 50
/** fault_around_bytes, in pages. */
const FAULT_AROUND = 16

/** The page that a load or store of the CPU reaches; the zero page is none. */
export function reachedBy(space: Space, page: number): Frame | undefined {
  const flags = space.vmas.at(page)?.flags
  if (flags?.kind === 'special') return (flags.file as ModelFile).cache.get(page - flags.origin)
  return space.frameAt(page)
}

/** A load or store of one byte by the CPU. */
export function* access(space: Space, page: number, write: boolean): Steps<Outcome> {
  for (let i = 0; i < MOST_FAULTS; i++) {
    if (touch(space, page, write)) return 'ok'
    const outcome = yield* userFault(space, page, write)
    if (outcome !== 'again') return outcome
  }
  if (space.world.memcg.limited) throw new Declined('faults that need two pages wake each other for ever')
  throw new Error('the access never succeeds')
}

/** do_user_addr_fault(): under the lock of the mapping, and if that is not enough, under mmap_lock. */
function* userFault(space: Space, page: number, write: boolean): Steps<Outcome | 'again'> {
  const vma = space.vmas.at(page)
  const release = vma && space.locks.tryFault(vma)
  if (vma !== undefined && release !== undefined) {
    const outcome = yield* faultUnder(space, vma, page, write, release, true)
    if (outcome === 'OOM') return yield* outOfMemory(space)
    if (outcome !== 'mmap') return outcome
  }
  const unlock = yield* space.locks.acquire()
  const outcome = yield* faultUnder(space, space.vmas.at(page), page, write, unlock, false)
  if (outcome === 'OOM') return yield* outOfMemory(space)
  return outcome === 'mmap' ? 'again' : outcome
}

/** pagefault_out_of_memory(): the task waits without any lock. */
function* outOfMemory(space: Space): Steps<'again'> {
  space.starving += 1
  try {
    yield* space.world.memcg.wait()
    return 'again'
  } finally {
    space.starving -= 1
  }
}

function* faultUnder(
  space: Space,
  vma: Vma | undefined,
  page: number,
  write: boolean,
  release: () => void,
  ofVma: boolean,
): Steps<Outcome | 'again' | 'mmap' | 'OOM'> {
  let held = true
  const giveUp = () => {
    if (held) release()
    held = false
  }
  try {
    if (vma === undefined || !(write ? vma.flags.write : vma.accessible)) return 'SIGSEGV'
    if (vma.flags.kind === 'special') return 'ok'
    const outcome = yield* handleFault(space, vma, page, write ? 'write' : 'read', { ofVma, giveUp })
    return outcome === 'ok' ? 'again' : outcome
  } finally {
    giveUp()
  }
}

/** Let the CPU use an entry that allows the access. */
function touch(space: Space, page: number, write: boolean): boolean {
  const entry = space.entries.get(page) ?? space.hugeAt(page)
  if (entry === undefined || !space.vmas.at(page)?.accessible) return false
  if (('kind' in entry && !isPresent(entry.kind)) || (write && !entry.write)) return false
  entry.young = true
  if (write) entry.dirty = true
  return true
}

/** handle_mm_fault(): does one step towards the access; after `ok` it has to be tried again. */
export function* handleFault(space: Space, vma: Vma, page: number, access: Access, lock: FaultLock): Steps<Handled> {
  if (vma.special) throw new Declined(`an access to a mapping of kind ${vma.flags.kind}`)
  space.addHugeTable(page)
  if (space.wantsHuge(vma, page)) {
    const outcome = hugeFault(space, vma, page, access, lock)
    if (outcome !== 'fallback') return outcome
  }
  const huge = space.hugeAt(page)
  if (huge !== undefined) {
    if (access === 'read' || huge.write) {
      if (access === 'write') markWritten(huge)
      return 'ok'
    }
    const outcome = yield* hugeWriteFault(space, vma, huge, access)
    if (outcome !== 'fallback') return outcome
  }
  return yield* smallFault(space, vma, page, access, lock)
}

function* smallFault(space: Space, vma: Vma, page: number, access: Access, lock: FaultLock): Steps<Handled> {
  const entry = space.entries.get(page)
  if (entry === undefined) return yield* missingFault(space, vma, page, access, false, lock)
  switch (entry.kind) {
    case 'marker':
      if (vma.flags.writeProtectMode) return yield* missingFault(space, vma, page, access, true, lock)
      space.clear(page)
      return 'ok'
    case 'migration':
      // The lock is kept, but there is no reference.
      yield* waitUnlocked(entry.frame)
      return 'ok'
    case 'device':
      return lock.ofVma ? 'mmap' : migrateToRam(space, vma, entry)
    case 'exclusive':
      return yield* exclusiveFault(space, vma, entry, lock)
    case 'swap':
      return yield* swapFault(space, vma, entry, entry.slot as SwapSlot, access, lock)
  }
  if (access !== 'read' && !entry.write) return yield* copyOnWrite(space, vma, entry, access, lock)
  // On x86 a read fault on a present entry changes nothing.
  if (access === 'write') markWritten(entry)
  return 'ok'
}

/** An empty entry. `marked`: userfaultfd left a marker there. */
function* missingFault(
  space: Space,
  vma: Vma,
  page: number,
  access: Access,
  marked: boolean,
  lock: FaultLock,
): Steps<Handled> {
  const write = access === 'write'
  if (vma.anonymous) return anonymousFault(space, vma, page, write, lock)
  const file = vma.flags.file as ModelFile
  if (!write && !vma.flags.writeProtectMode && faultAround(space, vma, file, page)) return 'ok'
  const index = fileIndex(vma, page)
  const own = write && !vma.shared
  if (own && !prepareAnonVma(space, vma, lock)) return 'mmap'
  const copy = own ? new Frame(0) : undefined
  if (copy !== undefined && !space.world.memcg.charge(copy)) return 'OOM'
  const ref = copy?.folio.get('fault')
  try {
    const cached = filePage(space, vma, file, index)
    if (typeof cached === 'string') return cached
    const before = space.entries.get(page)
    yield* waitForLock(cached.folio)
    if (space.entries.get(page) !== before || file.cache.get(index) !== cached) return 'ok'
    if (copy === undefined) {
      mapCached(space, vma, page, cached, write, marked)
    } else {
      copy.value = cached.value
      space.mapNew(vma, page, copy, protectedBits(writtenBits(vma), marked))
    }
    return 'ok'
  } finally {
    if (ref !== undefined) copy?.folio.put(ref)
  }
}

/** The page of a file, which may have to be made. */
function filePage(space: Space, vma: Vma, file: ModelFile, index: number): Frame | 'SIGBUS' | 'OOM' {
  if (index >= file.size) return 'SIGBUS'
  return file.cache.get(index) ?? readFilePage(space, file, index) ?? newFilePage(space, vma, file, index)
}

function anonymousFault(space: Space, vma: Vma, page: number, write: boolean, lock: FaultLock): Handled {
  space.addSmallTable(page)
  if (write && !prepareAnonVma(space, vma, lock)) return 'mmap'
  const frame = new Frame(0)
  if (write && !space.world.memcg.charge(frame)) return 'OOM'
  if (vma.flags.missingMode) return 'SIGBUS'
  if (write) space.mapNew(vma, page, frame, writtenBits(vma))
  else space.mapZero(page, { young: true })
  return 'ok'
}

/** A page that left memory comes back, and its slot is free. */
function readFilePage(space: Space, file: ModelFile, index: number): Frame | undefined {
  const slot = file.swapped.get(index)
  if (slot === undefined) return undefined
  file.swapped.delete(index)
  slot.file = undefined
  const frame = addToFile(space, file, index, new Frame(slot.value, file))
  frame.folio.set('active')
  frame.folio.set('dirty')
  return frame
}

function newFilePage(space: Space, vma: Vma, file: ModelFile, index: number): Frame | 'SIGBUS' | 'OOM' {
  if (vma.flags.missingMode) return 'SIGBUS'
  const frame = new Frame(0, file)
  if (!space.world.memcg.charge(frame)) return 'OOM'
  return addToFile(space, file, index, frame)
}

function addToFile(space: Space, file: ModelFile, index: number, frame: Frame): Frame {
  frame.folio.index = index
  frame.folio.set('swapbacked')
  space.world.lruAdds.add(frame.folio)
  file.cache.set(index, frame)
  return frame
}

function mapCached(space: Space, vma: Vma, page: number, frame: Frame, write: boolean, marked: boolean): void {
  const bits = { write: write || vma.freshWritable, dirty: write, young: true, soft: write }
  space.map(vma, page, frame, protectedBits(bits, marked))
  if (write) frame.folio.set('dirty')
}

/** Map cached pages near the wanted page, where nothing is mapped. True if the wanted page was among them. */
function faultAround(space: Space, vma: Vma, file: ModelFile, page: number): boolean {
  const first = Math.max(Math.floor(page / FAULT_AROUND) * FAULT_AROUND, vma.start)
  const end = Math.min(first + FAULT_AROUND, (blockOf(first) + 1) * HUGE, vma.end)
  for (let near = first; near < end; near++) {
    const index = fileIndex(vma, near)
    const frame = index < file.size ? file.cache.get(index) : undefined
    if (frame === undefined || frame.folio.locked || space.entries.has(near)) continue
    mapCached(space, vma, near, frame, false, false)
  }
  return space.presentAt(page) !== undefined
}
