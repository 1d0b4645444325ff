// SPDX-License-Identifier: GPL-2.0-only
//
// The page tables of a process as a tree: pud, pmd and pte tables, with runs of entries as leaves.

import type { RecordedRegion, RecordedTable } from '../record/types'
import { isWritten, type Moment, writtenEntries } from './changes'
import { keyOf, type PageKey } from './pages'
import { borders, firstBehind, type Run, runAt } from './runs'
import { type EntryRun, partOfEntries } from './state'

export interface Leaf {
  /** The region, and the first page; of a huge pmd nothing. */
  readonly page?: { readonly at: string; readonly index: number }
  readonly count: number
  /** The place in the table. */
  readonly slot: number
  readonly kind: string
  readonly raw?: bigint | undefined
  readonly changed: boolean
  readonly followed: boolean
  /** The entry of a machine to compare with, if it has one. */
  readonly other?: EntryRun | undefined
}

export interface TableNode {
  readonly pfn: number
  readonly table: RecordedTable
  /** Tables below; of many the first four, and the one of the followed page. */
  readonly tables: readonly TableNode[]
  /** How many tables below are folded. */
  readonly folded: number
  /** Those, if they are unfolded. */
  readonly more: readonly TableNode[]
  /** Runs of entries; of many only the followed page. */
  readonly leaves: readonly Leaf[]
  /** Instead of many runs: entries by kind. */
  readonly counts?: readonly (readonly [kind: string, count: number])[]
  /** All runs, if they are unfolded. */
  readonly runs: readonly Leaf[]
}

/** The name of the line that stands for the runs of a table. */
export const runsKey = (pfn: number): string => `runs ${pfn}`

/** The name of the line that stands for tables below a table. */
export const moreKey = (pfn: number): string => `more ${pfn}`

/** Entries of a table. */
export const SLOTS = 512
const PAGE = 4096n
/** Address space that one table of a level covers. */
const SPAN = { pud: PAGE << 27n, pmd: PAGE << 18n, pte: PAGE << 9n }
const MOST_RUNS = 12
const MOST_TABLES = 6
const TABLES_SHOWN = 4
const HUGE = 0x80n

interface Context {
  readonly moment: Moment
  readonly process: string
  readonly regions: readonly RecordedRegion[]
  readonly tables: readonly (RecordedTable & { pfn: number })[]
  readonly followed?: PageKey | undefined
  readonly unfolded: ReadonlySet<string>
  readonly other?: Moment | undefined
}

const NOTHING: ReadonlySet<string> = new Set()

/**
 * The page tables of a process.
 * @param unfolded lines that show what they stand for: runsKey() and moreKey() of tables
 * @param other the moment of another machine: entries share a leaf only if they do there, too
 */
export function tablesOf(
  moment: Moment,
  process: string,
  followed?: PageKey,
  unfolded = NOTHING,
  other?: Moment,
): TableNode[] {
  const tables = Object.entries(moment.state.tables)
    .filter(([, table]) => table.process === process)
    .map(([pfn, table]) => ({ ...table, pfn: Number(pfn) }))
    .sort((a, b) => (BigInt(a.base) < BigInt(b.base) ? -1 : 1))
  const regions = moment.state.processes[process]?.regions ?? []
  const context = { moment, process, regions, tables, followed, unfolded, other }
  return tables.filter(({ level }) => level === 'pud').map((table) => node(context, table))
}

const NEXT = { pud: 'pmd', pmd: 'pte', pte: undefined } as const

function node(context: Context, table: RecordedTable & { pfn: number }): TableNode {
  const below = NEXT[table.level]
  const base = BigInt(table.base)
  const children = context.tables.filter(
    ({ level, base: other }) => level === below && BigInt(other) >= base && BigInt(other) < base + SPAN[table.level],
  )
  const isShown = children.length <= MOST_TABLES ? () => true : shownOf(context)
  const folded = children.filter((child, i) => !isShown(child, i))
  const isUnfolded = context.unfolded.has(moreKey(table.pfn))
  return {
    pfn: table.pfn,
    table,
    tables: children.filter(isShown).map((child) => node(context, child)),
    folded: folded.length,
    more: isUnfolded ? folded.map((child) => node(context, child)) : [],
    ...(table.level === 'pte' ? leavesOf(context, table) : { leaves: hugeLeaves(table), runs: [] }),
  }
}

/** Of many tables the first four and the one of the followed page. */
const shownOf = (context: Context) => (table: RecordedTable, i: number) => {
  if (i < TABLES_SHOWN) return true
  const { followed } = context
  const region = followed && context.regions.find(({ name }) => `${context.process}/${name}` === followed.at)
  if (!region) return false
  const address = BigInt(region.start) + BigInt(followed.index) * PAGE
  return address >= BigInt(table.base) && address < BigInt(table.base) + SPAN[table.level]
}

function hugeLeaves({ entries = {} }: RecordedTable): Leaf[] {
  return Object.entries(entries)
    .filter(([, raw]) => BigInt(raw) & HUGE)
    .map(([slot, raw]) => ({
      count: 1,
      slot: Number(slot),
      kind: 'huge',
      raw: BigInt(raw),
      changed: false,
      followed: false,
    }))
}

function leavesOf(
  context: Context,
  table: { pfn: number } & RecordedTable,
): Pick<TableNode, 'leaves' | 'counts' | 'runs'> {
  const leaves = context.regions.flatMap((region) => leavesOfRegion(context, table, region))
  const followed = leaves.filter((leaf) => leaf.followed)
  if (leaves.length - followed.length <= MOST_RUNS) return { leaves, runs: [] }
  const counts = new Map<string, number>()
  for (const { kind, count } of leaves) counts.set(kind, (counts.get(kind) ?? 0) + count)
  const isUnfolded = context.unfolded.has(runsKey(table.pfn))
  return { leaves: isUnfolded ? [] : followed, counts: [...counts], runs: isUnfolded ? leaves : [] }
}

function leavesOfRegion(context: Context, table: RecordedTable, region: RecordedRegion): Leaf[] {
  const at = `${context.process}/${region.name}`
  const start = BigInt(region.start)
  const base = BigInt(table.base)
  const from = Number((base > start ? base - start : 0n) / PAGE)
  const to = Math.min(region.pages, Number((base + SPAN.pte - start) / PAGE))
  if (to <= from) return []
  const { moment, followed, other } = context
  const all = moment.state.entries.get(at) ?? []
  const entries = all.slice(firstBehind(all, from), firstBehind(all, to) + 1)
  const written = writtenEntries(moment, at)
  const own = followed?.at === at ? [{ first: followed.index, count: 1 }] : []
  const single = region.pages <= 8 ? Array.from({ length: region.pages }, (_, first) => ({ first, count: 1 })) : []
  const there = other?.state.entries.get(at) ?? []
  const cuts = borders([entries, written, own, single, there], from, to)
  return cuts.slice(0, -1).flatMap((first, i) => {
    const run = partAt(entries, first, cuts[i + 1]! - first)
    if (!run) return []
    return {
      page: { at, index: first },
      count: run.count,
      slot: Number(start / PAGE + BigInt(first)) % SLOTS,
      kind: run.kind,
      raw: run.raw,
      changed: moment.n > 0 && isWritten(written, first),
      followed: followed?.at === at && followed.index === first,
      ...(other && { other: partAt(there, first, run.count) }),
    }
  })
}

function partAt(entries: readonly EntryRun[], first: number, count: number): EntryRun | undefined {
  const run = runAt(entries, first)
  return run && partOfEntries(run, first - run.first, count)
}

/** Frames of the tables of a process that the step has changed, or in which it has changed entries. */
export function changedTables({ step, state }: Moment, process: string): ReadonlySet<number> {
  const own = Object.entries(state.tables).filter(([, table]) => table.process === process)
  const written = (step.entries ?? []).flatMap(({ at, first, count }) => {
    const region = state.processes[process]?.regions.find(({ name }) => `${process}/${name}` === at)
    const from = region && BigInt(region.start) + BigInt(first) * PAGE
    return from === undefined ? [] : [{ from, to: from + BigInt(count) * PAGE }]
  })
  const isWrittenIn = ({ level, base }: RecordedTable): boolean => {
    const start = BigInt(base)
    return level === 'pte' && written.some(({ from, to }) => from < start + SPAN.pte && to > start)
  }
  return new Set(
    own.filter(([pfn, table]) => step.tables?.[pfn] !== undefined || isWrittenIn(table)).map(([pfn]) => Number(pfn)),
  )
}

/** Tables of a process that the step has freed, from the lowest frame on. */
export const freedTables = ({ step, before }: Moment, process: string): (RecordedTable & { pfn: number })[] =>
  Object.entries(step.tables ?? {}).flatMap(([pfn, table]) => {
    const was = before.tables[pfn]
    return table === null && was?.process === process ? [{ ...was, pfn: Number(pfn) }] : []
  })

export const leafKey = ({ page }: Leaf): string | undefined => page && keyOf(page.at, page.index)

export const leafRun = ({ slot, count }: Leaf): Run => ({ first: slot, count })
