// SPDX-License-Identifier: GPL-2.0-only
//
// The machine at a step as lines: processes with their tasks, locks, TLBs and regions, then memory and page tables.

import { lookUp } from '../../base/look-up'
import type { RecordedRegion, Recording } from '../../record'
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
import { runAt } from '../../view/runs'
import { type FrameRun, frameName, type MigrationState, migrationOf } from '../../view/state'
import { mmapLockText, taskLines } from '../../view/tasks'
import { type CachedTranslation, translationsOf } from '../../view/tlb'
import { hexByte, holderText, isSurplus, number, plural } from '../../view/words'
import { KIND_LOOKS } from './looks'
import { pageTableLines, wordLines } from './page-tables'
import { type Line, line, span, spansOf } from './span'
import { besideOther, type ComparedCell, marksOf, type TableRow, table, value } from './table'

/** @param other the moment of the machine to compare with */
export function machineLines(moment: Moment, followed: PageKey | undefined, other?: Moment): Line[] {
  const processes = Object.keys(moment.state.processes)
  const spaces = processes.flatMap((process) => processLines(moment, process, followed, other))
  return [
    ...(processes.length === 0 ? [line('No process.', 'faint')] : spaces),
    ...memoryLines(moment, false, followed, other),
    ...memoryLines(moment, true, followed, other),
    ...pageTableLines(moment, followed, 'relevant', other),
    ...wordLines(moment, followed),
  ]
}

function processLines(moment: Moment, name: string, followed: PageKey | undefined, other?: Moment): Line[] {
  const { rss, regions } = moment.state.processes[name]!
  const counts = `${plural(rss.anon ?? 0, 'anonymous page')} · ${plural(rss.tables ?? 0, 'page table')}`
  return [
    [span(`Process ${name}`, 'bold'), span(`  ${counts}`, 'faint')],
    ...taskLines(moment, name).map(({ task, text, waits }): Line => {
      return [span('   '), span(task, waits ? 'stop' : 'bold'), span(' '), ...spansOf(text)]
    }),
    ...lockLines(moment, name),
    ...translationsOf(moment.state, name).map(({ cpu, translations }) => tlbLine(moment, cpu, translations)),
    ...regions.flatMap((region) => regionLines(moment, name, region, followed, other)),
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

function regionLines(
  moment: Moment,
  process: string,
  region: RecordedRegion,
  followed: PageKey | undefined,
  other: Moment | undefined,
): Line[] {
  const at = `${process}/${region.name}`
  if (!moment.state.entries.has(at)) return []
  const migration = migrationOf(moment.state, at)
  const there = other && migrationOf(other.state, at)
  const over = (migration ?? there)?.over
  const words = over === undefined ? [] : ['src', 'dst', over ? 'result' : 'so far']
  const rows = regionRows(moment, at, followed, other).map((row): TableRow => {
    const { was } = row.item
    const cells = [
      ...entryCells(moment, row, other),
      ...(over === undefined ? [] : wordCells(moment, row, migration, there)),
    ]
    return {
      ...besideOther(cells, other !== undefined),
      changed: was !== undefined || hasNewWord(row),
      followed: followed?.at === at && row.alone && row.first === followed.index,
    }
  })
  return [
    [
      span(`${process} ${region.name}`, 'bold'),
      span(`  ${regionText(moment.state.processes[process]!, region)}`, 'faint'),
    ],
    ...table(['page', 'entry', 'bits', 'frame', ...words], rows),
  ]
}

function entryCells(moment: Moment, row: RegionRow, other: Moment | undefined): ComparedCell[] {
  const { entry, was, other: beside } = row.item
  const { recording } = moment.replay
  const frameWas = was && was.pfn !== entry.pfn && entry.pfn !== undefined ? frameName(recording, was.pfn) : undefined
  const frames = framesOfRow(moment, row) || '-'
  const there = beside?.entry
  const framesThere = there?.pfn === entry.pfn ? frames : firstFrame(recording, there?.pfn, row.count)
  const bits = entry.bits || '-'
  return [
    [line(pagesOfRow(row)), '', undefined],
    [value(entry.kind, was?.kind, lookUp(KIND_LOOKS, entry.kind)), entry.kind, other && (there?.kind ?? 'no page')],
    [value(bits, was && (was.bits || '-')), bits, there && (there.bits || '-')],
    [
      row.count === 1
        ? value(frames, frameWas || undefined)
        : line(frames, frameWas === undefined ? 'plain' : 'changed'),
      frames,
      there && framesThere,
    ],
  ]
}

const firstFrame = (recording: Recording, pfn: number | undefined, count: number): string =>
  pfn === undefined ? '-' : `${frameName(recording, pfn)}${count > 1 ? ' …' : ''}`

/** @param there the migration of the machine that is compared */
function wordCells(
  { replay: { recording } }: Moment,
  row: RegionRow,
  migration: MigrationState | undefined,
  there: MigrationState | undefined,
): ComparedCell[] {
  const { entry, word, wordWas, other } = row.item
  const one = (pfn: number | undefined) => (pfn === undefined || row.count > 1 ? '' : ` ${frameName(recording, pfn)}`)
  const elsewhere = word?.srcPfn === entry.pfn ? undefined : word?.srcPfn
  const result = resultOf(row.item, migration?.over ?? false)
  const resultThere = resultOf({ ...row.item, word: other?.word }, there?.over ?? false)
  const stops = word !== undefined && word.why !== 'none'
  const [src, dst] = word
    ? [
        [...value(word.src, wordWas?.src), span(one(elsewhere), 'faint')],
        [...value(word.dst, wordWas?.dst), span(one(word.dstPfn), 'faint')],
      ]
    : [line('·', 'faint'), line('·', 'faint')]
  const on = (text: string): string | undefined => other && text
  return [
    [src, word?.src ?? '·', on(other?.word?.src ?? '·')],
    [dst, word?.dst ?? '·', on(other?.word?.dst ?? '·')],
    [line(result, stops ? 'stop' : 'faint'), result || '-', on(resultThere || '-')],
  ]
}

const hasNewWord = ({ item: { word, wordWas } }: RegionRow): boolean =>
  word !== undefined &&
  wordWas !== undefined &&
  (word.src !== wordWas.src || word.dst !== wordWas.dst || word.why !== wordWas.why)

/** The column that the device lacks. */
const LRU = 4
const HEADS = ['refs', 'maps', 'lock', 'LRU', 'flags', 'byte', 'mapped by', 'held by', 'belongs to']

function memoryLines(moment: Moment, device: boolean, followed: PageKey | undefined, other?: Moment): Line[] {
  const { counters } = moment.state
  const own = new Set(followed ? framesOf(moment.state, followed.at, followed.index) : [])
  const { rows, others } = memoryOf(moment, device, own, other)
  const owners = ownersOf(moment)
  const there = other && { moment: other, owners: ownersOf(other) }
  const [all, free] = device ? ['devicePages', 'deviceFree'] : ['ramPages', 'ramFree']
  const used = `${number((counters[all] ?? 0) - (counters[free] ?? 0))} of ${number(counters[all] ?? 0)} in use`
  const isMapped = rows.some((row) => mappingText(row, moment.state) !== '')
  const heads = [device ? 'page' : 'frame', ...HEADS.filter((head) => !device || head !== 'LRU')]
  const tableRows = rows.map((row) => frameRow({ moment, owners }, row, device, own, there))
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

/** A machine, and who maps its frames. */
interface Side {
  readonly moment: Moment
  readonly owners: Owners
}

function frameRow(side: Side, row: FrameRow, device: boolean, own: ReadonlySet<number>, there?: Side): TableRow {
  const followed = [...own].some((pfn) => coversFrame(row, pfn))
  const { frame, was, isNew, other } = row.item
  const name = nameOfFrames(side.moment, row)
  const isCompared = there !== undefined
  const free = isCompared ? 'free' : undefined
  if (!frame) {
    const isFreed = runAt(side.moment.before.frames, row.item.pfn) !== undefined
    const text = isFreed ? line('freed', 'changed') : line('free', 'faint')
    const refs: ComparedCell = [text, 'free', other ? `${other.ref}` : free]
    return { ...besideOther([[line(name), '', undefined], refs], isCompared), changed: isFreed, followed }
  }
  const texts = frameTexts(side, row, frame)
  const before = was && frameTexts(side, row, was)
  const beside = there && other && frameTexts(there, row, other)
  const values = texts.map(
    (text, i): ComparedCell => [
      value(text, i < PLAIN_VALUES ? before?.[i] || undefined : undefined),
      text,
      beside?.[i],
    ],
  )
  const [refs, ...rest] = values
  const cells: ComparedCell[] = [
    [line(name, isNew ? 'changed' : 'plain'), '', undefined],
    [refs![0], refs![1], beside ? refs![2] : free],
    ...rest.slice(0, -1),
    [heldCell(frame.held), rest.at(-1)![1], rest.at(-1)![2]],
    [line(mappingText(row, side.moment.state), 'faint'), '', undefined],
  ]
  return {
    ...besideOther(
      cells.filter((_, i) => !device || i !== LRU),
      isCompared,
    ),
    changed: isNew || was !== undefined,
    followed,
  }
}

/** Who maps a frame and who holds it are shown without what was before. */
const PLAIN_VALUES = 6

/** References, mappings, lock, LRU list, flags, first byte, who maps it, who holds it. */
const frameTexts = ({ moment, owners }: Side, row: FrameRow, frame: FrameRun): string[] => [
  /\btail\b/.test(frame.flags) ? 'head’s' : `${frame.ref}`,
  `${frame.map}`,
  isLocked(frame) ? 'locked' : '-',
  listOf(frame) || 'off',
  flagWord(frame.flags),
  frame.byte === undefined ? '' : hexByte(frame.byte),
  ownerText(moment, owners, row).text,
  frame.held.map(holderText).join(', '),
]

/** Holders that no mapping explains stop a page. */
const heldCell = (held: readonly string[]): Line =>
  held.flatMap((each, i) => [span(i > 0 ? ', ' : ''), span(holderText(each), isSurplus(each) ? 'stop' : 'plain')])
