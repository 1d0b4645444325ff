// SPDX-License-Identifier: GPL-2.0-only

/** Rows that PageUp and PageDown pass. */
const PAGE_ROWS = 20

/** The row that a key goes to from another; nothing: it is no such key, or there is none. */
export function moveInRows(key: string, from: number, rows: number): number | undefined {
  const by: Record<string, number> = {
    ArrowUp: -1,
    ArrowDown: 1,
    PageUp: -PAGE_ROWS,
    PageDown: PAGE_ROWS,
    Home: -rows,
    End: rows,
  }
  const move = by[key]
  return move === undefined ? undefined : Math.max(0, Math.min(rows - 1, from + move))
}
