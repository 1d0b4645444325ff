// SPDX-License-Identifier: GPL-2.0-only
//
// A round-robin scheduler for tasks that wait for each other.

import { HmmuError } from '../base/errors'
import { callable, invalid, iterable } from '../base/validate'

/**
 * What one task does: a generator that yields its calls as functions, one after the other. Each `yield` gives back what the call
 * returned, or throws what it threw.
 */
export type Job = Generator<() => unknown, void, unknown>

/** A job, and the call that it has not got through with. */
interface Running {
  readonly job: Job
  call: (() => unknown) | undefined
}

/** Whether an error says that a call has to wait. */
export function isBlocked(error: unknown): error is HmmuError {
  return error instanceof HmmuError && error.code === 'HMMU_BLOCKED'
}

/** Whether it says that a call was not made because its task waits in another one, which can still go on. */
export function isRefused(error: unknown): boolean {
  return error instanceof HmmuError && error.code === 'HMMU_BUSY'
}

/**
 * Runs jobs until all are done. They take turns, a call each; one whose call has to wait makes the same call again in its next turn.
 * The order of the calls depends on nothing else, so it is the same in each run.
 *
 * The calls must be those of a {@link Task}, each job with a task of its own: a {@link Process} cancels a wait.
 *
 * @throws HmmuError HMMU_BLOCKED if all that are left wait: that is a deadlock, unless somebody else goes on
 *
 * @example
 * ```ts
 * roundRobin([
 *   (function* () {
 *     yield () => one.unmap(buf)
 *   })(),
 *   (function* () {
 *     while (yield () => migration.step()) {}
 *   })(),
 * ])
 * ```
 */
export function roundRobin(jobs: Iterable<Job>): void {
  const all = Array.from(iterable('jobs', 'an iterable of generators', jobs), checkJob)
  let left = unfinished(all.map((job) => ({ job, call: next(job.next()) })))
  while (left.length > 0) {
    const waits = left.map(turn)
    const blocked = waits.at(-1)
    if (blocked && !waits.includes(undefined)) throw deadlock(left.length, blocked)
    left = unfinished(left)
  }
}

function checkJob(job: Job): Job {
  if (Object.prototype.toString.call(job) === '[object Generator]') return job
  throw invalid('a job', 'a generator', job)
}

function unfinished(all: readonly Running[]): readonly Running[] {
  return all.filter(({ call }) => call !== undefined)
}

function deadlock(jobs: number, last: HmmuError): HmmuError {
  const { errno, wait } = last
  const detail = { cause: last, ...(errno && { errno }), ...(wait && { wait }) }
  return new HmmuError('HMMU_BLOCKED', `all jobs that are left (${jobs}) wait, the last one: ${last.message}`, detail)
}

function next({ done, value }: IteratorResult<() => unknown, void>): (() => unknown) | undefined {
  if (done) return undefined
  callable('what a job yields', value)
  return value as () => unknown
}

/** One call; the error if it has to wait. */
function turn(running: Running): HmmuError | undefined {
  const { job, call } = running
  let returned: unknown
  try {
    returned = call?.()
  } catch (error) {
    if (isBlocked(error)) return error
    running.call = next(job.throw(error))
    return undefined
  }
  running.call = next(job.next(returned))
  return undefined
}
