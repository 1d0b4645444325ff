// SPDX-License-Identifier: GPL-2.0-only
//
// A recording cut down to one page: its entry, its frames, and other entries of these frames. All its steps are replayed in
// little time, however many pages the whole has.

import type { EntryDelta, FrameDelta, Recording, Step } from '../record/types'
import type { PageKey } from './pages'
import { placeOf } from './state'

/** Pages and frames that are kept. */
interface Kept {
  readonly pfns: ReadonlySet<number>
  /** Indices of pages by region. */
  readonly places: ReadonlyMap<string, ReadonlySet<number>>
}

export function pageRecording(recording: Recording, page: PageKey): Recording {
  const pfns = framesOfPage(recording, page)
  const kept = { pfns, places: placesOf(recording, page, pfns) }
  return { ...recording, steps: recording.steps.map((step) => cut(step, kept)) }
}

/** Frames that the page has at any time, and sources and destinations of its migrations. */
function framesOfPage({ steps }: Recording, { at, index }: PageKey): Set<number> {
  const pfns = new Set<number>()
  const add = (pfn: number | undefined, by: number, count: number): void => {
    if (pfn !== undefined && by >= 0 && by < count) pfns.add(pfn + by)
  }
  for (const { entries = [], migrations = [] } of steps) {
    for (const { first, count, pfn, at: own } of entries) if (own === at) add(pfn, index - first, count)
    for (const migration of migrations) {
      if ('gone' in migration || placeOf(migration) !== at) continue
      for (const { first, count, srcPfn, dstPfn } of migration.entries) {
        add(srcPfn, index - migration.first - first, count)
        add(dstPfn, index - migration.first - first, count)
      }
    }
  }
  return pfns
}

/** The page, and all pages that have one of some frames at any time. */
function placesOf({ steps }: Recording, page: PageKey, pfns: ReadonlySet<number>): Map<string, Set<number>> {
  const places = new Map([[page.at, new Set([page.index])]])
  for (const { at, first, count, pfn } of steps.flatMap(({ entries = [] }) => entries)) {
    if (pfn === undefined) continue
    for (const own of pfns) {
      if (own < pfn || own >= pfn + count) continue
      const indices = places.get(at) ?? new Set()
      places.set(at, indices.add(first + own - pfn))
    }
  }
  return places
}

function cut(step: Step, { pfns, places }: Kept): Step {
  const { entries, frames, ...rest } = step
  const ownEntries = entries?.flatMap((entry) => [...(places.get(entry.at) ?? [])].flatMap((at) => entryAt(entry, at)))
  const ownFrames = frames?.flatMap((frame) => [...pfns].flatMap((pfn) => frameAt(frame, pfn)))
  return {
    ...rest,
    ...(ownEntries && ownEntries.length > 0 && { entries: ownEntries }),
    ...(ownFrames && ownFrames.length > 0 && { frames: ownFrames }),
  }
}

function entryAt({ at, first, count, kind, bits, pfn }: EntryDelta, index: number): EntryDelta[] {
  const by = index - first
  if (by < 0 || by >= count) return []
  return [
    {
      at,
      first: index,
      count: 1,
      kind,
      ...(bits !== undefined && { bits }),
      ...(pfn !== undefined && { pfn: pfn + by }),
    },
  ]
}

const frameAt = (frame: FrameDelta, pfn: number): FrameDelta[] =>
  pfn < frame.pfn || pfn >= frame.pfn + frame.count ? [] : [{ ...frame, pfn, count: 1 }]
