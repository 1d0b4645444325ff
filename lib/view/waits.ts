// SPDX-License-Identifier: GPL-2.0-only

import type { Recording } from '../record/types'

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

/** The tasks that waited at any time. */
export function taskRows({ steps }: Recording): TaskRow[] {
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
