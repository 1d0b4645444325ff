// SPDX-License-Identifier: GPL-2.0-only

import { Machine, type MigrationEntry, type MigrationRange } from '../../lib'
import { balance, codeOf, errorOf, firstBytes, kinds, letters, makeBuffer, makeMachine } from './helpers'

describe('the built-in driver', () => {
  test('moves pages to the device, and faults bring them back', () => {
    const { machine, a, buf } = makeBuffer(4)
    const result = a.migrate(buf, { to: 'device' })
    expect(result).toMatchObject({ callbacksRan: true, collected: 4, moved: 4, outOfBounds: false })
    expect(kinds(buf)).toEqual(['dev', 'dev', 'dev', 'dev'])
    expect(machine.counters().deviceFree).toBe(60)
    expect(firstBytes(buf)).toEqual([1, 2, 3, 4])
    expect(kinds(buf)).toEqual(['sys', 'sys', 'sys', 'sys'])
    expect(machine.counters()).toMatchObject({ deviceFree: 64, migrated: 8 })
    machine.drainPagevecs()
  })

  test('moves pages back', () => {
    const { machine, a, buf } = makeBuffer(2)
    a.migrate(buf)
    const result = a.migrate(buf, { to: 'system' })
    expect(result.moved).toBe(2)
    expect(kinds(buf)).toEqual(['sys', 'sys'])
    expect(firstBytes(buf)).toEqual([1, 2])
    machine.drainPagevecs()
  })

  test('fills holes', () => {
    const { machine, a, buf } = makeBuffer(4, 0)
    a.load(buf.pageAddress(1), 1)
    const result = a.migrate(buf, { to: 'device' })
    expect(result.moved).toBe(4)
    expect(letters(result.src)).toEqual(['M', 'M', 'M', 'M'])
    expect(kinds(buf)).toEqual(['dev', 'dev', 'dev', 'dev'])
    expect(firstBytes(buf)).toEqual([0, 0, 0, 0])
    expect(machine.counters().inserted).toBe(4)
    machine.drainPagevecs()
  })

  test('leaves out what is to be skipped, and reports errors', () => {
    const { a, buf } = makeBuffer(6)
    const result = a.migrate(buf, { to: 'device', skip: [0, 2], error: new Set([2, 4]) })
    expect(result.moved).toBe(3)
    expect(kinds(buf)).toEqual(['sys', 'dev', 'sys', 'dev', 'sys', 'dev'])
    const whys = result.entries.map((entry) => entry.why)
    expect(whys).toEqual(['no_page', 'none', 'no_page', 'none', 'driver_error', 'none'])
  })

  test('moves nothing but what is listed in only', () => {
    const { a, buf } = makeBuffer(6)
    expect(a.migrate(buf, { to: 'device', only: new Set([4, 1, 3]), skip: [3] }).moved).toBe(2)
    expect(kinds(buf)).toEqual(['sys', 'dev', 'sys', 'sys', 'dev', 'sys'])
    expect(a.migrate(buf, { to: 'device', only: [] }).moved).toBe(0)
    expect(codeOf(() => a.migrate(buf, { to: 'device', only: [6] }))).toBe('HMMU_INVALID_ARGUMENT')
  })

  // An index that is looked for in the lists of every entry takes minutes here.
  test('takes lists as long as the range', () => {
    const pages = 2 ** 18
    const machine = makeMachine({ ramPages: pages + 2 ** 14, devicePages: pages, contents: false })
    const a = machine.process()
    const buf = a.map({ pages })
    const backwards = Array.from({ length: pages }, (_, i) => pages - 1 - i)
    const skip = backwards.filter((index) => index % 2 === 0)
    const error = backwards.filter((index) => index % 2 === 1 && index > 9)
    expect(a.migrate(buf, { to: 'device', skip, error }).moved).toBe(5)
    expect(a.migrate(buf, { to: 'device', only: skip }).moved).toBe(pages / 2)
  })

  test('has no page left when the device is full', () => {
    const { a, buf } = makeBuffer(4, 4, { devicePages: 3 })
    const result = a.migrate(buf)
    expect(result.moved).toBe(3)
    expect(result.entries[3]!.why).toBe('no_page')
    expect(kinds(buf)).toEqual(['dev', 'dev', 'dev', 'sys'])
  })
})

describe('the example of the documentation', () => {
  test('runs as it is written', () => {
    using machine = new Machine({ ramPages: 65536, devicePages: 1024 })
    const a = machine.process()
    const buf = a.map({ pages: 16 })
    buf.write(0, Uint8Array.of(1, 2, 3))
    const seen: MigrationEntry[] = []
    const result = a.migrate(buf, {
      allocAndCopy(entries, driver) {
        for (const e of entries) if (e.migrate) driver.moveToDevice(e)
      },
      finalizeAndMap(entries) {
        seen.push(...entries)
      },
    })
    expect(result.moved).toBe(16)
    expect(seen.filter((entry) => entry.migrate).length).toBe(16)
    expect(kinds(buf)).toEqual(Array(16).fill('dev'))
    expect(Array.from(buf.read(0, 4))).toEqual([1, 2, 3, 0])
    expect(machine.verify()).toEqual([])
  })
})

describe('why an entry did not move', () => {
  test('the page lock was taken', () => {
    const { machine, a, buf } = makeBuffer(2)
    const hold = a.hold(buf.address)
    const result = a.migrate(buf)
    expect(result.entries.map((entry) => entry.why)).toEqual(['page_locked', 'none'])
    expect(kinds(buf)).toEqual(['sys', 'dev'])
    machine.release(hold)
  })

  test('the page could not be isolated', () => {
    const { machine, a, buf } = makeBuffer(2)
    const isolated = a.isolate(buf.pageAddress(1))
    const result = a.migrate(buf)
    expect(result.entries.map((entry) => entry.why)).toEqual(['none', 'isolation'])
    machine.putback(isolated)
    machine.drainPagevecs()
  })

  test('the page is pinned', () => {
    const { machine, a, buf } = makeBuffer(2)
    const pin = a.pin(buf.address)
    const result = a.migrate(buf)
    expect(result.entries.map((entry) => entry.why)).toEqual(['pinned', 'none'])
    machine.unpin(pin)
  })

  test('nothing could be migrated: the driver is not called', () => {
    const { machine, a, buf } = makeBuffer(1)
    const hold = a.hold(buf.address)
    const allocAndCopy = jest.fn()
    const result = a.migrate(buf, { allocAndCopy })
    expect(result).toMatchObject({ callbacksRan: false, moved: 0 })
    expect(allocAndCopy).not.toHaveBeenCalled()
    expect(result.entries[0]!.why).toBe('page_locked')
    machine.release(hold)
  })

  test('a page of a file does not go to the device', () => {
    const machine = makeMachine()
    const a = machine.process()
    const buf = a.map({ pages: 1, kind: 'sharedfile' })
    buf.write(0, Uint8Array.of(3))
    machine.drainPagevecs()
    const result = a.migrate(buf)
    expect(result.moved).toBe(0)
    expect(result.entries[0]!.why).toBe('has_mapping')
    expect(firstBytes(buf)).toEqual([3])
    machine.drainPagevecs()
  })

  test('someone took a reference while the page was unmapped', () => {
    const { machine, a, buf } = makeBuffer(1)
    const waiter = a.newTask()
    const result = a.migrate(buf, {
      allocAndCopy(entries, driver) {
        expect(waiter.tryLoad(buf.address).outcome).toBe('blocked')
        for (const entry of entries) driver.moveToDevice(entry)
      },
    })
    expect(result.moved).toBe(0)
    expect(result.entries[0]!.why).toBe('references')
    expect(waiter.tryLoad(buf.address)).toEqual({ outcome: 'ok', value: 1 })
    machine.drainPagevecs()
  })
})

describe('ranges', () => {
  test.each<[string, (range: MigrationRange) => MigrationRange]>([
    ['nothing', ({ start }) => ({ start, pages: 0 })],
    ['beyond the mapping', ({ start, pages }) => ({ start, pages: pages + 1 })],
    ['before the mapping', ({ start, pages }) => ({ start: start - 4096, pages })],
    ['where nothing is mapped', () => ({ start: 0, pages: 1 })],
    ['behind all addresses', () => ({ start: 2 ** 47, pages: 1 })],
  ])('%s is EINVAL', (_, change) => {
    const { machine, a, buf } = makeBuffer(4)
    const before = balance(machine)
    const error = errorOf(() => a.migrate(change(buf)))
    expect(error).toMatchObject({ code: 'HMMU_SYSCALL', errno: 'EINVAL' })
    expect(error.message).not.toBe('')
    expect(balance(machine)).toEqual(before)
  })

  test('a special mapping is EINVAL', () => {
    const a = makeMachine().process()
    const special = a.map({ pages: 4, kind: 'special' })
    expect(errorOf(() => a.migrate(special))).toMatchObject({ code: 'HMMU_SYSCALL', errno: 'EINVAL' })
  })

  test('part of a mapping', () => {
    const { a, buf } = makeBuffer(4)
    a.migrate(buf.range(1, 2))
    expect(kinds(buf)).toEqual(['sys', 'dev', 'dev', 'sys'])
  })

  test('a start within a page is rounded down', () => {
    const { a, buf } = makeBuffer(2)
    const result = a.migrate({ start: buf.address + 100, pages: 1 })
    expect(result.entries[0]!.address).toBe(buf.address)
    expect(kinds(buf)).toEqual(['dev', 'sys'])
  })

  test.each([2 ** 28 - 1, 2 ** 34])('%i pages: more than the host can keep words of', (pages) => {
    const { a, buf } = makeBuffer(1)
    expect(codeOf(() => a.migrate({ start: buf.address, pages }))).toBe('HMMU_HOST_MEMORY')
  })
})

describe('arrays', () => {
  test('of the caller get a copy of the words', () => {
    const { a, buf } = makeBuffer(2)
    const src = new BigUint64Array(3).fill(77n)
    const dst = new BigUint64Array(3)
    const result = a.migrate({ start: buf.start, pages: 2, src, dst })
    expect(src.subarray(0, 2)).toEqual(result.src)
    expect(dst.subarray(0, 2)).toEqual(result.dst)
    expect(src[2]).toBe(77n)
  })

  test('of the caller can go away meanwhile', () => {
    const { a, buf } = makeBuffer(2)
    const src = new BigUint64Array(2)
    const dst = new BigUint64Array(2)
    const result = a.migrate(
      { start: buf.start, pages: 2, src, dst },
      {
        allocAndCopy(entries, driver) {
          structuredClone(src, { transfer: [src.buffer] })
          structuredClone(dst, { transfer: [dst.buffer] })
          for (const entry of entries) driver.moveToDevice(entry)
        },
      },
    )
    expect([src.length, dst.length, result.moved]).toEqual([0, 0, 2])
  })

  test('of the migration outlive attempts to transfer them, and the machine', () => {
    const { machine, a, buf } = makeBuffer(2)
    const result = a.migrate(buf, {
      allocAndCopy(entries, driver) {
        try {
          structuredClone(entries.dst, { transfer: [entries.dst.buffer as ArrayBuffer] })
        } catch {
          // Node refuses, or copies; both is fine.
        }
        for (const entry of entries) driver.moveToDevice(entry)
      },
    })
    machine.dispose()
    expect(letters(result.src)).toEqual(['VMLW', 'VMLW'])
  })

  test.each(['src', 'dst'])('%s must have room for all words', (name) => {
    const { a, buf } = makeBuffer(2)
    const range = { start: buf.start, pages: 2, [name]: new BigUint64Array(1) }
    expect(errorOf(() => a.migrate(range)).message).toContain(name)
    expect(codeOf(() => a.migrate({ ...range, [name]: [0n, 0n] } as never))).toBe('HMMU_INVALID_ARGUMENT')
  })

  test('the quirk of the first series leaves in dst what was there, and reports the word behind it', () => {
    const { machine, a, buf } = makeBuffer(2, 0, { profile: 'hmm-v25' })
    machine.recordEvents(['out_of_bounds'])
    const dst = new BigUint64Array(2)
    const result = a.migrate({ start: buf.start, pages: 2, dst }, { allocAndCopy() {} })
    expect(result.outOfBounds).toBe(true)
    expect(machine.takeEvents()).toMatchObject([{ type: 'out_of_bounds', a: 2, b: 2 }])
  })
})
