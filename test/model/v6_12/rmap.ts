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
  const found = mappings(world, mayHave, index, index + frames.length)
  return file === undefined
    ? inOrder(found, ({ linked }) => [linked])
    : inOrder(found, ({ linkedToFile }) => linkedToFile)
}

/** The mappings of a file, from a page on. */
export function mappingsFrom(world: World, file: ModelFile, index: number): Mapping[] {
  const found = mappings(world, ({ flags }) => flags.file === file, index, Number.POSITIVE_INFINITY)
  return inOrder(found, ({ linkedToFile }) => linkedToFile)
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
  return found
}

function inOrder(found: readonly Mapping[], linkOf: (vma: Vma) => readonly number[]): Mapping[] {
  return [...found].sort((a, b) => startOf(a) - startOf(b) || compare(linkOf(a.vma), linkOf(b.vma)))
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
