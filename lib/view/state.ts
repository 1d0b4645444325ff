// SPDX-License-Identifier: GPL-2.0-only
//
// The machine at one step. A state is never changed: the next one shares what a step leaves alone.

import type {
  MigrationDelta,
  RecordedHandle,
  RecordedList,
  RecordedProcess,
  RecordedTable,
  RecordedTask,
  RecordedTranslation,
  Recording,
  Setup,
} from '../record/types'
import { elementAt, type Part, type Run, runAt } from './runs'

export interface EntryRun extends Run {
  readonly kind: string
  readonly bits?: string | undefined
  readonly pfn?: number | undefined
  readonly raw?: bigint | undefined
  readonly rawStep?: bigint | undefined
}

/** Frames that are alike; `first` is a frame number. */
export interface FrameRun extends Run {
  readonly kind: string
  readonly ref: number
  readonly map: number
  readonly flags: string
  readonly mapping?: number | undefined
  readonly index?: number | undefined
  readonly byte?: number | undefined
  readonly held: readonly string[]
}

/** Entries of a migration; `first` counts from the first entry. */
export interface MigrationRun extends Run {
  readonly src: string
  readonly dst: string
  readonly why: string
  readonly srcPfn?: number | undefined
  readonly dstPfn?: number | undefined
}

export interface MigrationState extends Omit<MigrationDelta, 'entries' | 'fault'> {
  readonly entries: readonly MigrationRun[]
  /** The command that migrates: its line in the script. */
  readonly command: number
  /** A fault on a device page has begun it. */
  readonly fault: boolean
  /** It has returned. Its results are shown until the next command that changes the region. */
  readonly over: boolean
}

export interface MachineState {
  readonly processes: Readonly<Record<string, RecordedProcess>>
  readonly tasks: Readonly<Record<string, RecordedTask>>
  readonly handles: Readonly<Record<string, RecordedHandle>>
  readonly tables: Readonly<Record<string, RecordedTable>>
  readonly counters: Readonly<Record<string, number>>
  /** By process and region, as A/buf. */
  readonly entries: ReadonlyMap<string, readonly EntryRun[]>
  readonly frames: readonly FrameRun[]
  readonly migrations: readonly MigrationState[]
  /** Translations of CPUs, by `CPU/pid/address`. */
  readonly tlb: Readonly<Record<string, RecordedTranslation>>
  /** LRU lists by name, and pagevecs by `CPU/name`. */
  readonly lists: Readonly<Record<string, RecordedList>>
}

/** Names come from a record, so that nothing but them may be found: an object without a prototype. */
const NAMES = Object.freeze(Object.create(null)) as Readonly<Record<string, never>>

export const EMPTY: MachineState = {
  processes: NAMES,
  tasks: NAMES,
  handles: NAMES,
  tables: NAMES,
  counters: NAMES,
  entries: new Map(),
  frames: [],
  migrations: [],
  tlb: NAMES,
  lists: NAMES,
}

const plus = (n: number | undefined, by: number): number | undefined => (n === undefined ? undefined : n + by)

export const partOfEntries: Part<EntryRun> = (run, by, count) => ({
  ...run,
  first: run.first + by,
  count,
  pfn: plus(run.pfn, by),
  raw: run.raw === undefined ? undefined : run.raw + BigInt(by) * (run.rawStep ?? 0n),
  rawStep: count === 1 ? undefined : run.rawStep,
})

export const partOfFrames: Part<FrameRun> = (run, by, count) => ({
  ...run,
  first: run.first + by,
  count,
  index: plus(run.index, by),
})

export const partOfMigration: Part<MigrationRun> = (run, by, count) => ({
  ...run,
  first: run.first + by,
  count,
  srcPfn: plus(run.srcPfn, by),
  dstPfn: plus(run.dstPfn, by),
})

const goesOn = (a: number | undefined, b: number | undefined, count: number): boolean => plus(a, count) === b

export function joinEntries(a: EntryRun, b: EntryRun): EntryRun | undefined {
  if (a.kind !== b.kind || a.bits !== b.bits || !goesOn(a.pfn, b.pfn, a.count)) return undefined
  const count = a.count + b.count
  if (a.raw === undefined || b.raw === undefined) return a.raw === b.raw ? { ...a, count } : undefined
  const step = (b.raw - a.raw) / BigInt(a.count)
  const isLine = a.raw + step * BigInt(a.count) === b.raw && fits(a, step) && fits(b, step)
  return isLine ? { ...a, count, rawStep: step } : undefined
}

const fits = ({ count, rawStep = 0n }: EntryRun, step: bigint): boolean => count === 1 || rawStep === step

export function joinFrames(a: FrameRun, b: FrameRun): FrameRun | undefined {
  const isAlike = a.kind === b.kind && a.ref === b.ref && a.map === b.map && a.flags === b.flags && a.byte === b.byte
  const isLine = a.mapping === b.mapping && goesOn(a.index, b.index, a.count)
  return isAlike && isLine && a.held.join() === b.held.join() ? { ...a, count: a.count + b.count } : undefined
}

export function joinMigration(a: MigrationRun, b: MigrationRun): MigrationRun | undefined {
  const isAlike = a.src === b.src && a.dst === b.dst && a.why === b.why
  const isLine = goesOn(a.srcPfn, b.srcPfn, a.count) && goesOn(a.dstPfn, b.dstPfn, a.count)
  return isAlike && isLine ? { ...a, count: a.count + b.count } : undefined
}

export const entryAt = (state: MachineState, at: string, index: number): EntryRun | undefined =>
  elementAt(state.entries.get(at) ?? [], index, partOfEntries)

export const frameAt = (state: MachineState, pfn: number | undefined): FrameRun | undefined =>
  pfn === undefined ? undefined : elementAt(state.frames, pfn, partOfFrames)

export const runOfFrame = (state: MachineState, pfn: number): FrameRun | undefined => runAt(state.frames, pfn)

export const placeOf = (migration: { process: string; region: string }): string =>
  `${migration.process}/${migration.region}`

/** The migration of a region: one that goes on, or the last that is over. */
export function migrationOf(state: MachineState, at: string): MigrationState | undefined {
  const own = state.migrations.filter((migration) => placeOf(migration) === at)
  return own.filter(({ over }) => !over).at(-1) ?? own.at(-1)
}

export const migrationBy = (
  { migrations }: Pick<MachineState, 'migrations'>,
  id: number | undefined,
): MigrationState | undefined => migrations.find((migration) => migration.id === id)

/** What a migration says of a page of its region. */
export const wordAt = (migration: MigrationState | undefined, index: number): MigrationRun | undefined =>
  migration && elementAt(migration.entries, index - migration.first, partOfMigration)

export const isDevice = (setup: Setup, pfn: number): boolean => pfn >= setup.deviceBase

/** A frame as transcripts write it: #6 of RAM, D0 of the device, C0 of the one whose pages CPUs map. */
export const frameName = ({ machine }: Pick<Recording, 'machine'>, pfn: number | undefined): string => {
  if (pfn === undefined) return ''
  const { deviceBase, coherentBase } = machine
  if (coherentBase !== undefined && pfn >= coherentBase) return `C${pfn - coherentBase}`
  return isDevice(machine, pfn) ? `D${pfn - deviceBase}` : `#${pfn}`
}

/** Neighbouring frames: #6, #6–#9. */
export const framesName = (recording: Pick<Recording, 'machine'>, { first, count }: Run): string =>
  count === 1
    ? frameName(recording, first)
    : `${frameName(recording, first)}–${frameName(recording, first + count - 1)}`
