// SPDX-License-Identifier: GPL-2.0-only
//
// What all steps did to the pages of a region, on typed arrays: 10,000 pages and 1,000 steps are computed in one go.

import type { RecordedProcess, Recording } from '../record/types'
import { processOf } from './pages'
import { type Stop, stopsBy } from './stops'

/** Regions up to this size have a row for each page. */
export const SINGLE_ROWS = 8

/** The region is not mapped. */
export const ABSENT = '-'

/** Which of some runs cover a segment: `items` from `starts[segment]` up to `starts[segment + 1]`, in the order of runs. */
interface Covering {
  readonly starts: Int32Array
  readonly items: Int32Array
}

/** A region of a recording. A segment is a run of pages that no step divides. */
export interface RegionChanges {
  /** Process and region, as A/buf. */
  readonly at: string
  /** The most pages that it ever had. */
  readonly pages: number
  readonly lastStep: number
  /** Names of kinds; their indices are in `kind`. */
  readonly kinds: readonly string[]
  /** The first page of each segment, and behind the last the number of pages. */
  readonly firsts: Int32Array
  /** Of each change: its step, the kind of entry, the first page, and the frame of that page, or NaN. */
  readonly step: Int32Array
  readonly kind: Uint16Array
  readonly first: Int32Array
  readonly pfn: Float64Array
  readonly changes: Covering
  readonly stops: readonly Stop[]
  readonly marks: Covering
}

export const segmentsIn = ({ firsts }: RegionChanges): number => firsts.length - 1

/** The segment of a page. */
export function segmentAt({ firsts }: Pick<RegionChanges, 'firsts'>, page: number): number {
  return Math.max(0, Math.min(firsts.length - 2, lowerBound(firsts, page + 1) - 1))
}

/** Steps in which the pages of a segment have one kind of entry, and one frame each. */
export type UseSpan = (kind: number, from: number, to: number, pfn: number) => void

export function eachSpan(region: RegionChanges, segment: number, use: UseSpan): void {
  const { step, kind, first, pfn, changes, firsts, lastStep } = region
  let [ownKind, ownFrom, ownPfn] = [-1, 0, Number.NaN]
  for (let i = changes.starts[segment]!; i < changes.starts[segment + 1]!; i++) {
    const item = changes.items[i]!
    const nextPfn = pfn[item]! + firsts[segment]! - first[item]!
    if (ownKind === kind[item] && Object.is(ownPfn, nextPfn)) continue
    // Of two changes in a step, the later one counts.
    if (ownKind >= 0 && step[item]! > ownFrom) use(ownKind, ownFrom, step[item]! - 1, ownPfn)
    ;[ownKind, ownFrom, ownPfn] = [kind[item]!, step[item]!, nextPfn]
  }
  if (ownKind >= 0) use(ownKind, ownFrom, lastStep, ownPfn)
}

/** Where pages of a segment gave up. */
export function stopsIn({ marks, stops }: RegionChanges, segment: number): Stop[] {
  return Array.from(marks.items.subarray(marks.starts[segment], marks.starts[segment + 1]), (item) => stops[item]!)
}

/** All regions that ever were, in the order of processes and of their first appearance. */
export function regionChanges(recording: Recording, stops: readonly Stop[]): RegionChanges[] {
  const seen = collect(recording)
  const processes = Array.from(new Set([...seen.keys()].map(processOf)))
  const rank = (at: string): number => processes.indexOf(processOf(at))
  const stopsAt = stopsBy(stops, ({ at }) => at)
  return [...seen]
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([at, list]) => arranged(at, list, stopsAt.get(at) ?? [], recording.steps.length - 1))
}

/** Changes of a region in the order of steps. */
interface ChangeList {
  pages: number
  readonly step: number[]
  readonly first: number[]
  readonly count: number[]
  readonly kind: string[]
  readonly pfn: number[]
}

function collect({ steps }: Recording): Map<string, ChangeList> {
  const seen = new Map<string, ChangeList>()
  const live = new Set<string>()
  for (const [n, { processes, entries = [] }] of steps.entries()) {
    const gone = Object.entries(processes ?? {}).flatMap(([name, process]) => meet(seen, live, name, process))
    for (const { at, first, count, kind, pfn } of entries) add(seen.get(at), n, first, count, kind, pfn)
    for (const at of gone) add(seen.get(at), n, 0, Number.POSITIVE_INFINITY, ABSENT)
  }
  return seen
}

/** Notes the regions of a process. @returns those that it no longer has */
function meet(
  seen: Map<string, ChangeList>,
  live: Set<string>,
  name: string,
  process: RecordedProcess | null,
): string[] {
  const regions = new Map(process?.regions.map((region) => [`${name}/${region.name}`, region.pages]))
  const gone = [...live].filter((at) => at.startsWith(`${name}/`) && !regions.has(at))
  for (const at of gone) live.delete(at)
  for (const [at, pages] of regions) {
    live.add(at)
    const list = seen.get(at) ?? { pages, step: [], first: [], count: [], kind: [], pfn: [] }
    list.pages = Math.max(list.pages, pages)
    seen.set(at, list)
  }
  return gone
}

function add(list: ChangeList | undefined, step: number, first: number, count: number, kind: string, pfn?: number) {
  list?.step.push(step)
  list?.first.push(first)
  list?.count.push(count)
  list?.kind.push(kind)
  list?.pfn.push(pfn ?? Number.NaN)
}

function arranged(at: string, list: ChangeList, stops: readonly Stop[], lastStep: number): RegionChanges {
  const { pages } = list
  const kinds = Array.from(new Set(list.kind))
  const indices = new Map(kinds.map((kind, i) => [kind, i]))
  const stopFirsts = stops.map(({ first }) => first)
  const stopCounts = stops.map(({ count }) => count)
  const firsts =
    pages <= SINGLE_ROWS
      ? Int32Array.from({ length: pages + 1 }, (_, page) => page)
      : borders(pages, [...list.first, ...stopFirsts], [...list.count, ...stopCounts])
  return {
    at,
    pages,
    lastStep,
    kinds,
    firsts,
    step: Int32Array.from(list.step),
    kind: Uint16Array.from(list.kind, (kind) => indices.get(kind)!),
    first: Int32Array.from(list.first),
    pfn: Float64Array.from(list.pfn),
    changes: covering(firsts, list.first, list.count),
    stops,
    marks: covering(firsts, stopFirsts, stopCounts),
  }
}

/** Sorted places at which any run begins or ends. */
function borders(pages: number, first: readonly number[], count: readonly number[]): Int32Array {
  const places = new Set<number>([0, pages])
  for (const [i, place] of first.entries()) {
    if (place < pages) places.add(place)
    if (place + count[i]! < pages) places.add(place + count[i]!)
  }
  return Int32Array.from(places).sort()
}

/** How many places all changes of a recording take, each counted once for each segment that it covers. */
export function coveringOf(recording: Recording): number {
  let sum = 0
  for (const { pages, first, count } of collect(recording).values()) {
    const firsts = borders(pages, first, count)
    for (const [i, place] of first.entries()) sum += lowerBound(firsts, place + count[i]!) - lowerBound(firsts, place)
  }
  return sum
}

function covering(firsts: Int32Array, first: readonly number[], count: readonly number[]): Covering {
  const segments = firsts.length - 1
  const ends = first.map((place, i) => lowerBound(firsts, place + count[i]!))
  const begins = first.map((place) => lowerBound(firsts, place))
  const starts = new Int32Array(segments + 1)
  // How many runs cover each segment: one more from where a run begins, one less where it ends.
  const by = new Int32Array(segments + 1)
  for (const [i, begin] of begins.entries()) {
    by[begin]!++
    by[Math.min(ends[i]!, segments)]!--
  }
  let covered = 0
  for (let segment = 0; segment < segments; segment++) {
    covered += by[segment]!
    starts[segment + 1] = starts[segment]! + covered
  }
  const next = starts.slice()
  const items = new Int32Array(starts[segments]!)
  for (const [i, begin] of begins.entries()) {
    const end = Math.min(ends[i]!, segments)
    for (let segment = begin; segment < end; segment++) items[next[segment]!++] = i
  }
  return { starts, items }
}

/** The index of the first number that is not below a place. */
export function lowerBound(sorted: Int32Array, place: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < place) low = middle + 1
    else high = middle
  }
  return low
}
