// SPDX-License-Identifier: GPL-2.0-only
//
// Texts of cells that more than one view has.

import type { RecordedProcess, RecordedRegion } from '../record/types'
import type { Moment } from './changes'
import type { FrameRow } from './frame-rows'
import type { RegionItem, RegionRow } from './region-rows'
import { frameName } from './state'
import { number, plural, rangeOf } from './words'

/** "0–99"; of a class how many pages it has, and its first one. */
export const pagesOfRow = (row: RegionRow): string =>
  row.runs.length > 1 ? `${number(row.count)} pages from ${row.first}` : rangeOf(row)

/** The frames of a row: "#6", "#6–#9", or the first and last of many. Empty: the entries have none. */
export function framesOfRow({ replay: { recording } }: Moment, { item, last, runs, count }: RegionRow): string {
  const first = frameName(recording, item.entry.pfn)
  if (count === 1 || item.entry.pfn === undefined) return first
  const lastPfn = last.entry.pfn === undefined ? undefined : last.entry.pfn + last.entry.count - 1
  const isExact = runs.length === 1 && lastPfn === item.entry.pfn + count - 1
  return `${first}${isExact ? '–' : ' … '}${frameName(recording, lastPfn)}`
}

/** Why the page did not move, or that it has. */
export function resultOf({ word }: RegionItem, over: boolean): string {
  if (word && word.why !== 'none') return word.why
  return word && over ? 'moved' : ''
}

/** The name of a row of memory: "#6", "#6–#9", "D0 … D17". */
export function nameOfFrames({ replay: { recording } }: Moment, row: FrameRow): string {
  const first = frameName(recording, row.item.pfn)
  if (row.count === 1) return first
  const end = row.runs.at(-1)!
  return `${first}${row.runs.length > 1 ? ' … ' : '–'}${frameName(recording, end.first + end.count - 1)}`
}

/** "4 pages anon rw at 0x10000100000" */
export function regionText({ vmas }: RecordedProcess, { pages, start }: RecordedRegion): string {
  const address = BigInt(start)
  const vma = vmas.find((each) => {
    const first = BigInt(each.start)
    return first <= address && address < first + BigInt(each.pages) * 4096n
  })
  return `${plural(pages, 'page')} ${vma ? `${vma.kind} ${vma.prot}` : 'unmapped'} at ${start}`
}
