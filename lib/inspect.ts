// SPDX-License-Identifier: GPL-2.0-only
//
// How things look under util.inspect() and console.log(): as small tables.

import { inspect } from 'node:util'
import { PfnFlag } from './defs.generated'

/** Rows of a table that are shown; what is beyond is counted. */
const MOST_ROWS = 40

/** A cell; the numbers of neighbouring rows that count up by one can be shown as one range. */
export type Cell = string | { readonly prefix: string; readonly number: number }

/** Columns under headings, without lines, padded to their widths. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const shown = rows.slice(0, MOST_ROWS)
  const all = [headings, ...shown]
  const widths = headings.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const lines = all.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  )
  if (rows.length > MOST_ROWS) lines.push(`  … ${rows.length - MOST_ROWS} more`)
  return lines.join('\n')
}

/**
 * Joins neighbouring rows that are alike but for cells that count up by one: `[7] sys #3` and `[8] sys #4` become `7-8 sys #3-#4`.
 */
export function joinRuns(rows: Iterable<readonly Cell[]>): string[][] {
  const joined: string[][] = []
  let first: readonly Cell[] | undefined
  let last: readonly Cell[] | undefined
  for (const row of rows) {
    if (first === undefined || last === undefined || !follows(last, row)) {
      if (first && last) joined.push(first.map((cell, i) => rangeText(cell, last?.[i] ?? cell)))
      first = row
    }
    last = row
  }
  if (first && last) joined.push(first.map((cell, i) => rangeText(cell, last?.[i] ?? cell)))
  return joined
}

function follows(before: readonly Cell[], row: readonly Cell[]): boolean {
  return row.every((cell, i) => {
    const other = before[i]
    if (typeof cell === 'string' || typeof other === 'string' || other === undefined) return cell === other
    return cell.prefix === other.prefix && cell.number === other.number + 1
  })
}

function rangeText(first: Cell, last: Cell): string {
  if (typeof first === 'string' || typeof last === 'string') return typeof first === 'string' ? first : ''
  const from = `${first.prefix}${first.number}`
  return first.number === last.number ? from : `${from}-${last.prefix}${last.number}`
}

/** A page: `#12` a frame of RAM, `D3` device page 3. */
export function pageCell(pfn: number, deviceBase: number): Cell {
  return pfn >= deviceBase ? { prefix: 'D', number: pfn - deviceBase } : { prefix: '#', number: pfn }
}

/** The flags of a word of src or dst as letters, `-` where the word is empty. */
export function wordFlags(flags: number): string {
  const letters = Object.entries(PfnFlag).map(([name, bit]) => (flags & bit ? name.charAt(0) : ''))
  return letters.join('') || '-'
}

/** An address as it is commonly written. */
export function hex(address: number | bigint): string {
  return `0x${address.toString(16)}`
}

/** Gives a plain array a way to show itself. It stays a plain array: what is made of it is shown as usual. */
export function shownAs<T>(array: T[], show: (array: readonly T[]) => string): T[] {
  return Object.defineProperty(array, inspect.custom, { value: () => show(array) })
}
