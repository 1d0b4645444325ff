// SPDX-License-Identifier: GPL-2.0-only
//
// moveToDevice() and moveToSystem() collect moves. That must not be observable: a driver that does each step by hand
// has to leave an equal machine.

import { type CustomDriver, type DriverContext, type Machine, type MigrationEntries, PfnFlag } from '../../lib'
import { makeBuffer } from './helpers'

type AllocAndCopy = CustomDriver['allocAndCopy']

/** All steps of a move, as single calls. */
function moveByHand(driver: DriverContext, entries: MigrationEntries, i: number, device: boolean): boolean {
  const entry = entries.at(i)
  if (!entry.migrate || (entry.valid && entry.device === device)) return false
  const page = device ? driver.allocDevicePage() : driver.allocSystemPage()
  if (page === undefined) return false
  if (entry.pfn === undefined) driver.zeroPage(page)
  else driver.copyPage(page, entry.pfn)
  driver.lock(page)
  driver.setDestination(entry, page)
  return true
}

const move = (driver: DriverContext, entries: MigrationEntries, i: number, device: boolean) =>
  device ? driver.moveToDevice(entries.at(i)) : driver.moveToSystem(entries.at(i))

type Move = typeof move

const PAGES = 12
const DEVICE_PAGES = 9

/** Drivers that use a way of moving pages; each returns its observations. */
const behaviours: Record<string, (way: Move, machine: Machine) => (...args: Parameters<AllocAndCopy>) => unknown> = {
  'all to the device, which is too small': (way) => (entries, driver) =>
    Array.from(entries, (_, i) => way(driver, entries, i, true)),
  'the one here, the other there': (way) => (entries, driver) =>
    Array.from(entries, (_, i) => way(driver, entries, i, i % 3 === 0)),
  'a look at dst after each': (way) => (entries, driver) =>
    Array.from(entries, (entry, i) => [way(driver, entries, i, i % 2 === 0), entry.dst]),
  'a look at counters after each': (way, machine) => (entries, driver) =>
    Array.from(entries, (_, i) => {
      way(driver, entries, i, true)
      const { deviceFree, ramFree } = machine.counters()
      return [deviceFree, ramFree]
    }),
  'allocations between': (way) => (entries, driver) =>
    Array.from(entries, (_, i) => {
      const moved = way(driver, entries, i, true)
      const page = driver.allocDevicePage()
      if (page !== undefined) driver.put(page)
      return [moved, page]
    }),
  'dst in the hand from the start': (way) => (entries, driver) => {
    const { dst } = entries
    return Array.from(entries, (_, i) => [way(driver, entries, i, true), dst[i]])
  },
  'frames that run out by injection': (way, machine) => (entries, driver) => {
    machine.inject('frame', 3)
    return Array.from(entries, (_, i) => way(driver, entries, i, false))
  },
  'errors over what was moved, whose pages are put': (way) => (entries, driver) =>
    Array.from(entries, (entry, i) => {
      if (!way(driver, entries, i, true) || i % 2 === 0) return 'moved, or not'
      const page = Number(entry.dst >> 6n)
      driver.setError(entry)
      driver.unlock(page)
      driver.put(page)
      return page
    }),
}

function play(way: Move, behaviour: string) {
  const { machine, a, buf } = makeBuffer(PAGES, PAGES - 3, { devicePages: DEVICE_PAGES })
  const run = behaviours[behaviour]?.(way, machine)
  let seen: unknown
  const result = a.migrate(buf, {
    allocAndCopy(entries, driver) {
      seen = run?.(entries, driver)
    },
  })
  return { seen, src: [...result.src], dst: [...result.dst], hash: machine.hash(), complaints: machine.verify() }
}

test.each(Object.keys(behaviours))('%s: as by hand', (behaviour) => {
  const collected = play(move, behaviour)
  expect(collected).toEqual(play(moveByHand, behaviour))
  expect(collected.complaints).toEqual([])
})

describe('what was asked for before a throw', () => {
  test.each(['one', 'twice the same', 'an error over it', 'dst looked at', 'dst overwritten'])(
    '%s: is undone',
    (what) => {
      const { machine, a, buf } = makeBuffer(4, 4)
      const before = machine.counters()
      const boom = new Error('boom')
      const allocAndCopy: AllocAndCopy = (entries, driver) => {
        driver.moveToDevice(entries.at(0))
        if (what === 'twice the same') driver.moveToDevice(entries.at(0))
        if (what === 'an error over it') driver.setError(entries.at(0))
        if (what === 'dst looked at') expect(Number(entries.at(0).dst) & PfnFlag.VALID).toBe(PfnFlag.VALID)
        if (what === 'dst overwritten') entries.dst[0] = 0n
        throw boom
      }
      expect(() => a.migrate(buf, { allocAndCopy })).toThrow(boom)
      machine.drainPagevecs()
      const { deviceFree, ramFree } = machine.counters()
      expect([deviceFree, ramFree]).toEqual([before.deviceFree, before.ramFree])
    },
  )
})

test('more moves than are collected at once', () => {
  const pages = 10_000
  const { machine, a, buf } = makeBuffer(pages, 200, { ramPages: 16_384, devicePages: pages })
  const result = a.migrate(buf, {
    allocAndCopy(entries, driver) {
      for (const entry of entries.scan()) driver.moveToDevice(entry)
    },
  })
  expect(result.moved).toBe(pages)
  expect(machine.counters().deviceFree).toBe(0)
  expect([buf.read(0, 1)[0], buf.read(199 * 4096, 1)[0], buf.read((pages - 1) * 4096, 1)[0]]).toEqual([1, 200, 0])
})

test('a context that is kept moves at once', () => {
  const { machine, a, buf } = makeBuffer(2, 2)
  const kept: { driver?: DriverContext; entries?: MigrationEntries } = {}
  const migration = a.beginMigration(buf, {
    allocAndCopy(entries, driver) {
      Object.assign(kept, { entries, driver })
    },
  })
  migration.runTo('unmap')
  const free = machine.counters().deviceFree
  migration.runTo('alloc_and_copy')
  expect(kept.driver?.moveToDevice(kept.entries!.at(0))).toBe(true)
  const word = Number(kept.entries!.dst[0])
  expect(word & PfnFlag.VALID).toBe(PfnFlag.VALID)
  expect(machine.counters().deviceFree).toBe(free - 1)
  // The migration has its destinations already, so this one stays the driver's.
  expect(migration.finish().moved).toBe(0)
  kept.driver?.unlock(word >> 6)
  kept.driver?.put(word >> 6)
  expect(machine.counters().deviceFree).toBe(free)
})
