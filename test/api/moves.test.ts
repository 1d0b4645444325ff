// SPDX-License-Identifier: GPL-2.0-only
//
// moveToDevice() and moveToSystem() collect moves. That must not be observable: a driver that does each step by hand
// has to leave an equal machine.

import {
  type CustomDriver,
  type DriverContext,
  type Machine,
  type MigrationEntries,
  type MigrationEntry,
  type MoveAllOptions,
  PfnFlag,
} from '../../lib'
import { balance, codeOf, errorOf, firstBytes, makeBuffer } from './helpers'

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

describe('moveAll()', () => {
  /** One by one, what moveAll() does at once. */
  function oneByOne(driver: DriverContext, entries: MigrationEntries, options: MoveAllOptions): number {
    const { to, device, only, kinds = ['system', 'device', 'empty'] } = options
    const listed = only && new Set(only)
    const kind = (entry: MigrationEntry) => (entry.valid ? (entry.device ? 'device' : 'system') : 'empty')
    const chosen = [...entries].filter(
      (entry) =>
        entry.destination === undefined &&
        !entry.error &&
        (!listed || listed.has(entry.index)) &&
        [...kinds].includes(kind(entry)),
    )
    return chosen.filter((entry) => (to === 'device' ? driver.moveToDevice(entry, device) : driver.moveToSystem(entry)))
      .length
  }

  type Way = typeof oneByOne
  const atOnce: Way = (driver, entries, options) => driver.moveAll(entries, options)

  /** Drivers by both ways, on pages some of which are on the device, some missing. */
  const drivers: Record<string, (way: Way, machine: Machine) => (...args: Parameters<AllocAndCopy>) => unknown> = {
    'to the device, which is too small': (way) => (entries, driver) => way(driver, entries, { to: 'device' }),
    'to the system': (way) => (entries, driver) => way(driver, entries, { to: 'system' }),
    'only some': (way) => (entries, driver) => way(driver, entries, { to: 'device', only: [7, 1, 1, 10] }),
    'only a set': (way) => (entries, driver) => way(driver, entries, { to: 'system', only: new Set([0, 2, 9]) }),
    'no entry': (way) => (entries, driver) => way(driver, entries, { to: 'device', only: [] }),
    'pages of RAM': (way) => (entries, driver) => way(driver, entries, { to: 'device', kinds: ['system'] }),
    'empty entries, and device pages': (way) => (entries, driver) =>
      way(driver, entries, { to: 'system', kinds: new Set(['empty', 'device'] as const) }),
    'no kind': (way) => (entries, driver) => way(driver, entries, { to: 'device', kinds: [] }),
    'some by hand before': (way) => (entries, driver) => {
      const page = driver.allocDevicePage()!
      driver.zeroPage(page)
      driver.lock(page)
      driver.setDestination(entries.at(5), page)
      driver.setError(entries.at(6))
      return [driver.moveToDevice(entries.at(4)), way(driver, entries, { to: 'device' })]
    },
    'one after the other': (way) => (entries, driver) => [
      way(driver, entries, { to: 'device', only: [4, 5] }),
      way(driver, entries, { to: 'system' }),
      way(driver, entries, { to: 'device' }),
    ],
    'dst in the hand': (way) => (entries, driver) => {
      const { dst } = entries
      return [way(driver, entries, { to: 'device' }), [...dst]]
    },
    'dst in the hand afterwards, and one taken back': (way) => (entries, driver) => {
      way(driver, entries, { to: 'system', only: [4] })
      const [page] = [Number(entries.dst[4]! >> 6n)]
      if (page === 0) return 'nothing'
      driver.setError(entries.at(4))
      driver.unlock(page)
      driver.put(page)
      return page
    },
    'frames that run out by injection': (way, machine) => (entries, driver) => {
      machine.inject('frame', 2)
      return way(driver, entries, { to: 'system' })
    },
  }

  function play(way: Way, name: string, profile: 'linux-4.14' | 'linux-6.12') {
    const { machine, a, buf } = makeBuffer(PAGES, PAGES - 3, { devicePages: DEVICE_PAGES, profile })
    a.migrate(buf.range(0, 4), { to: 'device' })
    const run = drivers[name]?.(way, machine)
    let seen: unknown
    const result = a.migrate(buf, {
      allocAndCopy(entries, driver) {
        seen = run?.(entries, driver)
      },
    })
    return { seen, src: [...result.src], dst: [...result.dst], moved: result.moved, hash: machine.hash() }
  }

  describe.each(['linux-4.14', 'linux-6.12'] as const)('%s', (profile) => {
    test.each(Object.keys(drivers))('%s: as one by one', (name) => {
      expect(play(atOnce, name, profile)).toEqual(play(oneByOne, name, profile))
    })
  })

  test('moves more entries than it looks at in one go', () => {
    const { machine, a, buf } = makeBuffer(5000, 100, { ramPages: 16_384, devicePages: 5000 })
    const counts: number[] = []
    const result = a.migrate(buf, {
      allocAndCopy: (all, driver) => void counts.push(driver.moveAll(all, { to: 'device' })),
    })
    expect([result.moved, counts, machine.counters().deviceFree]).toEqual([5000, [5000], 0])
    expect(buf.read(99 * 4096, 1)).toEqual(Uint8Array.of(100))
  })

  test('goes to the device that is named, and from one to the other', () => {
    const { machine, a, buf } = makeBuffer(4, 4, { profile: 'linux-6.12' })
    const second = machine.device({ pages: 8 })
    const to = (device?: typeof second) => ({
      allocAndCopy: (entries: MigrationEntries, driver: DriverContext) =>
        void driver.moveAll(entries, { to: 'device', device }),
    })
    expect([a.migrate(buf, to()).moved, a.migrate(buf, to()).moved, second.free]).toEqual([4, 0, 8])
    expect([a.migrate(buf, { ...to(second), owner: 1 }).moved, second.free]).toEqual([4, 4])
  })

  test('works between the calls of a driver of Linux 6.12, and no longer', () => {
    const { a, buf } = makeBuffer(4, 4, { profile: 'linux-6.12' })
    const migration = a.migrateVma({ range: buf, select: ['system'] })
    const { driver, entries } = migration
    expect(driver.moveAll(entries, { to: 'device', only: [0, 1] })).toBe(2)
    expect(driver.moveAll(entries, { to: 'device' })).toBe(2)
    migration.pages()
    expect(codeOf(() => driver.moveAll(entries, { to: 'device' }))).toBe('HMMU_ORDER')
    expect([...entries].map(({ migrate }) => migrate)).toEqual([true, true, true, true])
    expect(migration.finalize().moved).toBe(4)
    expect(codeOf(() => driver.moveAll(entries, { to: 'device' }))).toBe('HMMU_ORDER')
    expect(firstBytes(buf)).toEqual([1, 2, 3, 4])
  })

  test('is refused in finalizeAndMap, and when the callback is over', () => {
    const { a, buf } = makeBuffer(2, 2)
    const kept: { entries?: MigrationEntries; driver?: DriverContext } = {}
    const codes: string[] = []
    a.migrate(buf, {
      allocAndCopy: (entries, driver) => void Object.assign(kept, { entries, driver }),
      finalizeAndMap: (entries, driver) => void codes.push(codeOf(() => driver.moveAll(entries, { to: 'device' }))),
    })
    codes.push(codeOf(() => kept.driver?.moveAll(kept.entries!, { to: 'device' })))
    expect(codes).toEqual(['HMMU_ORDER', 'HMMU_ORDER'])
  })

  test('wants the entries of its migration, and options that it knows', () => {
    const { machine, a, buf } = makeBuffer(2, 2)
    const foreign = makeBuffer(1).machine.devices[0]
    const before = balance(machine)
    const wrong: [unknown, unknown][] = [
      [[], { to: 'device' }],
      ['others', { to: 'device' }],
      ['ours', undefined],
      ['ours', {}],
      ['ours', { to: 'moon' }],
      ['ours', { to: 'device', skip: [1] }],
      ['ours', { to: 'device', only: [2] }],
      ['ours', { to: 'device', only: 'x' }],
      ['ours', { to: 'device', only: 5 }],
      ['ours', { to: 'device', kinds: ['zero'] }],
      ['ours', { to: 'device', kinds: 'system' }],
      ['ours', { to: 'system', device: machine.devices[0] }],
      ['ours', { to: 'device', device: {} }],
    ]
    const codes: string[] = []
    const [others] = [makeBuffer(1)].map((scene) => {
      const kept: MigrationEntries[] = []
      scene.a.migrate(scene.buf, { allocAndCopy: (entries) => void kept.push(entries) })
      return kept[0]
    })
    a.migrate(buf, {
      allocAndCopy(entries, driver) {
        for (const [which, options] of wrong) {
          const given = which === 'ours' ? entries : which === 'others' ? others : which
          codes.push(codeOf(() => driver.moveAll(given as MigrationEntries, options as MoveAllOptions)))
        }
        codes.push(codeOf(() => driver.moveAll(entries, { to: 'device', device: foreign })))
      },
    })
    expect(codes).toEqual([...wrong.map(() => 'HMMU_INVALID_ARGUMENT'), 'HMMU_WRONG_MACHINE'])
    machine.drainPagevecs()
    expect(balance(machine)).toEqual(before)
  })

  test('a source that is no page in use is refused', () => {
    const { machine, a, buf } = makeBuffer(2, 2)
    const before = balance(machine)
    const error = errorOf(() =>
      a.migrate(buf, {
        allocAndCopy(entries, driver) {
          entries.src[1] = (8000n << 6n) | 3n
          driver.moveAll(entries, { to: 'device' })
        },
      }),
    )
    expect(error.code).toBe('HMMU_NO_PAGE')
    machine.drainPagevecs()
    expect(balance(machine)).toEqual(before)
  })

  test('what is thrown afterwards undoes it', () => {
    const { machine, a, buf } = makeBuffer(4, 4)
    const before = balance(machine)
    const boom = new Error('boom')
    const allocAndCopy: AllocAndCopy = (entries, driver) => {
      driver.moveAll(entries, { to: 'device' })
      throw boom
    }
    expect(() => a.migrate(buf, { allocAndCopy })).toThrow(boom)
    machine.drainPagevecs()
    expect(balance(machine)).toEqual(before)
    expect(machine.leaks()).toEqual([])
  })

  test('a handler that migrates, and an iterable that does, change nothing of it', () => {
    const { machine, a, buf } = makeBuffer(4, 4)
    const other = a.map({ pages: 2 })
    other.touch()
    function* some() {
      expect(a.migrate(other, { to: 'device' }).moved).toBe(2)
      yield* [0, 3]
    }
    const result = a.migrate(buf, {
      allocAndCopy: (entries, driver) => void driver.moveAll(entries, { to: 'device', only: some() }),
    })
    expect(result.entries.map(({ migrate }) => migrate)).toEqual([true, false, false, true])
    expect(machine.leaks()).toEqual([])
  })
})
