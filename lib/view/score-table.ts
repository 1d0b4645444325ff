// SPDX-License-Identifier: GPL-2.0-only
//
// The score in words: a row for each history, with the steps of each kind of entry.

import type { Book } from './book'
import { type History, historyOf, isBand, type Mark, rowName } from './histories'
import { classesOf } from './history-classes'
import { type RegionChanges, segmentsIn } from './region-changes'
import type { Run } from './runs'
import { frameName } from './state'
import type { TaskRow } from './waits'

export interface TablePart {
  /** The first step. */
  readonly step: number
  /** "3–16" */
  readonly steps: string
  /** The kind of entry; absent for a task. */
  readonly kind?: string | undefined
  readonly text: string
}

export interface TableRow {
  readonly name: string
  readonly parts: readonly TablePart[]
  /** So many parts are left out. */
  readonly more: number
  readonly stops: readonly Mark[]
}

/** Longer histories are cut. */
const MOST_PARTS = 60

/** Histories of all regions, those of a band with the most pages first; then tasks that waited. */
export function tableRows(book: Book): TableRow[] {
  const histories = book.rows.flatMap((row) => (isBand(row) ? historiesOf(row.changes) : [row]))
  return [...histories.map((row) => historyRow(book, row)), ...book.tasks.map((row) => taskRow(book, row))]
}

function historiesOf(region: RegionChanges): History[] {
  const runs = new Map<number, { segment: number; runs: Run[] }>()
  const classes = classesOf(region)
  for (let segment = 0; segment < segmentsIn(region); segment++) {
    const first = region.firsts[segment]!
    const run = { first, count: region.firsts[segment + 1]! - first }
    const known = runs.get(classes[segment]!)
    if (known) known.runs.push(run)
    else runs.set(classes[segment]!, { segment, runs: [run] })
  }
  return [...runs.values()]
    .map(({ segment, runs: pages }) => historyOf(region, segment, pages))
    .sort((a, b) => b.count - a.count)
}

const stepsText = (from: number, to: number): string => (from === to ? `${from}` : `${from}–${to}`)

function historyRow({ recording }: Book, row: History): TableRow {
  const parts = row.spans.slice(0, MOST_PARTS).map(({ kind, from, to, pfn }) => {
    const frame = row.count === 1 ? frameName(recording, pfn) : ''
    return { step: from, steps: stepsText(from, to), kind, text: frame ? `${kind} ${frame}` : kind }
  })
  return { name: rowName(row), parts, more: row.spans.length - parts.length, stops: row.marks }
}

function taskRow({ recording }: Book, { task, spans }: TaskRow): TableRow {
  const parts = spans.slice(0, MOST_PARTS).map(({ from, to, waits, ready, wait, pfn }) => {
    const what = pfn === undefined ? wait : frameName(recording, pfn)
    const text = waits ? `${ready ? 'could go on, waited' : 'waits'} for ${what}` : 'runs'
    return { step: from, steps: stepsText(from, to), text }
  })
  return { name: task, parts, more: spans.length - parts.length, stops: [] }
}
