// SPDX-License-Identifier: GPL-2.0-only
//
// The table of a region at a moment.

import { type Moment, sorted, wordBefore, writtenEntries } from './changes'
import { type FoldedRow, fold, type Row } from './fold'
import type { PageKey } from './pages'
import { borders, elementAt, endOf, type Run, runAt } from './runs'
import {
  type EntryRun,
  entryAt,
  type MigrationRun,
  type MigrationState,
  migrationOf,
  partOfEntries,
  partOfMigration,
} from './state'

export interface RegionItem {
  readonly entry: EntryRun
  /** The entry before the step, if the step changed it. */
  readonly was?: EntryRun | undefined
  readonly word?: MigrationRun | undefined
  readonly wordWas?: MigrationRun | undefined
  /** Of a machine to compare with. */
  readonly other?: { readonly entry: EntryRun | undefined; readonly word: MigrationRun | undefined }
}

export type RegionRow = FoldedRow<RegionItem>

/** Regions up to this size have a row for each page. */
const SINGLE_ROWS = 8
/** Above this size, runs join whose frames are not neighbours. */
const EXACT_FRAMES = 64

/** @param other the moment of another machine: pages share a row only if they do there, too */
export function regionRows(moment: Moment, at: string, followed?: PageKey, other?: Moment): RegionRow[] {
  const entries = moment.state.entries.get(at) ?? []
  const last = entries.at(-1)
  if (!last) return []
  const pages = endOf(last)
  const migration = migrationOf(moment.state, at)
  const written = sorted(writtenEntries(moment, at))
  const known = places(moment, at, pages, migration, followed, other).filter(([first]) => runAt(entries, first))
  const rows = known.map(([first, count]) => {
    const own = itemAt(moment, at, first, count, written, migration)
    const item = other ? { ...own, other: otherAt(other, at, first, count) } : own
    return { first, count, item, signature: signatureOf(item), alone: followed?.at === at && followed.index === first }
  })
  return pages <= SINGLE_ROWS
    ? rows.map((row) => ({ ...row, runs: [row], last: row.item }))
    : fold(rows, (before, after) => pages > EXACT_FRAMES || goesOn(before, after))
}

function goesOn(before: Row<RegionItem>, after: Row<RegionItem>): boolean {
  const { pfn } = before.item.entry
  return pfn === undefined || after.item.entry.pfn === pfn + before.count
}

/** Runs of pages for which nothing differs. */
function places(
  moment: Moment,
  at: string,
  pages: number,
  migration: MigrationState | undefined,
  followed: PageKey | undefined,
  other: Moment | undefined,
): [number, number][] {
  if (pages <= SINGLE_ROWS) return Array.from({ length: pages }, (_, i) => [i, 1])
  const entries = moment.state.entries.get(at) ?? []
  const written = writtenEntries(moment, at)
  const before = written.length > 0 ? (moment.before.entries.get(at) ?? []) : []
  const there = other ? [other.state.entries.get(at) ?? [], wordsOf(migrationOf(other.state, at))] : []
  const delta = moment.step.migrations?.find(({ id }) => id === migration?.id)
  const changedWords = (delta && 'entries' in delta ? delta.entries : []).map(({ first, count }) => ({
    first: first + (migration?.first ?? 0),
    count,
  }))
  const own = followed?.at === at ? [{ first: followed.index, count: 1 }] : []
  const cuts = borders([entries, written, before, wordsOf(migration), changedWords, own, ...there], 0, pages)
  return cuts.slice(0, -1).map((first, i) => [first, cuts[i + 1]! - first])
}

const wordsOf = (migration: MigrationState | undefined): Run[] =>
  (migration?.entries ?? []).map(({ first, count }) => ({ first: first + migration!.first, count }))

function otherAt({ state }: Moment, at: string, first: number, count: number): NonNullable<RegionItem['other']> {
  const run = runAt(state.entries.get(at) ?? [], first)
  const migration = migrationOf(state, at)
  return {
    entry: run && partOfEntries(run, first - run.first, count),
    word: migration && wordRun(migration, first, count),
  }
}

function itemAt(
  moment: Moment,
  at: string,
  first: number,
  count: number,
  written: readonly Run[],
  migration?: MigrationState,
): RegionItem {
  const run = runAt(moment.state.entries.get(at) ?? [], first)!
  const entry = run.first === first && run.count === count ? run : partOfEntries(run, first - run.first, count)
  const was = runAt(written, first) && wasEntry(moment, at, first)
  const word = migration && wordRun(migration, first, count)
  return word ? { entry, was, word, wordWas: wordBefore(moment, at, first) } : { entry, was }
}

function wordRun(migration: MigrationState, index: number, count: number): MigrationRun | undefined {
  const word = elementAt(migration.entries, index - migration.first, partOfMigration)
  return word && { ...word, count }
}

function wasEntry(moment: Moment, at: string, index: number): EntryRun | undefined {
  const was = entryAt(moment.before, at, index)
  const now = entryAt(moment.state, at, index)
  return was && now && isDifferent(was, now) ? was : undefined
}

const isDifferent = (a: EntryRun, b: EntryRun): boolean =>
  a.kind !== b.kind || a.bits !== b.bits || a.pfn !== b.pfn || a.raw !== b.raw

function signatureOf({ entry, was, word, wordWas, other }: RegionItem): string {
  const movedFrame = was && was.kind === entry.kind && was.pfn !== entry.pfn
  return [
    entry.kind,
    entry.bits,
    was && `${was.kind} ${was.bits} ${movedFrame}`,
    word && `${word.src} ${word.dst} ${word.why}`,
    wordWas && `${wordWas.src} ${wordWas.dst} ${wordWas.why}`,
    other?.entry && `${other.entry.kind} ${other.entry.bits} ${other.entry.pfn === entry.pfn}`,
    other?.word && `${other.word.src} ${other.word.dst} ${other.word.why}`,
  ].join('|')
}
