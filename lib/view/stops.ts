// SPDX-License-Identifier: GPL-2.0-only
//
// Where pages gave up: entries of a migration with a reason, and reasons that a fault handler reported.

import type { RecordDocument, RecordedEvent, Step } from '../record/types'
import type { Replay } from './replay'
import { borders, endOf, type Run, runAt } from './runs'
import { type MachineState, type MigrationRun, migrationIn, partOfMigration, placeOf } from './state'

export interface Stop extends Run {
  readonly step: number
  /** The region, as A/buf; `first` is a page of it. */
  readonly at: string
  readonly why: string
  /** The frame of the first page, where the migration knows it. */
  readonly srcPfn?: number | undefined
  /** The fault handler gave up, so that the access ended in SIGBUS. */
  readonly fault: boolean
}

const NONE = 'none'
const PAGE = 4096

export type Whys = readonly string[]

/** The reasons in the order of their numbers, which events have. */
export const whysOf = ({ terms }: Pick<RecordDocument, 'terms'>): Whys => Object.keys(terms.whys ?? {})

/** All give-ups of a recording, in the order of steps. */
export function stopsOf(replay: Replay, whys: Whys): Stop[] {
  return replay.recording.steps.flatMap((step, n) => [
    ...migrationStops(replay, step, n),
    ...(step.stage ? [] : faultStops(replay.at(n), step, n, whys)),
  ])
}

function migrationStops(replay: Replay, step: Step, n: number): Stop[] {
  if (!step.migration || step.migration.entries.every(({ why }) => why === NONE)) return []
  const after = migrationIn(replay.at(n), step)
  if (!after) return []
  const before = migrationIn(replay.at(n - 1), step)?.entries ?? []
  const stops: Stop[] = []
  for (const run of step.migration.entries.filter(({ why }) => why !== NONE)) {
    for (const piece of pieces(run, before)) {
      if ((runAt(before, piece.first)?.why ?? NONE) !== NONE) continue
      stops.push({
        step: n,
        at: placeOf(after),
        first: after.first + piece.first,
        count: piece.count,
        why: run.why,
        srcPfn: piece.srcPfn,
        fault: false,
      })
    }
  }
  return stops
}

/** A run cut where another list has its borders. */
function pieces(run: MigrationRun, list: readonly Run[]): MigrationRun[] {
  const places = borders([list], run.first, endOf(run))
  return places.slice(0, -1).map((place, i) => partOfMigration(run, place - run.first, places[i + 1]! - place))
}

function faultStops(state: MachineState, step: Step, n: number, whys: Whys): Stop[] {
  return (step.events ?? []).flatMap((event) => {
    if ('count' in event || event.type !== 'give_up') return []
    const place = placeOfEvent(state, event)
    return place ? [{ step: n, ...place, count: 1, why: whys[event.b] ?? `${event.b}`, fault: true }] : []
  })
}

function placeOfEvent(state: MachineState, { pid, a }: RecordedEvent): { at: string; first: number } | undefined {
  for (const [name, process] of Object.entries(state.processes)) {
    if (process.pid !== pid) continue
    const place = placeOfAddress(state, name, a)
    if (place) return place
  }
  return undefined
}

/** The region and page of an address of a process. */
export function placeOfAddress(state: MachineState, process: string, address: number) {
  for (const region of state.processes[process]?.regions ?? []) {
    const first = Math.floor((address - Number(region.start)) / PAGE)
    if (first >= 0 && first < region.pages) return { at: `${process}/${region.name}`, first }
  }
  return undefined
}
