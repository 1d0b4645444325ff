// SPDX-License-Identifier: GPL-2.0-only

/** Rows that PageUp and PageDown pass. */
const PAGE_ROWS = 20

/** The part of a KeyboardEvent that counts. */
interface KeyPress {
  readonly key: string
  readonly altKey: boolean
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly shiftKey: boolean
}

/**
 * Whether a key may go from row to row, of a table or a tree. Home and End alone go to the first and last step, wherever the
 * focus is; those of rows need Ctrl.
 */
export function isRowKey({ key, altKey, ctrlKey, metaKey, shiftKey }: KeyPress): boolean {
  const needsCtrl = key === 'Home' || key === 'End'
  return !altKey && !shiftKey && (ctrlKey || metaKey) === needsCtrl
}

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
