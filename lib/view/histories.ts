// SPDX-License-Identifier: GPL-2.0-only
//
// Rows of the score: pages with the same history share one. Computed once a recording.

import type { Recording } from '../record/types'
import { classesOf } from './history-classes'
import { type PageKey, shown } from './pages'
import { ABSENT, eachSpan, type RegionChanges, regionChanges, SINGLE_ROWS, segmentsIn, stopsIn } from './region-changes'
import { endOf, type Run } from './runs'
import type { Stop } from './stops'
import { number, rangeOf } from './words'

/** Steps in which an entry has one kind, and the frame of the first page then. */
export interface Span {
  readonly kind: string
  readonly from: number
  readonly to: number
  readonly pfn?: number | undefined
}

export interface Mark {
  readonly step: number
  readonly why: string
}

export interface History {
  readonly at: string
  /** The pages: one run, or more if the row is a class. */
  readonly runs: readonly Run[]
  readonly count: number
  readonly spans: readonly Span[]
  readonly marks: readonly Mark[]
}

/** A region with too many histories: a picture with a line of pixels for a few pages. */
export interface Band {
  readonly at: string
  readonly count: number
  /** How many histories its pages have. */
  readonly histories: number
  readonly changes: RegionChanges
}

export type ScoreRow = History | Band

export const isBand = (row: ScoreRow): row is Band => 'changes' in row

const MOST_RUNS = 24
const MOST_CLASSES = 16

export const scoreRows = (recording: Recording, stops: readonly Stop[]): ScoreRow[] =>
  regionChanges(recording, stops).flatMap(rowsOf)

function rowsOf(region: RegionChanges): ScoreRow[] {
  const { at, pages, firsts } = region
  if (pages <= SINGLE_ROWS)
    return Array.from(firsts.subarray(0, -1), (_, i) => historyOf(region, i, runsOf(region, [i])))
  const classOf = classesOf(region)
  const joined = runsOfClasses(region, classOf)
  if (joined.length <= MOST_RUNS) return joined.map(([segment, run]) => historyOf(region, segment, [run]))
  const classes = byClass(joined, classOf)
  if (classes.length > MOST_CLASSES) return [{ at, count: pages, histories: classes.length, changes: region }]
  return classes.map(([segment, runs]) => historyOf(region, segment, runs))
}

const runsOf = ({ firsts }: RegionChanges, segments: readonly number[]): Run[] =>
  segments.map((i) => ({ first: firsts[i]!, count: firsts[i + 1]! - firsts[i]! }))

/** Neighbours that are alike as one run, with its first segment. */
function runsOfClasses(region: RegionChanges, classOf: Int32Array): [segment: number, run: Run][] {
  const out: [number, Run][] = []
  for (let from = 0; from < segmentsIn(region); ) {
    let end = from + 1
    while (end < segmentsIn(region) && classOf[end] === classOf[from]) end++
    const first = region.firsts[from]!
    out.push([from, { first, count: region.firsts[end]! - first }])
    from = end
  }
  return out
}

function byClass(joined: readonly [number, Run][], classOf: Int32Array): [segment: number, runs: Run[]][] {
  const classes = new Map<number, [number, Run[]]>()
  for (const [segment, run] of joined) {
    const known = classes.get(classOf[segment]!)
    if (known) known[1].push(run)
    else classes.set(classOf[segment]!, [segment, [run]])
  }
  return [...classes.values()]
}

/** The history of a segment, for all the pages that share it. */
export function historyOf(region: RegionChanges, segment: number, runs: readonly Run[]): History {
  const spans: Span[] = []
  eachSpan(region, segment, (index, from, to, pfn) => {
    const kind = region.kinds[index]!
    if (kind !== ABSENT) spans.push({ kind, from, to, pfn: Number.isNaN(pfn) ? undefined : pfn })
  })
  const marks = stopsIn(region, segment).map(({ step, why }) => ({ step, why }))
  const count = runs.reduce((sum, run) => sum + run.count, 0)
  return { at: region.at, runs, count, spans, marks }
}

/** The name of a row: "A buf[0–99]", "150 of A buf". */
export function rowName(row: ScoreRow): string {
  if (isBand(row)) return `${number(row.count)} of ${shown(row.at)}`
  return row.runs.length > 1 ? `${number(row.count)} of ${shown(row.at)}` : `${shown(row.at)}[${rangeOf(row.runs[0]!)}]`
}

export function isInRow(row: ScoreRow, page: PageKey | undefined): boolean {
  if (!page || row.at !== page.at) return false
  if (isBand(row)) return true
  return row.runs.some((run) => run.first <= page.index && page.index < endOf(run))
}

/** The first page of a row. */
export const firstPage = (row: ScoreRow): PageKey => ({
  at: row.at,
  index: isBand(row) ? 0 : row.runs[0]!.first,
})
