// SPDX-License-Identifier: GPL-2.0-only
//
// Measures of the score, in pixels.

import type { Book } from '../../../lib/view/book'
import { columnAt } from '../../../lib/view/columns'
import { isBand, rowName, type ScoreRow } from '../../../lib/view/histories'
import { lowerBound } from '../../../lib/view/region-changes'

/** Columns of one score, or of two that are compared. */
export interface Columns {
  /** Left edges, and the right edge of the last. What is shown is from 0 to 1. */
  readonly edges: Float64Array
  /** The column of each step. Of compared scores, a column without a step is empty. */
  readonly ofStep: Int32Array
}

export interface Layout {
  readonly width: number
  /** Where the first column begins that is shown. */
  readonly left: number
  /** Where the last one ends. */
  readonly right: number
  readonly edges: Float64Array
  readonly ofStep: Int32Array
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

export function layoutOf(book: Book, width: number, left: number, { edges, ofStep }: Columns): Layout {
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
  const right = width - RIGHT
  return {
    width,
    left,
    right,
    edges: edges.map((edge) => left + edge * (right - left)),
    ofStep,
    rowHeight,
    rows,
    tasksAt,
    height: tasksAt + book.tasks.length * (rowHeight + 1) + 6,
  }
}

/** Where the columns of some steps begin and end, as far as they are shown; nothing if they are not. */
export function extent(layout: Layout, from: number, to: number): readonly [x: number, end: number] | undefined {
  const { edges, ofStep, left, right } = layout
  const [x, end] = [edges[ofStep[from]!]!, edges[ofStep[to]! + 1]!]
  return end <= left || x >= right ? undefined : [Math.max(left, x), Math.min(right, end)]
}

export const isShown = ({ left, right }: Layout, x: number): boolean => x >= left && x <= right

export const middleOf = (layout: Layout, n: number): number => middleOfColumn(layout, layout.ofStep[n]!)

export const middleOfColumn = ({ edges }: Layout, column: number): number => (edges[column]! + edges[column + 1]!) / 2

/** The width of a step's column. */
export const widthOf = ({ edges, ofStep }: Layout, n: number): number => edges[ofStep[n]! + 1]! - edges[ofStep[n]!]!

/** The step at a place: that of the column, or the last one before. */
export function stepAt({ edges, ofStep }: Layout, x: number): number {
  return Math.max(0, lowerBound(ofStep, columnAt(edges, x) + 1) - 1)
}

/** A text as far as it fits. */
export function fitted(text: string, width: number, letter = 5.6): string {
  const letters = Math.floor((width - 4) / letter)
  if (letters >= text.length) return text
  return letters > 3 ? `${text.slice(0, letters - 1)}…` : ''
}
