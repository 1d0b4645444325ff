// SPDX-License-Identifier: GPL-2.0-only
//
// The cases of Linux's own hmm-tests that migrate, to device-private and to device-coherent memory, in our words. Each has the
// name of its case.

import { kinds } from '../helpers'
import { count, fill, KINDS, numbers, openDevice, TestDevice } from './device'

const PAGES = 8

describe.each(KINDS)('$kind memory', ({ kind, entry, free, afterLoad }) => {
  test('open_close: a device that is opened and closed leaves nothing behind', () => {
    const { machine, a, device } = openDevice(kind)
    const before = machine.counters()
    device.close()
    const again = new TestDevice(a, device.device)
    again.close()
    expect(machine.counters()).toEqual(before)
  })

  test('migrate: the device reads what the CPU has written', () => {
    const { machine, a, device } = openDevice(kind)
    const buf = a.map({ pages: PAGES })
    fill(buf, count(PAGES))
    expect(device.migrate(buf)).toBe(PAGES)
    expect(device.read(buf)).toEqual(count(PAGES))
    expect(new Set(kinds(buf))).toEqual(new Set([entry]))
    expect(machine.counters()[free]).toBe(1024 - PAGES)
  })

  test('migrate_file_private: pages that a private mapping of a file has copied migrate as anonymous ones do', () => {
    const { a, device } = openDevice(kind)
    const buf = a.map({ pages: PAGES, kind: 'file' })
    fill(buf, count(PAGES))
    expect(device.migrate(buf)).toBe(PAGES)
    expect(device.read(buf)).toEqual(count(PAGES))
    expect(numbers(buf)).toEqual(count(PAGES))
  })

  test('migrate_fault: the CPU brings the pages back, or the device has to, and they can go again', () => {
    const { machine, a, device } = openDevice(kind)
    const buf = a.map({ pages: PAGES })
    fill(buf, count(PAGES))
    for (let round = 0; round < 2; round++) {
      expect(device.migrate(buf)).toBe(PAGES)
      expect(device.read(buf)).toEqual(count(PAGES))
      expect(numbers(buf)).toEqual(count(PAGES))
      expect(new Set(kinds(buf))).toEqual(new Set([afterLoad]))
      if (kind === 'coherent') expect(device.giveBack(buf)).toBe(PAGES)
      expect([machine.counters()[free], device.table.size]).toEqual([1024, 0])
      expect(numbers(buf)).toEqual(count(PAGES))
    }
  })

  test('migrate_release: pages come back when the device closes', () => {
    const { machine, a, device } = openDevice(kind)
    const buf = a.map({ pages: PAGES })
    fill(buf, count(PAGES))
    device.migrate(buf)
    device.close()
    expect(machine.counters()[free]).toBe(1024)
    expect(new Set(kinds(buf))).toEqual(new Set(['sys']))
    expect(numbers(buf)).toEqual(count(PAGES))
  })

  test('migrate_shared: shared memory does not migrate', () => {
    const { a, device } = openDevice(kind)
    const buf = a.map({ pages: PAGES, kind: 'shmem' })
    fill(buf, count(PAGES))
    expect(device.migrate(buf)).toBe(0)
    expect(new Set(kinds(buf))).toEqual(new Set(['sys']))
    expect(numbers(buf)).toEqual(count(PAGES))
  })

  test('migrate_multiple: many buffers, one after the other, there and back', () => {
    const { machine, a, device } = openDevice(kind)
    for (let i = 0; i < 64; i++) {
      const buf = a.map({ pages: 1 })
      fill(buf, count(1, i))
      expect(device.migrate(buf)).toBe(1)
      expect(device.read(buf)).toEqual(count(1, i))
      if (kind === 'coherent') expect(device.giveBack(buf)).toBe(1)
      expect(numbers(buf)).toEqual(count(1, i))
      a.unmap(buf)
    }
    expect(machine.counters()[free]).toBe(1024)
  })

  test('hmm_cow_in_device: a store to a page that parent and child have on the device makes a page of its own', () => {
    const { a, device } = openDevice(kind)
    const buf = a.map({ pages: 1 })
    fill(buf, count(1))
    device.migrate(buf)
    const child = a.fork()
    expect(buf.dump()[0]).toMatchObject({ kind: entry, mapCount: 2 })
    a.store(buf.address, Uint8Array.of(9))
    expect(buf.dump()[0]).toMatchObject({ kind: 'sys', mapCount: 1 })
    expect(numbers(buf, child)).toEqual(count(1))
    child.exit()
    // Nobody else has the page now: a store needs no fault.
    a.store(buf.address, Uint8Array.of(9))
    expect(buf.dump()[0]).toMatchObject({ kind: 'sys', mapCount: 1 })
    expect(buf.dump()[0]!.bits.startsWith('w')).toBe(true)
    expect(numbers(buf)).toEqual([9, ...count(1).slice(1)])
  })
})

test('hmm_gup_test: who pins a page of the device gets a page of RAM', () => {
  const { machine, a, device } = openDevice()
  const buf = a.map({ pages: 4 })
  fill(buf, count(4))
  device.migrate(buf)
  const pins = [
    a.pin(buf.pageAddress(0)),
    a.pin(buf.pageAddress(1), { write: true }),
    a.pin(buf.pageAddress(2), { dma: true }),
    a.pin(buf.pageAddress(3), { write: true, dma: true }),
  ]
  expect(kinds(buf)).toEqual(['sys', 'sys', 'sys', 'sys'])
  expect(pins.every(({ pfn }) => pfn < machine.deviceBase)).toBe(true)
  expect(device.migrate(buf)).toBe(0)
  for (const pin of pins) pin.drop()
  expect(numbers(buf)).toEqual(count(4))
  expect(device.migrate(buf)).toBe(4)
})
