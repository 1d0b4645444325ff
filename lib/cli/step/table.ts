// SPDX-License-Identifier: GPL-2.0-only

import { type Line, type Span, span, widthOf } from './span'

/** A row of a table. The marks say without colour what the colours say. */
export interface TableRow {
  readonly cells: readonly Line[]
  readonly changed: boolean
  readonly followed?: boolean
  /** Whether a machine that is compared has something else; nothing: none is compared. */
  readonly differs?: boolean | undefined
}

const GAP = 2

/** Columns in front of each row: `>` for the followed page, `*` for what has changed in this step, `≠` for what differs. */
export const marksOf = (changed: boolean, followed: boolean, differs?: boolean): Span[] => [
  span(followed ? '>' : ' ', 'bold'),
  span(changed ? '*' : ' ', changed ? 'changed' : 'plain'),
  ...(differs === undefined ? [] : [span(differs ? '≠' : ' ', 'stop')]),
  span(' '),
]

/** A table, its columns as wide as they need to be. */
export function table(heads: readonly string[], rows: readonly TableRow[]): Line[] {
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map(({ cells }) => widthOf(cells[i] ?? []))))
  const laid = (cells: readonly Line[]): Span[] =>
    cells.flatMap((cell, i) => [
      ...cell,
      span(i === cells.length - 1 ? '' : ' '.repeat(widths[i]! - widthOf(cell) + GAP)),
    ])
  return [
    [
      span(rows.some(({ differs }) => differs !== undefined) ? '    ' : '   '),
      ...laid(heads.map((head) => [span(head, 'faint')])),
    ],
    ...rows.map(({ cells, changed, followed = false, differs }) => [
      ...marksOf(changed, followed, differs),
      ...laid(cells),
    ]),
  ]
}

/** A value; if it has changed, behind the old one: `none→sys`. */
export function value(now: string, was: string | undefined, look: Span['look'] = 'plain'): Line {
  if (was === undefined || was === now) return [span(now, look)]
  return [span(was, 'faint'), span('→'), span(now, 'changed')]
}

/** A cell, and what it says here and on the machine that is compared; nothing: it is not compared. */
export type ComparedCell = readonly [cell: Line, here: string, there: string | undefined]

/** Cells with the value of the other machine behind a `≠` where it is another one. */
export function besideOther(cells: readonly ComparedCell[], isCompared: boolean): Pick<TableRow, 'cells' | 'differs'> {
  const isOther = ([, here, there]: ComparedCell): boolean => there !== undefined && there !== here
  return {
    cells: cells.map((each) => (isOther(each) ? [...each[0], span('≠', 'stop'), span(each[2] || '-')] : each[0])),
    differs: isCompared ? cells.some(isOther) : undefined,
  }
}
