// SPDX-License-Identifier: GPL-2.0-only
//
// Text with parts that mean something: terms that are explained, steps to go to. Views make elements of it; nothing of a
// drill is ever HTML.

import { lookUp } from '../base/look-up'
import type { TermGroup } from '../record/types'
import { type Run, runsOf, sizeOf } from './runs'

export type Piece =
  | string
  | { readonly bold: string }
  | { readonly code: string }
  | { readonly term: string; readonly group: TermGroup; readonly text?: string; readonly stop?: boolean }
  | { readonly step: number; readonly text: string }
  | { readonly muted: string }

export type Rich = readonly Piece[]

/** One for all: to make it takes longer than to use it. */
const commas = new Intl.NumberFormat('en')

export const number = (n: number): string => commas.format(n)

export const plural = (n: number, one: string, many = `${one}s`): string => `${number(n)} ${n === 1 ? one : many}`

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

export const hexByte = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`

export const rangeOf = ({ first, count }: Run): string => (count === 1 ? `${first}` : `${first}–${first + count - 1}`)

/** "page 3", "pages 0–2, 5"; of more than six runs their number and the first three. */
export function pagesText(runs: readonly Run[]): string {
  const ranges = runs.map(rangeOf)
  if (sizeOf(runs) === 1) return `page ${ranges[0]}`
  if (ranges.length > 6) return `${number(sizeOf(runs))} pages (${ranges.slice(0, 3).join(', ')} …)`
  return `pages ${ranges.join(', ')}`
}

export const pagesTextOf = (numbers: Iterable<number>): string => pagesText(runsOf(numbers))

/** Text as screen readers say it. */
export function plain(rich: Rich): string {
  return rich.map(plainPiece).join('')
}

function plainPiece(piece: Piece): string {
  if (typeof piece === 'string') return piece
  if ('bold' in piece) return piece.bold
  if ('code' in piece) return piece.code
  if ('muted' in piece) return piece.muted
  if ('step' in piece) return piece.text
  return piece.text ?? piece.term
}

/** Who holds a reference, from the record's `kind:name`. */
export function holderText(held: string): string {
  const [kind, ...rest] = held.split(':')
  // A name may be a place in a test: test.ts:12.
  const name = rest.length > 0 ? rest.join(':') : undefined
  const known: Record<string, string> = {
    wait: `task ${name} waiting`,
    fault: `the fault of ${name}`,
    device: 'the device',
    migration: 'the migration',
    driver: 'the driver',
    cache: 'the page cache',
    swap: 'the swap cache',
    pagevec: 'a pagevec',
  }
  return lookUp(known, kind!) ?? (name === undefined ? `a ${kind}` : `${kind} ${name}`)
}

/** Holders that no mapping explains: they stop a page. */
export const isSurplus = (held: string): boolean => /^(wait|pin|hold|isolate)\b/.test(held)
