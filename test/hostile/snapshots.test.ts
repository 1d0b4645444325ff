// SPDX-License-Identifier: GPL-2.0-only
//
// Snapshots with one word changed and the checksum mended, on the backend that the tests run on: each is refused with an
// HmmuError, or makes a machine that can be used to its end. HMMU_MUTANTS says how many; native/test/test_restore_mutants.c does
// so in C.

import { HmmuError, Machine } from '../../lib'

const PIECE = 8 + 4096
const HEADER = 32
const MASK = 2n ** 64n - 1n
const FACTOR = 0x9fb21c651e98df25n

/** The checksum of a snapshot, as native/core/machine/snapshot.c has it. */
function mend(words: BigUint64Array): void {
  const mix = (hash: bigint, word: bigint) => {
    const mixed = ((hash ^ word) * FACTOR) & MASK
    return mixed ^ (mixed >> 29n)
  }
  let hash = 0n
  for (let at = HEADER / 8; at < words.length; at += PIECE / 8) {
    const lanes = [words[at]!, 1n, 2n, 3n]
    for (let i = 0; i < 512; i++) lanes[i % 4] = mix(lanes[i % 4]!, words[at + 1 + i]!)
    for (const lane of lanes) hash = mix(hash, lane)
  }
  words[3] = hash
}

/** Numbers below `end`, the same in every run. */
function numbers(seed: number): (end: number) => number {
  let state = BigInt(seed + 1) * 0x9e3779b97f4a7c15n
  return (end) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & MASK
    return Number((state >> 33n) % BigInt(end))
  }
}

function machine(): Machine {
  const machine = new Machine({ ramPages: 1024, devicePages: 16, swapPages: 8, cpus: 2 })
  const a = machine.process()
  const buf = a.map({ pages: 6 })
  for (let i = 0; i < 5; i++) buf.write(i * 4096, Uint8Array.of(i))
  a.map({ pages: 4, kind: 'shmem' }).write(0, Uint8Array.of(1))
  a.migrate({ start: buf.start, pages: 3 }, { to: 'device' })
  const child = a.fork()
  child.mapping(buf).write(5 * 4096, Uint8Array.of(7))
  a.lock(buf.start + 5 * 4096, 1)
  return machine
}

/** What a caller may do; that a call fails with an HmmuError is fine. */
function use(machine: Machine): void {
  const attempt = (run: () => unknown) => {
    try {
      run()
    } catch (error) {
      if (!(error instanceof HmmuError)) throw error
    }
  }
  attempt(() => machine.verify())
  attempt(() => machine.snapshot())
  attempt(() => machine.hash())
  for (const process of machine.processes) {
    attempt(() => process.fork())
    for (const { start, pages } of process.mappings()) {
      const range = { start, pages: Math.min(pages, 16) }
      attempt(() => process.dump(range))
      attempt(() => process.load(start, 1))
      attempt(() => process.store(start, Uint8Array.of(1)))
      attempt(() => process.migrate(range, { to: 'device' }))
      attempt(() => process.migrate(range, { to: 'system' }))
      attempt(() => process.unmap(start, pages))
    }
    attempt(() => process.exit())
  }
  attempt(() => machine.verify())
  machine.dispose()
}

const source = (() => {
  using made = machine()
  return made.snapshot()
})()

function mutant(seed: number): Uint8Array {
  const below = numbers(seed)
  const bytes = new Uint8Array(source)
  const piece = HEADER + PIECE * below((bytes.length - HEADER) / PIECE) + 8
  const words = new Uint32Array(bytes.buffer, piece, 1024)
  let at = below(1024)
  for (let i = 0; i < 64 && words[at] === 0; i++) at = below(1024)
  const was = words[at]!
  const wrong = [was ^ (1 << below(32)), below(20), -1 - below(3), 1024 + below(40), was + 1, was - 1, below(2 ** 31)]
  words[at] = wrong[below(wrong.length)]!
  mend(new BigUint64Array(bytes.buffer))
  return bytes
}

test('the snapshot itself is restored', () => {
  const bytes = new Uint8Array(source)
  mend(new BigUint64Array(bytes.buffer))
  expect(bytes).toEqual(source)
  use(Machine.restore(source))
})

test('a word that was changed is refused, or does no harm', () => {
  const count = Number(process.env.HMMU_MUTANTS ?? 1000)
  let refused = 0
  for (let seed = 0; seed < count; seed++) {
    try {
      use(Machine.restore(mutant(seed), { verify: seed % 2 === 0 }))
    } catch (error) {
      expect(error).toBeInstanceOf(HmmuError)
      // A machine of another size may be larger than the host's memory.
      expect((error as HmmuError).code).toMatch(/^HMMU_(SNAPSHOT|HOST_MEMORY)$/)
      refused++
    }
  }
  expect(refused).toBeGreaterThan(count / 10)
  expect(refused).toBeLessThan(count)
}, 600_000)

test.each([
  ['nothing', new Uint8Array(0)],
  ['a part', source.slice(0, source.length / 2)],
  ['the header alone', source.slice(0, HEADER)],
  ['the first word alone', source.slice(0, 8)],
  ['zeros', new Uint8Array(HEADER + PIECE)],
  ['a text', new TextEncoder().encode('no snapshot at all '.repeat(300))],
])('%s is refused', (_, bytes) => {
  expect(() => Machine.restore(bytes)).toThrow(expect.objectContaining({ code: 'HMMU_SNAPSHOT' }))
})

test('options are checked', () => {
  expect(() => Machine.restore(source, { verify: 1 as never })).toThrow('verify must be true or false')
  expect(() => Machine.restore(source, { check: false } as never)).toThrow("options has no property 'check'")
})
