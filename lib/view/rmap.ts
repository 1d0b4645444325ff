// SPDX-License-Identifier: GPL-2.0-only
//
// Who maps a frame: the inverse of the entries of all regions.

import { type Run, runAt } from './runs'
import { type EntryRun, type MachineState, placeOf } from './state'

/** Pages `index` and following of a region, which map frames `first` and following. */
export interface Mapping extends Run {
  readonly at: string
  readonly index: number
}

/** Entries that translate: an entry of a migration maps nothing. */
const translates = ({ kind, pfn }: EntryRun): boolean => pfn !== undefined && kind !== 'mig'

/** Inverse of all entries, by the order of frames. */
export function reverseMap(state: MachineState, chosen: (entry: EntryRun) => boolean = translates): Mapping[] {
  const out: Mapping[] = []
  for (const [at, runs] of state.entries) {
    for (const run of runs) if (chosen(run)) out.push({ first: run.pfn!, count: run.count, at, index: run.first })
  }
  return out.sort((a, b) => a.first - b.first)
}

export const migrationEntries = (state: MachineState): Mapping[] =>
  reverseMap(state, ({ kind, pfn }) => kind === 'mig' && pfn !== undefined)

/** The mappings of one frame. */
export const mappingsOf = (mappings: readonly Mapping[], pfn: number): { at: string; index: number }[] =>
  mappings
    .filter(({ first, count }) => first <= pfn && pfn < first + count)
    .map(({ at, first, index }) => ({ at, index: index + pfn - first }))

/** The page for which a frame is a destination. */
export function destinationOf(state: MachineState, pfn: number): { at: string; index: number } | undefined {
  for (const migration of state.migrations) {
    if (migration.over) continue
    const run = migration.entries.find(
      ({ dstPfn, count }) => dstPfn !== undefined && dstPfn <= pfn && pfn < dstPfn + count,
    )
    if (run) return { at: placeOf(migration), index: migration.first + run.first + pfn - run.dstPfn! }
  }
  return undefined
}

/** Pages that a click on a frame follows, in turn. */
export function pagesOf(state: MachineState, pfn: number): { at: string; index: number }[] {
  const mapped = mappingsOf(reverseMap(state), pfn)
  if (mapped.length > 0) return mapped
  const standing = mappingsOf(migrationEntries(state), pfn)
  if (standing.length > 0) return standing
  const destination = destinationOf(state, pfn)
  return destination ? [destination] : []
}

export const isInUse = (state: MachineState, pfn: number): boolean => runAt(state.frames, pfn) !== undefined
