// SPDX-License-Identifier: GPL-2.0-only
//
// Where pages gave up: entries of a migration with a reason, and reasons that fault handlers reported of which the record has no steps.

import type { MigrationDelta, RecordDocument, RecordedEvent, Recording, Step } from '../record/types'
import { type Outline, outlineAfter } from './apply'
import { borders, endOf, type Run, runAt } from './runs'
import { EMPTY, type MigrationRun, migrationBy, partOfMigration, placeOf } from './state'

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
export function stopsOf({ steps }: Pick<Recording, 'steps'>, whys: Whys): Stop[] {
  const stops: Stop[] = []
  let before: Outline = EMPTY
  for (const [n, step] of steps.entries()) {
    const after = outlineAfter(before, step)
    stops.push(...migrationStops(before, after, step, n))
    if (!step.stage) stops.push(...faultStops(after, step, n, whys))
    before = after
  }
  return stops
}

/** Give-ups by something that several may have in common. */
export function stopsBy<K>(stops: readonly Stop[], keyOf: (stop: Stop) => K): Map<K, Stop[]> {
  const groups = new Map<K, Stop[]>()
  for (const stop of stops) {
    const group = groups.get(keyOf(stop))
    if (group) group.push(stop)
    else groups.set(keyOf(stop), [stop])
  }
  return groups
}

function migrationStops(before: Outline, after: Outline, step: Step, n: number): Stop[] {
  return (step.migrations ?? []).flatMap((delta) => ('gone' in delta ? [] : stopsIn(before, after, delta, n)))
}

function stopsIn(before: Outline, after: Outline, { id, entries }: MigrationDelta, n: number): Stop[] {
  const migration = migrationBy(after, id)
  if (!migration || entries.every(({ why }) => why === NONE)) return []
  const { fault } = migration
  const words = migrationBy(before, id)?.entries ?? []
  return entries
    .filter(({ why }) => why !== NONE)
    .flatMap((run) => pieces(run, words))
    .filter(({ first }) => (runAt(words, first)?.why ?? NONE) === NONE)
    .map(({ first, count, why, srcPfn }) => {
      return { step: n, at: placeOf(migration), first: migration.first + first, count, why, srcPfn, fault }
    })
}

/** A run cut where another list has its borders. */
function pieces(run: MigrationRun, list: readonly Run[]): MigrationRun[] {
  const places = borders([list], run.first, endOf(run))
  return places.slice(0, -1).map((place, i) => partOfMigration(run, place - run.first, places[i + 1]! - place))
}

function faultStops(state: Outline, step: Step, n: number, whys: Whys): Stop[] {
  return (step.events ?? []).flatMap((event) => {
    if ('count' in event || event.type !== 'give_up') return []
    const place = placeOfEvent(state, event)
    return place ? [{ step: n, ...place, count: 1, why: whys[event.b] ?? `${event.b}`, fault: true }] : []
  })
}

function placeOfEvent(state: Outline, { pid, a }: RecordedEvent): { at: string; first: number } | undefined {
  for (const [name, process] of Object.entries(state.processes)) {
    if (process.pid !== pid) continue
    const place = placeOfAddress(state, name, a)
    if (place) return place
  }
  return undefined
}

/** The region and page of an address of a process. */
export function placeOfAddress(state: Outline, process: string, address: number) {
  for (const region of state.processes[process]?.regions ?? []) {
    const first = Math.floor((address - Number(region.start)) / PAGE)
    if (first >= 0 && first < region.pages) return { at: `${process}/${region.name}`, first }
  }
  return undefined
}
