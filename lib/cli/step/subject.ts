// SPDX-License-Identifier: GPL-2.0-only
//
// What is explored: a recording, and the same drill on another profile if two are compared.

import { firstDifference, pairsOf, stepsAcross } from '../../view/align'
import type { Book } from '../../view/book'

export interface Subject {
  readonly book: Book
  readonly other?: Other | undefined
}

export interface Other {
  readonly book: Book
  /** The step of it for each step of the first. */
  readonly across: readonly number[]
  /** The first step at which the machines differ. */
  readonly difference: number | undefined
}

export function subjectOf(book: Book, compared: Book | undefined): Subject {
  if (!compared) return { book }
  const pairs = pairsOf(book.recording, compared.recording)
  const other = {
    book: compared,
    across: stepsAcross(pairs, 0),
    difference: firstDifference(book, compared, pairs),
  }
  return { book, other }
}
