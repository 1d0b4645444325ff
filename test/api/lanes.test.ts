// SPDX-License-Identifier: GPL-2.0-only
//
// Migrations in one call use the same memory, one after the other. Nobody may notice: neither a result that is kept, nor a driver that
// migrates within its callback, nor one that keeps arrays of words.

import { type BuiltinDriver, type Driver, Machine, type MigrationResult } from '../../lib'
import { codeOf, makeBuffer } from './helpers'

const there: Driver = { to: 'device' }
const back: Driver = { to: 'system' }

/** All that a result says, as a text of its own. */
const said = (result: MigrationResult) => JSON.stringify(result)

test('results that are kept stay as they were', () => {
  const { a, buf } = makeBuffer(64)
  const kept: [MigrationResult, string][] = []
  for (let i = 0; i < 3000; i++) {
    const pages = i % 50 === 0 ? 64 : (i % 9) + 1
    const result = a.migrate(buf.range(i % (65 - pages), pages), i % 3 === 1 ? back : there)
    kept.push([result, said(result)])
  }
  for (const [result, text] of kept) expect(said(result)).toBe(text)
})

test('arrays of a result are its own', () => {
  const { a, buf } = makeBuffer(4)
  const results = [0, 1, 2, 3].map((i) => a.migrate(buf.range(i), there))
  const texts = results.map(said)
  const { src, dst } = results[1]!
  expect([src.buffer.byteLength, dst.buffer]).toEqual([24, src.buffer])
  src.fill(0n)
  dst.fill(0n)
  expect(results[1]?.entries.map(({ migrate, destination }) => [migrate, destination])).toEqual([[false, undefined]])
  structuredClone(src, { transfer: [src.buffer as ArrayBuffer] })
  expect([results[1]?.src.length, results[1]?.entries[0]?.migrate]).toEqual([0, false])
  for (const i of [0, 2, 3]) expect(said(results[i]!)).toBe(texts[i])
  expect(results[0]?.src).toBe(results[0]?.src)
})

test('arrays that a driver keeps are its own from then on', () => {
  const { a, buf } = makeBuffer(2)
  const kept: { arrays: BigUint64Array[]; words: bigint[] }[] = []
  for (let i = 0; i < 20; i++) {
    const arrays: BigUint64Array[] = []
    const result = a.migrate(buf, {
      allocAndCopy(entries, driver) {
        if (i % 4 !== 3) arrays.push(entries.src)
        driver.moveAll(entries, { to: i % 2 ? 'system' : 'device' })
        if (i % 4 !== 2) arrays.push(entries.dst)
      },
    })
    expect(result.moved).toBe(2)
    kept.push({ arrays, words: arrays.flatMap((array) => [...array]) })
  }
  for (const { arrays, words } of kept) expect(arrays.flatMap((array) => [...array])).toEqual(words)
})

test('entries that a driver keeps are windows on the words of their migration', () => {
  const { a, buf } = makeBuffer(3)
  const kept: { addresses: () => unknown; was: unknown }[] = []
  for (let i = 0; i < 10; i++) {
    a.migrate(buf.range(i % 3), {
      allocAndCopy(entries, driver) {
        driver.moveAll(entries, { to: i % 2 ? 'system' : 'device' })
        const addresses = () => [...entries].map((entry) => entry.toJSON())
        kept.push({ addresses, was: undefined })
      },
    })
    const last = kept.at(-1)!
    last.was = last.addresses()
  }
  for (const { addresses, was } of kept) expect(addresses()).toEqual(was)
})

test('iterators of entries are those of the language', () => {
  const { a, buf } = makeBuffer(3)
  const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([].values()))
  const { entries } = a.beginMigration(buf, there)
  for (const iterator of [entries[Symbol.iterator](), entries.scan()])
    expect(Object.getPrototypeOf(Object.getPrototypeOf(iterator))).toBe(iteratorPrototype)
})

describe('a driver that migrates within its callback', () => {
  const DEPTH = 7

  test('any number of times: each migration has words of its own', () => {
    const { machine, a, buf } = makeBuffer(DEPTH)
    const results: MigrationResult[] = []
    function migrateFrom(i: number): void {
      if (i === DEPTH) return
      const result = a.migrate(buf.range(i), {
        allocAndCopy(entries, driver) {
          const before = JSON.stringify(entries)
          migrateFrom(i + 1)
          expect(JSON.stringify(entries)).toBe(before)
          expect(driver.moveToDevice(entries.at(0))).toBe(true)
        },
        finalizeAndMap(entries) {
          expect(entries.at(0).migrate).toBe(true)
          a.migrate(buf.range(DEPTH - 1), DEPTH % 2 ? there : back)
          expect(entries.at(0).address).toBe(buf.pageAddress(i))
        },
      })
      results.push(result)
    }
    migrateFrom(0)
    expect(results.map(({ moved }) => moved)).toEqual(results.map(() => 1))
    expect(new Set(results.map(({ entries }) => entries[0]?.address)).size).toBe(DEPTH)
    expect(machine.leaks()).toEqual([])
  })

  test('and throws at any depth', () => {
    const { machine, a, buf } = makeBuffer(DEPTH)
    for (let deepest = 0; deepest < DEPTH; deepest++) {
      const boom = new Error(`at ${deepest}`)
      const migrateFrom = (i: number): MigrationResult =>
        a.migrate(buf.range(i), {
          allocAndCopy(entries, driver) {
            driver.moveAll(entries, { to: 'device' })
            if (i === deepest) throw boom
            migrateFrom(i + 1)
          },
        })
      expect(() => migrateFrom(0)).toThrow(boom)
      machine.drainPagevecs()
      expect([machine.leaks(), machine.counters().deviceFree]).toEqual([[], 64])
    }
    expect(a.migrate(buf, there).moved).toBe(DEPTH)
  })

  test('and gives its memory away before and after', () => {
    const { a, buf } = makeBuffer(3)
    const give = (array: BigUint64Array) => structuredClone(array, { transfer: [array.buffer as ArrayBuffer] })
    const result = a.migrate(buf.range(0), {
      allocAndCopy(entries) {
        give(entries.src)
        expect(a.migrate(buf.range(1), there).moved).toBe(1)
      },
      finalizeAndMap: (entries) => void give(entries.dst),
    })
    expect(result.moved).toBe(0)
    expect(a.migrate(buf, there).moved).toBe(2)
  })
})

test('a handler of device faults migrates while a driver does', () => {
  const { machine, a, buf } = makeBuffer(4)
  a.migrate(buf.range(0, 2), there)
  const faults: number[] = []
  machine.onDeviceFault(({ task, address }) => {
    const result = task.migrate({ start: address, pages: 1 }, back)
    faults.push(result.entries[0]!.address)
    return result.moved === 1
  })
  const result = a.migrate(buf.range(2, 2), {
    allocAndCopy(entries, driver) {
      expect([a.tryLoad(buf.address).value, a.tryLoad(buf.pageAddress(1)).value]).toEqual([1, 2])
      driver.moveAll(entries, { to: 'device' })
    },
  })
  expect([result.moved, faults]).toEqual([2, [buf.address, buf.pageAddress(1)]])
})

test('machines do not share memory', () => {
  const worlds = [makeBuffer(2), makeBuffer(2), makeBuffer(2, 2, { profile: 'linux-6.12' })] as const
  const [first, second, third] = worlds
  const result = first.a.migrate(first.buf, {
    allocAndCopy(entries, driver) {
      const before = JSON.stringify(entries)
      second.a.migrate(second.buf.range(1), there)
      third.a.migrate(third.buf.range(1), there)
      expect(JSON.stringify(entries)).toBe(before)
      driver.moveAll(entries, { to: 'device' })
    },
  })
  expect(result.moved).toBe(2)
})

describe('the memory that is used again', () => {
  test.each<[string, BuiltinDriver]>([
    ['only', { to: 'device', only: [1] }],
    ['skip', { to: 'device', skip: [0, 2] }],
    ['error', { to: 'device', error: [0, 2] }],
  ])('a built-in driver with %s', (_, driver) => {
    const { a, buf } = makeBuffer(3)
    expect(a.migrate(buf, driver).entries.map(({ migrate }) => migrate)).toEqual([false, true, false])
    expect(a.migrate(buf, there).moved).toBe(2)
  })

  test('has nothing of the last migration', () => {
    const { a, buf } = makeBuffer(16)
    a.migrate(buf, there)
    const result = a.migrate(buf, { allocAndCopy: () => {} })
    expect([...result.dst]).toEqual(Array(16).fill(0n))
    const wrong = { start: buf.start - 8192, pages: 16, src: new BigUint64Array(16), dst: new BigUint64Array(16) }
    expect(codeOf(() => a.migrate(wrong, there))).toBe('HMMU_SYSCALL')
    expect([...wrong.src, ...wrong.dst]).toEqual(Array(32).fill(0n))
  })

  test('is found to be too small, or too large a wish', () => {
    const pages = 5000
    const { a, buf } = makeBuffer(pages, 10, { devicePages: pages, ramPages: 16_384 })
    const moved = [1, 65, 4, 4096, 1, 5000].map((count) => [
      a.migrate(buf.range(0, count), there).moved,
      a.migrate(buf.range(0, count), back).moved,
    ])
    expect(moved).toEqual([1, 65, 4, 4096, 1, 5000].map((count) => [count, count]))
  })

  test('is gone with the machine', () => {
    const machine = new Machine({ ramPages: 64, devicePages: 8 })
    const a = machine.process()
    const buf = a.map()
    buf.touch()
    const result = a.migrate(buf, there)
    const text = said(result)
    machine.dispose()
    expect(codeOf(() => a.migrate(buf, there))).toBe('HMMU_DISPOSED')
    expect(said(result)).toBe(text)
  })

  test('wrong arguments leave it free', () => {
    const { a, buf } = makeBuffer(1)
    for (let i = 0; i < 10; i++) {
      expect(codeOf(() => a.migrate(buf, { to: 'moon' as 'device' }))).toBe('HMMU_INVALID_ARGUMENT')
      expect(codeOf(() => a.migrate(buf, {} as Driver))).toBe('HMMU_INVALID_ARGUMENT')
    }
    expect(a.migrate(buf, there).moved).toBe(1)
  })
})
