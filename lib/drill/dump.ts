// SPDX-License-Identifier: GPL-2.0-only
//
// The lines of `dump`.

import { type PageEntry, PageFlag } from '../api'
import type { Kernel } from '../base/kernel'
import { pageRange } from './runs'

/** The page flags a dump prints, in its order: all kernels', and behind them those that came later. */
const FLAG_NAMES = [
  'LOCKED',
  'UPTODATE',
  'DIRTY',
  'LRU',
  'ACTIVE',
  'REFERENCED',
  'SWAPBACKED',
  'UNEVICTABLE',
  'MLOCKED',
  'HEAD',
  'TAIL',
  'EXCLUSIVE',
] as const
type FlagName = (typeof FLAG_NAMES)[number] | 'SWAPCACHE'

/** What a kind of entry prints besides its name. `slot`: bits, users of the swap slot, and its page if that is in memory. */
type Detail = 'nothing' | 'bits' | 'page' | 'slot'

const DETAIL: Record<PageEntry['kind'], Detail> = {
  nomap: 'nothing',
  none: 'nothing',
  special: 'nothing',
  marker: 'nothing',
  zero: 'bits',
  hzero: 'bits',
  swap: 'bits',
  sys: 'page',
  huge: 'page',
  dev: 'page',
  coh: 'page',
  mig: 'page',
  excl: 'page',
}

/** What the dumps of a kernel's drills show. */
interface Style {
  readonly flags: readonly FlagName[]
  /** A bit for each of the flags. */
  readonly shown: number
  readonly detail: Readonly<Record<PageEntry['kind'], Detail>>
}

function styleOf(flags: readonly FlagName[], detail: Style['detail']): Style {
  return { flags, shown: flags.reduce((mask, name) => mask | PageFlag[name], 0), detail }
}

const STYLES: Readonly<Record<Kernel, Style>> = {
  'linux-4.14': styleOf(FLAG_NAMES, DETAIL),
  'linux-6.12': styleOf([...FLAG_NAMES, 'SWAPCACHE'], { ...DETAIL, swap: 'slot' }),
}

/**
 * The numbers P0, P1, … of system page frames, in the order in which dumps first met them. A frame that was freed and
 * is used again is another frame: its allocation has another id.
 */
export class FrameNumbers {
  readonly #frames = new Map<number, { allocId: number; number: number }>()
  #next = 0

  of(pfn: number, allocId: number): number {
    const known = this.#frames.get(pfn)
    if (known?.allocId === allocId) return known.number
    const number = this.#next++
    this.#frames.set(pfn, { allocId, number })
    return number
  }
}

/** A run of equal lines, as long as it can still grow. */
interface Run {
  readonly first: number
  last: number
  readonly entry: PageEntry
  /** Number of the first page of the run; they go up by one. */
  readonly number: number
}

/** The state of pages, one line a run of equal ones; `firstPage` is the page number of the first entry. */
export function dumpLines(
  entries: Iterable<PageEntry>,
  firstPage: number,
  frames: FrameNumbers,
  kernel: Kernel,
): string[] {
  const style = STYLES[kernel]
  const lines: string[] = []
  let run: Run | undefined
  let page = firstPage - 1
  for (const entry of entries) {
    page += 1
    const number = showsPage(entry, style) ? pageNumber(entry, frames) : 0
    if (run !== undefined && continues(run, entry, number, style)) {
      run.last = page
      continue
    }
    if (run !== undefined) lines.push(runLine(run, style))
    run = { first: page, last: page, entry, number }
  }
  if (run !== undefined) lines.push(runLine(run, style))
  return lines
}

/** Whether a page is printed: that of a swap slot only while it is in memory. */
function showsPage({ kind, pfn }: PageEntry, { detail }: Style): boolean {
  return detail[kind] === 'page' || (detail[kind] === 'slot' && pfn !== 0)
}

/** D, C or P number of the page of an entry. */
function pageNumber(entry: PageEntry, frames: FrameNumbers): number {
  return entry.device ? entry.allocId : frames.of(entry.pfn, entry.allocId)
}

function continues(run: Run, entry: PageEntry, number: number, style: Style): boolean {
  const first = run.entry
  if (first.kind !== entry.kind) return false
  if (style.detail[entry.kind] === 'nothing') return true
  // In `bits`, the write bit hides two others.
  const sameHidden = first.uffdWp === entry.uffdWp && first.exclusive === entry.exclusive
  const sameBits = sameHidden && first.bits === entry.bits
  const sameUsers = style.detail[entry.kind] !== 'slot' || first.swapUsers === entry.swapUsers
  const withPage = showsPage(entry, style)
  if (!sameBits || !sameUsers || showsPage(first, style) !== withPage) return false
  return (
    !withPage ||
    (first.device === entry.device &&
      first.coherent === entry.coherent &&
      number === run.number + (run.last - run.first) + 1 &&
      first.refCount === entry.refCount &&
      first.mapCount === entry.mapCount &&
      ((first.flags ^ entry.flags) & style.shown) === 0)
  )
}

function runLine(run: Run, style: Style): string {
  const { entry } = run
  const detail = style.detail[entry.kind]
  const words = [pageRange(run.first, run.last), entry.kind]
  if (detail !== 'nothing') words.push(entry.bits)
  if (detail === 'slot') words.push(`n=${entry.swapUsers}`)
  if (showsPage(entry, style)) words.push(pageText(run, style))
  return words.join(' ')
}

function pageText({ entry, first, last, number }: Run, style: Style): string {
  const letter = (entry.coherent && 'C') || (entry.device && 'D') || 'P'
  const count = last - first
  const page = count === 0 ? `${letter}${number}` : `${letter}${number}-${letter}${number + count}`
  return `${page} ref=${entry.refCount} map=${entry.mapCount} ${flagNames(entry.flags, style)}`
}

function flagNames(flags: number, style: Style): string {
  const names = style.flags.filter((name) => (flags & PageFlag[name]) !== 0)
  return names.length === 0 ? '-' : names.join(',').toLowerCase()
}
