// SPDX-License-Identifier: GPL-2.0-only
//
// System calls on ranges: what they do with each mapping of the range, and with gaps.

import type { Errno } from './side'
import { sameFlags, type Vma, type VmaFlags, type VmaList } from './vma'

/** A part of a mapping that got other flags. */
export interface Changed {
  readonly vma: Vma
  readonly start: number
  readonly end: number
  readonly old: VmaFlags
}

function* nothing(): Generator<never, void, void> {}

/** Give a range other flags, mapping by mapping. ENOMEM at the first gap; mappings before the gap are changed.
 * `before` is called for each mapping that changes. */
export function* changeAll<Wait>(
  vmas: VmaList,
  start: number,
  end: number,
  flagsOf: (vma: Vma) => VmaFlags,
  then: (part: Changed) => Generator<Wait, void, void>,
  before: (vma: Vma) => Generator<Wait, void, void> = nothing,
): Generator<Wait, Errno, void> {
  for (let at = start; at < end; ) {
    const vma = vmas.at(at)
    if (vma === undefined) return 'ENOMEM'
    const to = Math.min(vma.end, end)
    const old = vma.flags
    const flags = flagsOf(vma)
    if (!sameFlags(old, flags)) yield* before(vma)
    const changed = vmas.change(vma, at, to, flags)
    if (changed !== vma || vma.flags !== old) yield* then({ vma: changed, start: at, end: to, old })
    at = Math.max(to, changed.end)
  }
  return 'ok'
}

/** Visit the mappings of a range until one fails. Skips gaps, and reports them at the end. */
export function* visitAll<Wait>(
  vmas: VmaList,
  start: number,
  end: number,
  visit: (vma: Vma, start: number, end: number) => Generator<Wait, Errno, void>,
): Generator<Wait, Errno, void> {
  let result: Errno = 'ok'
  for (let at = start; at < end; ) {
    const vma = vmas.find(at)
    if (vma === undefined || vma.start >= end) return 'ENOMEM'
    if (vma.start > at) result = 'ENOMEM'
    at = Math.max(at, vma.start)
    const to = Math.min(vma.end, end)
    const error = yield* visit(vma, at, to)
    if (error !== 'ok') return error
    at = Math.max(to, vmas.at(at)?.end ?? to)
  }
  return result
}
