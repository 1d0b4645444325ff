// SPDX-License-Identifier: GPL-2.0-only
//
// What is explored: a recording, and the same drill on another profile if two are compared.

import { firstDifference, pairsOf, stepsAcross } from '../../view/align'
import type { Book } from '../../view/book'
import type { Moment } from '../../view/changes'

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

/** The moment of the other machine that belongs to a step of the first. */
export const otherMoment = ({ other }: Subject, n: number): Moment | undefined =>
  other?.book.moment(other.across[n] ?? 0)

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
