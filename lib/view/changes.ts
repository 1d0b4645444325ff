// SPDX-License-Identifier: GPL-2.0-only
//
// What a step has changed, and what was there before.

import type { Step } from '../record/types'
import { entryRun } from './apply'
import type { Replay } from './replay'
import { type Run, runAt } from './runs'
import {
  type EntryRun,
  entryAt,
  type FrameRun,
  frameAt,
  isDevice,
  type MachineState,
  type MigrationRun,
  migrationBy,
  migrationOf,
  wordAt,
} from './state'

/** A step: the states before and after it. All views of a moment are made from one. */
export interface Moment {
  readonly replay: Replay
  readonly n: number
  readonly step: Step
  readonly state: MachineState
  readonly before: MachineState
}

export function momentOf(replay: Replay, n: number): Moment {
  return { replay, n, step: replay.recording.steps[n]!, state: replay.at(n), before: replay.at(n - 1) }
}

/** The runs of entries of a region that the step wrote. */
export function writtenEntries({ step }: Moment, at: string): EntryRun[] {
  return (step.entries ?? []).filter((delta) => delta.at === at).map(entryRun)
}

/** The entry before the step, if the step changed it. */
export function entryBefore(moment: Moment, at: string, index: number): EntryRun | undefined {
  return isWritten(writtenEntries(moment, at), index) ? entryAt(moment.before, at, index) : undefined
}

/** The runs of frames that the step wrote or freed. */
export const writtenFrames = ({ step }: Moment): Run[] =>
  (step.frames ?? []).map(({ pfn, count }) => ({ first: pfn, count }))

export const freedFrames = ({ step }: Moment): Run[] =>
  (step.frames ?? []).filter(({ gone }) => gone).map(({ pfn, count }) => ({ first: pfn, count }))

export function frameBefore(moment: Moment, pfn: number): FrameRun | undefined {
  return isWritten(writtenFrames(moment), pfn) ? frameAt(moment.before, pfn) : undefined
}

/** The word of a migration before the step; nothing if the migration begins with it. */
export function wordBefore(moment: Moment, at: string, index: number): MigrationRun | undefined {
  const now = migrationOf(moment.state, at)
  const before = migrationOf(moment.before, at)
  return now && before && now.id === before.id ? wordAt(before, index) : undefined
}

/** Whether a list that is short and in no order covers a place. */
export const isWritten = (runs: readonly Run[], at: number): boolean =>
  runs.some((run) => run.first <= at && at < run.first + run.count)

/** Pages that the step gave a kind, region by region. */
export function changedTo({ step }: Moment, ...kinds: readonly string[]): { at: string; runs: Run[] }[] {
  const byRegion = new Map<string, Run[]>()
  for (const { at, first, count, kind } of step.entries ?? []) {
    if (!kinds.includes(kind)) continue
    byRegion.set(at, [...(byRegion.get(at) ?? []), { first, count }])
  }
  return [...byRegion].map(([at, runs]) => ({ at, runs: sorted(runs) }))
}

export const sorted = (runs: readonly Run[]): Run[] => joined([...runs].sort((a, b) => a.first - b.first))

function joined(runs: readonly Run[]): Run[] {
  const out: Run[] = []
  for (const run of runs) {
    const before = out.at(-1)
    if (before && before.first + before.count === run.first) {
      out[out.length - 1] = { first: before.first, count: before.count + run.count }
    } else out.push(run)
  }
  return out
}

/** Frames that belong to a page now: its entry's, and the source and destination of its migration. */
export function framesOf(state: MachineState, at: string, index: number): number[] {
  const out = new Set<number>()
  const entry = entryAt(state, at, index)
  if (entry?.pfn !== undefined) out.add(entry.pfn)
  const migration = migrationOf(state, at)
  if (migration && !migration.over) {
    const word = wordAt(migration, index)
    if (word?.srcPfn !== undefined) out.add(word.srcPfn)
    if (word?.dstPfn !== undefined && runAt(state.frames, word.dstPfn)) out.add(word.dstPfn)
  }
  return [...out]
}

/** Frames that the step took: of the device, or of RAM. */
export function takenFrames(moment: Moment, device: boolean): number {
  const { machine } = moment.replay.recording
  return (moment.step.frames ?? [])
    .filter(({ pfn, gone }) => !gone && isDevice(machine, pfn) === device && !runAt(moment.before.frames, pfn))
    .reduce((sum, { count }) => sum + count, 0)
}

/** The migration that a step belongs to. */
export const currentMigration = ({ state, step }: Moment) => migrationBy(state, step.migration)
