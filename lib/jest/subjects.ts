// SPDX-License-Identifier: GPL-2.0-only
//
// What the matchers are asked about: which pages of a mapping, a dump or a migration. Objects are known by what they have
// and not by their class, as test runners load modules more than once.

import { inspect } from 'node:util'
import type { MigrationEntries, MigrationEntry } from '../api/entries'
import { heldPages } from '../api/holders'
import type { Machine } from '../api/machine'
import type { Mapping } from '../api/mapping'
import type { MigrationResult } from '../api/migration-result'
import { dumpTable, type PageEntry } from '../api/records'
import { HmmuError } from '../base/errors'
import { integer, invalid } from '../base/validate'
import { machineOf } from './last-steps'

/** What a matcher about pages accepts: each page of a mapping, or what {@link Mapping.dump} returned. */
export type PageSubject = Mapping | readonly PageEntry[] | PageEntry

/** What a matcher about migrations accepts. */
export type MigrationSubject = MigrationResult | MigrationEntries | readonly MigrationEntry[] | MigrationEntry

/** One page or several, by index. */
export type Pages = number | readonly number[]

/** Items by the index that the reader knows them by, and how all of them look as a table. */
export interface Subject<Item> {
  readonly items: ReadonlyMap<number, Item>
  readonly table: () => string
  /** The machine, if the subject tells it. */
  readonly machine: Machine | undefined
  /** Lines on those of some items that somebody holds, besides their mappings. Empty if that can't be told. */
  readonly held: (items: Iterable<number>) => string
}

/** The entries of a mapping or of a dump; those of `pages`, if they are given. */
export function pageSubject(matcher: string, subject: unknown, pages?: Pages): Subject<PageEntry> {
  const list = isMapping(subject) ? subject.dump() : [subject].flat()
  if (list.length === 0 || !list.every(isPageEntry)) {
    throw invalid(
      `what ${matcher}() looks at`,
      'a Mapping, a PageEntry or an array of these with one at least',
      subject,
    )
  }
  return {
    items: chosen(list, pages),
    table: () => dumpTable(list),
    held: heldOf(subject),
    machine: machineOf(subject) ?? machineOf(list[0]),
  }
}

/** The entries of a migration; those of `pages`, if they are given. */
export function migrationSubject(matcher: string, subject: unknown, pages?: Pages): Subject<MigrationEntry> {
  const list = isResult(subject) ? subject.entries : isEntries(subject) ? [...subject] : [subject].flat()
  if (list.length === 0 || !list.every(isMigrationEntry)) {
    const allowed = 'a MigrationResult, MigrationEntries, a MigrationEntry or an array of these with one at least'
    throw invalid(`what ${matcher}() looks at`, allowed, subject)
  }
  const table = () =>
    list === subject || list[0] === subject ? list.map((entry) => inspect(entry)).join('\n') : inspect(subject)
  return { items: chosen(list, pages), table, held: heldOf(subject), machine: machineOf(subject) ?? machineOf(list[0]) }
}

function heldOf(subject: unknown): (items: Iterable<number>) => string {
  const lines = (subject as { [heldPages]?: (items: Iterable<number>) => string } | null)?.[heldPages]
  return (items) => lines?.call(subject, items) ?? ''
}

function chosen<Item>(list: readonly Item[], pages: Pages | undefined): Map<number, Item> {
  const all = new Map(list.entries())
  if (pages === undefined) return all
  const wanted = [pages].flat()
  if (wanted.length === 0) throw new HmmuError('HMMU_INVALID_ARGUMENT', 'pages must name one page at least')
  return new Map(wanted.map((page) => [page, list[integer('page', page, 0, list.length - 1)] as Item]))
}

function has(value: unknown, ...properties: string[]): boolean {
  return typeof value === 'object' && value !== null && properties.every((property) => property in value)
}

const isMapping = (value: unknown): value is Mapping => has(value, 'process', 'pages', 'dump')
const isPageEntry = (value: unknown): value is PageEntry => has(value, 'kind', 'raw', 'refCount')
const isResult = (value: unknown): value is MigrationResult => has(value, 'entries', 'callbacksRan', 'moved')
const isEntries = (value: unknown): value is MigrationEntries => has(value, 'src', 'dst', 'scan')
const isMigrationEntry = (value: unknown): value is MigrationEntry => has(value, 'why', 'srcFlags', 'migrate')

/** `page 3`, `pages 0-2, 7`. */
export function pageList(pages: Iterable<number>): string {
  const sorted = [...pages].sort((a, b) => a - b)
  const runs: [number, number][] = []
  for (const page of sorted) {
    const last = runs.at(-1)
    if (last && page <= last[1] + 1) last[1] = page
    else runs.push([page, page])
  }
  const texts = runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
  return `${sorted.length === 1 ? 'page' : 'pages'} ${texts.join(', ')}`
}
