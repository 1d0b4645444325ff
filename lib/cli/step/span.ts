// SPDX-License-Identifier: GPL-2.0-only
//
// Lines of text with looks. Texts of a record may hold anything: control characters become escapes here, once for all.

import { visible } from '../../base/visible'
import { type Piece, plain, type Rich } from '../../view/words'
import type { Colors } from '../output'

/** What a part of a line is. Each look but `plain` has a form besides its colour, in the text or in the marks of a row. */
export type Look = 'plain' | 'bold' | 'faint' | 'changed' | 'stop' | 'ram' | 'device' | 'migration' | 'current'

export interface Span {
  readonly text: string
  readonly look: Look
}

export type Line = readonly Span[]

export const span = (text: string, look: Look = 'plain'): Span => ({ text: visible(text), look })

export const line = (text: string, look: Look = 'plain'): Line => [span(text, look)]

export const widthOf = (spans: Line): number => spans.reduce((sum, { text }) => sum + [...text].length, 0)

/** The line as long as a width: cut, with an ellipsis, or filled with spaces. */
export function fitted(spans: Line, width: number): Line {
  const own = widthOf(spans)
  if (own <= width) return own === width ? spans : [...spans, span(' '.repeat(width - own))]
  const out: Span[] = []
  let left = Math.max(0, width - 1)
  for (const { text, look } of spans) {
    const letters = [...text].slice(0, left)
    left -= letters.length
    out.push({ text: letters.join(''), look })
    if (left === 0) break
  }
  return width > 0 ? [...out, span('…', 'faint')] : []
}

export function spansOf(rich: Rich): Span[] {
  return rich.map((piece) => span(plain([piece]), lookOf(piece)))
}

function lookOf(piece: Piece): Look {
  if (typeof piece === 'string') return 'plain'
  if ('bold' in piece || 'code' in piece) return 'bold'
  if ('muted' in piece) return 'faint'
  return 'stop' in piece && piece.stop ? 'stop' : 'plain'
}

/** Words in lines of a width. A word that is longer has a line of its own. */
export function wrapped(spans: Line, width: number): Line[] {
  const words = spans.flatMap(({ text, look }) =>
    text.split(/(?<= )/).map((word) => ({ text: word, look }) satisfies Span),
  )
  const lines: Span[][] = [[]]
  let used = 0
  for (const word of words) {
    const size = [...word.text.trimEnd()].length
    if (used > 0 && used + size > width) {
      lines.push([])
      used = 0
    }
    lines.at(-1)!.push(word)
    used += [...word.text].length
  }
  return lines
}

const PAINT: Readonly<Record<Look, (colors: Colors) => (text: string) => string>> = {
  plain: () => (text) => text,
  bold: ({ bold }) => bold,
  faint: ({ dim }) => dim,
  changed:
    ({ black, bgYellow }) =>
    (text) =>
      bgYellow(black(text)),
  stop:
    ({ red, bold }) =>
    (text) =>
      bold(red(text)),
  ram: ({ blue }) => blue,
  device: ({ cyan }) => cyan,
  migration: ({ magenta }) => magenta,
  current: ({ inverse }) => inverse,
}

export const painted = (spans: Line, colors: Colors): string =>
  joined(spans)
    .map(({ text, look }) => PAINT[look](colors)(text))
    .join('')

/** Neighbours of one look as one. */
function joined(spans: Line): Span[] {
  const out: Span[] = []
  for (const each of spans) {
    const before = out.at(-1)
    if (before?.look === each.look) out[out.length - 1] = { ...each, text: before.text + each.text }
    else if (each.text !== '') out.push(each)
  }
  return out
}
