// SPDX-License-Identifier: GPL-2.0-only
//
// Pages that are moved off their device, whoever maps them: migrate_device_range() of Linux 6.12.

import type { DevicePages, DriverMigration } from '../../lib'
import { balance, codeOf, errorOf, firstBytes, kinds, letters, makeBuffer, makeMachine } from './helpers'

/** A buffer on the device. */
function onDevice(pages: number) {
  const made = makeBuffer(pages, pages, { profile: 'linux-6.12' })
  made.a.migrate(made.buf)
  const [device] = made.machine.devices
  return { ...made, device: device! }
}

test('a machine says which devices it has', () => {
  const machine = makeMachine({ devicePages: 8 })
  const [device] = machine.devices
  expect(device!.toJSON()).toEqual({
    number: 0,
    base: machine.deviceBase,
    pages: 8,
    free: 8,
    owner: 1,
    kind: 'private',
  })
  expect([device!.machine, String(device)]).toEqual([
    machine,
    `Device 0 of owner 1: pages ${machine.deviceBase} to ${machine.deviceBase + 7}, 8 free`,
  ])
  expect(makeMachine({ devicePages: 0 }).devices).toEqual([])
})

describe('in one call', () => {
  test('all pages', () => {
    const { machine, buf, device } = onDevice(3)
    const result = device.evict()
    expect(result).toMatchObject({ collected: 64, moved: 3, callbacksRan: true })
    expect(result.entries.slice(2, 4).map(({ why, address }) => [why, address / 4096 - device.base])).toEqual([
      ['none', 2],
      ['free_page', 3],
    ])
    expect([kinds(buf), firstBytes(buf)]).toEqual([
      ['sys', 'sys', 'sys'],
      [1, 2, 3],
    ])
    expect(machine.counters().deviceFree).toBe(64)
  })

  test('some pages; those of several processes', () => {
    const { machine, a, buf, device } = onDevice(3)
    const child = a.fork()
    expect(device.evict({ first: device.base + 1, pages: 1 }).moved).toBe(1)
    expect(kinds(buf)).toEqual(['dev', 'sys', 'dev'])
    expect(child.dump(buf.address, 3).map(({ kind }) => kind)).toEqual(['dev', 'sys', 'dev'])
    expect(machine.counters().deviceFree).toBe(62)
  })

  test('a page that is locked stays, and says why', () => {
    const { a, buf, device } = onDevice(2)
    const held = a.hold(buf.pageAddress(0))
    expect(
      device
        .evict()
        .entries.slice(0, 2)
        .map(({ why }) => why),
    ).toEqual(['page_locked', 'none'])
    expect(kinds(buf)).toEqual(['dev', 'sys'])
    held.drop()
  })

  test('by a driver of callbacks', () => {
    const { buf, device } = onDevice(2)
    const finalized: number[] = []
    device.evict(
      { first: device.base, pages: 2 },
      {
        allocAndCopy: (entries, driver) => void driver.moveToSystem(entries.at(1)),
        finalizeAndMap: (entries) => finalized.push(...[...entries].filter((e) => e.migrate).map((e) => e.index)),
      },
    )
    expect([finalized, kinds(buf)]).toEqual([[1], ['dev', 'sys']])
  })

  test('an exception of a callback undoes it', () => {
    const { machine, buf, device } = onDevice(1)
    const before = balance(machine)
    const allocAndCopy = () => {
      throw new RangeError('no')
    }
    expect(() => device.evict(undefined, { allocAndCopy })).toThrow(RangeError)
    expect([balance(machine), kinds(buf)]).toEqual([before, ['dev']])
  })
})

describe('by calls', () => {
  const moveAll = ({ entries, driver }: DriverMigration) => {
    for (const entry of entries) driver.moveToSystem(entry)
  }

  test('migrate_device_range(), pages, finalize; no task has mmap_lock', () => {
    const { a, buf, device } = onDevice(2)
    const migration = device.migrateRange({ first: device.base, pages: 3 })
    expect([letters(migration.src), kinds(buf)]).toEqual([
      ['VM', 'VM', ''],
      ['mig', 'mig'],
    ])
    moveAll(migration)
    migration.pages()
    a.map({ pages: 1 })
    expect(migration.finalize().moved).toBe(2)
    expect(firstBytes(buf)).toEqual([1, 2])
  })

  test('given up: the pages stay on the device', () => {
    const { machine, buf, device } = onDevice(2)
    const before = balance(machine)
    const migration = device.migrateRange()
    moveAll(migration)
    migration.abandon()
    expect([balance(machine), kinds(buf)]).toEqual([before, ['dev', 'dev']])
  })

  test('in steps', () => {
    const { a, buf, device } = onDevice(1)
    const migration = device.beginEviction({ first: device.base, pages: 1 })
    const stages = new Set<string>()
    while (migration.step()) stages.add(migration.stage)
    expect([...stages]).toEqual(['unmap', 'alloc_and_copy', 'pages', 'finalize_and_map', 'finalize'])
    expect(migration.finish().moved).toBe(1)
    expect([kinds(buf), a.alive]).toEqual([['sys'], true])
  })

  test('whoever touches a page waits', () => {
    const { a, buf, device } = onDevice(1)
    const migration = device.migrateRange()
    expect(a.mainTask.tryLoad(buf.address).outcome).toBe('blocked')
    moveAll(migration)
    migration.pages()
    migration.finalize()
    expect(a.mainTask.tryLoad(buf.address)).toEqual({ outcome: 'ok', value: 1 })
  })
})

describe('bad input', () => {
  test.each<[string, (base: number) => DevicePages]>([
    ['a page of RAM', () => ({ first: 2, pages: 1 })],
    ['behind the device', (base) => ({ first: base + 64, pages: 1 })],
    ['the end is behind the device', (base) => ({ first: base + 63, pages: 2 })],
    ['page 0', () => ({ first: 0, pages: 1 })],
  ])('%s: HMMU_NO_PAGE', (_, range) => {
    const { buf, device } = onDevice(1)
    for (const call of ['evict', 'beginEviction', 'migrateRange'] as const) {
      const error = errorOf(() => device[call](range(device.base)))
      expect(error).toMatchObject({
        code: 'HMMU_NO_PAGE',
        message: expect.stringContaining(`pfns are ${device.base} to ${device.base + 63}`),
      })
    }
    expect(kinds(buf)).toEqual(['dev'])
  })

  test.each([
    [{ first: -1, pages: 1 }],
    [{ first: 1, pages: 0 }],
    [{ first: 1 }],
    [null],
    [3],
    [{ start: 1, pages: 1 }],
  ])('%j', (range) => {
    const { device } = onDevice(1)
    expect(codeOf(() => device.evict(range as unknown as DevicePages))).toBe('HMMU_INVALID_ARGUMENT')
  })

  test('Linux 4.14 has no migrate_device_range()', () => {
    const { machine, a, buf } = makeBuffer(1)
    a.migrate(buf)
    const [device] = machine.devices
    expect(codeOf(() => device!.evict())).toBe('HMMU_INVALID_ARGUMENT')
    expect(codeOf(() => device!.migrateRange())).toBe('HMMU_INVALID_ARGUMENT')
    expect(kinds(buf)).toEqual(['dev'])
  })
})
