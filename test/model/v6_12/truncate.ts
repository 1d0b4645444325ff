// SPDX-License-Identifier: GPL-2.0-only
//
// Files that change their length, and those that are closed.

import type { Errno } from '../side'
import type { Steps } from '../steps'
import type { Vma } from '../vma'
import type { Folio, ModelFile } from './page'
import { mappingsFrom, mappingsOf } from './rmap'
import type { Space } from './space'
import { waitForLock } from './wait'
import type { World } from './world'
import { zap } from './zap'

const WITH_LENGTH: readonly string[] = ['shmem', 'file', 'sharedfile']

/** ftruncate() of the file that the first mapping of a range maps. The file stays open until the call is over. */
export function* truncate(space: Space, start: number, end: number, pages: number): Steps<Errno> {
  const { world } = space
  const vma = space.vmas.within(start, end)[0]
  if (vma === undefined || !WITH_LENGTH.includes(vma.flags.kind)) return 'ENOENT'
  const file = vma.flags.file as ModelFile
  file.resizers += 1
  try {
    while (file.resizing) yield { ready: () => !file.resizing }
    yield* resize(world, file, pages)
  } finally {
    file.resizers -= 1
  }
  yield* closeFile(world, vma)
  return 'ok'
}

/** What is beyond the new end is unmapped, taken out of the file, and unmapped once more. */
function* resize(world: World, file: ModelFile, pages: number): Steps<void> {
  const shrinks = pages < file.size
  file.resizing = true
  try {
    file.size = pages
    if (shrinks) unmapFrom(world, file, pages)
    yield* dropFrom(world, file, pages)
    if (shrinks) unmapFrom(world, file, pages)
  } finally {
    file.resizing = false
  }
}

/** unmap_mapping_range(). Private copies go, too. */
function unmapFrom(world: World, file: ModelFile, from: number): void {
  for (const { space, vma, first, end } of mappingsFrom(world, file, from)) {
    world.drain()
    space.invalidate(first, end)
    zap(space, vma, first, end, true)
  }
}

/** shmem_undo_range(): pages that are locked come last, and are waited for. */
function* dropFrom(world: World, file: ModelFile, from: number): Steps<void> {
  const beyond = [...file.cache].filter(([index]) => index >= from).sort(([a], [b]) => a - b)
  for (const [index, { folio }] of beyond) if (!folio.locked) file.cache.delete(index)
  for (const [index, slot] of file.swapped) {
    if (index < from) continue
    slot.file = undefined
    file.swapped.delete(index)
  }
  for (const [index, { folio }] of beyond) {
    if (!file.cache.has(index)) continue
    yield* waitForLock(folio)
    unmapFolio(world, folio)
    file.cache.delete(index)
  }
}

/** A fault that waited for the lock before may have mapped the page again. */
function unmapFolio(world: World, folio: Folio): void {
  if (folio.mapCount === 0) return
  for (const { space, vma, first, end } of mappingsOf(world, folio)) {
    world.drain()
    space.invalidate(first, end)
    if (space.presentAt(first)?.folio === folio) zap(space, vma, first, end, false)
  }
}

/** After the last mapping of a file, and the last call that has the file, its pages are freed. */
export function* closeFile(world: World, { flags }: Vma): Steps<void> {
  const file = flags.file as ModelFile | undefined
  const mapped = [...world.spaces].some(({ vmas }) => vmas.list.some((vma) => vma.flags.file === file))
  if (file !== undefined && !mapped && file.resizers === 0) yield* dropFrom(world, file, 0)
}
