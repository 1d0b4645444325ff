// SPDX-License-Identifier: GPL-2.0-only
//
// Random programs of native/fuzz without libFuzzer: some from nothing, some from those of named drills (native/fuzz/seeds.txt).
import { readFileSync } from 'node:fs'
import { number, OTHER_CALL, ops, record } from '../../native/fuzz/seed-records.mjs'
import { root } from '../lib/run.mjs'

const RECORD = 8
/** How often an operation comes, where not once. */
const WEIGHTS = {
  ...{ MAP: 6, UNMAP: 2, PROTECT: 3, ADVISE: 4, MREMAP: 3, FORK: 3, EXIT: 2, DRAIN: 2, RECLAIM: 3, LOOK: 2 },
  ...{ STORE: 12, LOAD: 8, MIGRATE: 10, BEGIN: 3, STEP: 4, RUN: 3, END: 3, VERIFY: 0 },
}
const BAG = ops.flatMap((name) => Array(WEIGHTS[name] ?? 1).fill(name))
/** Operations that take a second record: their driver. */
const WITH_DRIVER = ['MIGRATE', 'BEGIN', 'DEVICE_RANGE']

/** Numbers below n, equal for equal seeds (mulberry32). */
export function randomNumbers(seed) {
  let state = seed >>> 0
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) % n
  }
}

/** A byte that is mostly `usual`. */
const mostly = (random, usual, of = 4) => (random(of) === 0 ? random(256) : usual)

/** The first record: verify() comes rarely, as it takes most of the time. */
function machine(random) {
  return record({
    who: random(8) | [0, 8, 16][random(3)] | (random(2) * 32) | (random(4) === 0 ? 64 : 0),
    region: random(128) | (random(3) === 0 ? 128 : 0),
    count: random(16),
    first: random(4) === 0 ? random(65536) : 0,
    x: random(8) | (random(4) === 0 ? 128 | (random(16) << 3) : 0),
    y: 24 + random(8) + 64 * random(4),
  })
}

/** All events are recorded. */
const events = record({ op: number(ops, 'EVENTS'), x: 1, y: 255, count: 255 })

const count = (random) => [random(16), random(16), random(16), random(256), 255, 252 + random(4)][random(6)]
const first = (random) => [random(16), random(16), random(1024), random(65536)][random(4)]

/** A good driver in three of four. */
function driver(random) {
  const good = random(4) !== 0
  return record({
    op: random(4) | mostly(random, 0),
    who: good ? 0 : random(256),
    region: mostly(random, 0),
    count: good ? 0 : random(256),
    first: random(65536),
    x: mostly(random, 0, 6),
    y: mostly(random, 0, 6),
  })
}

/** What makes the calls of an operation likely to do something. */
const USUAL = {
  MAP: (random) => ({ x: mostly(random, 0), y: mostly(random, [0, 16, 4 | 16, 32][random(4)]) }),
  MIGRATE: (random) => ({ x: mostly(random, random(16)) }),
  BEGIN: (random) => ({ x: mostly(random, random(16)) }),
  INJECT: (random) => ({ y: random(40) }),
  STEP: (random) => ({ x: random(2), y: random(40) }),
  RUN: (random) => ({ x: random(2) }),
  END: (random) => ({ x: random(2) }),
  CALLS: (random) => ({ x: random(2) }),
}

/** One operation; small numbers name what exists. */
function operation(random, name = BAG[random(BAG.length)]) {
  const call = {
    op: number(ops, name),
    who: [0, 0, 1, random(4)][random(4)] | (random(8) === 0 ? OTHER_CALL : 0),
    region: random(8),
    count: count(random),
    first: first(random),
    x: random(256),
    y: random(256),
    ...USUAL[name]?.(random),
  }
  return WITH_DRIVER.includes(name) ? [record(call), driver(random)] : [record(call)]
}

function fromNothing(random) {
  const head = [
    machine(random),
    ...(random(2) ? [events] : []),
    ...operation(random, 'MAP'),
    ...operation(random, 'STORE'),
  ]
  return [...head, ...Array.from({ length: 20 + random(80) }, () => operation(random)).flat()]
}

const seeds = readFileSync(`${root}/native/fuzz/seeds.txt`, 'utf8')
  .trim()
  .split('\n')
  .map((line) => Buffer.from(line.split(' ')[1], 'hex'))

function fromSeed(random) {
  const bytes = seeds[random(seeds.length)]
  const records = Array.from({ length: bytes.length / RECORD }, (_, i) =>
    Buffer.from(bytes.subarray(i * RECORD, (i + 1) * RECORD)),
  )
  if (random(2)) records[0] = machine(random)
  for (let changes = random(12); changes > 0; changes--) change(random, records)
  return records
}

function change(random, records) {
  const at = 1 + random(records.length)
  const any = records[random(records.length)]
  const changes = [
    () => (any[random(RECORD)] ^= 1 << random(8)),
    () => (any[random(RECORD)] = random(256)),
    () => records.splice(at, 1 + random(2)),
    () => records.splice(at, 0, Buffer.from(any)),
    () => records.splice(at, 0, ...operation(random)),
    () => records.splice(at, 0, ...operation(random)),
  ]
  changes[random(changes.length)]()
}

/** A program by its number. */
export function randomProgram(seed, nth) {
  const random = randomNumbers(Math.imul(seed, 0x9e3779b9) ^ Math.imul(nth + 1, 0x85ebca6b))
  return Buffer.concat(random(3) === 0 ? fromSeed(random) : fromNothing(random))
}
