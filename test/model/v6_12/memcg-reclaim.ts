// SPDX-License-Identifier: GPL-2.0-only
//
// Reclaim within the memory cgroup, when its limit is reached. Without swap only the lists of file pages are scanned. They
// have the pages that MADV_FREE gave up, as pages of tmpfs count as anonymous there.

import { addToLru, BATCH_OF_RECLAIM, isolateFromLru } from './lru'
import type { Folio } from './page'
import { activated, type Isolated, shrinkSwappable } from './reclaim'
import { mappingsOf } from './rmap'
import type { World } from './world'

/** DEF_PRIORITY: this part (a power of two) of each list is scanned first. */
const FIRST_PRIORITY = 12

/** try_to_free_mem_cgroup_pages(). It takes all it can get, up to a batch. */
export function reclaimGroup(world: World): void {
  const gentle = shrinkByPriority(world, false)
  if (!gentle.some && gentle.passedOver) shrinkByPriority(world, true)
}

/** `force`: active pages become inactive even if there are few of them. */
function shrinkByPriority(world: World, force: boolean): { some: boolean; passedOver: boolean } {
  let done = 0
  let passedOver = false
  for (let priority = FIRST_PRIORITY; priority >= 0 && done < BATCH_OF_RECLAIM; priority--) {
    if (listOf(world, false).length + listOf(world, true).length === 0) break
    const ages = force || sizeOf(listOf(world, false)) < sizeOf(listOf(world, true))
    let inactive = sizeOf(listOf(world, false)) >> priority
    let active = sizeOf(listOf(world, true)) >> priority
    while (inactive + active > 0 && done < BATCH_OF_RECLAIM) {
      done += shrinkInactive(world, Math.min(inactive, BATCH_OF_RECLAIM))
      if (ages) deactivate(world, Math.min(active, BATCH_OF_RECLAIM))
      else if (active > 0) passedOver = true
      inactive -= Math.min(inactive, BATCH_OF_RECLAIM)
      active -= Math.min(active, BATCH_OF_RECLAIM)
    }
  }
  return { some: done > 0, passedOver }
}

/** A list of file pages of the group; the folio that has been there longest is first. */
function listOf({ memcg }: World, active: boolean): Folio[] {
  return [...memcg.folios]
    .filter((folio) => folio.has('lru') && !folio.has('swapbacked') && !folio.has('unevictable'))
    .filter((folio) => folio.has('active') === active)
    .sort((a, b) => a.listed - b.listed)
}

const sizeOf = (folios: readonly Folio[]) => folios.reduce((sum, { frames }) => sum + frames.length, 0)

function isolate(world: World, pages: number, active: boolean): Isolated[] {
  const isolated: Isolated[] = []
  if (pages === 0) return isolated
  world.drain()
  let scanned = 0
  for (const folio of listOf(world, active)) {
    if (scanned >= pages) break
    scanned += folio.frames.length
    if (isolateFromLru(folio)) isolated.push({ folio, ref: folio.get('reclaim') })
  }
  return isolated
}

function putBack(isolated: readonly Isolated[]): void {
  for (const { folio, ref } of isolated) {
    addToLru(folio)
    folio.put(ref)
  }
}

/** shrink_inactive_list(). Returns how many pages were freed. */
function shrinkInactive(world: World, pages: number): number {
  const isolated = isolate(world, pages, false)
  const back = isolated.flatMap((each) => shrink(world, each))
  putBack(back)
  return sizeOf(isolated.map(({ folio }) => folio)) - sizeOf(back.map(({ folio }) => folio))
}

/** shrink_active_list(). That somebody accessed them is forgotten. */
function deactivate(world: World, pages: number): void {
  const isolated = isolate(world, pages, true)
  for (const { folio } of isolated) {
    takeReferences(world, folio)
    folio.set('active', false)
  }
  putBack(isolated)
}

function shrink(world: World, each: Isolated): Isolated[] {
  const { folio, ref } = each
  if (!folio.tryLock(ref)) return [each]
  try {
    const references = takeReferences(world, folio)
    if (references === 'locked') return [activated(world, each)]
    const again = folio.has('referenced')
    folio.set('referenced', references > 0)
    if (references === 0) return shrinkSwappable(world, each)
    return [again || references > 1 ? activated(world, each) : each]
  } finally {
    folio.unlock(ref)
  }
}

/** folio_referenced(): how many entries were young, of processes in the group. `locked`: mlock() has missed the page. */
function takeReferences(world: World, folio: Folio): number | 'locked' {
  let count = 0
  for (const { space, vma, first, end } of mappingsOf(world, folio)) {
    if (!world.memcg.has(space)) continue
    const huge = space.hugeAt(first)
    const small = space.entriesWithin(first, end).filter(({ kind }) => kind === 'present')
    const entries = [...(huge === undefined ? [] : [huge]), ...small]
    const mapping = entries.filter((entry) => ('frame' in entry ? entry.frame?.folio : entry.folio) === folio)
    if (mapping.length > 0 && vma.flags.locked && !folio.large) {
      space.mlocks.mlock(folio)
      return 'locked'
    }
    for (const entry of mapping) {
      if (entry.young) count += 1
      entry.young = false
    }
  }
  return count
}
