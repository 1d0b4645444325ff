// SPDX-License-Identifier: GPL-2.0-only
//
// The lines of the screen, for a view and a size.

import type { Book } from '../../view/book'
import { BIT_NAMES, FLAG_LETTERS, WORD_LETTERS } from '../../view/letters'
import { columnsOf } from '../../view/zoom'
import {
  answerLines,
  differenceText,
  eventLines,
  historyLines,
  otherLines,
  placeText,
  sentenceLine,
  transcriptLines,
} from './caption'
import { KEYS, type View } from './explorer'
import { machineLines } from './machine'
import { pageTableLines, wordLines } from './page-tables'
import { fitted, type Line, line, type Span, span, wrapped } from './span'
import { otherMoment } from './subject'

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** From this width on, the transcript stands at the left of the machine. */
const WIDE = 132
const GAP = 2
/** A narrow screen has so many lines of the transcript before and behind the current one. */
const AROUND = 2
const LEAST = { columns: 20, rows: 6 }

/** As many lines as the screen has, none wider than it. */
export function screenLines(view: View, { columns, rows }: Size): Line[] {
  if (columns < LEAST.columns || rows < LEAST.rows) return [fitted(line('Too small'), Math.max(0, columns))]
  const head = headLines(view, columns)
  const shown = head.slice(0, rows - 2)
  const height = rows - shown.length - 1
  const body = view.help ? helpLines() : bodyLines(view, columns, height)
  return [...filled([...shown, ...body], rows - 1), statusLine(view)].map((spans) => fitted(spans, columns))
}

const filled = (lines: readonly Line[], height: number): Line[] => [
  ...lines.slice(0, height),
  ...Array.from({ length: Math.max(0, height - lines.length) }, () => []),
]

function headLines({ subject, n, page }: View, columns: number): Line[] {
  const { book } = subject
  const { name, profile } = book.recording
  const place = span(placeText(book, n), 'bold')
  return [
    [place, span(`   ${name} on ${profile}${subject.other ? `, ${differenceText(subject.other)} (d)` : ''}`, 'faint')],
    timeline(book, n, columns),
    ...wrapped(sentenceLine(book, n), columns),
    ...eventLines(book, n),
    ...otherLines(subject, n).flatMap((spans) => wrapped(spans, columns)),
    ...(page ? answerLines(book, n, page) : []).flatMap((spans) => wrapped(spans, columns)),
    [],
  ]
}

/** All steps in a line: ┃ is this one, ✕ a page gives up, │ a command begins. */
function timeline({ recording, stops }: Book, n: number, columns: number): Line {
  const edges = columnsOf(recording)
  const cells: Span[] = Array.from({ length: columns }, () => span('─', 'faint'))
  const put = (step: number, sign: Span): void => {
    cells[Math.min(columns - 1, Math.floor(edges[step]! * columns))] = sign
  }
  let command = -1
  for (const [i, step] of recording.steps.entries()) {
    if (step.command !== command) put(i, span('│', 'faint'))
    command = step.command
  }
  for (const stop of stops) put(stop.step, span('✕', 'stop'))
  put(n, span('┃', 'current'))
  return cells
}

function bodyLines(view: View, columns: number, height: number): Line[] {
  const { subject, n, page } = view
  const { book } = subject
  const moment = book.moment(n)
  const machine = view.tables
    ? [...pageTableLines(moment, page, 'all', otherMoment(subject, n)), ...wordLines(moment, page)]
    : machineLines(moment, page, otherMoment(subject, n))
  const history = page ? [line('History of the page', 'bold'), ...historyLines(book, n, page)] : []
  if (columns < WIDE) {
    const text = transcriptLines(book, n, AROUND, AROUND)
    return [...text, ...scrolled([...machine, ...history], view, height - text.length)]
  }
  const left = Math.floor(columns * 0.3)
  const text = fullTranscript(book, n, page ? Math.ceil(height / 2) : height)
  const beside = [...filled(text, Math.min(height, text.length)), ...history.slice(0, height)]
  const right = scrolled(machine, view, height)
  return Array.from({ length: height }, (_, i) => [
    ...fitted(beside[i] ?? [], left),
    span(' '.repeat(GAP)),
    ...(right[i] ?? []),
  ])
}

/** The transcript, so that the current line is in the middle. */
function fullTranscript(book: Book, n: number, height: number): Line[] {
  const at = book.moment(n).step.line ?? 0
  const before = Math.min(at, Math.floor(height / 2))
  const lines = transcriptLines(book, n, before, height)
  const current = lines.findIndex(([mark]) => mark?.text.startsWith('>'))
  const from = Math.max(0, current - Math.floor(height / 2))
  return lines.slice(from, from + height)
}

/** Lines as they were scrolled, or so that the row of the followed page is there; what is not shown is counted. */
function scrolled(lines: readonly Line[], { scroll }: View, height: number): Line[] {
  if (lines.length <= height) return [...lines]
  const room = Math.max(1, height - 1)
  const most = lines.length - room
  const own = lines.findIndex(([mark]) => mark?.text === '>')
  const from = Math.min(most, scroll ?? (own < room ? 0 : own - Math.floor(room / 2)))
  const rest = most - from
  const hint = `${from > 0 ? `${from} above · ` : ''}${rest > 0 ? `${rest} more below · ` : ''}j k`
  return [...lines.slice(from, from + room), line(`   … ${hint}`, 'faint')]
}

const named = (letters: readonly (readonly [letter: string, name: string])[]): string =>
  letters.map(([letter, name]) => `${letter} ${name}`).join(', ')

const LETTERS: readonly (readonly [column: string, letters: string])[] = [
  ['bits', named(BIT_NAMES)],
  ['src, dst', named(WORD_LETTERS)],
  ['flags', named(FLAG_LETTERS)],
]

function helpLines(): Line[] {
  const width = Math.max(...KEYS.map(([keys]) => keys.length))
  return [
    line('Keys', 'bold'),
    ...KEYS.map(([keys, text]): Line => [span('  '), span(keys.padEnd(width), 'bold'), span(`  ${text}`)]),
    [],
    line('Letters', 'bold'),
    ...LETTERS.map(([column, letters]): Line => [span('  '), span(column.padEnd(width), 'bold'), span(`  ${letters}`)]),
    [],
    line('In front of a row: > the followed page, * changed in this step. Any key goes back.', 'faint'),
  ]
}

function statusLine({ question, message }: View): Line {
  if (question !== undefined) return [span('Go to: ', 'bold'), span(question), span('_')]
  if (message !== '') return line(message, 'stop')
  return line('← → step · PgUp PgDn command · ↑ ↓ page · / go to · ? keys · q quit', 'faint')
}
