// SPDX-License-Identifier: GPL-2.0-only
//
// Drivers of several devices that go too far: they remove what they work with, or mean the device of somebody else.

import type { Device } from '../../lib'
import { content, places, two } from '../api/device-helpers'
import { codeOf, firstBytes, kinds } from '../api/helpers'

describe('handlers that throw while the call is carried out', () => {
  test('a process that has exited is gone, and its number is the next one', () => {
    const { machine, second, a, buf } = two(1)
    a.migrate(buf, { to: 'device', device: second })
    second.onPageFree(() => {
      throw new RangeError('enough')
    })
    expect(() => a.exit()).toThrow(RangeError)
    expect([a.alive, a.mainTask.alive, machine.processes]).toEqual([false, false, []])
    const next = machine.process()
    expect(codeOf(() => a.exit())).toBe('HMMU_NO_PROCESS')
    expect([next.pid, next.alive, machine.processes.length]).toEqual([a.pid, true, 1])
  })

  test('a child is found among the processes', () => {
    const { machine, a } = two(1)
    a.onInvalidate(() => {
      throw new RangeError('enough')
    })
    expect(() => a.fork()).toThrow(RangeError)
    const [, child] = machine.processes
    child!.exit()
    expect(machine.processes).toEqual([a])
    expect(machine.verify()).toEqual([])
  })
})

describe('drivers that go too far', () => {
  test('a fault handler removes its device: the page of the fault keeps it', () => {
    const { second, a, buf } = two(2)
    a.migrate(buf, { to: 'device', device: second })
    second.onFault(() => {
      second.remove()
      return true
    })
    expect(codeOf(() => a.load(buf.address, 1))).toBe('HMMU_BUSY')
    expect([places(buf), second.removed]).toEqual([[1, 'sys'], false])
    second.onFault(undefined)
    expect(firstBytes(buf)).toEqual(content(2))
  })

  test('the handler of freed pages makes and removes devices', () => {
    const { machine, second, a, buf } = two(1)
    const codes: string[] = []
    second.onPageFree(() => {
      codes.push(
        codeOf(() => second.remove()),
        codeOf(() => machine.device({ pages: 1 })),
      )
    })
    a.migrate(buf, { to: 'device', device: second })
    a.unmap(buf)
    expect(codes).toEqual(['HMMU_BUSY', 'HMMU_BUSY'])
    expect(machine.devices).toHaveLength(2)
  })

  test('a callback removes the device to which it has moved a page', () => {
    const { second, a, buf } = two(2)
    const result = a.migrate(buf, {
      allocAndCopy([entry], driver) {
        expect(driver.moveToDevice(entry!, second)).toBe(true)
        expect(codeOf(() => second.remove())).toBe('HMMU_BUSY')
      },
      finalizeAndMap: () => void expect(codeOf(() => second.remove())).toBe('HMMU_BUSY'),
    })
    expect([result.moved, places(buf)]).toEqual([1, [1, 'sys']])
  })

  test('a callback makes a device, moves pages to it, and throws', () => {
    const { machine, a, buf } = two(2)
    let made: Device | undefined
    const driver = {
      allocAndCopy(entries: Iterable<never>, context: { moveToDevice(entry: never, to: Device): boolean }) {
        made = machine.device({ pages: 4 })
        for (const entry of entries) context.moveToDevice(entry, made)
        throw new RangeError('enough')
      },
    }
    expect(() => a.migrate(buf, driver as never)).toThrow(RangeError)
    expect([made!.free, kinds(buf), machine.leaks()]).toEqual([4, ['sys', 'sys'], []])
    made!.remove()
  })

  test('a device goes before a migration in steps comes to it', () => {
    const { second, a, buf } = two(2)
    const migration = a.beginMigration(buf, { to: 'device', device: second })
    migration.runTo('unmap')
    second.remove()
    expect(migration.finish().moved).toBe(0)
    expect(firstBytes(buf)).toEqual(content(2))
  })

  test('a device whose pages are under migration stays until that is over', () => {
    const { second, a, buf } = two(2)
    a.migrate(buf, { to: 'device', device: second })
    const migration = a.migrateVma({ range: buf, select: ['private'], owner: second.owner })
    expect(codeOf(() => second.remove())).toBe('HMMU_BUSY')
    for (const entry of migration.entries) migration.driver.moveToSystem(entry)
    migration.pages()
    expect(codeOf(() => second.remove())).toBe('HMMU_BUSY')
    expect(migration.finalize().moved).toBe(2)
    second.remove()
    expect(firstBytes(buf)).toEqual(content(2))
  })

  test('two evictions at once, of two devices', () => {
    const { machine, first, second, a, buf } = two(4)
    a.migrate(buf.range(0, 2), { to: 'device' })
    a.migrate(buf.range(2, 2), { to: 'device', device: second })
    const [one, other] = [first.beginEviction(), second.beginEviction()]
    one.runTo('alloc_and_copy')
    other.runTo('alloc_and_copy')
    expect(codeOf(() => a.load(buf.pageAddress(3), 1))).toBe('HMMU_BLOCKED')
    using copy = machine.fork()
    const restored = copy.restoredMigrations.map((each) => each.adopt({ to: 'system' }))
    expect(restored.map((each) => each.finish().moved)).toEqual([2, 2])
    expect([other.finish().moved, one.finish().moved]).toEqual([2, 2])
    expect(a.load(buf.pageAddress(3), 1)).toEqual(Uint8Array.of(4))
    first.remove()
    second.remove()
    expect(firstBytes(buf)).toEqual(content(4))
  })

  test('a fault handler moves the page to another device, whose driver brings it back', () => {
    const { first, second, a, buf } = two(1)
    a.migrate(buf, { to: 'device', device: second })
    const faults: (number | undefined)[] = []
    second.onFault(({ task, address, pfn, device }) => {
      faults.push(device.number)
      using migration = task.migrateVma({
        range: { start: address, pages: 1 },
        select: ['private'],
        owner: device.owner,
        faultPage: pfn,
      })
      for (const entry of migration.entries) migration.driver.moveToDevice(entry, first)
      migration.pages()
      return migration.finalize().moved === 1
    })
    first.onFault(({ task, address, pfn, device }) => {
      faults.push(device.number)
      return task.migrate({ start: address, pages: 1 }, { to: 'system', faultPage: pfn }).moved === 1
    })
    expect(firstBytes(buf)).toEqual(content(1))
    expect([faults, first.free, second.free]).toEqual([[1, 0], 48, 16])
  })

  test('a task waits for a page of a device, and exits', () => {
    const { machine, second, a, buf } = two(1)
    a.migrate(buf, { to: 'device', device: second })
    const b = a.fork()
    const eviction = second.beginEviction()
    eviction.runTo('unmap')
    expect(codeOf(() => b.load(buf.address, 1))).toBe('HMMU_BLOCKED')
    expect(codeOf(() => second.remove())).toBe('HMMU_BUSY')
    b.exit()
    eviction.abandon()
    expect([places(buf), second.free]).toEqual([[1], 15])
    second.remove()
    expect([kinds(buf), machine.devices.length]).toEqual([['sys'], 1])
  })
})
