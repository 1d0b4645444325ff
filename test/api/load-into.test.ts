// SPDX-License-Identifier: GPL-2.0-only
//
// Loads into arrays of the caller's: readInto() and loadInto().

import type { Machine, Task } from '../../lib'
import { codeOf, errorOf, makeBuffer } from './helpers'
import { oddArrays } from './odd-arrays'

const PAGE = 4096

const unfit = /shared memory|memory is gone|shrank below/

/** Those that can be filled. */
const usable = oddArrays.filter(([name]) => !unfit.test(name))
const unusable = oddArrays.filter(([name]) => unfit.test(name))

/** Gives the memory of an array away. */
const detach = (array: Uint8Array) => structuredClone(array, { transfer: [array.buffer as ArrayBuffer] })

/** Bytes of an array itself, whatever it says. */
const bytesOf = (array: Uint8Array) => [...Uint8Array.prototype.slice.call(array)]

test('fills an array, and nothing beside it', () => {
  const { a, buf } = makeBuffer(2)
  buf.write(PAGE - 2, Uint8Array.of(1, 2, 3, 4))
  const all = new Uint8Array(8).fill(9)
  buf.readInto(all.subarray(2, 6), PAGE - 2)
  expect([...all]).toEqual([9, 9, 1, 2, 3, 4, 9, 9])
  a.loadInto(buf.address + PAGE, all.subarray(6))
  expect([...all]).toEqual([9, 9, 1, 2, 3, 4, 3, 4])
  const page = new Uint8Array(2 * PAGE)
  buf.readInto(page)
  expect(page).toEqual(buf.read())
})

describe.each(usable)('an array %s', (_, make, bytes) => {
  test.each([false, true])('is filled as it is (a handler is there: %s)', (hasHandler) => {
    const { machine, buf } = makeBuffer(1)
    if (hasHandler) machine.onDeviceFault(() => true)
    buf.write(
      0,
      Uint8Array.from(bytes, (_, i) => 100 + i),
    )
    const array = make()
    buf.readInto(array)
    const plain = new Uint8Array(
      Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'buffer')!.get!.call(array),
    )
    expect(bytes.every((_, i) => [...plain].includes(100 + i))).toBe(true)
  })
})

test.each(unusable)('an array %s is refused', (_, make) => {
  const { a, buf } = makeBuffer(1)
  expect(codeOf(() => buf.readInto(make()))).toBe('HMMU_INVALID_ARGUMENT')
  expect(codeOf(() => a.loadInto(buf.address, make()))).toBe('HMMU_INVALID_ARGUMENT')
})

test('other values, and what does not fit, are refused', () => {
  const { a, buf } = makeBuffer(1)
  const wrong = [
    undefined,
    null,
    5,
    'x',
    [1],
    {},
    new Uint16Array(4),
    new DataView(new ArrayBuffer(4)),
    new Uint8ClampedArray(4),
  ]
  for (const value of [...wrong, new Proxy(new Uint8Array(4), {})]) {
    expect(codeOf(() => buf.readInto(value as never))).toBe('HMMU_INVALID_ARGUMENT')
    expect(codeOf(() => a.loadInto(buf.address, value as never))).toBe('HMMU_INVALID_ARGUMENT')
  }
  for (const offset of [-1, 1, 0.5, PAGE, Number.NaN])
    expect(codeOf(() => buf.readInto(new Uint8Array(PAGE), offset))).toBe('HMMU_INVALID_ARGUMENT')
  for (const at of [-1, 0.5, 2 ** 60])
    expect(codeOf(() => a.loadInto(at, new Uint8Array(1)))).toBe('HMMU_INVALID_ARGUMENT')
  expect(buf.readInto(new Uint8Array(0), PAGE)).toBeUndefined()
})

test.each([false, true])('what was loaded before an error is there (a handler is there: %s)', (hasHandler) => {
  const { machine, a, buf } = makeBuffer(2)
  if (hasHandler) machine.onDeviceFault(() => true)
  buf.protect('r')
  a.unmap(buf.pageAddress(1), 1)
  const array = new Uint8Array(PAGE + 8).fill(7)
  const error = errorOf(() => a.loadInto(buf.address, array))
  expect([error.code, error.done]).toEqual(['HMMU_SIGSEGV', PAGE])
  expect([array[0], array[1], array[PAGE]]).toEqual([1, 0, 7])
})

test('a load that waits goes on in the same array', () => {
  const { a, buf } = makeBuffer(2)
  const task = a.newTask()
  const migration = a.beginMigration(buf.range(1), { to: 'device' })
  migration.runTo('unmap')
  const array = new Uint8Array(2 * PAGE)
  expect(codeOf(() => task.loadInto(buf.address, array))).toBe('HMMU_BLOCKED')
  migration.finish()
  task.loadInto(buf.address, array)
  expect([array[0], array[PAGE]]).toEqual([1, 2])
})

describe('a load that waits has the beginning', () => {
  const bytes = () => new Uint8Array(2 * PAGE)
  const handled = (machine: Machine) =>
    machine.onDeviceFault(
      ({ task, address }) => task.migrate({ start: address, pages: 1 }, { to: 'system' }).moved === 1,
    )
  type Way = (task: Task, at: number, array: Uint8Array) => Uint8Array
  const into: Way = (task, at, array) => {
    task.loadInto(at, array)
    return array
  }
  const load: Way = (task, at, { length }) => task.load(at, length)
  const ways: [string, Way, Way, boolean][] = [
    ['loadInto() after load()', load, into, false],
    ['load() after loadInto()', into, load, false],
    ['another array', into, (task, at) => into(task, at, bytes()), false],
    ['the same array after a handler was set', into, into, true],
    ['another array after a handler was set', into, (task, at) => into(task, at, bytes()), true],
    ['loadInto() after load(), and a handler', load, into, true],
  ]

  test.each(ways)('%s', (_, first, second, setsHandler) => {
    const { machine, a, buf } = makeBuffer(2)
    const task = a.newTask()
    const migration = a.beginMigration(buf.range(1), { to: 'device' })
    migration.runTo('unmap')
    const array = bytes()
    expect(codeOf(() => first(task, buf.address, array))).toBe('HMMU_BLOCKED')
    migration.finish()
    if (setsHandler) handled(machine)
    const loaded = second(task, buf.address, array)
    expect([loaded[0], loaded[PAGE]]).toEqual([1, 2])
  })

  test.each([
    ['load()', load],
    ['loadInto()', into],
  ])('%s after calls that were refused meanwhile', (_, way) => {
    const { a, buf } = makeBuffer(2)
    const task = a.newTask()
    const migration = a.beginMigration(buf.range(1), { to: 'device' })
    migration.runTo('unmap')
    const again = () => way(task, buf.address, bytes())
    expect(codeOf(again)).toBe('HMMU_BLOCKED')
    for (const length of [5, 2 * PAGE]) {
      expect(codeOf(() => task.load(buf.address + 1, length))).toBe('HMMU_BUSY')
      expect(codeOf(() => task.loadInto(buf.address + 1, new Uint8Array(length)))).toBe('HMMU_BUSY')
    }
    expect(codeOf(again)).toBe('HMMU_BLOCKED')
    migration.finish()
    const loaded = again()
    expect([loaded[0], loaded[PAGE]]).toEqual([1, 2])
  })

  test('also in a copy of the machine', () => {
    const { machine, a, buf } = makeBuffer(2, 2, { profile: 'linux-6.12' })
    const [loading, mirroring] = [a.newTask(), a.newTask()]
    const migration = a.beginMigration(buf.range(1), { to: 'device' })
    migration.runTo('unmap')
    expect(codeOf(() => into(loading, buf.address, bytes()))).toBe('HMMU_BLOCKED')
    expect(codeOf(() => mirroring.mirror(buf, { fault: true }))).toBe('HMMU_BLOCKED')
    const copy = machine.fork()
    const finishes = [migration, copy.restoredMigrations[0]!.adopt({ to: 'device' })]
    for (const [i, each] of [machine, copy].entries()) {
      finishes[i]!.finish()
      const task = (tid: number) => each.processes[0]!.tasks.find((one) => one.tid === tid)!
      const loaded = into(task(loading.tid), buf.address, bytes())
      expect([loaded[0], loaded[PAGE]]).toEqual([1, 2])
      expect(task(mirroring.tid).mirror(buf.address, 2, { fault: true })).toMatchObject([
        { valid: true },
        { valid: true },
      ])
    }
    copy.dispose()
  })

  test('a wait that was given up leaves nothing in the next array', () => {
    const { a, buf } = makeBuffer(2)
    const task = a.newTask()
    const migration = a.beginMigration(buf.range(1), { to: 'device' })
    migration.runTo('unmap')
    expect(codeOf(() => task.loadInto(buf.address, bytes()))).toBe('HMMU_BLOCKED')
    task.cancel()
    migration.finish()
    const array = bytes().fill(7)
    expect(codeOf(() => task.loadInto(0, array))).toBe('HMMU_SIGSEGV')
    expect([array[0], array[PAGE]]).toEqual([7, 7])
  })
})

describe('a handler that runs meanwhile', () => {
  function faulting(handler: (array: Uint8Array) => void) {
    const { machine, a, buf } = makeBuffer(2)
    a.migrate(buf.range(1), { to: 'device' })
    const array = new Uint8Array(2 * PAGE)
    machine.onDeviceFault(({ task, address }) => {
      handler(array)
      return task.migrate({ start: address, pages: 1 }, { to: 'system' }).moved === 1
    })
    return { a, buf, array }
  }

  test('sees and leaves nothing in the array', () => {
    const { buf, array } = faulting((each) => {
      expect(each.some((byte) => byte !== 0)).toBe(false)
      each.fill(5)
    })
    buf.readInto(array)
    expect([array[0], array[1], array[PAGE]]).toEqual([1, 0, 2])
  })

  test('can give the memory away: then the load is refused', () => {
    const { buf, array } = faulting(detach)
    expect(codeOf(() => buf.readInto(array))).toBe('HMMU_INVALID_ARGUMENT')
    const again = new Uint8Array(2 * PAGE)
    buf.readInto(again)
    expect([again[0], again[PAGE]]).toEqual([1, 2])
  })

  test('can load into it itself', () => {
    const { a, buf, array } = faulting((each) => buf.readInto(each.subarray(0, PAGE)))
    a.loadInto(buf.address, array)
    expect([array[0], array[PAGE]]).toEqual([1, 2])
  })

  test('can throw', () => {
    const boom = new Error('boom')
    const { buf, array } = faulting(() => {
      throw boom
    })
    expect(() => buf.readInto(array)).toThrow(boom)
  })
})

test('takes no memory', () => {
  const { buf } = makeBuffer(16)
  const array = new Uint8Array(16 * PAGE)
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 200; i++) buf.readInto(array)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * array.length)
  expect(bytesOf(array.subarray(0, 1))).toEqual([1])
})
