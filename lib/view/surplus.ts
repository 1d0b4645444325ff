// SPDX-License-Identifier: GPL-2.0-only
//
// References that no mapping explains, of the frames of pages that gave up.

import { endOf, firstBehind, type Run } from './runs'
import { type EntryRun, type MachineState, partOfEntries } from './state'
import type { Stop } from './stops'
import { isSurplus } from './words'

/** A holder, and the frames of which it has a reference. */
export interface Surplus {
  readonly held: string
  readonly frames: readonly Run[]
}

/** Reasons that a count of references decides. */
const COUNTED: ReadonlySet<string> = new Set(['references', 'pinned', 'pinned_late', 'maybe_pinned', 'huge_not_split'])

/** Frames of a huge page. */
const HUGE = 512

/** Whose the references are that were too many; empty if no count has decided. */
export function surplusOf(state: MachineState, stop: Stop): Surplus[] {
  if (!COUNTED.has(stop.why)) return []
  const byHolder = new Map<string, Run[]>()
  for (const { first, count } of framesOfStop(state, stop)) {
    for (let i = firstBehind(state.frames, first); i < state.frames.length; i++) {
      const frame = state.frames[i]!
      if (frame.first >= first + count) break
      const from = Math.max(frame.first, first)
      const run = { first: from, count: Math.min(endOf(frame), first + count) - from }
      for (const held of frame.held.filter(isSurplus)) byHolder.set(held, [...(byHolder.get(held) ?? []), run])
    }
  }
  return [...byHolder].map(([held, frames]) => ({ held, frames }))
}

/** The frames of its pages. A huge page is counted as a whole. */
function framesOfStop(state: MachineState, stop: Stop): Run[] {
  const own = stop.srcPfn === undefined ? framesOfEntries(state, stop) : [{ first: stop.srcPfn, count: stop.count }]
  if (stop.why !== 'huge_not_split') return own
  const starts = own.flatMap((run) => {
    const first = run.first - (run.first % HUGE)
    return Array.from({ length: Math.ceil((endOf(run) - first) / HUGE) }, (_, i) => first + i * HUGE)
  })
  return [...new Set(starts)].map((first) => ({ first, count: HUGE }))
}

function framesOfEntries({ entries }: MachineState, { at, first, count }: Stop): Run[] {
  const runs: readonly EntryRun[] = entries.get(at) ?? []
  const out: Run[] = []
  for (let i = firstBehind(runs, first); i < runs.length && runs[i]!.first < first + count; i++) {
    const run = runs[i]!
    const from = Math.max(run.first, first)
    const part = partOfEntries(run, from - run.first, Math.min(endOf(run), first + count) - from)
    if (part.pfn !== undefined) out.push({ first: part.pfn, count: part.count })
  }
  return out
}
