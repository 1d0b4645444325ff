// SPDX-License-Identifier: GPL-2.0-only
//
// What stands in a row or a column is one stop for Tab, and keys go from one to the next.

/** Of terms in a row. A handler of the element around them: the first has tabIndex 0, the others -1. */
export function onArrows(event: KeyboardEvent): void {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
  if (by === undefined || event.shiftKey || event.altKey) return
  const terms = [...(event.currentTarget as Element).querySelectorAll<HTMLElement>('.term')]
  const at = terms.indexOf(event.target as HTMLElement)
  if (at < 0) return
  event.preventDefault()
  terms[at + by]?.focus()
}

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
