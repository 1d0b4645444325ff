// SPDX-License-Identifier: GPL-2.0-only
//
// Letters of columns: the bits of an entry, the flags of src and dst, page flags.

import type { Terms } from '../record/types'

/** Which letters: of `bits`, of `words` (src and dst), of `flags` (pages). */
export type Letters = 'bits' | 'words' | 'flags'

export interface Letter {
  readonly letter: string
  readonly name: string
  /** A sentence; empty: the record has none. */
  readonly text: string
}

/** Page flags in their places. Most are no first letters: two names begin with d, and swapbacked with an s. */
export const FLAG_LETTERS: readonly (readonly [letter: string, flag: string])[] = [
  ['u', 'uptodate'],
  ['d', 'dirty'],
  ['r', 'referenced'],
  ['a', 'active'],
  ['b', 'swapbacked'],
  ['m', 'mlocked'],
]

const BITS: readonly Letter[] = [
  { letter: 'w', name: 'writable', text: 'Stores are allowed; of a migration or device entry: they will be.' },
  { letter: 'p', name: 'uffd-wp', text: 'userfaultfd protects the page from stores. Linux 6.12.' },
  {
    letter: 'x',
    name: 'exclusive',
    text: 'A migration entry of a page of one mapping alone, not writable. Linux 6.12.',
  },
  { letter: 'd', name: 'dirty', text: 'The CPU has stored to the page through this entry.' },
  { letter: 'a', name: 'accessed', text: 'The CPU has used this entry.' },
  { letter: 's', name: 'soft-dirty', text: 'The page was written to since the soft-dirty bits were cleared.' },
]

/** Bits in their order; `p` and `x` stand in the place of `w`. */
export const BIT_NAMES = BITS.map(({ letter, name }) => [letter, name] as const)

/** Flags of src and dst. */
export const WORD_LETTERS: readonly (readonly [letter: string, flag: string])[] = [
  ['V', 'valid'],
  ['M', 'migrate'],
  ['L', 'locked'],
  ['W', 'write'],
  ['D', 'device'],
  ['E', 'error'],
]

/** The letters of a column that may be set. */
export function allLetters(terms: Terms, column: Letters): readonly Letter[] {
  if (column === 'bits') return BITS
  const [names, texts] = column === 'words' ? [WORD_LETTERS, terms.words] : [FLAG_LETTERS, terms.flags]
  return names.map(([letter, name]) => ({ letter, name, text: (texts as Record<string, string>)?.[name] ?? '' }))
}

/** The letters that a word has, as `VMLW` or `w--s`, in their order. */
export const lettersOf = (terms: Terms, column: Letters, word: string): Letter[] =>
  allLetters(terms, column).filter(({ letter }) => word.includes(letter))
