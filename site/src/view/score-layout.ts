// SPDX-License-Identifier: GPL-2.0-only
//
// Measures of the score, in pixels.

import type { Book } from '../../../lib/view/book'
import { isBand, rowName, type ScoreRow } from '../../../lib/view/histories'

export interface Layout {
  readonly width: number
  /** Where the first column begins. */
  readonly left: number
  /** Left edges of columns, and the right edge of the last. */
  readonly edges: Float64Array
  readonly rowHeight: number
  readonly rows: readonly { readonly row: ScoreRow; readonly y: number }[]
  readonly tasksAt: number
  readonly height: number
}

/** Height of the two lines with commands and stages. */
export const HEAD = 46
export const BAND_HEIGHT = 150
const BAND_FOOT = 16
const REGION_GAP = 5
const RIGHT = 6
const LETTER = 6.4

/** The width of row names: common to scores that stand below each other. */
export function gutter(books: readonly Book[], width: number): number {
  const names = books.flatMap(({ rows, tasks }) => [...rows.map(rowName), ...tasks.map(({ task }) => task)])
  return names.reduce((most, name) => Math.max(most, name.length * LETTER + 14), width < 900 ? 84 : 110)
}

export function layoutOf(book: Book, width: number, left: number, fractions: Float64Array): Layout {
  const isDense = book.rows.length > 10
  const rowHeight = isDense ? 14 : 18
  const gap = isDense ? 2 : 3
  let y = HEAD
  const rows = book.rows.map((row, i) => {
    if (i > 0 && book.rows[i - 1]!.at !== row.at) y += REGION_GAP
    const placed = { row, y }
    y += isBand(row) ? BAND_HEIGHT + BAND_FOOT : rowHeight + gap
    return placed
  })
  const tasksAt = y + (book.tasks.length > 0 ? 6 : 0)
  return {
    width,
    left,
    edges: fractions.map((fraction) => left + fraction * (width - left - RIGHT)),
    rowHeight,
    rows,
    tasksAt,
    height: tasksAt + book.tasks.length * (rowHeight + 1) + 6,
  }
}

export const middleOf = ({ edges }: Layout, n: number): number => (edges[n]! + edges[n + 1]!) / 2

/** A text as far as it fits. */
export function fitted(text: string, width: number, letter = 5.6): string {
  const letters = Math.floor((width - 4) / letter)
  if (letters >= text.length) return text
  return letters > 3 ? `${text.slice(0, letters - 1)}…` : ''
}
