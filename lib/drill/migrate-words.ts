// SPDX-License-Identifier: GPL-2.0-only

import { PfnFlag } from '../api'
import { Runs } from './runs'

/** In the order in which a transcript prints them. */
const LETTERS: readonly (readonly [number, string])[] = [
  [PfnFlag.VALID, 'V'],
  [PfnFlag.MIGRATE, 'M'],
  [PfnFlag.LOCKED, 'L'],
  [PfnFlag.WRITE, 'W'],
  [PfnFlag.DEVICE, 'D'],
  [PfnFlag.ERROR, 'E'],
]

/** The flags stand in the low bits of a word, the page frame number above them. */
const FLAG_BITS = 6
const FLAG_MASK = (1 << FLAG_BITS) - 1

const NAMES: readonly string[] = Array.from({ length: 1 << FLAG_BITS }, (_, flags) => wordName(flags))

function wordName(flags: number): string {
  const letters = LETTERS.filter(([bit]) => (flags & bit) !== 0).map(([, letter]) => letter)
  return letters.length === 0 ? '-' : letters.join('')
}

/** The words of src or dst as runs of flags; `firstPage` is the page number of the first word. */
export function migrateWords(words: BigUint64Array, firstPage: number): string {
  // Reading the low halves as numbers saves a BigInt a word.
  const halves = new Uint32Array(words.buffer, words.byteOffset, words.length * 2)
  const runs = new Runs()
  for (let i = 0; i < words.length; i++) {
    runs.add(firstPage + i, NAMES[(halves[2 * i] ?? 0) & FLAG_MASK] ?? '-')
  }
  return runs.toString()
}
