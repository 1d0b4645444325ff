// SPDX-License-Identifier: GPL-2.0-only
//
// Equal calls have equal results and equal hashes: in each build, on every thread, and next to other machines.

import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { addonInfo, Machine } from '../../lib'
import { LIFE_OPTIONS, type Life, live } from './life'

const CALLS = 150
const SEEDS = [1, 2, 3, 4, 5]

interface Lived {
  readonly results: readonly string[]
  readonly hash: string
}

/** A machine and its life, which runs call by call. */
class Alive {
  readonly results: string[] = []
  readonly #machine = new Machine(LIFE_OPTIONS)
  readonly #life: Life

  constructor(seed: number) {
    this.#life = { seed, refs: [] }
  }

  call(): void {
    this.results.push(live(this.#machine, this.#life))
  }

  end(): Lived {
    const hash = this.#machine.hash().toString(16)
    this.#machine.dispose()
    return { results: this.results, hash }
  }
}

function liveAlone(seed: number): Lived {
  const alive = new Alive(seed)
  for (let i = 0; i < CALLS; i++) alive.call()
  return alive.end()
}

const alone = SEEDS.map(liveAlone)

test('again', () => {
  expect(SEEDS.map(liveAlone)).toEqual(alone)
})

test('while other machines live, call by call', () => {
  const all = SEEDS.map((seed) => new Alive(seed))
  for (let i = 0; i < CALLS; i++) for (const alive of all) alive.call()
  expect(all.map((alive) => alive.end())).toEqual(alone)
})

test('while other machines live, in another order, and more of them', () => {
  const all = [...SEEDS, 99, 98, ...SEEDS].reverse().map((seed) => new Alive(seed))
  for (const [i, alive] of all.entries()) for (let k = 0; k < (i * 37) % CALLS; k++) alive.call()
  for (const alive of [...all].reverse()) while (alive.results.length < CALLS) alive.call()
  const ends = all.map((alive) => alive.end()).reverse()
  expect(ends.slice(0, SEEDS.length)).toEqual(alone)
  expect(ends.slice(-SEEDS.length)).toEqual(alone)
})

test('in worker threads', async () => {
  const library = JSON.stringify(join(__dirname, '../../dist'))
  const body = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { Machine } = require(${library})
    const live = ${live.toString()}
    const machine = new Machine(workerData.options)
    const life = { seed: workerData.seed, refs: [] }
    const results = Array.from({ length: workerData.calls }, () => live(machine, life))
    parentPort.postMessage({ results, hash: machine.hash().toString(16) })
  `
  const answers = SEEDS.map(async (seed) => {
    const worker = new Worker(body, { eval: true, workerData: { seed, calls: CALLS, options: LIFE_OPTIONS } })
    const [lived] = await once(worker, 'message')
    await worker.terminate()
    return lived
  })
  expect(await Promise.all(answers)).toEqual(alone)
})

/**
 * Hashes of this version, equal in every build. A change of a machine's state, or of a call's effects, changes them:
 * `npx jest -u test/lifecycle/determinism` records new ones.
 */
test('in every build', () => {
  const found = { version: addonInfo.version, hashes: alone.map(({ hash }) => hash) }
  expect(found).toMatchSnapshot()
})
