// SPDX-License-Identifier: GPL-2.0-only
//
// The tables of memory at a moment: frames of RAM, or pages of the device.

import { freedFrames, type Moment, sorted, writtenFrames } from './changes'
import { type FoldedRow, fold } from './fold'
import { FLAG_LETTERS } from './letters'
import { regionOf, shown } from './pages'
import { destinationOf, type Mapping, mappingsOf, migrationEntries, reverseMap } from './rmap'
import { borders, covers, elementAt, endOf, type Run, runAt } from './runs'
import { type FrameRun, isDevice, type MachineState, partOfFrames } from './state'
import { plural, rangeOf } from './words'

export interface FrameItem {
  readonly pfn: number
  /** Nothing: freed in this step. */
  readonly frame?: FrameRun | undefined
  readonly was?: FrameRun | undefined
  readonly isNew: boolean
  /** Of a machine to compare with. Frames that only it uses are there, too, if one is given. */
  readonly other?: FrameRun | undefined
}

export type FrameRow = FoldedRow<FrameItem>

export interface Memory {
  readonly rows: readonly FrameRow[]
  /** Frames of page tables, the zero page and the like. */
  readonly others: number
}

/** So few frames have a row each. */
const SINGLE_ROWS = 10
/** More frames than this: runs join that are no neighbours, and bytes do not keep them apart. */
const EXACT_FRAMES = 60

/** Frames that are no data of a process. A frame that somebody holds will have data: it is the destination of a migration. */
const isOther = (frame: FrameRun | undefined): boolean =>
  frame?.kind === 'table' || (frame?.kind === 'other' && frame.held.length === 0)

/** @param other the moment of another machine: frames share a row only if they do there, too */
export function memoryOf(moment: Moment, device: boolean, followed: ReadonlySet<number>, other?: Moment): Memory {
  const { machine } = moment.replay.recording
  const isHere = ({ first }: { first: number }): boolean => isDevice(machine, first) === device
  const frames = moment.state.frames.filter(isHere)
  const others = frames.filter(isOther).reduce((sum, { count }) => sum + count, 0)
  const shownFrames = frames.filter((frame) => !isOther(frame))
  const freed = freedFrames(moment).filter((run) => isHere(run) && !isOther(runAt(moment.before.frames, run.first)))
  const there = other ? onlyThere(moment, other).filter(isHere) : []
  const total = [...shownFrames, ...freed, ...there].reduce((sum, { count }) => sum + count, 0)
  const runs = [...shownFrames, ...freed, ...there].sort((a, b) => a.first - b.first)
  const isSmall = total <= SINGLE_ROWS
  const cuts = cutsOf(moment, runs, isSmall ? singles(runs) : followed, other)
  const written = sorted(writtenFrames(moment))
  const rows = runs
    .flatMap((run) => parts(run, cuts))
    .map(({ first, count }) => {
      const own = itemAt(moment, first, written)
      const item = other ? { ...own, other: runAt(other.state.frames, first) } : own
      const alone = followed.has(first)
      return { first, count, item, alone, signature: signatureOf(item, total <= EXACT_FRAMES) }
    })
  return { rows: isSmall ? rows.map(alone) : fold(rows, goesOn(total)), others }
}

/** Frames of data that only the other machine uses, and that the step has not freed here. */
function onlyThere(moment: Moment, { state }: Moment): Run[] {
  const here = [...moment.state.frames, ...freedFrames(moment)].sort((a, b) => a.first - b.first)
  const frames = state.frames.filter((frame) => !isOther(frame))
  if (frames.length === 0) return []
  const cuts = borders([here, frames], frames[0]!.first, endOf(frames.at(-1)!))
  return frames.flatMap((run) => parts(run, cuts)).filter(({ first }) => !runAt(here, first))
}

const singles = (runs: readonly Run[]): Set<number> =>
  new Set(runs.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i)))

const alone = (row: { first: number; count: number; item: FrameItem; alone: boolean }): FrameRow => ({
  ...row,
  runs: [row],
  last: row.item,
})

const goesOn = (total: number) => (before: Run, after: { first: number }) =>
  total > 200 || before.first + before.count === after.first

function cutsOf(moment: Moment, runs: readonly Run[], followed: ReadonlySet<number>, other?: Moment) {
  if (runs.length === 0) return []
  const written = writtenFrames(moment)
  const before = written.length > 0 ? moment.before.frames : []
  const own = [...followed].map((first) => ({ first, count: 1 }))
  return borders([runs, written, before, own, other?.state.frames ?? []], runs[0]!.first, endOf(runs.at(-1)!))
}

/** A run in parts, cut at places. */
function parts(run: Run, cuts: readonly number[]): Run[] {
  let low = 0
  let high = cuts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (cuts[middle]! <= run.first) low = middle + 1
    else high = middle
  }
  const out: Run[] = []
  let first = run.first
  for (; low < cuts.length && cuts[low]! <= endOf(run); low++) {
    out.push({ first, count: cuts[low]! - first })
    first = cuts[low]!
  }
  return out
}

function itemAt(moment: Moment, pfn: number, written: readonly Run[]): FrameItem {
  const frame = runAt(moment.state.frames, pfn)
  if (!runAt(written, pfn)) return { pfn, frame, isNew: false }
  const before = runAt(moment.before.frames, pfn)
  const isChanged = frame !== undefined && before !== undefined && isDifferent(before, frame)
  return { pfn, frame, was: isChanged ? before : undefined, isNew: moment.n > 0 && frame !== undefined && !before }
}

const isDifferent = (a: FrameRun, b: FrameRun): boolean => textOf(a) !== textOf(b)

const textOf = (frame: FrameRun): string =>
  [frame.kind, frame.ref, frame.map, frame.flags, frame.byte, frame.held.join()].join('|')

function signatureOf({ frame, was, isNew, other }: FrameItem, exact: boolean): string {
  const there = other ? textOf(exact ? other : { ...other, byte: undefined }) : ''
  if (!frame) return `gone ${there}`
  const flags = frame.flags.replace(/head|tail/g, 'compound')
  const own = [frame.kind, frame.ref, frame.map, flags, exact ? frame.byte : '', frame.held.join()].join('|')
  const old = was && [was.ref, was.map, was.flags, was.held.join()].join('|')
  return `${own} ${old} ${isNew} ${there}`
}

/** Who maps frames, who stands for them, and for whom they are: made once for a moment. */
export interface Owners {
  readonly mapped: readonly Mapping[]
  readonly standing: readonly Mapping[]
}

export const ownersOf = ({ state }: Moment): Owners => ({
  mapped: reverseMap(state),
  standing: migrationEntries(state),
})

export type OwnerKind = 'mapped' | 'standing' | 'destination' | 'nobody'

/** The last cell of a row: who maps it, "(A buf[0])" for a migration entry, "for buf[0]" for a destination. */
export function ownerText(moment: Moment, owners: Owners, row: FrameRow): { kind: OwnerKind; text: string } {
  const { pfn } = row.item
  const mapped = mappingsOf(owners.mapped, pfn)
  if (mapped.length > 0) {
    if (!isOneRun(owners.mapped, row)) return { kind: 'mapped', text: plural(row.count, 'page') }
    return { kind: 'mapped', text: ownerNames(mapped, row.count) }
  }
  const [standing] = mappingsOf(owners.standing, pfn)
  if (standing) {
    const many = !isOneRun(owners.standing, row)
    const text = many ? plural(row.count, 'page') : `${shown(standing.at)}[${pages(standing.index, row.count)}]`
    return { kind: 'standing', text: `(${text})` }
  }
  const destination = destinationOf(moment.state, pfn)
  if (!destination) return { kind: 'nobody', text: 'nobody' }
  const end = destinationOf(moment.state, pfn + row.count - 1)
  const isRun = row.runs.length === 1 && end?.at === destination.at && end.index === destination.index + row.count - 1
  const text = isRun ? `${regionOf(destination.at)}[${pages(destination.index, row.count)}]` : plural(row.count, 'page')
  return { kind: 'destination', text: `for ${text}` }
}

const pages = (first: number, count: number): string => rangeOf({ first, count })

/** Whether frames of a row are mapped by neighbouring pages. */
function isOneRun(mappings: readonly Mapping[], row: FrameRow): boolean {
  if (row.count === 1) return true
  if (row.runs.length > 1) return false
  const first = mappingsOf(mappings, row.first)[0]
  const last = mappingsOf(mappings, row.first + row.count - 1)
  return last.some(({ at, index }) => at === first?.at && index === first.index + row.count - 1)
}

/** "A buf[0]"; of one page in two processes "A B buf[0]". */
function ownerNames(mapped: readonly { at: string; index: number }[], count: number): string {
  const byPlace = new Map<string, string[]>()
  for (const { at, index } of mapped) {
    const [process, region] = at.split('/')
    const place = `${region}[${pages(index, count)}]`
    byPlace.set(place, [...(byPlace.get(place) ?? []), process!])
  }
  return [...byPlace].map(([place, processes]) => `${processes.join(' ')} ${place}`).join(', ')
}

/** Marks of a frame's references: mappings first, then the holders in the order of the record. At most nine. */
export function marksOf(owners: Owners, { frame, pfn }: FrameItem): string[] {
  if (!frame || /head|tail/.test(frame.flags)) return []
  const maps = mappingsOf(owners.mapped, pfn).map(() => 'map')
  return inOrder([...maps, ...frame.held]).slice(0, 9)
}

const ORDER = 'map device cache swap driver migration fault wait pin hold isolate exclusive pagevec'.split(' ')

const rank = (held: string): number => {
  const place = ORDER.indexOf(held.split(':')[0]!)
  return place < 0 ? ORDER.length : place
}

export const inOrder = (held: readonly string[]): string[] => [...held].sort((a, b) => rank(a) - rank(b))

const has = (flags: string, flag: string): boolean => flags.split(' ').includes(flag)

/** Flags in fixed places, as the bits of an entry: udrabm. */
export const flagWord = (flags: string): string =>
  FLAG_LETTERS.map(([letter, name]) => (has(flags, name) ? letter : '-')).join('')

export const isLocked = ({ flags }: FrameRun): boolean => has(flags, 'locked')

/** The LRU list of a frame; empty: on none. */
export function listOf({ flags }: FrameRun): string {
  if (!has(flags, 'lru')) return ''
  if (has(flags, 'unevictable')) return 'unevictable'
  return has(flags, 'active') ? 'active' : 'inactive'
}

/** "anon_vma 3, index 0x10000100": what the frames of a row belong to, and where. Empty: nothing, or not one after the other. */
export function mappingText({ item: { frame, pfn }, runs, count }: FrameRow, state: MachineState): string {
  if (frame?.mapping === undefined || frame.index === undefined || runs.length > 1) return ''
  const run = elementAt(state.frames, pfn, partOfFrames)
  const end = elementAt(state.frames, pfn + count - 1, partOfFrames)
  const first = run?.index
  if (first === undefined || end?.mapping !== frame.mapping || end.index !== first + count - 1) return ''
  const isAnon = frame.kind !== 'cache'
  const last = count === 1 ? '' : `–${indexText(end.index, isAnon)}`
  return `${isAnon ? 'anon_vma' : 'file'} ${frame.mapping}, index ${indexText(first, isAnon)}${last}`
}

/** The index of an anonymous page is its address in pages. */
const indexText = (index: number, isAnon: boolean): string => (isAnon ? `0x${index.toString(16)}` : `${index}`)

export const coversFrame = (row: FrameRow, pfn: number): boolean => row.runs.some((run) => covers(run, pfn))
