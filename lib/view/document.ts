// SPDX-License-Identifier: GPL-2.0-only
//
// Reads a record that may come from anybody. All that views use is checked here, so that they need not; its texts stay texts.
// Keys that are not known are ignored.

import { excerpt } from '../base/visible'
import type { RecordDocument } from '../record/types'
import { checkRuns } from './document-runs'

/** Throws an error that names the place. */
type Check = (value: unknown, place: string) => void

const MOST_NUMBER = 2 ** 52
/** Pages of a region are counted in 32 bits. */
const MOST_PAGES = 2 ** 30
const MOST_PLACE = 200

function wrong(place: string, wanted: string): never {
  throw new Error(`${excerpt(place, MOST_PLACE)} is not ${wanted}`)
}

const text: Check = (value, place) => {
  if (typeof value !== 'string') wrong(place, 'a text')
}

const matching =
  (pattern: RegExp, wanted: string): Check =>
  (value, place) => {
    if (typeof value !== 'string' || !pattern.test(value)) wrong(place, wanted)
  }

const hex = matching(/^-?0x[0-9a-f]{1,16}$/, 'a hexadecimal word')
const name = matching(/^[^/\s]{1,100}$/, 'a name')
const region = matching(/^[^/\s]{1,100}\/[^/\s]{1,100}$/, 'a process and a region')

const whole =
  (least: number, most = MOST_NUMBER): Check =>
  (value, place) => {
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
      wrong(place, `a whole number from ${least} to ${most}`)
  }

const index = whole(0)
const count = whole(1)

const list =
  (each: Check): Check =>
  (value, place) => {
    if (!Array.isArray(value)) wrong(place, 'a list')
    for (const [i, item] of value.entries()) each(item, `${place}[${i}]`)
  }

function objectAt(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) wrong(place, 'an object')
  return value as Readonly<Record<string, unknown>>
}

/** Values by names that are not known before. */
const byName =
  (each: Check): Check =>
  (value, place) => {
    for (const [key, item] of Object.entries(objectAt(value, place))) {
      if (key === '__proto__') wrong(place, 'an object of names')
      each(item, `${place}.${key}`)
    }
  }

/** An object that has all of some keys, and may have others. */
const object =
  (needed: Readonly<Record<string, Check>>, allowed: Readonly<Record<string, Check>> = {}): Check =>
  (value, place) => {
    const found = objectAt(value, place)
    for (const [key, check] of Object.entries(needed)) check(found[key], `${place}.${key}`)
    for (const [key, check] of Object.entries(allowed))
      if (found[key] !== undefined) check(found[key], `${place}.${key}`)
  }

const orNull =
  (check: Check): Check =>
  (value, place) => {
    if (value !== null) check(value, place)
  }

const texts = list(text)
const numbers = byName(whole(-MOST_NUMBER))

const machine = object(
  { ramPages: index, devicePages: index, deviceBase: index, quirks: texts },
  { cpus: index, coherentBase: index },
)

const process = object(
  {
    pid: index,
    vmas: list(object({ start: hex, pages: count, kind: text, prot: text })),
    regions: list(object({ name, start: hex, pages: whole(1, MOST_PAGES) })),
    rss: numbers,
  },
  { pgd: index, mmapLock: object({ readers: texts, waiting: texts }, { writer: text }) },
)

const entry = object(
  { at: region, first: index, count, kind: text },
  { bits: text, pfn: index, raw: hex, rawStep: hex },
)

const frame = object(
  { pfn: index, count },
  {
    kind: text,
    ref: whole(-MOST_NUMBER),
    map: whole(-MOST_NUMBER),
    flags: text,
    byte: whole(0, 255),
    held: texts,
    mapping: index,
    index,
  },
)

const migrationHead = object({ id: index })

const migrationDelta = object({
  process: matching(/^[^/\s]{0,100}$/, 'a name'),
  region: matching(/^[^/\s]{0,100}$/, 'a name'),
  first: index,
  stage: text,
  position: index,
  collected: index,
  remaining: index,
  entries: list(object({ first: index, count, src: text, dst: text, why: text }, { srcPfn: index, dstPfn: index })),
})

const migration: Check = (value, place) => {
  migrationHead(value, place)
  if ((value as { gone?: unknown }).gone !== true) migrationDelta(value, place)
}

const table = object(
  { process: text, level: matching(/^(pud|pmd|pte)$/, 'a level'), base: hex, entry: hex, used: index },
  { entries: byName(hex) },
)

const event: Check = (value, place) => {
  const isCount = 'count' in objectAt(value, place)
  const rest = isCount ? { count } : { a: index, b: index }
  object({ type: text, pid: index, ...rest })(value, place)
}

const stepChecks = object(
  { command: index, kind: text },
  {
    line: index,
    stage: text,
    index,
    task: text,
    taskLine: index,
    order: object({ task: text, text, could: texts }, { found: list(object({ judge: text, sentence: text })) }),
    moved: index,
    collected: index,
    whys: texts,
    entries: list(entry),
    frames: list(frame),
    migration: index,
    migrations: list(migration),
    tables: byName(orNull(table)),
    processes: byName(orNull(process)),
    tasks: byName(orNull(object({ wait: text }, { pfn: index, cpu: index, call: text }))),
    handles: byName(orNull(object({ kind: text, pfns: list(index) }))),
    counters: numbers,
    lists: byName(orNull(object({ pages: index, runs: list(list(index)) }))),
    tlb: byName(orNull(object({ pfn: index }))),
    events: list(event),
  },
)

const step: Check = (value, place) => {
  stepChecks(value, place)
  const [, i] = /\[(\d+)\]$/.exec(place)!
  if ((value as { n: unknown }).n !== Number(i)) wrong(`${place}.n`, `${i}, its index`)
}

const steps: Check = (value, place) => {
  list(step)(value, place)
  if ((value as unknown[]).length === 0) wrong(place, 'a list with a step')
}

const recording = object(
  { name: text, profile: text, script: text, transcript: texts, machine, steps },
  { failure: text },
)

/** A version that is no number may be anything, of any size. */
const versionText = (version: unknown): string =>
  typeof version === 'number' || typeof version === 'string'
    ? `version ${excerpt(`${version}`)}`
    : 'a version that is no number'

/** @throws Error in one line that says what is wrong, and where */
export function parseDocument(json: string): RecordDocument {
  let found: Partial<RecordDocument> | null
  try {
    found = JSON.parse(json) as Partial<RecordDocument> | null
  } catch (error) {
    throw new Error(`it is no JSON: ${excerpt((error as Error).message)}`)
  }
  if (found?.format !== 'hmmu-record') throw new Error('it is no record of hmmu (format is not hmmu-record)')
  if (found.version !== 1) throw new Error(`it has ${versionText(found.version)}; version 1 can be read`)
  const { recordings, terms = {} } = found
  list(recording)(recordings, 'recordings')
  if (recordings!.length === 0) throw new Error('it has no recording')
  byName(byName(text))(terms, 'terms')
  for (const [i, each] of recordings!.entries()) checkRuns(each, `recordings[${i}]`)
  return { ...found, terms } as RecordDocument
}
