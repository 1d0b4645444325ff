// SPDX-License-Identifier: GPL-2.0-only
//
// A recording as a trace for Perfetto and chrome://tracing: a step is a millisecond.

import type { Book } from './book'
import { commandHeadings, type Heading, stageHeadings } from './columns'
import { isBand, rowName } from './histories'
import { frameName } from './state'

/** Microseconds of a step. */
const STEP = 1000
/** The track of commands; pages and tasks have the numbers behind it. */
const COMMANDS = 1
const STAGES = 2
const FIRST_ROW = 3

interface TraceEvent {
  readonly name: string
  readonly ph: 'X' | 'M' | 'i' | 'C'
  readonly pid: 1
  readonly tid?: number
  readonly ts?: number
  readonly dur?: number
  readonly s?: 't'
  readonly args?: Readonly<Record<string, string | number>>
}

export function traceOf(book: Book): { traceEvents: TraceEvent[] } {
  const rows = book.rows.flatMap((row, i) => (isBand(row) ? [] : [{ row, tid: FIRST_ROW + i }]))
  const firstTask = FIRST_ROW + book.rows.length
  const { name, profile } = book.recording
  return {
    traceEvents: [
      { name: 'process_name', ph: 'M', pid: 1, args: { name: `${name} on ${profile}` } },
      thread(COMMANDS, 'commands'),
      thread(STAGES, 'stages'),
      ...commandHeadings(book.recording).map((heading) => headingEvent(heading, COMMANDS)),
      ...stageHeadings(book.recording).map((heading) => headingEvent(heading, STAGES)),
      ...rows.flatMap(({ row, tid }) => [
        thread(tid, rowName(row)),
        ...row.spans.map(({ kind, from, to, pfn }) => span(barName(book, kind, pfn), tid, from, to)),
        ...row.marks.map(({ step, why }) => instant(why, tid, step)),
      ]),
      ...book.tasks.flatMap(({ task, spans }, i) => [
        thread(firstTask + i, task),
        ...spans.map(({ from, to, waits, wait }) =>
          span(waits ? `waits for ${wait}` : 'runs', firstTask + i, from, to),
        ),
      ]),
      ...counters(book),
    ],
  }
}

const thread = (tid: number, name: string): TraceEvent => ({
  name: 'thread_name',
  ph: 'M',
  pid: 1,
  tid,
  args: { name },
})

const span = (name: string, tid: number, from: number, to: number): TraceEvent => ({
  name,
  ph: 'X',
  pid: 1,
  tid,
  ts: from * STEP,
  dur: (to - from + 1) * STEP,
})

const instant = (name: string, tid: number, step: number): TraceEvent => ({
  name,
  ph: 'i',
  pid: 1,
  tid,
  ts: (step + 0.5) * STEP,
  s: 't',
})

const headingEvent = ({ text, from, to }: Heading, tid: number): TraceEvent => span(text, tid, from, to)

const barName = ({ recording }: Book, kind: string, pfn: number | undefined): string =>
  pfn === undefined ? kind : `${kind} ${frameName(recording, pfn)}`

/** Counters of which a reader of a trace wants a curve. */
const CURVES = ['ramFree', 'deviceFree', 'tablePages', 'migrated', 'pageFaults', 'tlbFlushes', 'tlbStale']

const counters = ({ recording }: Book): TraceEvent[] =>
  recording.steps.flatMap(({ n, counters: changed = {} }) =>
    CURVES.filter((name) => changed[name] !== undefined).map((name) => ({
      name,
      ph: 'C' as const,
      pid: 1 as const,
      ts: n * STEP,
      args: { value: changed[name]! },
    })),
  )
