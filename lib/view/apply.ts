// SPDX-License-Identifier: GPL-2.0-only
//
// The state after a step, from the state before it and what the step says has changed.

import type { EntryDelta, FrameDelta, MigrationDelta, Step } from '../record/types'
import { compact, overlay } from './runs'
import {
  type EntryRun,
  type FrameRun,
  isOfStep,
  joinEntries,
  joinFrames,
  joinMigration,
  type MachineState,
  type MigrationState,
  partOfEntries,
  partOfFrames,
  partOfMigration,
  placeOf,
} from './state'

export function apply(state: MachineState, step: Step): MachineState {
  const processes = withChanges(state.processes, step.processes)
  return {
    processes,
    tasks: withChanges(state.tasks, step.tasks),
    handles: withChanges(state.handles, step.handles),
    tables: withChanges(state.tables, step.tables),
    counters: withChanges(state.counters, step.counters),
    entries: entriesAfter(state, step, processes),
    frames: step.frames ? framesAfter(state.frames, step.frames) : state.frames,
    tlb: withChanges(state.tlb, step.tlb),
    migrations: migrationsAfter(state.migrations, step),
  }
}

function withChanges<T>(before: Readonly<Record<string, T>>, changes?: Readonly<Record<string, T | null>>) {
  if (!changes) return before
  const after = { ...before }
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete after[name]
    else after[name] = value
  }
  return after
}

/** Hexadecimal with 0x; a step may be negative. */
function numberOf(hex: string | undefined): bigint | undefined {
  if (hex === undefined) return undefined
  return hex.startsWith('-') ? -BigInt(hex.slice(1)) : BigInt(hex)
}

/** An entry run of the record, with its words as numbers. */
export function entryRun({ at: _, raw, rawStep, ...run }: EntryDelta): EntryRun {
  return {
    ...run,
    raw: numberOf(raw),
    rawStep: numberOf(rawStep),
  }
}

function entriesAfter(state: MachineState, step: Step, processes: MachineState['processes']): MachineState['entries'] {
  if (!step.entries && !step.processes) return state.entries
  const after = new Map(state.entries)
  // Regions of a process that has exited, and regions that were unmapped.
  if (step.processes) {
    for (const at of state.entries.keys()) {
      const [process, region] = at.split('/')
      if (!processes[process!]?.regions.some(({ name }) => name === region)) after.delete(at)
    }
  }
  const byRegion = new Map<string, EntryRun[]>()
  for (const delta of step.entries ?? []) {
    const runs = byRegion.get(delta.at)
    if (runs) runs.push(entryRun(delta))
    else byRegion.set(delta.at, [entryRun(delta)])
  }
  for (const [at, runs] of byRegion)
    after.set(at, compact(overlay(after.get(at) ?? [], runs, partOfEntries), joinEntries))
  return after
}

const GONE = 'gone'

function frameRun({ pfn, count, gone, ...frame }: FrameDelta): FrameRun {
  return {
    first: pfn,
    count,
    kind: gone ? GONE : (frame.kind ?? 'other'),
    ref: frame.ref ?? 0,
    map: frame.map ?? 0,
    flags: frame.flags ?? '',
    byte: frame.byte,
    held: frame.held ?? [],
  }
}

function framesAfter(before: readonly FrameRun[], changes: readonly FrameDelta[]): readonly FrameRun[] {
  const frames = overlay(before, changes.map(frameRun), partOfFrames).filter(({ kind }) => kind !== GONE)
  return compact(frames, joinFrames)
}

function migrationsAfter(before: readonly MigrationState[], step: Step): readonly MigrationState[] {
  const { migration } = step
  if (migration) {
    const next = nextOf(before, migration, step)
    const isSame = (each: MigrationState): boolean =>
      placeOf(each) === placeOf(next) && (each.over || each.fault === next.fault)
    return [...before.filter((each) => !isSame(each)), next]
  }
  if (migration === null || step.kind === 'end') {
    return before.map((each) => (isOfStep(each, step) ? { ...each, over: true } : each))
  }
  if (!step.entries || !before.some(({ over }) => over)) return before
  // The result of a migration stays until another command changes its region.
  const changed = new Set(step.entries.map(({ at }) => at))
  return before.filter((each) => !each.over || each.command === step.command || !changed.has(placeOf(each)))
}

function nextOf(before: readonly MigrationState[], delta: MigrationDelta, step: Step): MigrationState {
  const { entries, ...head } = delta
  const same = before.find((each) => placeOf(each) === placeOf(delta) && isOfStep(each, step) && !each.over)
  return {
    ...head,
    entries: compact(overlay(same?.entries ?? [], entries, partOfMigration), joinMigration),
    command: step.command,
    fault: step.fault ?? false,
    over: false,
  }
}
