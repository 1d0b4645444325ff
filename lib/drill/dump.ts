// SPDX-License-Identifier: GPL-2.0-only
//
// The lines of `dump`.

import { type PageEntry, PageFlag } from '../api'
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
const SHOWN_FLAGS = FLAG_NAMES.reduce((mask, name) => mask | PageFlag[name], 0)

/** The parts that a kind of entry prints besides its name. */
const DETAIL: Record<PageEntry['kind'], 'nothing' | 'bits' | 'page'> = {
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
  mig: 'page',
  excl: 'page',
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
export function dumpLines(entries: Iterable<PageEntry>, firstPage: number, frames: FrameNumbers): string[] {
  const lines: string[] = []
  let run: Run | undefined
  let page = firstPage - 1
  for (const entry of entries) {
    page += 1
    const number = pageNumber(entry, frames)
    if (run !== undefined && continues(run, entry, number)) {
      run.last = page
      continue
    }
    if (run !== undefined) lines.push(runLine(run))
    run = { first: page, last: page, entry, number }
  }
  if (run !== undefined) lines.push(runLine(run))
  return lines
}

/** D or P number of the page of an entry, 0 where no page is printed. */
function pageNumber(entry: PageEntry, frames: FrameNumbers): number {
  if (DETAIL[entry.kind] !== 'page') return 0
  return entry.device ? entry.allocId : frames.of(entry.pfn, entry.allocId)
}

function continues(run: Run, entry: PageEntry, number: number): boolean {
  const first = run.entry
  const detail = DETAIL[entry.kind]
  if (first.kind !== entry.kind) return false
  if (detail === 'nothing') return true
  // In `bits`, the write bit hides two others.
  const sameHidden = first.uffdWp === entry.uffdWp && first.exclusive === entry.exclusive
  const sameBits = sameHidden && first.bits === entry.bits
  if (detail === 'bits' || !sameBits) return sameBits
  return (
    first.device === entry.device &&
    number === run.number + (run.last - run.first) + 1 &&
    first.refCount === entry.refCount &&
    first.mapCount === entry.mapCount &&
    ((first.flags ^ entry.flags) & SHOWN_FLAGS) === 0
  )
}

function runLine(run: Run): string {
  const { entry } = run
  const head = `${pageRange(run.first, run.last)} ${entry.kind}`
  const detail = DETAIL[entry.kind]
  if (detail === 'nothing') return head
  if (detail === 'bits') return `${head} ${entry.bits}`
  const letter = entry.device ? 'D' : 'P'
  const count = run.last - run.first
  const page = count === 0 ? `${letter}${run.number}` : `${letter}${run.number}-${letter}${run.number + count}`
  return `${head} ${entry.bits} ${page} ref=${entry.refCount} map=${entry.mapCount} ${flagNames(entry.flags)}`
}

function flagNames(flags: number): string {
  const names = FLAG_NAMES.filter((name) => (flags & PageFlag[name]) !== 0)
  return names.length === 0 ? '-' : names.join(',').toLowerCase()
}
