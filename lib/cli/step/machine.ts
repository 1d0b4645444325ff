// SPDX-License-Identifier: GPL-2.0-only
//
// The machine at a step as lines: processes with their tasks, locks, TLBs and regions, then memory and page tables.

import type { RecordedRegion } from '../../record'
import { framesOfRow, nameOfFrames, pagesOfRow, regionText, resultOf } from '../../view/cells'
import { framesOf, type Moment } from '../../view/changes'
import {
  coversFrame,
  type FrameRow,
  flagWord,
  isLocked,
  listOf,
  mappingText,
  memoryOf,
  type Owners,
  ownersOf,
  ownerText,
} from '../../view/frame-rows'
import { type ListLine, listLines } from '../../view/lists'
import type { PageKey } from '../../view/pages'
import { type RegionRow, regionRows } from '../../view/region-rows'
import { frameName, type MigrationState, migrationOf } from '../../view/state'
import { mmapLockText, taskLines } from '../../view/tasks'
import { type CachedTranslation, translationsOf } from '../../view/tlb'
import { hexByte, holderText, isSurplus, number, plural } from '../../view/words'
import { KIND_LOOKS } from './looks'
import { pageTableLines, wordLines } from './page-tables'
import { type Line, line, span, spansOf } from './span'
import { marksOf, type TableRow, table, value } from './table'

export function machineLines(moment: Moment, followed: PageKey | undefined): Line[] {
  const processes = Object.keys(moment.state.processes)
  const spaces = processes.flatMap((process) => processLines(moment, process, followed))
  return [
    ...(processes.length === 0 ? [line('No process.', 'faint')] : spaces),
    ...memoryLines(moment, false, followed),
    ...memoryLines(moment, true, followed),
    ...pageTableLines(moment, followed, 'relevant'),
    ...wordLines(moment, followed),
  ]
}

function processLines(moment: Moment, name: string, followed: PageKey | undefined): Line[] {
  const { rss, regions } = moment.state.processes[name]!
  const counts = `${plural(rss.anon ?? 0, 'anonymous page')} · ${plural(rss.tables ?? 0, 'page table')}`
  return [
    [span(`Process ${name}`, 'bold'), span(`  ${counts}`, 'faint')],
    ...taskLines(moment, name).map(({ task, text, waits }): Line => {
      return [span('   '), span(task, waits ? 'stop' : 'bold'), span(' '), ...spansOf(text)]
    }),
    ...lockLines(moment, name),
    ...translationsOf(moment.state, name).map(({ cpu, translations }) => tlbLine(moment, cpu, translations)),
    ...regions.flatMap((region) => regionLines(moment, name, region, followed)),
  ]
}

function lockLines(moment: Moment, process: string): Line[] {
  const lock = mmapLockText(moment, process)
  return lock ? [[span(`   ${lock.held}`), span(lock.waiting, 'stop')]] : []
}

/** More translations of a CPU are counted; stale ones always have a name. */
const MOST_NAMED = 6

function tlbLine({ replay: { recording } }: Moment, cpu: string, translations: readonly CachedTranslation[]): Line {
  const fresh = translations.filter(({ stale }) => !stale)
  const names = fresh.slice(0, MOST_NAMED).map(({ page }) => ` ${page}`)
  const rest = fresh.length - names.length
  return [
    span(`   TLB of CPU ${cpu}:${names.join('')}${rest > 0 ? ` and ${plural(rest, 'more page')}` : ''}`),
    ...translations
      .filter(({ stale }) => stale)
      .map(({ page, pfn }) => span(` ${page} → ${frameName(recording, pfn)}, stale`, 'stop')),
  ]
}

function regionLines(moment: Moment, process: string, region: RecordedRegion, followed: PageKey | undefined): Line[] {
  const at = `${process}/${region.name}`
  if (!moment.state.entries.has(at)) return []
  const migration = migrationOf(moment.state, at)
  const words = migration ? ['src', 'dst', migration.over ? 'result' : 'so far'] : []
  const rows = regionRows(moment, at, followed).map((row) => regionRow(moment, at, row, migration, followed))
  return [
    [
      span(`${process} ${region.name}`, 'bold'),
      span(`  ${regionText(moment.state.processes[process]!, region)}`, 'faint'),
    ],
    ...table(['page', 'entry', 'bits', 'frame', ...words], rows),
  ]
}

function regionRow(
  moment: Moment,
  at: string,
  row: RegionRow,
  migration: MigrationState | undefined,
  followed: PageKey | undefined,
): TableRow {
  const { entry, was, word, wordWas } = row.item
  const { recording } = moment.replay
  const isOwn = followed?.at === at && row.alone && row.first === followed.index
  const frameWas = was && was.pfn !== entry.pfn && entry.pfn !== undefined ? frameName(recording, was.pfn) : undefined
  const frames = framesOfRow(moment, row) || '-'
  const cells: Line[] = [
    line(pagesOfRow(row)),
    value(entry.kind, was?.kind, KIND_LOOKS[entry.kind]),
    value(entry.bits || '-', was && (was.bits || '-')),
    row.count === 1 ? value(frames, frameWas || undefined) : line(frames, frameWas === undefined ? 'plain' : 'changed'),
  ]
  if (!migration) return { cells, changed: was !== undefined, followed: isOwn }
  const one = (pfn: number | undefined) => (pfn === undefined || row.count > 1 ? '' : ` ${frameName(recording, pfn)}`)
  const elsewhere = word?.srcPfn === entry.pfn ? undefined : word?.srcPfn
  const result = resultOf(row.item, migration.over)
  const stops = word !== undefined && word.why !== 'none'
  const words: Line[] = word
    ? [
        [...value(word.src, wordWas?.src), span(one(elsewhere), 'faint')],
        [...value(word.dst, wordWas?.dst), span(one(word.dstPfn), 'faint')],
        line(result, stops ? 'stop' : 'faint'),
      ]
    : [line('·', 'faint'), line('·', 'faint'), line('')]
  return { cells: [...cells, ...words], changed: was !== undefined || hasNewWord(row), followed: isOwn }
}

const hasNewWord = ({ item: { word, wordWas } }: RegionRow): boolean =>
  word !== undefined &&
  wordWas !== undefined &&
  (word.src !== wordWas.src || word.dst !== wordWas.dst || word.why !== wordWas.why)

/** The column that the device lacks. */
const LRU = 4
const HEADS = ['refs', 'maps', 'lock', 'LRU', 'flags', 'byte', 'mapped by', 'held by', 'belongs to']

function memoryLines(moment: Moment, device: boolean, followed: PageKey | undefined): Line[] {
  const { counters } = moment.state
  const own = new Set(followed ? framesOf(moment.state, followed.at, followed.index) : [])
  const { rows, others } = memoryOf(moment, device, own)
  const owners = ownersOf(moment)
  const [all, free] = device ? ['devicePages', 'deviceFree'] : ['ramPages', 'ramFree']
  const used = `${number((counters[all] ?? 0) - (counters[free] ?? 0))} of ${number(counters[all] ?? 0)} in use`
  const isMapped = rows.some((row) => mappingText(row, moment.state) !== '')
  const heads = [device ? 'page' : 'frame', ...HEADS.filter((head) => !device || head !== 'LRU')]
  const tableRows = rows.map((row) => frameRow(moment, owners, row, device, own))
  return [
    [span(`Memory: ${device ? 'device' : 'RAM'}`, 'bold'), span(`  ${used}`, 'faint')],
    ...(rows.length > 0
      ? table(isMapped ? heads : heads.slice(0, -1), tableRows)
      : [line(`   ${device ? 'No device page is in use.' : 'No frame holds data.'}`, 'faint')]),
    ...(device ? [] : listLines(moment).map(listLine)),
    ...(others > 0 ? [line(`   ${plural(others, 'frame')} of page tables and the zero page`, 'faint')] : []),
  ]
}

/** "LRU list active_anon: empty→#8–#6" */
const listLine = ({ word, cpu, now, was }: ListLine): Line => [
  ...marksOf(now !== was, false),
  span(cpu === undefined ? `LRU list ${word}: ` : `pagevec ${word} of CPU ${cpu}: `),
  ...value(now, was),
]

function frameRow(moment: Moment, owners: Owners, row: FrameRow, device: boolean, own: ReadonlySet<number>): TableRow {
  const followed = [...own].some((pfn) => coversFrame(row, pfn))
  const { frame, was, isNew } = row.item
  const name = nameOfFrames(moment, row)
  if (!frame) return { cells: [line(name), line('freed', 'changed')], changed: true, followed }
  const lock = isLocked(frame) ? 'locked' : '-'
  const byte = (n: number | undefined): string => (n === undefined ? '' : hexByte(n))
  const cells: Line[] = [
    line(name, isNew ? 'changed' : 'plain'),
    /\btail\b/.test(frame.flags) ? line('head’s', 'faint') : value(`${frame.ref}`, was && `${was.ref}`),
    value(`${frame.map}`, was && `${was.map}`),
    value(lock, was && (isLocked(was) ? 'locked' : '-')),
    value(listOf(frame) || 'off', was && (listOf(was) || 'off')),
    value(flagWord(frame.flags), was && flagWord(was.flags)),
    value(byte(frame.byte), was?.byte === undefined ? undefined : byte(was.byte)),
    line(ownerText(moment, owners, row).text),
    heldCell(frame.held),
    line(mappingText(row, moment.state), 'faint'),
  ]
  return { cells: cells.filter((_, i) => !device || i !== LRU), changed: isNew || was !== undefined, followed }
}

/** Holders that no mapping explains stop a page. */
const heldCell = (held: readonly string[]): Line =>
  held.flatMap((each, i) => [span(i > 0 ? ', ' : ''), span(holderText(each), isSurplus(each) ? 'stop' : 'plain')])
