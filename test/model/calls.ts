// SPDX-License-Identifier: GPL-2.0-only
//
// System calls that change mappings.

import type { Advice } from '../../lib'
import { populate } from './gup'
import { splitPage } from './huge'
import { munlockRange } from './mlock'
import type { Frame, ModelFile } from './page'
import { blockOf, HUGE, type ModelProcess } from './process'
import type { Errno, MapRequest, Prot } from './side'
import type { Steps } from './steps'
import { newVma, PROTS, Vma, type VmaFlags } from './vma'
import { type Changed, changeAll, visitAll } from './vma-ranges'
import type { World } from './world'

export function* map(process: ModelProcess, request: MapRequest): Steps<Errno> {
  const { start, pages, kind } = request
  return yield* process.semaphore.brief(true, () => {
    const file: ModelFile | undefined = kind === 'anon' ? undefined : { cache: new Map<number, Frame>() }
    process.vmas.add(newVma(request, file))
    // Special memory exists from the start. The model knows its contents until a store.
    for (let i = 0; kind === 'special' && i < pages; i++) process.place(start + i, 'zero', undefined, { young: true })
    return 'ok'
  })
}

export function* unmap(world: World, process: ModelProcess, start: number, end: number): Steps<Errno> {
  let gone: Vma[] = []
  const result = yield* process.semaphore.brief(true, () => {
    process.vmas.split(start)
    process.vmas.split(end)
    gone = [...process.vmas.within(start, end)]
    for (const vma of gone) munlock(process, vma)
    process.vmas.remove(start, end)
    process.zap(start, end)
    return 'ok' as const
  })
  yield* closeFiles(world, gone)
  return result
}

/** A file that nobody maps any more goes, and the call waits for each of its pages that is locked. */
function* closeFiles(world: World, gone: readonly Vma[]): Steps<void> {
  for (const { flags } of [...gone].reverse()) {
    const file = flags.file as ModelFile | undefined
    const mapped = [...world.processes].some(({ vmas }) => vmas.list.some((vma) => vma.flags.file === file))
    if (file === undefined || mapped) continue
    for (const [page, { unit }] of [...file.cache].sort(([a], [b]) => a - b)) {
      if (unit.lockedBy !== undefined) yield { ready: () => unit.lockedBy === undefined }
      file.cache.delete(page)
    }
  }
}

export function* protect(world: World, process: ModelProcess, start: number, end: number, prot: Prot): Steps<Errno> {
  return yield* process.semaphore.write(function* () {
    const flagsOf = ({ flags, shared }: Vma): VmaFlags => {
      const account = flags.account || (PROTS[prot].write && !shared)
      return { ...flags, ...PROTS[prot], account }
    }
    return yield* changeAll(process.vmas, start, end, flagsOf, function* ({ vma, start: from, end: to, old }) {
      changeProtection(process, vma, from, to)
      if (old.locked && !old.write && !vma.shared && vma.flags.write) yield* populate(world, process, vma, from, to)
    })
  })
}

/**
 * Entries get the rights of fresh ones. A writable device-private or migration entry becomes a read entry. A dirty huge
 * entry is made dirty again, which also makes it soft-dirty.
 */
function changeProtection(process: ModelProcess, vma: Vma, start: number, end: number): void {
  for (const entry of process.entriesWithin(start, end)) {
    entry.write = entry.state === 'present' && vma.freshWritable
  }
  for (const entry of process.hugeWithin(start, end)) {
    entry.write = false
    if (entry.dirty) entry.soft = true
  }
}

export function* advise(process: ModelProcess, start: number, end: number, advice: Advice): Steps<Errno> {
  const faults = advice === 'dontneed' || advice === 'free'
  const visit = (vma: Vma, from: number, to: number) => adviseOne(process, vma, from, to, advice)
  return yield* process.semaphore[faults ? 'read' : 'write'](() => visitAll(process.vmas, start, end, visit))
}

function* adviseOne(process: ModelProcess, vma: Vma, start: number, end: number, advice: Advice): Steps<Errno> {
  const change = (flags: Partial<VmaFlags>): Errno => {
    process.vmas.change(vma, start, end, { ...vma.flags, ...flags })
    return 'ok'
  }
  switch (advice) {
    case 'dontneed':
      if (vma.flags.locked || vma.special) return 'EINVAL'
      process.zap(start, end)
      return 'ok'
    case 'free':
      if (vma.flags.locked || vma.special || !vma.anonymous) return 'EINVAL'
      freeRange(process, start, end)
      return 'ok'
    case 'hugepage':
      return change({ hugePage: true, noHugePage: false })
    case 'nohugepage':
      return change({ hugePage: false, noHugePage: true })
    case 'dontfork':
      return change({ dontFork: true })
    case 'dofork':
      return change({ dontFork: false })
    case 'unmergeable':
      return 'ok'
    default:
      return 'EINVAL'
  }
}

/** MADV_FREE, block by block. Without memory pressure it only makes entries old and clean, and splits huge pages. */
function freeRange(process: ModelProcess, start: number, end: number): void {
  for (let at = start; at < end; ) {
    const to = Math.min((blockOf(at) + 1) * HUGE, end)
    if (!freeHuge(process, at, to)) freeSmall(process, at, to)
    at = to
  }
}

/** True if the block is still huge, and done. */
function freeHuge(process: ModelProcess, start: number, end: number): boolean {
  const entry = process.hugeAt(start)
  if (entry === undefined) return false
  const { unit } = entry
  if (unit === undefined || unit.frames[0]?.mapCount !== 1 || unit.lockedBy !== undefined) return true
  if (end - start < HUGE) {
    const ref = unit.get('madvise')
    const split = splitPage(unit)
    unit.put(ref)
    return !split
  }
  unit.dirty = false
  entry.young = false
  entry.dirty = false
  return true
}

function freeSmall(process: ModelProcess, start: number, end: number): void {
  for (const { page } of process.entriesWithin(start, end)) {
    const entry = process.entries.get(page)
    if (entry?.state !== 'present' || entry.frame === undefined) continue
    const { frame } = entry
    if (frame.unit.compound && !freeCompound(frame)) return
    const { unit } = frame
    if (unit.dirty && (unit.lockedBy !== undefined || frame.mapCount !== 1)) continue
    unit.dirty = false
    entry.young = false
    entry.dirty = false
  }
}

/** A part of a huge page mapped by small entries: it is split if this mapping is the only one. */
function freeCompound(frame: Frame): boolean {
  const { unit } = frame
  if (frame.mapCount !== 1 || unit.lockedBy !== undefined) return false
  const ref = unit.get('madvise')
  const split = splitPage(unit)
  unit.put(ref)
  return split
}

export function* lock(world: World, process: ModelProcess, start: number, end: number): Steps<Errno> {
  const result = yield* changeLocked(process, start, end, true)
  if (result !== 'ok') return result
  return yield* process.semaphore.read(function* () {
    for (const vma of process.vmas.within(start, end)) {
      const [from, to] = [Math.max(start, vma.start), Math.min(end, vma.end)]
      if (!vma.special && !(yield* populate(world, process, vma, from, to))) return 'ENOMEM'
    }
    return 'ok'
  })
}

export function unlock(process: ModelProcess, start: number, end: number): Steps<Errno> {
  return changeLocked(process, start, end, false)
}

function* changeLocked(process: ModelProcess, start: number, end: number, locked: boolean): Steps<Errno> {
  const flagsOf = (vma: Vma) => lockFlags(vma, locked)
  // biome-ignore lint/correctness/useYield: a part never waits.
  const changed = function* ({ start: from, end: to }: Changed): Steps<void> {
    if (!locked) munlockRange(process, from, to)
  }
  return yield* process.semaphore.write(() => changeAll(process.vmas, start, end, flagsOf, changed))
}

function lockFlags(vma: Vma, locked: boolean): VmaFlags {
  return vma.special ? vma.flags : { ...vma.flags, locked }
}

/** Clearing soft-dirty bits takes write access from all present entries, so that the next write is seen. */
export function* clearSoftDirty(process: ModelProcess): Steps<Errno> {
  return yield* process.semaphore.brief(true, () => {
    for (const vma of process.vmas.list) vma.softDirty = false
    for (const entry of [...process.entries.values(), ...process.huge.values()]) {
      entry.soft = false
      if (!('state' in entry) || entry.state === 'present' || entry.state === 'zero') entry.write = false
    }
    return 'ok'
  })
}

export function* registerUserfault(process: ModelProcess, start: number, end: number): Steps<Errno> {
  return yield* process.semaphore.brief(true, () => {
    const touched = process.vmas.within(start, end)
    if (touched.length === 0 || touched.some((vma) => vma.special)) return 'EINVAL'
    for (const vma of touched) {
      if (process.vmas.list.includes(vma))
        registerPart(process, vma, Math.max(start, vma.start), Math.min(end, vma.end))
    }
    return 'ok'
  })
}

/** If a part begins within a mapping, 4.14 looks for neighbours to merge with at a wrong offset, and finds none. */
function registerPart(process: ModelProcess, vma: Vma, start: number, end: number): void {
  process.vmas.change(vma, start, end, { ...vma.flags, missingMode: true }, start === vma.start)
}

export function* fork(world: World, process: ModelProcess): Steps<ModelProcess> {
  return yield* process.semaphore.brief(true, () => {
    const child = world.process()
    for (const vma of process.vmas.list) if (!vma.flags.dontFork) forkVma(process, child, vma)
    return child
  })
}

function forkVma(parent: ModelProcess, child: ModelProcess, vma: Vma): void {
  const copy = new Vma(vma.start, vma.end, { ...vma.flags, locked: false, missingMode: false })
  copy.softDirty = vma.softDirty
  child.vmas.add(copy)
  if (vma.special) for (const { page } of parent.entriesWithin(vma.start, vma.end)) child.place(page, 'zero', undefined)
  if (vma.anonVma === undefined) return
  copy.anonVma = {}
  copy.chain = new Set([...vma.chain, copy.anonVma])
  for (let block = blockOf(vma.start); block <= blockOf(vma.end - 1); block++) {
    if (parent.small.has(block)) child.small.add(block)
  }
  for (const entry of parent.entriesWithin(vma.start, vma.end)) {
    entry.write = false
    const { page, state, frame, dirty, soft } = entry
    child.place(page, state, frame, { dirty, soft })
  }
  for (const entry of parent.hugeWithin(vma.start, vma.end)) {
    if (entry.unit !== undefined) entry.write = false
    const { block, unit, dirty, soft } = entry
    child.placeHuge(block, unit, { dirty, soft, young: unit === undefined })
  }
}

/** Remove a mapping, and the marks of its mlocked pages. */
function munlock(process: ModelProcess, vma: Vma): void {
  if (!vma.flags.locked) return
  vma.flags = { ...vma.flags, locked: false }
  munlockRange(process, vma.start, vma.end)
}

/** A process ends when its other threads have left their calls. Until then it does not block them. */
export function* exit(world: World, process: ModelProcess): Steps<Errno> {
  if (!process.semaphore.idle) yield { ready: () => process.semaphore.idle }
  for (const vma of process.vmas.list) munlock(process, vma)
  for (const vma of process.vmas.list) process.zap(vma.start, vma.end)
  process.alive = false
  world.processes.delete(process)
  yield* closeFiles(world, process.vmas.list)
  return 'ok'
}
