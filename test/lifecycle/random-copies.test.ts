// SPDX-License-Identifier: GPL-2.0-only
//
// A copy goes on like its original. Every call is made on the original, and on a copy that was made for this one call.

import fc from 'fast-check'
import { Machine } from '../../lib'
import { LIFE_OPTIONS, type Life, live } from './life'

/** Copies a machine, in turn by a snapshot and directly. */
function copyOf(machine: Machine, i: number): Machine {
  return i % 2 === 0 ? Machine.restore(machine.snapshot()) : machine.fork()
}

function playTwice(seed: number, calls: number): void {
  const original: Life = { seed, refs: [] }
  const copied: Life = { seed, refs: [] }
  using machine = new Machine(LIFE_OPTIONS)
  let last = machine.fork()
  for (let i = 0; i < calls; i++) {
    const copy = copyOf(last, i)
    last.dispose()
    last = copy
    expect(live(copy, copied)).toBe(live(machine, original))
    expect(copy.hash()).toBe(machine.hash())
  }
  expect(last.verify()).toEqual([])
  last.dispose()
}

test('copies made before every call go on like the original', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 32 - 1), (seed) => playTwice(seed, 60)),
    { numRuns: 12, seed: 1 },
  )
})
