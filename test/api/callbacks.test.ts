// SPDX-License-Identifier: GPL-2.0-only
//
// Functions that the core calls in the middle of its work: of freed device pages, and of invalidations.

import { inspect } from 'node:util'
import { type Invalidation, Machine, type Mapping, PageFlag } from '../../lib'
import { codeOf, errorOf, kinds, makeBuffer, makeMachine } from './helpers'

const PAGE = 4096

describe('onPageFree()', () => {
  /** Migrations from the device, of one page each, about to finish. */
  function aboutToFinish(count: number) {
    const machine = makeMachine({ devicePages: 64 })
    const a = machine.process()
    const buf = a.map({ pages: count })
    for (let i = 0; i < count; i++) buf.write(i * PAGE, Uint8Array.of(1))
    a.migrate(buf)
    const migrations = Array.from({ length: count }, (_, i) => {
      const migration = a.mainTask.beginMigration(buf.range(i), { to: 'system' })
      migration.runTo('finalize_and_map')
      return migration
    })
    return { machine, a, buf, migrations }
  }

  test('a handler can end no migration, and leaves it as it was', () => {
    const { machine, a, buf, migrations } = aboutToFinish(3)
    const [first, second, third] = migrations
    const codes: (string | undefined)[] = []
    machine.onPageFree(() => {
      codes.push(codeOf(() => second?.abandon()))
      codes.push(codeOf(() => third?.finish()))
    })
    first?.finish()
    machine.onPageFree(undefined)
    expect(codes).toEqual(['HMMU_BUSY', 'HMMU_BUSY'])
    expect(second?.stage).not.toBe('done')
    expect(second?.finish().moved).toBe(1)
    expect(third?.finish().moved).toBe(1)
    buf.unmap()
    a.exit()
    expect(machine.verify()).toEqual([])
  })

  test('a handler can end no migration while the machine ends', () => {
    const { machine, migrations } = aboutToFinish(12)
    machine.onPageFree(() => {
      for (const migration of migrations) {
        try {
          migration.abandon()
        } catch {
          // Busy, or over with the machine.
        }
      }
    })
    machine.dispose()
    expect(machine.disposed).toBe(true)
  })

  test('tells what munmap() frees, at once', () => {
    const { machine, a, buf } = makeBuffer(4)
    const freed: number[] = []
    machine.onPageFree((pfn) => freed.push(pfn - machine.deviceBase))
    a.migrate(buf, { to: 'device', skip: [1] })
    expect(freed).toEqual([])
    a.unmap(buf.range(2, 1))
    expect(freed).toEqual([1])
    buf.read(0, 1)
    a.exit()
    expect(freed).toEqual([1, 0, 2])
  })

  test('may look, allocate and put, and not enter', () => {
    const { machine, a, buf } = makeBuffer(1)
    const seen: unknown[] = []
    machine.onPageFree((pfn) => {
      seen.push(machine.page(pfn).device, a.counters().anon >= 0)
      seen.push(
        codeOf(() => a.map()),
        codeOf(() => a.load(0, 1)),
        codeOf(() => machine.dispose()),
      )
    })
    a.migrate(buf)
    a.unmap(buf)
    expect(seen).toEqual([true, true, 'HMMU_BUSY', 'HMMU_BUSY', 'HMMU_BUSY'])
  })

  test('throws to the caller, and the call is carried out', () => {
    const { machine, a, buf } = makeBuffer(2)
    let calls = 0
    machine.onPageFree(() => {
      calls++
      throw new Error('no more')
    })
    a.migrate(buf)
    expect(() => a.unmap(buf)).toThrow('no more')
    expect(calls).toBe(1)
    expect(kinds(buf)).toEqual(['nomap', 'nomap'])
    expect(machine.counters().deviceFree).toBe(64)
    expect(machine.process().pid).toBe(2)
  })

  test('is copied by fork(), and ends', () => {
    const { machine, a, buf } = makeBuffer(1)
    let calls = 0
    machine.onPageFree(() => void calls++)
    a.migrate(buf)
    const copy = machine.fork()
    copy.processes[0]!.unmap(buf.start, 1)
    expect(calls).toBe(1)
    copy.dispose()
    machine.onPageFree(undefined)
    a.unmap(buf)
    expect(calls).toBe(1)
    expect(codeOf(() => machine.onPageFree(5 as never))).toBe('HMMU_INVALID_ARGUMENT')
  })
})

/** Page tables of a device's own: which pages of a buffer it can reach. */
function mirror(buf: Mapping, pages: number): { reachable: Set<number>; handle(invalidation: Invalidation): void } {
  const reachable = new Set(Array.from({ length: pages }, (_, page) => page))
  const handle = ({ type, start, end }: Invalidation) => {
    if (type !== 'invalidate_start') return
    for (const page of [...reachable]) {
      if (buf.pageAddress(page) >= start && buf.pageAddress(page) < end) reachable.delete(page)
    }
  }
  return { reachable, handle }
}

describe('onInvalidate()', () => {
  test('takes pages out of a mirrored page table before they are gone', () => {
    const { a, buf } = makeBuffer(4)
    const { reachable, handle } = mirror(buf, 4)
    let entries: bigint[] = []
    a.onInvalidate((invalidation) => {
      handle(invalidation)
      if (invalidation.type === 'invalidate_start') entries = a.walk(buf.pageAddress(1))
    })
    a.unmap(buf.range(1))
    expect(entries.at(-1)! & 1n).toBe(1n) // present
    expect([...reachable]).toEqual([0, 2, 3])
    a.migrate(buf.range(2, 1))
    expect([...reachable]).toEqual([0, 3])
    a.fork()
    expect([...reachable]).toEqual([])
  })

  test('tells the types that the events have, in their order', () => {
    const { machine, a, buf } = makeBuffer(2)
    const told: Invalidation[] = []
    a.watch()
    machine.recordEvents(['invalidate_start', 'invalidate_range', 'invalidate_end'])
    a.onInvalidate((invalidation) => told.push(invalidation))
    a.protect(buf, 'r')
    a.migrate(buf)
    a.unmap(buf)
    const events = machine.takeEvents().map(({ type, a: start, b: end }) => ({ type, start, end }))
    expect(told.length).toBeGreaterThan(3)
    expect(told).toEqual(events)
  })

  test('tells the kinds of Linux 6.12, as the events do', () => {
    using machine = new Machine({ profile: 'linux-6.12' })
    const a = machine.process()
    const buf = a.map({ pages: 2 })
    buf.touch()
    const told: Invalidation[] = []
    a.watch()
    machine.recordEvents(['invalidate_start', 'invalidate_end'])
    a.onInvalidate((invalidation) => told.push(invalidation))
    buf.advise('dontneed')
    a.unmap(buf)
    const events = machine.takeEvents()
    const ranges = told.filter(({ type }) => type !== 'invalidate_range')
    expect(ranges.map(({ type, kind }) => `${type} ${kind}`)).toEqual([
      'invalidate_start clear',
      'invalidate_end clear',
      'invalidate_start unmap',
      'invalidate_end unmap',
    ])
    expect(ranges).toEqual(events.map(({ type, kind, a: start, b: end }) => ({ type, kind, start, end })))
    expect(inspect(events)).toContain('invalidate_start (clear)')
  })

  test('what it throws leaves no reference that nobody has', () => {
    using machine = new Machine({ profile: 'linux-6.12' })
    const a = machine.process()
    const buf = a.map({ pages: 3 })
    buf.touch()
    a.fork()
    a.onInvalidate(() => {
      throw new RangeError('boom')
    })
    expect(() => a.pin(buf.pageAddress(0), { write: true })).toThrow('boom')
    expect(() => a.pin(buf.pageAddress(1), { write: true, dma: true })).toThrow('boom')
    expect(() => a.makeDeviceExclusive(buf.pageAddress(2))).toThrow('boom')
    a.onInvalidate(undefined)
    expect(machine.leaks()).toEqual([])
    buf.touch()
    expect(a.migrate(buf).moved).toBe(3)
  })

  test('records no events, and is one process alone', () => {
    const { machine, a, buf } = makeBuffer(1)
    const b = machine.process()
    let calls = 0
    b.onInvalidate(() => void calls++)
    a.unmap(buf)
    expect([calls, machine.takeEvents().length]).toEqual([0, 0])
    b.map({ address: 0x10000 }).write(0, Uint8Array.of(1))
    b.unmap(0x10000, 1)
    expect(calls).toBeGreaterThan(0)
    expect(machine.takeEvents()).toEqual([])
  })

  test('may look and not enter', () => {
    const { machine, a, buf } = makeBuffer(2)
    const pin = a.pin(buf.pageAddress(1))
    const codes = new Set<string>()
    const refused: (() => unknown)[] = [
      () => a.map(),
      () => a.mainTask.load(buf.address, 1),
      () => a.migrate(buf),
      () => a.hold(buf.address),
      () => a.isolate(buf.address),
      () => pin.drop(),
      () => a.oomReap(),
      () => a.exit(),
      () => machine.dispose(),
    ]
    let free = 0
    a.onInvalidate(() => {
      for (const call of refused) codes.add(codeOf(call))
      free = machine.counters().deviceFree
      machine.drainPagevecs()
      buf.dump()
    })
    a.unmap(buf)
    expect([...codes]).toEqual(['HMMU_BUSY'])
    expect(free).toBe(64)
    pin.drop()
  })

  test('throws to the caller, and the call is carried out', () => {
    const { a, buf } = makeBuffer(2)
    let calls = 0
    a.onInvalidate(() => {
      calls++
      throw new Error('not now')
    })
    expect(() => a.unmap(buf)).toThrow('not now')
    expect(calls).toBe(1)
    expect(kinds(buf)).toEqual(['nomap', 'nomap'])
    a.onInvalidate(undefined)
    a.map().write(0, Uint8Array.of(1))
  })

  test('that throws in a migration undoes it', () => {
    const { a, buf } = makeBuffer(2)
    a.onInvalidate(() => {
      throw new Error('not now')
    })
    expect(() => a.migrate(buf)).toThrow('not now')
    a.onInvalidate(undefined)
    expect(a.migrate(buf, { to: 'system' }).collected).toBe(2)
  })

  test('ends with its process, whose number another one may get', () => {
    const machine = makeMachine()
    const a = machine.process()
    let calls = 0
    a.onInvalidate(() => void calls++)
    a.map().write(0, Uint8Array.of(1))
    a.exit()
    expect(calls).toBe(0)
    const b = machine.process()
    expect(b.pid).toBe(a.pid)
    const buf = b.map()
    buf.write(0, Uint8Array.of(1))
    buf.unmap()
    expect(calls).toBe(0)
    expect(codeOf(() => a.onInvalidate(() => {}))).toBe('HMMU_NO_PROCESS')
  })

  test('stays behind when a machine is copied', () => {
    const { machine, a, buf } = makeBuffer(1)
    let calls = 0
    a.onInvalidate(() => void calls++)
    for (const copy of [machine.fork(), Object.getPrototypeOf(machine).constructor.restore(machine.snapshot())]) {
      copy.processes[0].unmap(buf.start, 1)
      copy.dispose()
    }
    expect(calls).toBe(0)
  })
})

describe('oomReap()', () => {
  test('takes private pages, and leaves a process with a notifier alone', () => {
    const { a, buf } = makeBuffer(3)
    const locked = a.map()
    locked.write(0, Uint8Array.of(7))
    locked.lock()
    a.onInvalidate(() => {})
    expect(errorOf(() => a.oomReap())).toMatchObject({
      code: 'HMMU_BUSY',
      message: expect.stringContaining('notifier'),
    })
    a.onInvalidate(undefined)
    a.oomReap()
    expect(buf.histogram()).toEqual({ none: 3 })
    expect(locked.read(0, 1)).toEqual(Uint8Array.of(7))
  })

  test('makes migrate_vma() refuse to insert pages, where that is mended', () => {
    const { a, buf } = makeBuffer(1, 0, { quirks: { 'insert-ignores-reaped-mm': false } })
    a.oomReap()
    expect(a.migrate(buf).entries[0]!.why).toBe('insert_mm_unstable')
  })
})

describe('a choice of device page', () => {
  test('is given, if it is free', () => {
    const { machine, a, buf } = makeBuffer(4)
    const at = (index: number) => machine.deviceBase + index
    const got: unknown[] = []
    a.migrate(buf, {
      allocAndCopy(entries, driver) {
        got.push(driver.moveToDevice(entries.at(0), at(7)), driver.moveToDevice(entries.at(1), at(7)))
        got.push(driver.moveToDevice(entries.at(2)), driver.moveToDevice(entries.at(3), at(0)))
        got.push(driver.allocDevicePage(at(63)), driver.allocDevicePage(at(7)), driver.allocDevicePage(at(1)))
        got.push(
          codeOf(() => driver.allocDevicePage(5)),
          codeOf(() => driver.allocDevicePage(at(64))),
        )
        driver.put(at(63))
        driver.put(at(1))
      },
    })
    expect(got).toEqual([true, false, true, false, at(63), undefined, at(1), 'HMMU_NO_PAGE', 'HMMU_NO_PAGE'])
    expect(buf.dump().map(({ kind, allocId }) => (kind === 'dev' ? allocId : kind))).toEqual([7, 'sys', 0, 'sys'])
    expect(machine.page(at(7)).flags & PageFlag.DEVICE).not.toBe(0)
    expect(buf.read(0, 1)).toEqual(Uint8Array.of(1))
    expect(buf.pageAddress(3) - buf.start).toBe(3 * PAGE)
  })
})
