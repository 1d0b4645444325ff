// SPDX-License-Identifier: GPL-2.0-only

import type { RecordedChoice, Recording } from '../record/types'

/** Steps in which a task waits, could go on (`ready`), or does not wait. */
export interface WaitSpan {
  readonly from: number
  to: number
  readonly waits: boolean
  readonly ready: boolean
  readonly wait: string
  readonly pfn?: number | undefined
}

export interface TaskRow {
  readonly task: string
  readonly spans: readonly WaitSpan[]
}

/** The tasks of an order, or else those that waited at any time. */
export function taskRows(recording: Recording): TaskRow[] {
  return recording.steps.some(({ order }) => order) ? rowsOfOrder(recording) : rowsOfWaits(recording)
}

/** Of each task when it ran, when it could have run, and when it had to wait; nothing behind its last step. */
function rowsOfOrder({ steps }: Recording): TaskRow[] {
  const rows = new Map<string, WaitSpan[]>()
  for (const { order } of steps) for (const name of order?.could ?? []) rows.set(name, rows.get(name) ?? [])
  const awaited = new Map<string, string>()
  for (const [n, { order }] of steps.entries()) {
    if (order === undefined) continue
    for (const [name, spans] of rows) addSpan(spans, spanAt(n, order, name, awaited))
    awaited.set(order.task, / waits for (.*)$/.exec(order.text)?.[1] ?? ITS_TURN)
  }
  return [...rows].map(([task, spans]) => ({ task, spans: spans.slice(0, 1 + spans.map(isAlive).lastIndexOf(true)) }))
}

const ITS_TURN = 'its turn'

function spanAt(n: number, order: RecordedChoice, name: string, awaited: ReadonlyMap<string, string>): WaitSpan {
  const waits = name !== order.task
  const ready = waits && order.could.includes(name)
  return { from: n, to: n, waits, ready, wait: ready ? ITS_TURN : (awaited.get(name) ?? ITS_TURN) }
}

function addSpan(spans: WaitSpan[], span: WaitSpan): void {
  const last = spans.at(-1)
  const isAlike = last && last.waits === span.waits && last.ready === span.ready && last.wait === span.wait
  if (isAlike) last.to = span.to
  else spans.push(span)
}

/** A task that has ended can't run any more. */
const isAlive = ({ waits, ready }: WaitSpan): boolean => !waits || ready

function rowsOfWaits({ steps }: Recording): TaskRow[] {
  const rows = new Map<string, WaitSpan[]>()
  const last = steps.length - 1
  for (const [n, step] of steps.entries()) {
    for (const [name, task] of Object.entries(step.tasks ?? {})) {
      const spans = rows.get(name) ?? []
      rows.set(name, spans)
      const before = spans.at(-1)
      if (before && before.to === last) before.to = n - 1
      if (task === null) continue
      const { wait, ready = false, pfn } = task
      spans.push({ from: n, to: last, waits: wait !== 'nothing', ready, wait, pfn })
    }
  }
  return [...rows]
    .filter(([, spans]) => spans.some(({ waits }) => waits))
    .map(([task, spans]) => ({ task, spans: spans.filter(({ from, to }) => to >= from) }))
}
