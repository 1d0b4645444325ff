// SPDX-License-Identifier: GPL-2.0-only
//
// The JSON trace event format, which Perfetto (ui.perfetto.dev) and chrome://tracing open.

import type { Trace, TraceArgs, TraceRecord } from './trace'

/** An event of the format. Times are microseconds for those who show them. */
export interface ChromeEvent {
  readonly ph: 'B' | 'E' | 'i' | 'M'
  readonly pid: number
  readonly tid: number
  readonly ts?: number
  readonly name: string
  readonly cat?: string
  /** Scope of an instant: its thread. */
  readonly s?: 't'
  readonly args?: TraceArgs
}

export interface ChromeTrace {
  readonly traceEvents: readonly ChromeEvent[]
  readonly displayTimeUnit: 'ns'
  readonly otherData: TraceArgs
}

const PHASES = { begin: 'B', end: 'E', instant: 'i' } as const

/** The meaning of one microsecond on the axis. */
const UNITS = { events: '1 event', cycles: '1000 cycles' } as const

/** A trace in the format; `about` goes into its metadata. */
export function chromeTrace(trace: Trace, about: TraceArgs = {}): ChromeTrace {
  return {
    traceEvents: [...names(trace), ...trace.records.map((record) => chromeEvent(record, trace))],
    displayTimeUnit: 'ns',
    otherData: { ...about, microsecond: UNITS[trace.clock] },
  }
}

function names(trace: Trace): ChromeEvent[] {
  return trace.threads.flatMap(({ pid, tid, process, name }) => [
    ...(tid === 1 ? [{ ph: 'M', pid, tid, name: 'process_name', args: { name: process } } as const] : []),
    { ph: 'M', pid, tid, name: 'thread_name', args: { name } } as const,
  ])
}

function chromeEvent({ kind, thread, name, category, time, args }: TraceRecord, { clock }: Trace): ChromeEvent {
  const ts = clock === 'events' ? time : time / 1000
  const event = { ph: PHASES[kind], pid: thread.pid, tid: thread.tid, ts, name, cat: category }
  return {
    ...event,
    ...(kind === 'instant' ? { s: 't' } : {}),
    ...(Object.keys(args).length > 0 ? { args } : {}),
  }
}
