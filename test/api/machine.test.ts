// SPDX-License-Identifier: GPL-2.0-only

import { addonInfo, Machine, type MachineOptions, PAGE_SIZE, PageFlag, profileValues } from '../../lib'
import { codeOf, errorOf, makeBuffer, makeMachine } from './helpers'

/** What both kernels have. */
const QUIRKS_OF_ALL = ['thp-busy-leaks-ref', 'clear-keeps-write-entries', 'insert-device-not-soft-dirty']
/** What only Linux 6.12 has. */
const QUIRKS_OF_6_12 = [
  'pmd-split-soft-dirties',
  'mremap-moves-tables',
  'device-downgrade-drops-soft-dirty',
  'check-spares-device',
  'device-unmap-dirties',
  'faulters-livelock',
  'setup-counts-unrounded',
  'select-splits-huge',
  'exclusive-takes-folio',
  'exclusive-fork-enomem',
  'mirror-own-read-entry',
  'mirror-fault-overshoots',
  'swapin-misses-mlock',
  'munlock-batch-holds-device',
  'evict-loses-exclusive',
]

describe('options', () => {
  test('a machine without options has 256 MiB, a device of 1024 pages, one CPU and Linux 4.14', () => {
    using machine = new Machine()
    expect(machine.counters()).toMatchObject({ ramPages: 65536, devicePages: 1024, deviceFree: 1024, processes: 0 })
    expect([machine.profile, machine.cpus]).toEqual(['linux-4.14', 1])
  })

  test('options are taken over', () => {
    const machine = makeMachine({ ramPages: 1000, devicePages: 7, cpus: 3, profile: 'linux-4.14-fixed' })
    expect(machine.counters()).toMatchObject({ ramPages: 1000, devicePages: 7, deviceFree: 7 })
    expect([machine.profile, machine.cpus, machine.quirks]).toEqual(['linux-4.14-fixed', 3, []])
  })

  test.each<[string, unknown]>([
    ['ramPages', 63],
    ['ramPages', 2 ** 28 + 1],
    ['ramPages', 1.5],
    ['ramPages', '65536'],
    ['ramPages', Number.NaN],
    ['ramPages', null],
    ['devicePages', -1],
    ['devicePages', 2 ** 28 + 1],
    ['cpus', 0],
    ['cpus', 65],
    ['profile', 'linux-2.6'],
    ['profile', 4],
    ['quirks', { 'no-such-quirk': true }],
    ['quirks', { 'hole-dst-index': 1 }],
    ['quirks', 'all'],
    ['memcgLimit', -1],
    ['contents', 0],
    ['contents', null],
    ['ramPage', 65536],
  ])('%s %p is refused by name', (name, value) => {
    const error = errorOf(() => new Machine({ [name]: value } as MachineOptions))
    expect(error.code).toBe('HMMU_INVALID_ARGUMENT')
    expect(error.message).toContain(name === 'quirks' ? 'quirk' : name)
  })

  test.each([42, 'x', null])('options that are no object: %p', (value) => {
    expect(codeOf(() => new Machine(value as unknown as MachineOptions))).toBe('HMMU_INVALID_ARGUMENT')
  })

  test('profiles are sets of quirks', () => {
    for (const profile of Object.keys(profileValues)) {
      const machine = makeMachine({ profile: profile as MachineOptions['profile'] })
      expect(machine.quirks.includes('hole-dst-index')).toBe(profile === 'hmm-v25')
      expect(machine.quirks.includes('insert-device-as-pte')).toBe(profile === 'hmm-v25')
      expect(machine.quirks.includes('insert-unknown-device')).toBe(profile === 'linux-4.14')
      expect(machine.quirks.includes('wait-pins-page')).toBe(profile === 'linux-4.14' || profile === 'hmm-v25')
      if (profile.endsWith('-fixed')) expect(machine.quirks).toEqual([])
      if (profile === 'linux-6.12')
        expect(new Set(machine.quirks)).toEqual(new Set([...QUIRKS_OF_ALL, ...QUIRKS_OF_6_12]))
    }
  })

  test('a kernel takes only quirks that it knows', () => {
    const quirks = { 'wait-pins-page': true }
    expect(codeOf(() => new Machine({ profile: 'linux-6.12', quirks }))).toBe('HMMU_INVALID_ARGUMENT')
    const without = makeMachine({ profile: 'linux-6.12', quirks: { 'thp-busy-leaks-ref': false } })
    expect([...without.quirks].sort()).toEqual([...QUIRKS_OF_6_12, ...QUIRKS_OF_ALL.slice(1)].sort())
  })

  test('a quirk can be switched alone', () => {
    const machine = makeMachine({
      quirks: { 'hole-dst-index': true, 'wait-pins-page': false, 'device-write-lost': true },
    })
    expect(machine.quirks).toContain('hole-dst-index')
    expect(machine.quirks).not.toContain('wait-pins-page')
    expect(machine.quirks).toContain('device-write-lost')
  })
})

describe('contents: false', () => {
  test('the first 8 bytes of a page go where the page goes', () => {
    const { machine, a, buf } = makeBuffer(4, 2, { contents: false })
    const bytes = Uint8Array.from({ length: 12 }, (_, i) => i + 1)
    buf.write(4096, bytes)
    expect(a.migrate(buf, { to: 'device' }).moved).toBe(4)
    const device = buf.dump()[1]
    expect([device?.kind, device?.pfn]).toEqual(['dev', machine.deviceBase + 1])
    expect([...machine.pageData(machine.deviceBase + 1).subarray(0, 12)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0])
    machine.writePage(machine.deviceBase + 1, Uint8Array.of(50, 51), 7)
    expect([...buf.read(4096, 10)]).toEqual([1, 2, 3, 4, 5, 6, 7, 50, 0, 0])
    expect(buf.dump()[1]?.kind).toBe('sys')
  })

  test('drivers in TypeScript copy and clear tags', () => {
    const { a, buf } = makeBuffer(3, 2, { contents: false })
    const result = a.migrate(buf, {
      allocAndCopy(entries, driver) {
        for (const entry of entries) driver.moveToDevice(entry)
      },
    })
    expect(result.moved).toBe(3)
    expect([0, 1, 2].map((page) => buf.read(page * 4096, 1)[0])).toEqual([1, 2, 0])
  })

  test('a machine may be larger than the host, but not larger than WebAssembly', () => {
    // 1 TiB each, which is too much to be verified after the test.
    const large = { ramPages: 2 ** 28, devicePages: 2 ** 28, contents: false }
    if (addonInfo.backend === 'wasm') {
      expect(codeOf(() => new Machine(large))).toBe('HMMU_HOST_MEMORY')
      return
    }
    using machine = new Machine(large)
    const buf = machine.process().map({ pages: 2 ** 30 })
    buf.write(2 ** 41, Uint8Array.of(1))
    expect(buf.read(2 ** 41, 1)).toEqual(Uint8Array.of(1))
  })
})

test('a device can read page tables, but not change them', () => {
  const { machine, a, buf } = makeBuffer(1)
  const table = Number(((a.walk(buf.address)[3] ?? 0n) >> 12n) & 0xffffffffn)
  expect(machine.page(table).flags & PageFlag.TABLE).not.toBe(0)
  expect(machine.pageData(table)).toHaveLength(PAGE_SIZE)
  expect(codeOf(() => machine.writePage(table, Uint8Array.of(1)))).toBe('HMMU_INVALID_ARGUMENT')
})

describe('dispose', () => {
  test('every call on what belongs to a machine that is gone says so', () => {
    const { machine, a, buf } = makeBuffer(2)
    const task = a.newTask()
    const pin = a.pin(buf.address)
    const migration = task.beginMigration(buf, { to: 'device' })
    machine.dispose()
    expect(machine.disposed).toBe(true)
    expect(a.alive).toBe(false)
    const calls: (() => unknown)[] = [
      () => machine.process(),
      () => machine.counters(),
      () => machine.verify(),
      () => machine.processes,
      () => machine.drainPagevecs(),
      () => machine.takeEvents(),
      () => machine.recordEvents(['stage']),
      () => machine.inject('frame', 1),
      () => machine.page(0),
      () => machine.pageData(0),
      () => machine.quirks,
      () => machine.memcgCharged,
      () => machine.onDeviceFault(() => true),
      () => a.map(),
      () => a.fork(),
      () => a.exit(),
      () => a.dump(buf),
      () => a.counters(),
      () => a.mappings(),
      () => a.walk(0),
      () => a.watch(),
      () => a.hold(buf.address),
      () => a.migrate(buf),
      () => a.newTask(),
      () => task.load(buf.address, 1),
      () => task.tryLoad(buf.address),
      () => task.tryStore(buf.address, 1),
      () => task.state(),
      () => task.cancel(),
      () => buf.write(0, Uint8Array.of(1)),
      () => buf.read(),
      () => buf.unmap(),
      () => pin.drop(),
      () => migration.step(),
      () => migration.stage,
      () => migration.finish(),
      () => migration.abandon(),
    ]
    expect(calls.map((call) => codeOf(call))).toEqual(calls.map(() => 'HMMU_DISPOSED'))
  })

  test('twice is once', () => {
    const machine = makeMachine()
    machine.dispose()
    machine.dispose()
    machine[Symbol.dispose]()
    expect(machine.disposed).toBe(true)
  })

  test('"using" disposes of a machine', () => {
    let kept: Machine
    {
      using machine = new Machine({ ramPages: 64 })
      kept = machine
    }
    expect(kept.disposed).toBe(true)
  })
})

describe('handles of another machine', () => {
  test('are refused', () => {
    const one = makeBuffer(2)
    const other = makeBuffer(2)
    const pin = other.a.pin(other.buf.address)
    expect(codeOf(() => one.a.migrate(other.buf))).toBe('HMMU_WRONG_MACHINE')
    expect(codeOf(() => one.a.beginMigration(other.buf))).toBe('HMMU_WRONG_MACHINE')
    expect(codeOf(() => one.a.unmap(other.buf))).toBe('HMMU_WRONG_MACHINE')
    expect(codeOf(() => one.machine.unpin(pin))).toBe('HMMU_WRONG_MACHINE')
    expect(codeOf(() => one.buf.in(other.a))).toBe('HMMU_WRONG_MACHINE')
    other.machine.unpin(pin)
  })
})

describe('pages', () => {
  test('a page can be looked at, read and written as a device does it', () => {
    const { machine, a, buf } = makeBuffer(1)
    const { pfn } = a.dump(buf)[0]!
    expect(machine.page(pfn)).toMatchObject({ pfn, refCount: 1, mapCount: 1, anon: true, device: false })
    machine.writePage(pfn, Uint8Array.of(7, 8), 4094)
    expect(Array.from(buf.read(4094, 2))).toEqual([7, 8])
    const data = machine.pageData(pfn)
    expect([data.length, data[0], data[4095]]).toEqual([PAGE_SIZE, 1, 8])
    data[0] = 99
    expect(buf.read(0, 1)[0]).toBe(1)
  })

  test('a free device page looks the same before its first use and after', () => {
    const { machine, a, buf } = makeBuffer(1, 1, { devicePages: 4 })
    const pages = () =>
      [0, 1]
        .map((i) => machine.page(machine.deviceBase + i))
        .map(({ refCount, free, allocId }) => [refCount, free, allocId])
    const device = () => (machine.page(machine.deviceBase).flags & PageFlag.DEVICE) !== 0
    const free = [
      [1, true, 0],
      [1, true, 1],
    ]
    expect([pages(), device()]).toEqual([free, true])
    expect(codeOf(() => machine.writePage(machine.deviceBase, Uint8Array.of(1)))).toBe('HMMU_NO_PAGE')
    a.migrate(buf)
    expect(pages()).toEqual([
      [2, false, 0],
      [1, true, 1],
    ])
    buf.read(0, 1)
    expect([pages(), device()]).toEqual([free, true])
    expect(codeOf(() => machine.writePage(machine.deviceBase, Uint8Array.of(1)))).toBe('HMMU_NO_PAGE')
    expect(machine.page(a.dump(buf)[0]!.pfn).free).toBe(false)
  })

  test('flags can be set', () => {
    const { machine, a, buf } = makeBuffer(1)
    const { pfn } = a.dump(buf)[0]!
    machine.setPageFlags(pfn, PageFlag.CHECKED | PageFlag.MAPPEDTODISK)
    expect(machine.page(pfn).flags & PageFlag.CHECKED).toBe(PageFlag.CHECKED)
  })

  test('a page that does not exist is an error', () => {
    const machine = makeMachine()
    expect(codeOf(() => machine.page(2 ** 32 - 1))).toBe('HMMU_NO_PAGE')
    expect(codeOf(() => machine.pageData(2 ** 32 - 1))).toBe('HMMU_NO_PAGE')
    expect(codeOf(() => machine.writePage(2 ** 32 - 1, Uint8Array.of(1)))).toBe('HMMU_NO_PAGE')
  })
})

describe('limits', () => {
  test('a machine out of frames says so and stays usable', () => {
    const machine = makeMachine({ ramPages: 128 })
    const a = machine.process()
    const buf = a.map({ pages: 200 })
    const error = errorOf(() => buf.write(0, new Uint8Array(200 * PAGE_SIZE).fill(1)))
    expect(error.code).toBe('HMMU_OUT_OF_FRAMES')
    expect(error.errno).toBe('ENOMEM')
    expect(machine.verify()).toEqual([])
    buf.unmap()
    const small = a.map({ pages: 20 })
    small.write(0, new Uint8Array(20 * PAGE_SIZE).fill(1))
  })

  test('an injected failure comes at the nth allocation', () => {
    const { machine, a } = makeBuffer(1)
    const buf = a.map({ pages: 4 })
    const before = machine.injectionPasses('frame')
    machine.inject('frame', 2)
    expect(a.tryStore(buf.pageAddress(0), 1)).toBe('ok')
    expect(() => a.tryStore(buf.pageAddress(1), 1)).toThrow(expect.objectContaining({ code: 'HMMU_OUT_OF_FRAMES' }))
    expect(a.tryStore(buf.pageAddress(1), 1)).toBe('ok')
    expect(machine.injectionPasses('frame') - before).toBe(3)
  })

  test('the memory cgroup has a limit', () => {
    const machine = makeMachine({ memcgLimit: 2 })
    const a = machine.process()
    const buf = a.map({ pages: 4 })
    a.tryStore(buf.pageAddress(0), 1)
    a.tryStore(buf.pageAddress(1), 1)
    expect(machine.memcgCharged).toBe(2)
    expect(codeOf(() => a.store(buf.pageAddress(2), Uint8Array.of(1)))).toBe('HMMU_MEMCG_LIMIT')
    machine.setMemcgLimit(3)
    a.store(buf.pageAddress(2), Uint8Array.of(1))
    expect(machine.memcgCharged).toBe(3)
  })
})
