// SPDX-License-Identifier: GPL-2.0-only
//
// Machines with several devices: each has its pages, its owner and its driver; pages move from one to another.

import { type DeviceFault, type DeviceOptions, Machine } from '../../lib'
import { content, open, places, two } from './device-helpers'
import { balance, codeOf, errorOf, firstBytes, kinds } from './helpers'

describe.each(['linux-4.14', 'linux-6.12'] as const)('%s', (profile) => {
  test('a device gets the last pages of the first one, and gives them back', () => {
    const machine = open(profile)
    const device = machine.device({ pages: 16, owner: 7 })
    expect(device.toJSON()).toEqual({
      number: 1,
      base: machine.deviceBase + 48,
      pages: 16,
      free: 16,
      owner: 7,
      kind: 'private',
    })
    expect(machine.devices.map(({ number, pages }) => [number, pages])).toEqual([
      [0, 48],
      [1, 16],
    ])
    expect(machine.devices[1]).toBe(device)
    device.remove()
    expect(machine.devices.map(({ pages }) => pages)).toEqual([64])
    expect([device.removed, String(device)]).toEqual([
      true,
      `Device 1 of owner 7: pages ${machine.deviceBase + 48} to ${machine.deviceBase + 63}, removed`,
    ])
    expect(machine.verify()).toEqual([])
  })

  test('each has an owner of its own, if nobody says so', () => {
    const machine = open(profile)
    expect([1, 2, 3].map((pages) => machine.device({ pages }).owner)).toEqual([2, 3, 4])
    machine.devices[1]!.remove()
    expect(machine.device({ pages: 1 }).owner).toBe(2)
  })

  test('the built-in driver and a callback choose the device', () => {
    const { second, a, buf } = two(4, profile)
    a.migrate(buf.range(0, 1), { to: 'device' })
    a.migrate(buf.range(1, 1), { to: 'device', device: second })
    a.migrate(buf.range(2, 2), {
      allocAndCopy(entries, driver) {
        for (const entry of entries) driver.moveToDevice(entry, entry.index === 0 ? second : undefined)
      },
    })
    expect(places(buf)).toEqual([0, 1, 1, 0])
    expect(second.free).toBe(14)
    expect(firstBytes(buf)).toEqual(content(4))
    expect(second.free).toBe(16)
  })

  test('pages move from one device to another, and keep their contents', () => {
    const { first, second, a, buf } = two(3, profile)
    const select = profile === 'linux-6.12' ? { select: ['private'] as const } : {}
    const back = profile === 'linux-6.12' ? { owner: second.owner } : {}
    a.migrate(buf, { to: 'device' })
    expect(a.migrate(buf, { to: 'device', device: first, ...select }).moved).toBe(0)
    expect(a.migrate(buf, { to: 'device', device: second, ...select }).moved).toBe(3)
    expect([places(buf), first.free, second.free]).toEqual([[1, 1, 1], 48, 13])
    const there = a.migrate(buf, {
      ...back,
      allocAndCopy: (entries, driver) => {
        expect([...entries].map((entry) => driver.moveToDevice(entry, second))).toEqual([false, false, false])
        expect([...entries].map((entry) => driver.moveToDevice(entry, first.base + 9 - entry.index))).toEqual([
          true,
          true,
          true,
        ])
      },
    })
    expect([there.moved, places(buf), second.free]).toEqual([3, [0, 0, 0], 16])
    expect(buf.dump().map(({ pfn }) => pfn! - first.base)).toEqual([9, 8, 7])
    expect(firstBytes(buf)).toEqual(content(3))
  })

  test('a device that is full gives no pages, whatever others have', () => {
    const { second, a, buf } = two(20, profile)
    const { moved } = a.migrate(buf, {
      allocAndCopy: (entries, driver) => {
        for (const entry of entries) driver.moveToDevice(entry, second)
        expect(driver.allocDevicePage(second)).toBeUndefined()
      },
    })
    expect([moved, second.free]).toEqual([16, 0])
    expect(firstBytes(buf)).toEqual(content(20))
  })

  test('a fault reaches the handler of the page’s device, and so does a page that is free', () => {
    const { machine, first, second, a, buf } = two(3, profile)
    const faults: [string, DeviceFault][] = []
    const freed: [string, number][] = []
    const third = machine.device({
      pages: 4,
      migrateToRam: (fault) => faults.push(['third', fault]) < 0,
      pageFree: (pfn) => freed.push(['third', pfn]),
    })
    second.onFault((fault) => faults.push(['second', fault]) < 0)
    second.onPageFree((pfn) => freed.push(['second', pfn]))
    machine.onPageFree((pfn) => freed.push(['first', pfn]))
    for (const [i, device] of [first, second, third].entries()) a.migrate(buf.range(i, 1), { to: 'device', device })
    expect(a.load(buf.address, 1)).toEqual(Uint8Array.of(1))
    expect(codeOf(() => a.load(buf.pageAddress(1), 1))).toBe('HMMU_SIGBUS')
    expect(codeOf(() => a.load(buf.pageAddress(2), 1))).toBe('HMMU_SIGBUS')
    expect(faults.map(([name, { pfn, device }]) => [name, pfn - device.base, device])).toEqual([
      ['second', 0, second],
      ['third', 0, third],
    ])
    second.onFault(undefined)
    expect(a.load(buf.pageAddress(1), 1)[0]).toBe(2)
    a.unmap(buf)
    expect(freed).toEqual([
      ['first', first.base],
      ['second', second.base],
      ['third', third.base],
    ])
  })

  test('copies of a machine have its devices and their handlers, and go on alone', () => {
    const { machine, second, a, buf } = two(2, profile)
    const seen: Machine[] = []
    second.onFault(({ task, device }) => seen.push(task.process.machine) < 0 || device.removed)
    a.migrate(buf, { to: 'device', device: second })
    for (const copy of [machine.fork(), Machine.restore(machine.snapshot())]) {
      const [its] = copy.processes
      expect(copy.devices.map((device) => device.toJSON())).toEqual(machine.devices.map((device) => device.toJSON()))
      expect(copy.hash()).toBe(machine.hash())
      expect(codeOf(() => its!.migrate({ start: buf.start, pages: 1 }, { to: 'device', device: second }))).toBe(
        'HMMU_WRONG_MACHINE',
      )
      if (seen.length === 0) expect(codeOf(() => its!.load(buf.address, 1))).toBe('HMMU_SIGBUS')
      else expect(its!.load(buf.address, 1)).toEqual(Uint8Array.of(1))
      its!.exit()
      copy.devices[1]!.remove()
      expect([copy.devices.length, machine.devices.length]).toEqual([1, 2])
      expect(copy.verify()).toEqual([])
      expect(seen.every((each) => each !== machine)).toBe(true)
      copy.dispose()
    }
    expect(seen).toHaveLength(1)
    expect([places(buf), machine.verify()]).toEqual([[1, 1], []])
  })

  test('a process that exits frees its pages on all devices', () => {
    const { machine, first, second, a, buf } = two(2, profile)
    a.migrate(buf.range(0, 1), { to: 'device' })
    a.migrate(buf.range(1, 1), { to: 'device', device: second })
    a.exit()
    expect([first.free, second.free, machine.counters().deviceFree]).toEqual([48, 16, 64])
  })

  test('pages in use keep a device', () => {
    const { second, a, buf } = two(1, profile)
    let kept = 0
    a.migrate(buf, {
      allocAndCopy: (_, driver) => {
        kept = driver.allocDevicePage(second)!
        expect(errorOf(() => second.remove())).toMatchObject({ code: 'HMMU_BUSY', errno: 'EBUSY' })
        if (driver.lock(kept) || profile === 'linux-6.12') driver.unlock(kept)
        driver.put(kept)
      },
    })
    expect(kept).toBe(second.base)
    second.remove()
    expect(second.removed).toBe(true)
  })
})

describe('a device goes', () => {
  test('its pages come back to whoever maps them', () => {
    const { machine, second, a, buf } = two(3)
    a.migrate(buf, { to: 'device', device: second })
    const child = a.fork()
    second.remove()
    expect(kinds(buf)).toEqual(['sys', 'sys', 'sys'])
    expect(firstBytes(buf)).toEqual(content(3))
    expect(child.load(buf.address, 1)).toEqual(Uint8Array.of(1))
    expect(machine.devices).toHaveLength(1)
  })

  test('4.14 has nothing that brings them back', () => {
    const { second, a, buf } = two(1, 'linux-4.14')
    a.migrate(buf, { to: 'device', device: second })
    expect(codeOf(() => second.remove())).toBe('HMMU_BUSY')
    a.migrate(buf, { to: 'system' })
    second.remove()
    expect(kinds(buf)).toEqual(['sys'])
  })

  test('a page that is stuck keeps it, and it can go later', () => {
    const { second, a, buf } = two(2)
    a.migrate(buf, { to: 'device', device: second })
    const held = a.hold(buf.address)
    expect(errorOf(() => second.remove())).toMatchObject({ code: 'HMMU_BUSY', message: /1 pages? of device 1/ })
    expect([second.removed, second.free, places(buf)]).toEqual([false, 15, [1, 'sys']])
    held.drop()
    second.remove()
    expect(places(buf)).toEqual(['sys', 'sys'])
  })

  test('RAM is used up: it stays', () => {
    const { machine, second, a, buf } = two(2)
    a.migrate(buf, { to: 'device', device: second })
    machine.inject('frame', 1, true)
    expect(codeOf(() => second.remove())).toBe('HMMU_BUSY')
    machine.inject('frame', 0)
    second.remove()
    expect(firstBytes(buf)).toEqual(content(2))
  })

  test('a driver of its own brings them back', () => {
    const { second, a, buf } = two(2)
    a.migrate(buf, { to: 'device', device: second })
    second.remove({
      allocAndCopy: (entries, driver) => {
        for (const entry of entries) driver.moveToDevice(entry)
      },
    })
    expect(places(buf)).toEqual([0, 0])
  })

  test('a wrong driver is told even if it has nothing to do', () => {
    const { second } = two(1)
    for (const driver of [null, 1, { to: 'moon' }, { allocAndCopy: 1 }])
      expect(codeOf(() => second.remove(driver as never))).toBe('HMMU_INVALID_ARGUMENT')
    expect(second.removed).toBe(false)
    second.remove({ allocAndCopy: () => undefined })
    expect(second.removed).toBe(true)
  })

  test('nothing can be asked of it any more', () => {
    const { machine, second, a, buf } = two(1)
    second.remove()
    const again = machine.device({ pages: 4 })
    expect(again.number).toBe(second.number)
    for (const call of [
      () => second.remove(),
      () => second.evict(),
      () => second.beginEviction(),
      () => second.migrateRange(),
      () => second.onFault(undefined),
      () => second.onPageFree(() => undefined),
      () => a.migrate(buf, { to: 'device', device: second }),
      () => a.migrate(buf, { allocAndCopy: (_, driver) => void driver.allocDevicePage(second) }),
      () => a.migrate(buf, { allocAndCopy: ([entry], driver) => void driver.moveToDevice(entry!, second) }),
    ])
      expect(errorOf(call)).toMatchObject({ code: 'HMMU_INVALID_ARGUMENT', message: /device 1 was removed/ })
    expect([kinds(buf), again.free]).toEqual([['sys'], 4])
  })

  test('the first one can go, too; then there is none that a driver could mean', () => {
    const { machine, first, second, a, buf } = two(1)
    a.migrate(buf, { to: 'device' })
    first.remove()
    expect([kinds(buf), machine.devices]).toEqual([['sys'], [second]])
    expect(a.migrate(buf, { to: 'device' }).moved).toBe(0)
    expect(codeOf(() => machine.onDeviceFault(undefined))).toBe('HMMU_INVALID_ARGUMENT')
    second.remove()
    expect(machine.devices).toEqual([])
    expect(machine.device({ pages: 64 }).base).toBe(machine.deviceBase)
  })

  test('devices come and go for ever', () => {
    const machine = open()
    for (let i = 0; i < 100; i++) machine.device({ pages: 1 + (i % 60) }).remove()
    expect(machine.devices.map(({ pages, free }) => [pages, free])).toEqual([[64, 64]])
  })
})

describe('a mirror sees the pages of its owner’s devices', () => {
  test('and has the others brought back', () => {
    const { first, second, a, buf } = two(2)
    a.migrate(buf.range(0, 1), { to: 'device' })
    a.migrate(buf.range(1, 1), { to: 'device', device: second })
    expect(a.mirror(buf).map(({ pfn }) => pfn)).toEqual([first.base, 0])
    expect(a.mirror(buf, { owner: second.owner }).map(({ pfn }) => pfn)).toEqual([0, second.base])
    const interval = a.intervalNotifier(buf, { owner: second.owner })
    const seen = a.rangeFault(interval, interval.readBegin(), { owner: second.owner })
    expect(seen.map(({ device, valid }) => [device, valid])).toEqual([
      [false, false],
      [true, true],
    ])
    const range = buf.range(0, 1)
    expect(a.mirror(range, { owner: second.owner, fault: true })).toMatchObject([{ valid: true, device: false }])
    expect(places(buf)).toEqual(['sys', 1])
  })

  test('devices may share an owner', () => {
    const machine = open()
    const [low, high] = [machine.device({ pages: 2, owner: 9 }), machine.device({ pages: 2, owner: 9 })]
    const a = machine.process()
    const buf = a.map({ pages: 2 })
    a.migrate(buf.range(0, 1), { to: 'device', device: low })
    a.migrate(buf.range(1, 1), { to: 'device', device: high })
    expect(a.mirror(buf, { owner: 9 }).map(({ pfn }) => pfn)).toEqual([low.base, high.base])
    expect(a.migrate(buf, { to: 'system', owner: 9 }).moved).toBe(2)
  })
})

describe('bad input', () => {
  test.each<[string, unknown, string]>([
    ['no options', undefined, 'HMMU_INVALID_ARGUMENT'],
    ['null', null, 'HMMU_INVALID_ARGUMENT'],
    ['no pages', { pages: 0 }, 'HMMU_INVALID_ARGUMENT'],
    ['a fraction of a page', { pages: 0.5 }, 'HMMU_INVALID_ARGUMENT'],
    ['more pages than there are', { pages: 65 }, 'HMMU_INVALID_ARGUMENT'],
    ['far too many', { pages: 2 ** 32 }, 'HMMU_INVALID_ARGUMENT'],
    ['owner 0', { pages: 1, owner: 0 }, 'HMMU_INVALID_ARGUMENT'],
    ['an owner below 0', { pages: 1, owner: -1 }, 'HMMU_INVALID_ARGUMENT'],
    ['an owner that is no number', { pages: 1, owner: 'me' }, 'HMMU_INVALID_ARGUMENT'],
    ['a handler that is no function', { pages: 1, migrateToRam: 3 }, 'HMMU_INVALID_ARGUMENT'],
    ['another one', { pages: 1, pageFree: {} }, 'HMMU_INVALID_ARGUMENT'],
    ['an option that there is not', { pages: 1, color: 'red' }, 'HMMU_INVALID_ARGUMENT'],
  ])('%s: %s', (_, options, code) => {
    const machine = open()
    expect(codeOf(() => machine.device(options as DeviceOptions))).toBe(code)
    expect(machine.devices).toHaveLength(1)
  })

  test('there are no such pages, or no more devices', () => {
    const machine = open()
    const a = machine.process()
    const buf = a.map({ pages: 1 })
    a.migrate(buf, { allocAndCopy: ([entry], driver) => void driver.moveToDevice(entry!, machine.deviceBase + 60) })
    expect(codeOf(() => machine.device({ pages: 4 }))).toBe('HMMU_OUT_OF_DEVICE_PAGES')
    expect(machine.device({ pages: 3 }).base).toBe(machine.deviceBase + 61)
    a.unmap(buf)
    const many = new Machine({ ramPages: 64, devicePages: 128 })
    for (let i = 0; i < 63; i++) many.device({ pages: 1 })
    expect(codeOf(() => many.device({ pages: 1 }))).toBe('HMMU_OUT_OF_SLOTS')
    expect(many.devices).toHaveLength(64)
    expect(many.verify()).toEqual([])
    many.dispose()
  })

  test('a driver names a device that is none, or not of this machine, or for nothing', () => {
    const { a, buf } = two(1)
    const foreign = open().devices[0]!
    const bad = (device: unknown, to = 'device') => codeOf(() => a.migrate(buf, { to, device } as never))
    expect([bad(1), bad(null), bad({}), bad(foreign)]).toEqual([
      'HMMU_INVALID_ARGUMENT',
      'HMMU_INVALID_ARGUMENT',
      'HMMU_INVALID_ARGUMENT',
      'HMMU_WRONG_MACHINE',
    ])
    expect(bad(a.machine.devices[1], 'system')).toBe('HMMU_INVALID_ARGUMENT')
    expect(kinds(buf)).toEqual(['sys'])
  })

  test('an owner that no device has', () => {
    const { second, a, buf } = two(1)
    const { owner } = second
    second.remove()
    for (const call of [
      () => a.migrateVma({ range: buf, select: ['private'], owner }),
      () => a.migrate(buf, { to: 'system', owner }),
      () => a.mirror(buf, { owner }),
      () => a.intervalNotifier(buf, { owner }),
      () => a.makeDeviceExclusive(buf.address, { owner }),
    ])
      expect(errorOf(call)).toMatchObject({ code: 'HMMU_INVALID_ARGUMENT', message: /no device has owner 2/ })
    expect(kinds(buf)).toEqual(['sys'])
  })

  test('a range of another device cannot be evicted', () => {
    const { first, second } = two(1)
    expect(codeOf(() => first.evict({ first: second.base, pages: 1 }))).toBe('HMMU_NO_PAGE')
    expect(codeOf(() => second.evict({ first: second.base - 1, pages: 2 }))).toBe('HMMU_NO_PAGE')
    expect(codeOf(() => first.migrateRange({ first: first.base + 47, pages: 2 }))).toBe('HMMU_NO_PAGE')
  })
})

test('a machine that is disposed of', () => {
  const { machine, second } = two(1)
  machine.dispose()
  expect(codeOf(() => second.pages)).toBe('HMMU_DISPOSED')
  expect(codeOf(() => second.remove())).toBe('HMMU_DISPOSED')
  expect(codeOf(() => machine.devices)).toBe('HMMU_DISPOSED')
  expect(codeOf(() => machine.device({ pages: 1 }))).toBe('HMMU_DISPOSED')
  expect([String(second), JSON.stringify(second)]).toEqual(['Device 1 (its machine is disposed of)', '{"number":1}'])
})

test('nothing leaks', () => {
  const { machine, second, a, buf } = two(4)
  machine.drainPagevecs()
  const before = balance(machine)
  a.migrate(buf, { to: 'device', device: second })
  expect(firstBytes(buf)).toEqual(content(4))
  machine.drainPagevecs()
  expect(balance(machine)).toEqual(before)
})
