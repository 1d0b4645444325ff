// SPDX-License-Identifier: GPL-2.0-only
//
// Rows of the score: pages with the same history share one. Computed once a recording.

import type { Recording } from '../record/types'
import { type PageKey, processOf, shown } from './pages'
import { endOf, firstBehind, type Run } from './runs'
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
  readonly signature: string
}

/** A region with too many histories: a picture with a line of pixels for a few pages. */
export interface Band {
  readonly at: string
  readonly count: number
  readonly histories: readonly History[]
}

export type ScoreRow = History | Band

export const isBand = (row: ScoreRow): row is Band => 'histories' in row

/** Regions up to this size have a row for each page. */
const SINGLE_ROWS = 8
const MOST_RUNS = 24
const MOST_CLASSES = 16
const ABSENT = '-'

interface Change {
  readonly step: number
  readonly kind: string
  readonly pfn: number | undefined
}

export function scoreRows(recording: Recording, stops: readonly Stop[]): ScoreRow[] {
  return regionsOf(recording).flatMap(({ at, pages, gone }) => {
    const own = stops.filter((stop) => stop.at === at)
    const segments = segmentsOf(recording, at, pages, own)
    const changes = changesOf(recording, at, segments)
    const last = recording.steps.length - 1
    const singles = segments.map((run, i) => history(at, run, [...changes[i]!, ...gone], own, last))
    return folded(at, pages, joined(singles, pages))
  })
}

interface RegionSeen {
  at: string
  pages: number
  /** Steps in which the region goes. */
  gone: Change[]
}

/** Each region that ever was, in the order of processes and of their first appearance. */
function regionsOf({ steps }: Recording): RegionSeen[] {
  const seen = new Map<string, RegionSeen>()
  const live = new Set<string>()
  for (const [n, step] of steps.entries()) {
    for (const [name, process] of Object.entries(step.processes ?? {})) {
      const regions = process?.regions.map((region) => ({ at: `${name}/${region.name}`, pages: region.pages })) ?? []
      const gone = [...live].filter((at) => at.startsWith(`${name}/`) && regions.every((region) => region.at !== at))
      for (const at of gone) {
        seen.get(at)!.gone.push({ step: n, kind: ABSENT, pfn: undefined })
        live.delete(at)
      }
      for (const { at, pages } of regions) {
        live.add(at)
        seen.set(at, { at, gone: seen.get(at)?.gone ?? [], pages: Math.max(pages, seen.get(at)?.pages ?? 0) })
      }
    }
  }
  const processes = Array.from(new Set([...seen.keys()].map(processOf)))
  const rank = ({ at }: RegionSeen): number => processes.indexOf(processOf(at))
  return [...seen.values()].sort((a, b) => rank(a) - rank(b))
}

/** Pages between places where any step changes something: all pages of a segment have the same history. */
function segmentsOf({ steps }: Recording, at: string, pages: number, stops: readonly Stop[]): Run[] {
  if (pages <= SINGLE_ROWS) return Array.from({ length: pages }, (_, first) => ({ first, count: 1 }))
  const places = new Set<number>([0, pages])
  const add = (run: Run): void => {
    places.add(run.first)
    places.add(Math.min(pages, endOf(run)))
  }
  for (const step of steps) for (const delta of step.entries ?? []) if (delta.at === at) add(delta)
  stops.forEach(add)
  const sorted = Int32Array.from(places).sort()
  return Array.from(sorted.subarray(0, -1), (first, i) => ({ first, count: sorted[i + 1]! - first }))
}

function changesOf({ steps }: Recording, at: string, segments: readonly Run[]): Change[][] {
  const changes: Change[][] = segments.map(() => [])
  for (const [step, { entries }] of steps.entries()) {
    for (const delta of entries ?? []) {
      if (delta.at !== at) continue
      for (let i = firstBehind(segments, delta.first); i < segments.length; i++) {
        const by = segments[i]!.first - delta.first
        if (by >= delta.count) break
        changes[i]!.push({ step, kind: delta.kind, pfn: delta.pfn === undefined ? undefined : delta.pfn + by })
      }
    }
  }
  return changes
}

function history(at: string, run: Run, changes: readonly Change[], stops: readonly Stop[], last: number): History {
  const spans: { kind: string; from: number; to: number; pfn: number | undefined }[] = []
  const ordered = [...changes].sort((a, b) => a.step - b.step)
  for (const { step, kind, pfn } of ordered) {
    const before = spans.at(-1)
    if (before && before.kind === kind && before.pfn === pfn) continue
    if (before) before.to = step - 1
    spans.push({ kind, from: step, to: last, pfn })
  }
  const marks = stops
    .filter((stop) => stop.first <= run.first && run.first < endOf(stop))
    .map(({ step, why }) => ({ step, why }))
  const signature = [
    ...spans.map(({ kind, from, pfn }, i) => `${from}:${kind}${sameKind(spans[i - 1], kind) ? pfn : ''}`),
    ...marks.map(({ step, why }) => `!${step}${why}`),
  ].join()
  const present = spans.filter(({ kind }) => kind !== ABSENT)
  return { at, runs: [run], count: run.count, spans: present, marks, signature }
}

/** A page that gets another frame of the same kind has another bar. */
const sameKind = (before: Span | undefined, kind: string): boolean => before?.kind === kind

/** Neighbours that are alike as one row. */
function joined(rows: readonly History[], pages: number): History[] {
  if (pages <= SINGLE_ROWS) return [...rows]
  const out: History[] = []
  for (const row of rows) {
    const before = out.at(-1)
    if (before?.signature === row.signature) {
      const count = before.count + row.count
      out[out.length - 1] = { ...before, count, runs: [{ first: before.runs[0]!.first, count }] }
    } else out.push(row)
  }
  return out
}

function folded(at: string, count: number, rows: readonly History[]): ScoreRow[] {
  if (rows.length <= MOST_RUNS) return [...rows]
  const classes = new Map<string, History>()
  for (const row of rows) {
    const known = classes.get(row.signature)
    classes.set(
      row.signature,
      known ? { ...known, count: known.count + row.count, runs: [...known.runs, ...row.runs] } : row,
    )
  }
  return classes.size <= MOST_CLASSES ? [...classes.values()] : [{ at, count, histories: rows }]
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
