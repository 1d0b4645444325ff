// SPDX-License-Identifier: GPL-2.0-only
//
// The state after a step, from the state before it and what the step says has changed.

import type { EntryDelta, FrameDelta, MigrationDelta, Step } from '../record/types'
import { compact, endOf, overlay } from './runs'
import {
  EMPTY,
  type EntryRun,
  type FrameRun,
  joinEntries,
  joinFrames,
  joinMigration,
  type MachineState,
  type MigrationState,
  migrationBy,
  partOfEntries,
  partOfFrames,
  partOfMigration,
  placeOf,
} from './state'

export const apply = (state: MachineState, step: Step): MachineState => applyAll(state, [step])

/** The state after several steps. Lists of runs are laid over the state once, so that many steps cost little more than one. */
export function applyAll(before: MachineState, steps: readonly Step[]): MachineState {
  let full = steps.length - 1
  while (full >= 0 && !steps[full]?.full) full--
  return full < 0 ? applyDeltas(before, steps) : applyDeltas(EMPTY, steps.slice(full))
}

function applyDeltas(before: MachineState, steps: readonly Step[]): MachineState {
  let state = before
  let entries: Map<string, readonly EntryRun[]> | undefined
  const written = new Map<string, readonly EntryRun[]>()
  let frames: FrameRun[] | undefined
  for (const step of steps) {
    state = withoutRuns(state, step)
    if (step.processes) {
      entries ??= new Map(before.entries)
      dropRegions(entries, state.processes)
      dropRegions(written, state.processes)
    }
    for (const [at, runs] of entryRuns(step)) written.set(at, overlay(written.get(at) ?? [], runs, partOfEntries))
    if (step.frames) frames = overlay(frames ?? [], step.frames.map(frameRun), partOfFrames)
  }
  return { ...state, entries: withEntries(before.entries, entries, written), frames: withFrames(before.frames, frames) }
}

/** All but entries and frames. */
function withoutRuns(state: MachineState, step: Step): MachineState {
  return {
    ...state,
    ...outlineAfter(state, step),
    tasks: withChanges(state.tasks, step.tasks),
    handles: withChanges(state.handles, step.handles),
    tables: withChanges(state.tables, step.tables),
    counters: withChanges(state.counters, step.counters),
    tlb: withChanges(state.tlb, step.tlb),
    lists: withChanges(state.lists, step.lists),
  }
}

/** Processes and migrations: cheap to follow through all steps. */
export type Outline = Pick<MachineState, 'processes' | 'migrations'>

export function outlineAfter(before: Outline, step: Step): Outline {
  const { processes, migrations } = step.full ? EMPTY : before
  return { processes: withChanges(processes, step.processes), migrations: migrationsAfter(migrations, step) }
}

function withChanges<T>(before: Readonly<Record<string, T>>, changes?: Readonly<Record<string, T | null>>) {
  if (!changes) return before
  // Without a prototype: a name that nobody has is not there, whatever it is.
  const after: Record<string, T> = Object.assign(Object.create(null), before)
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

/** Removes what is no more: regions that were unmapped, those of a process that has exited, and pages behind a region's end. */
function dropRegions(entries: Map<string, readonly EntryRun[]>, processes: MachineState['processes']): void {
  const pages = new Map<string, number>(
    Object.entries(processes).flatMap(([process, { regions }]) =>
      regions.map((region) => [`${process}/${region.name}`, region.pages] as const),
    ),
  )
  for (const [at, runs] of entries) {
    const end = pages.get(at)
    if (end === undefined) entries.delete(at)
    else if (runs.some((run) => endOf(run) > end)) entries.set(at, cutAt(runs, end))
  }
}

const cutAt = (runs: readonly EntryRun[], end: number): EntryRun[] =>
  runs
    .filter(({ first }) => first < end)
    .map((run) => (endOf(run) > end ? partOfEntries(run, 0, end - run.first) : run))

function entryRuns({ entries = [] }: Step): Map<string, EntryRun[]> {
  const byRegion = new Map<string, EntryRun[]>()
  for (const delta of entries) {
    const runs = byRegion.get(delta.at)
    if (runs) runs.push(entryRun(delta))
    else byRegion.set(delta.at, [entryRun(delta)])
  }
  return byRegion
}

function withEntries(
  before: MachineState['entries'],
  kept: Map<string, readonly EntryRun[]> | undefined,
  written: ReadonlyMap<string, readonly EntryRun[]>,
): MachineState['entries'] {
  if (!kept && written.size === 0) return before
  const after = kept ?? new Map(before)
  for (const [at, runs] of written) {
    after.set(at, compact(overlay(after.get(at) ?? [], runs, partOfEntries), joinEntries))
  }
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
    mapping: frame.mapping,
    index: frame.index,
    byte: frame.byte,
    held: frame.held ?? [],
  }
}

function withFrames(before: readonly FrameRun[], written: readonly FrameRun[] | undefined): readonly FrameRun[] {
  if (!written) return before
  const frames = overlay(before, written, partOfFrames).filter(({ kind }) => kind !== GONE)
  return compact(frames, joinFrames)
}

function migrationsAfter(before: readonly MigrationState[], step: Step): readonly MigrationState[] {
  let after = before
  for (const delta of step.migrations ?? []) {
    const { id } = delta
    if ('gone' in delta) after = after.map((each) => (each.id === id ? { ...each, over: true } : each))
    else if (migrationBy({ migrations: after }, id))
      after = after.map((each) => (each.id === id ? goneOn(each, delta) : each))
    // The result of an earlier one of these pages is of no interest any more.
    else after = [...after.filter((each) => !each.over || placeOf(each) !== placeOf(delta)), begun(delta, step)]
  }
  if (!step.entries || !after.some(({ over }) => over)) return after
  // The result of a migration stays until another command changes its region.
  const changed = new Set(step.entries.map(({ at }) => at))
  return after.filter((each) => !each.over || each.command === step.command || !changed.has(placeOf(each)))
}

const begun = (delta: MigrationDelta, { command }: Step): MigrationState =>
  goneOn({ ...delta, entries: [], fault: delta.fault ?? false, command, over: false }, delta)

const goneOn = (before: MigrationState, { entries, fault: _, ...head }: MigrationDelta): MigrationState => ({
  ...before,
  ...head,
  entries: compact(overlay(before.entries, entries, partOfMigration), joinMigration),
})
