// SPDX-License-Identifier: GPL-2.0-only

import Table from 'cli-table3'
import type { Colors } from './output'

/** A table without lines, its columns as wide as they need to be. Cells may be coloured. */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[], colors: Colors): string {
  const none = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '' }
  const chars = { ...none, 'bottom-left': '', 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '' }
  const table = new Table({
    chars: { ...chars, right: '', 'right-mid': '', middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    head: head.map((title) => colors.dim(title)),
  })
  table.push(...rows.map((row) => [...row]))
  return table
    .toString()
    .split('\n')
    .map((line) => `  ${line}`.trimEnd())
    .join('\n')
}
