// SPDX-License-Identifier: GPL-2.0-only
//
// How two machines differ at a step: entries, frames, words of migrations, translations of CPUs.

import type { Recording } from '../record/types'
import type { Book } from './book'
import { keyOf, shown } from './pages'
import { borders, elementAt, endOf, type Part, type Run } from './runs'
import { sentenceOf } from './sentence'
import {
  type EntryRun,
  type FrameRun,
  framesName,
  type MachineState,
  type MigrationRun,
  type MigrationState,
  partOfEntries,
  partOfFrames,
  partOfMigration,
  placeOf,
} from './state'
import { number, plain, type Rich, rangeOf } from './words'

/** Something that differs, as "flags of #6–#8". */
type Difference = string

/** More differences are counted. */
const MOST_DIFFERENCES = 4
/** Of more runs the first ones are named. */
const MOST_RUNS = 3

type Fields<R> = readonly (readonly [name: string, read: (run: R) => unknown])[]

const ENTRY_FIELDS: Fields<EntryRun> = [['entries', ({ kind, bits, pfn }) => `${kind} ${bits} ${pfn}`]]

const FRAME_FIELDS: Fields<FrameRun> = [
  ['references', ({ ref }) => ref],
  ['mappings', ({ map }) => map],
  ['flags', ({ flags }) => flags],
  ['first bytes', ({ byte }) => byte],
]

const WORD_FIELDS: Fields<MigrationRun> = [
  ['src', ({ src, srcPfn }) => `${src} ${srcPfn}`],
  ['dst', ({ dst, dstPfn }) => `${dst} ${dstPfn}`],
  ['reasons', ({ why }) => why],
]

/** What differs between the machines of two recordings of a drill; empty if they are alike. */
export function differencesOf({ machine }: Pick<Recording, 'machine'>, a: MachineState, b: MachineState): Difference[] {
  const ofFrames = changedRuns(a.frames, b.frames, partOfFrames, FRAME_FIELDS, 'use')
  return [
    ...entryDifferences(a, b),
    ...textsOf(ofFrames, (run) => framesName({ machine }, run)),
    ...wordDifferences(a.migrations, b.migrations),
    ...translationDifferences(a, b),
  ]
}

function entryDifferences(a: MachineState, b: MachineState): Difference[] {
  return [...new Set([...a.entries.keys(), ...b.entries.keys()])].flatMap((at) => {
    const [one, other] = [a.entries.get(at), b.entries.get(at)]
    if (!one || !other) return [`mappings of ${shown(at)}`]
    return textsOf(changedRuns(one, other, partOfEntries, ENTRY_FIELDS, 'sizes'), (run) => pagesName(at, run))
  })
}

/** Words of migrations that go on. */
function wordDifferences(a: MachineState['migrations'], b: MachineState['migrations']): Difference[] {
  const [ours, theirs] = [a, b].map(
    (all) => new Map(all.filter(({ over }) => !over).map((each) => [placeOf(each), each])),
  )
  return [...new Set([...ours!.keys(), ...theirs!.keys()])].flatMap((at) => {
    const [one, other] = [ours!.get(at), theirs!.get(at)]
    if (!one || !other) return [`migrations of ${shown(at)}`]
    return textsOf(
      changedRuns(inRegion(one), inRegion(other), partOfMigration, WORD_FIELDS, 'entries of the migration'),
      (run) => pagesName(at, run),
    )
  })
}

const inRegion = ({ first, entries }: MigrationState): MigrationRun[] =>
  entries.map((run) => ({ ...run, first: run.first + first }))

function translationDifferences({ tlb: a }: MachineState, { tlb: b }: MachineState): Difference[] {
  const cpus = [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]))
    .map((key) => key.split('/')[0]!)
  return [...new Set(cpus)].map((cpu) => `translations of CPU ${cpu}`)
}

const pagesName = (at: string, run: Run): string =>
  run.count === 1 ? keyOf(shown(at), run.first) : `${shown(at)}[${rangeOf(run)}]`

/** Runs in which two lists differ, by the name of the field; `absent` where only one of them has something. */
function changedRuns<R extends Run>(
  a: readonly R[],
  b: readonly R[],
  part: Part<R>,
  fields: Fields<R>,
  absent: string,
): Map<string, Run[]> {
  const out = new Map<string, Run[]>()
  const firsts = [a, b].flatMap((list) => (list[0] ? [list[0].first] : []))
  const ends = [a, b].flatMap((list) => (list.length > 0 ? [endOf(list.at(-1)!)] : []))
  const cuts = firsts.length === 0 ? [] : borders([a, b], Math.min(...firsts), Math.max(...ends))
  for (const [i, first] of cuts.slice(0, -1).entries()) {
    const run = { first, count: cuts[i + 1]! - first }
    const [one, other] = [elementAt(a, first, part), elementAt(b, first, part)]
    if (!one && !other) continue
    const changed = one && other ? fields.filter(([, read]) => read(one) !== read(other)) : [[absent] as const]
    for (const [name] of changed) out.set(name, withRun(out.get(name) ?? [], run))
  }
  return out
}

function withRun(runs: Run[], run: Run): Run[] {
  const last = runs.at(-1)
  if (last && endOf(last) === run.first) runs[runs.length - 1] = { first: last.first, count: last.count + run.count }
  else runs.push(run)
  return runs
}

function textsOf(changed: ReadonlyMap<string, readonly Run[]>, nameOf: (run: Run) => string): Difference[] {
  return [...changed].map(([name, runs]) => {
    const names = runs.slice(0, MOST_RUNS).map(nameOf).join(', ')
    return `${name} of ${names}${runs.length > MOST_RUNS ? ' …' : ''}`
  })
}

/** A step, as it is on another profile: its sentence, or that it is the same, and what differs in the machines. */
export function comparedSentence(book: Book, n: number, other: Book, m: number): Rich {
  const sentence = sentenceOf(other, m)
  if (plain(sentence) !== plain(sentenceOf(book, n))) return sentence
  const all = differencesOf(book.recording, book.replay.at(n), other.replay.at(m))
  if (all.length === 0) return [{ muted: 'The same.' }]
  const named = all.slice(0, MOST_DIFFERENCES)
  const more = all.length - named.length
  const list = more > 0 ? [...named, `${number(more)} more`] : named
  return [{ muted: `The same, but ${enumerated(list)} differ.` }]
}

/** "a, b and c"; parts that have commas of their own are kept apart by semicolons. */
function enumerated(list: readonly string[]): string {
  if (list.some((text) => text.includes(', '))) return list.join('; ')
  return [...(list.length > 1 ? [list.slice(0, -1).join(', ')] : []), ...list.slice(-1)].join(' and ')
}
