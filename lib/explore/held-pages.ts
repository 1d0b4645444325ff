// SPDX-License-Identifier: GPL-2.0-only
//
// Pages that somebody holds: hold() stands for a user of the page who is not among the tasks. See judge_deadlock.c.

import type { Machine, PageRef, TaskState } from '../api'
import type { RecordedAction } from './recorder'

/**
 * Whether a task waits for somebody who holds a page and does not give it back.
 * @param states those of the tasks that have not ended
 * @param refs what tasks have taken, by handle
 * @param left what the tasks are still to do
 */
export function waitsForHolder(
  machine: Machine,
  states: readonly (TaskState | undefined)[],
  refs: ReadonlyMap<number, PageRef>,
  left: readonly RecordedAction[],
): boolean {
  const drops = left.filter(({ kind }) => kind === 'drop').map(({ words }) => words.handle)
  const isGivenBack = (page: number) =>
    [...refs].some(([handle, { kind, pfn }]) => kind === 'hold' && pfn === page && drops.includes(handle))
  return states.some(
    (state) =>
      state?.wait === 'page_lock' &&
      machine.holders(state.pfn).some(({ kind, pfn }) => kind === 'hold' && !isGivenBack(pfn)),
  )
}
