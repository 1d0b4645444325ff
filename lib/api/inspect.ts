// SPDX-License-Identifier: GPL-2.0-only
//
// How things look under util.inspect() and console.log(): as small tables.

import { PfnFlag } from '../base/defs.generated'

/** Rows of a table that are shown at a glance, and pages or events that are looked at for it. */
const MOST_ROWS = 40
export const MOST_ITEMS = 4096

/**
 * Key of the method that returns the text of an object: at a glance, or all of it. Hidden keys are found by
 * hmmu/jest also if a test runner has loaded the library more than once.
 */
export const asText: unique symbol = Symbol.for('hmmu.asText')

/** Key of the method that returns the state of a handle as something that can be compared. */
export const stateOf: unique symbol = Symbol.for('hmmu.stateOf')

/** An object that has a text. */
export interface Showable {
  [asText](all?: boolean): string
}

/** Key of the method by which util.inspect() shows an object. */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom')

/** Makes the text at a glance what console.log() and String() show of the objects of a class. */
export function showsItself(prototype: Showable): void {
  for (const key of [INSPECT, 'toString']) {
    Object.defineProperty(prototype, key, {
      value(this: Showable) {
        return this[asText]()
      },
      configurable: true,
      writable: true,
    })
  }
}

/** A cell; the numbers of neighbouring rows that count up by one can be shown as one range. */
export type Cell = string | { readonly prefix: string; readonly number: number }

/** @internal Where the pages of devices begin: the private ones, and the coherent ones behind them. */
export interface PageBases {
  readonly deviceBase: number
  readonly coherentBase: number
}

/** Columns under headings, without lines, padded to their widths. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], all = false): string {
  const shown = [headings, ...(all ? rows : rows.slice(0, MOST_ROWS))]
  const widths = headings.map((_, column) => shown.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0))
  const lines = shown.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  )
  if (rows.length >= shown.length) lines.push(`  … ${rows.length - shown.length + 1} more`)
  return lines.join('\n')
}

/** A table of pages, of which neighbours that are alike share a row. At a glance the first pages have to do. */
export function pagesTable(
  headings: readonly string[],
  pages: number,
  row: (page: number) => readonly Cell[],
  all = false,
): string {
  const shown = all ? pages : Math.min(pages, MOST_ITEMS)
  return (
    table(headings, joinRuns(Array.from({ length: shown }, (_, page) => row(page))), all) + morePages(pages - shown)
  )
}

/** The line below a table that does not have all pages. */
export function morePages(pages: number): string {
  return pages > 0 ? `\n  … ${pages} more pages` : ''
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
export function pageCell(pfn: number, { deviceBase, coherentBase }: PageBases): Exclude<Cell, string> {
  if (pfn < deviceBase) return { prefix: '#', number: pfn }
  return pfn < coherentBase ? { prefix: 'D', number: pfn - deviceBase } : { prefix: 'C', number: pfn - coherentBase }
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

/**
 * Gives a plain array a text. It stays a plain array: an array that is made of it is shown as usual.
 * @param json what JSON has for an item; by default the item
 */
export function shownAs<T>(
  array: T[],
  show: (array: readonly T[], all: boolean) => string,
  json?: (item: T) => unknown,
): T[] {
  Object.defineProperty(array, asText, { value: (all = false) => show(array, all) })
  if (json) Object.defineProperty(array, 'toJSON', { value: () => array.map(json) })
  showsItself(array as unknown as Showable)
  return array
}
