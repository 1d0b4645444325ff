// SPDX-License-Identifier: GPL-2.0-only
//
// The reverse map: from a folio to the mappings that may have pages of it.

import type { Vma } from '../vma'
import type { Folio, ModelFile } from './page'
import type { Space } from './space'
import type { World } from './world'

/** The part of a mapping that may have pages of a folio. */
export interface Mapping {
  readonly space: Space
  readonly vma: Vma
  readonly first: number
  readonly end: number
}

/** The mappings in the kernel's order, whether they have entries of the folio or not. */
export function mappingsOf(world: World, { anonVma, file, index, frames }: Folio): Mapping[] {
  const mayHave = (vma: Vma) =>
    file === undefined ? anonVma !== undefined && vma.chain.has(anonVma) : vma.flags.file === file
  return mappings(world, mayHave, index, index + frames.length)
}

/** The mappings of a file, from a page on. */
export function mappingsFrom(world: World, file: ModelFile, index: number): Mapping[] {
  return mappings(world, ({ flags }) => flags.file === file, index, Number.POSITIVE_INFINITY)
}

function mappings({ spaces }: World, mayHave: (vma: Vma) => boolean, from: number, to: number): Mapping[] {
  const found: Mapping[] = []
  for (const space of spaces) {
    for (const vma of space.vmas.list.filter(mayHave)) {
      const first = Math.max(vma.flags.origin + from, vma.start)
      const end = Math.min(vma.flags.origin + to, vma.end)
      if (first < end) found.push({ space, vma, first, end })
    }
  }
  return found.sort((a, b) => startOf(a) - startOf(b) || compare(a.vma.linked, b.vma.linked))
}

function startOf({ vma }: Mapping): number {
  return vma.start - vma.flags.origin
}

/** Item by item; the shorter one first. */
function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
