// SPDX-License-Identifier: GPL-2.0-only
//
// What has changed between two moments. Neighbours that have changed to something alike are one run.

import { type EntryView, type FrameView, hex, type View } from './look'
import type { EndedMigration, EntryDelta, FrameDelta, MigrationDelta, RecordedMigrationEntries, Step } from './types'

/** An entry of a migration. */
export interface MigrationEntryView {
  readonly src: string
  readonly dst: string
  readonly why: string
  readonly srcPfn?: number
  readonly dstPfn?: number
}

/** A migration that goes on. */
export type MigrationView = Omit<MigrationDelta, 'entries'> & { readonly entries: readonly MigrationEntryView[] }

/** The parts of a step that say what has changed. */
export type Changes = Partial<
  Pick<Step, 'entries' | 'frames' | 'tables' | 'processes' | 'tasks' | 'handles' | 'tlb' | 'lists' | 'counters'>
>

/** What is different in `after`; a part without a difference is absent. */
export function changes(before: View, after: View): Changes {
  const entries = [...after.entries].flatMap(([at, list]) => entryRuns(at, before.entries.get(at) ?? [], list))
  const frames = frameRuns(before.frames, after.frames)
  return {
    ...named('processes', before.processes, after.processes),
    ...named('tasks', before.tasks, after.tasks),
    ...named('handles', before.handles, after.handles),
    ...named('tables', before.tables, after.tables),
    ...(entries.length > 0 && { entries }),
    ...(frames.length > 0 && { frames }),
    ...named('tlb', before.tlb, after.tlb),
    ...named('lists', before.lists, after.lists),
    ...named('counters', before.counters, after.counters),
  }
}

/** Things by name: those that have changed, and null for those that are no more. */
function named<T>(part: string, before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): object {
  const changed: Record<string, T | null> = {}
  for (const [name, value] of after) if (!isSame(before.get(name), value)) changed[name] = value
  for (const name of before.keys()) if (!after.has(name)) changed[name] = null
  return Object.keys(changed).length > 0 ? { [part]: changed } : {}
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b))
}

const isSameEntry = (a: EntryView | undefined, b: EntryView): boolean =>
  a !== undefined && a.kind === b.kind && a.bits === b.bits && a.pfn === b.pfn && a.raw === b.raw

interface EntryRun {
  readonly first: number
  count: number
  readonly entry: EntryView
  last: EntryView
  step: bigint | undefined
}

/** Whether an entry goes on a run: all is alike, pfns count up, and raw words rise by one step. */
function goesOn(run: EntryRun, index: number, entry: EntryView): boolean {
  const { entry: first, last, count } = run
  if (run.first + count !== index || first.kind !== entry.kind || first.bits !== entry.bits) return false
  if (first.pfn === undefined ? entry.pfn !== undefined : entry.pfn !== first.pfn + count) return false
  if (last.raw === undefined || entry.raw === undefined) return last.raw === entry.raw
  return run.step === undefined || entry.raw - last.raw === run.step
}

function entryRuns(at: string, before: readonly EntryView[], after: readonly EntryView[]): EntryDelta[] {
  const runs: EntryRun[] = []
  for (const [index, entry] of after.entries()) {
    if (isSameEntry(before[index], entry)) continue
    const run = runs.at(-1)
    if (run && goesOn(run, index, entry)) {
      if (entry.raw !== undefined && run.last.raw !== undefined) run.step = entry.raw - run.last.raw
      run.count++
      run.last = entry
    } else runs.push({ first: index, count: 1, entry, last: entry, step: undefined })
  }
  return runs.map(({ first, count, entry: { raw, ...entry }, step }) => ({
    at,
    first,
    count,
    ...entry,
    ...(raw !== undefined && { raw: hex(raw) }),
    ...(step && { rawStep: step < 0n ? `-${hex(-step)}` : hex(step) }),
  }))
}

/** Whether two frames are alike; `ahead` is how far the second one is behind the first in their file. */
function isSameFrame(a: FrameView, b: FrameView, ahead = 0): boolean {
  return (
    a.kind === b.kind &&
    a.ref === b.ref &&
    a.map === b.map &&
    a.flags === b.flags &&
    a.byte === b.byte &&
    a.mapping === b.mapping &&
    (a.index === undefined ? b.index === undefined : b.index === a.index + ahead) &&
    isSameList(a.held, b.held)
  )
}

const isSameList = (a: readonly string[] = [], b: readonly string[] = []): boolean =>
  a.length === b.length && a.every((each, i) => each === b[i])

function frameRuns(before: ReadonlyMap<number, FrameView>, after: ReadonlyMap<number, FrameView>): FrameDelta[] {
  const gone = [...before.keys()].filter((pfn) => !after.has(pfn))
  const pfns = [...after.keys(), ...gone].sort((a, b) => a - b)
  const runs: { pfn: number; count: number; frame: FrameView | undefined }[] = []
  for (const pfn of pfns) {
    const frame = after.get(pfn)
    const old = before.get(pfn)
    if (frame && old && isSameFrame(old, frame)) continue
    const run = runs.at(-1)
    const isNext = run && run.pfn + run.count === pfn
    if (isNext && (run.frame && frame ? isSameFrame(run.frame, frame, run.count) : run.frame === frame)) run.count++
    else runs.push({ pfn, count: 1, frame })
  }
  return runs.map(({ pfn, count, frame }) => (frame ? { pfn, count, ...frame } : { pfn, count, gone: true }))
}

/** Migrations under way, by their numbers, in the order in which they have begun. */
export type Migrations = ReadonlyMap<number, MigrationView>

/** Migrations that have begun, changed or ended. */
export function migrationChanges(before: Migrations, after: Migrations): (MigrationDelta | EndedMigration)[] {
  const ended = [...before.keys()].filter((id) => !after.has(id)).map((id): EndedMigration => ({ id, gone: true }))
  const changed = [...after].flatMap(([id, view]) => changesOf(before.get(id), view) ?? [])
  return [...ended, ...changed].sort((a, b) => a.id - b.id)
}

/** A migration with the entries that have changed; undefined if nothing has. */
function changesOf(before: MigrationView | undefined, after: MigrationView): MigrationDelta | undefined {
  const { entries, ...head } = after
  const { entries: old = [], ...oldHead } = before ?? { entries: [] }
  const runs: { first: number; count: number; entry: MigrationEntryView }[] = []
  for (const [index, entry] of entries.entries()) {
    if (isSame(old[index], entry)) continue
    const run = runs.at(-1)
    if (run && run.first + run.count === index && isNext(run.entry, run.count, entry)) run.count++
    else runs.push({ first: index, count: 1, entry })
  }
  const delta: RecordedMigrationEntries[] = runs.map(({ first, count, entry }) => ({ first, count, ...entry }))
  return delta.length === 0 && isSame(head, oldHead) ? undefined : { ...head, entries: delta }
}

function isNext(first: MigrationEntryView, count: number, entry: MigrationEntryView): boolean {
  const counts = (a: number | undefined, b: number | undefined) => (a === undefined ? b === undefined : b === a + count)
  const isAlike = first.src === entry.src && first.dst === entry.dst && first.why === entry.why
  return isAlike && counts(first.srcPfn, entry.srcPfn) && counts(first.dstPfn, entry.dstPfn)
}
