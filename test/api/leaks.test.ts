// SPDX-License-Identifier: GPL-2.0-only

import { inspect } from 'node:util'
import { type Driver, Machine, PageFlag } from '../../lib'
import { makeBuffer, makeMachine } from './helpers'

/** Takes a page of each kind, and forgets them. */
const forgetful: Driver = {
  allocAndCopy(_entries, driver) {
    driver.lock(driver.allocDevicePage() as number)
    driver.allocSystemPage()
  },
}

describe('leaks()', () => {
  test('a machine whose drivers have no page', () => {
    const { machine, a, buf } = makeBuffer(2)
    a.migrate(buf, { to: 'device' })
    expect(machine.leaks()).toEqual([])
  })

  test('pages that a driver forgot, also when the process is gone', () => {
    const { machine, a, buf } = makeBuffer(2)
    a.migrate(buf, forgetful)
    const system = { kind: 'system', refCount: 1, flags: 0, locked: false }
    const device = {
      pfn: machine.deviceBase,
      kind: 'device',
      allocId: 0,
      refCount: 2,
      flags: PageFlag.DEVICE | PageFlag.LOCKED,
      locked: true,
    }
    const leaks = machine.leaks()
    expect(leaks).toEqual([expect.objectContaining(system), device])
    expect(leaks[0]?.allocId).toBe(machine.page(leaks[0]?.pfn as number).allocId)
    expect(machine.verify()).toEqual([])
    a.exit()
    expect(machine.leaks()).toEqual(leaks)
    expect(Machine.restore(machine.snapshot()).leaks()).toEqual(leaks)
  })

  test('shows itself as a table', () => {
    const { machine, a, buf } = makeBuffer(1)
    a.migrate(buf, forgetful)
    expect(inspect(machine.leaks()).split('\n')).toEqual([
      expect.stringMatching(/^ {2}page +kind +references +alloc id +flags$/),
      expect.stringMatching(/^ {2}#\d+ +system +1 +\d+$/),
      expect.stringMatching(/^ {2}D0 +device +2 +0 +locked,device$/),
    ])
  })

  test('while a driver works its pages are among them, until they are in dst', () => {
    const { machine, a, buf } = makeBuffer(1)
    const seen: number[] = []
    a.migrate(buf, {
      allocAndCopy(entries, driver) {
        driver.moveToDevice(entries.at(0))
        seen.push(machine.leaks().length)
      },
      finalizeAndMap: () => void seen.push(machine.leaks().length),
    })
    expect(seen).toEqual([1, 0])
  })
})

describe('pages that a driver never wrote', () => {
  /** The addresses and pages of which the machine says so, when this driver puts a page into dst. */
  function unwritten(machine: Machine, driver: Driver): [number, number][] {
    const a = machine.process()
    const buf = a.map({ pages: 1 })
    buf.write(0, Uint8Array.of(1))
    machine.recordEvents(['unwritten'])
    expect(a.migrate(buf, driver).moved).toBe(1)
    expect(machine.leaks()).toEqual([])
    return machine.takeEvents().map(({ a: address, b: pfn }) => [address - buf.address, pfn])
  }

  const place = (write?: (page: number, source: number) => void): Driver => ({
    allocAndCopy(entries, driver) {
      const entry = entries.at(0)
      const page = driver.allocDevicePage() as number
      driver.lock(page)
      write?.(page, entry.pfn as number)
      driver.setDestination(entry, page)
    },
  })

  test('are told by an event when they take their places', () => {
    const machine = makeMachine({ devicePages: 4 })
    expect(unwritten(machine, place())).toEqual([[0, machine.deviceBase]])
  })

  test('are none of those that it wrote, copied or zeroed', () => {
    const machine = makeMachine({ devicePages: 4 })
    expect(
      unwritten(
        machine,
        place((page) => machine.writePage(page, Uint8Array.of(5))),
      ),
    ).toEqual([])
    expect(unwritten(machine, { to: 'device' })).toEqual([])
    expect(unwritten(makeMachine({ contents: false }), place())).toEqual([])
  })
})
