// SPDX-License-Identifier: GPL-2.0-only
//
// The trace of an order of tasks: a thread for each task, with a slice for each of its actions, and in it one for each step.

import type { TraceStep } from '../index'
import { Trace, type TraceThread } from './trace'

/** A task. */
export interface TracedTask {
  readonly name: string
  /** A number for its process. */
  readonly pid: number
  readonly process: string
}

/** A step of an order. */
export interface TracedStep {
  readonly step: TraceStep
  /** The action, in words. */
  readonly action: string
  /** What the step does, in words. */
  readonly text: string
  /** The tasks that could have made it, by name. */
  readonly could: readonly string[]
  readonly found: readonly { readonly judge: string; readonly sentence: string }[]
}

const WAITS = 'waits'
const STOPPED = 'stopped'

/** Time is the number of the event. */
export function orderTrace(tasks: readonly TracedTask[], steps: readonly TracedStep[]): Trace {
  const trace = new Trace('events')
  const threads = tasks.map(({ pid, process, name }) => trace.thread(pid, process, name))
  for (const traced of steps) {
    const thread = threads[traced.step.task]
    if (thread !== undefined) addStep(trace, thread, traced)
  }
  return trace
}

function addStep(trace: Trace, thread: TraceThread, { step, action, text, could, found }: TracedStep): void {
  const args = { step: text, 'could have run': could.join(', ') }
  trace.end(thread, WAITS)
  trace.end(thread, STOPPED)
  if (trace.open(thread).length === 0) trace.begin(thread, 'action', action)
  const name = nameOf(step)
  trace.begin(thread, 'step', name, args)
  trace.end(thread, name)
  for (const { judge, sentence } of found) trace.instant(thread, 'finding', judge, { sentence })
  if (step.event === 'ends') trace.end(thread, action)
  if (step.event === 'waits') trace.begin(thread, 'wait', WAITS, { for: step.wait })
  if (step.event === 'stops') trace.begin(thread, 'wait', STOPPED, { at: step.point ?? '' })
}

function nameOf({ event, stage }: TraceStep): string {
  if (event === 'step') return stage
  return event === 'handler' ? `handler: ${stage}` : 'runs'
}
