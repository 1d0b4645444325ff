// SPDX-License-Identifier: GPL-2.0-only

import { type Line, type Span, span, widthOf } from './span'

/** A row of a table. The marks say without colour what the colours say. */
export interface TableRow {
  readonly cells: readonly Line[]
  readonly changed: boolean
  readonly followed?: boolean
}

const GAP = 2

/** Two columns in front of each row: `>` for the followed page, `*` for what has changed in this step. */
export const marksOf = (changed: boolean, followed: boolean): Span[] => [
  span(followed ? '>' : ' ', 'bold'),
  span(changed ? '*' : ' ', changed ? 'changed' : 'plain'),
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
    [span('   '), ...laid(heads.map((head) => [span(head, 'faint')]))],
    ...rows.map(({ cells, changed, followed = false }) => [...marksOf(changed, followed), ...laid(cells)]),
  ]
}

/** A value; if it has changed, behind the old one: `none→sys`. */
export function value(now: string, was: string | undefined, look: Span['look'] = 'plain'): Line {
  if (was === undefined || was === now) return [span(now, look)]
  return [span(was, 'faint'), span('→'), span(now, 'changed')]
}
