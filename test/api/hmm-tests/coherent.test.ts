// SPDX-License-Identifier: GPL-2.0-only
//
// The cases of Linux's own hmm-tests in their variants of device-coherent memory, in our words. Each has the name of its case.

import { errorOf, kinds } from '../helpers'
import { count, fill, numbers, openCoherentDevice, openTwoCoherentDevices, TestDevice } from './device'

const PAGES = 8

test('open_close: a device that is opened and closed leaves nothing behind', () => {
  const { machine, a, device } = openCoherentDevice()
  const before = machine.counters()
  device.close()
  new TestDevice(a, device.device).close()
  expect(machine.counters()).toEqual(before)
})

test('migrate: the device reads what the CPU has written, and the CPU goes on with the pages', () => {
  const { machine, a, device } = openCoherentDevice()
  const buf = a.map({ pages: PAGES })
  fill(buf, count(PAGES))
  expect(device.migrate(buf)).toBe(PAGES)
  expect(device.read(buf)).toEqual(count(PAGES))
  fill(buf, count(PAGES, 1))
  expect(device.read(buf)).toEqual(count(PAGES, 1))
  expect(new Set(kinds(buf))).toEqual(new Set(['coh']))
  expect(machine.counters().coherentFree).toBe(1024 - PAGES)
})

test('migrate_file_private: pages that a private mapping of a file has copied migrate as anonymous ones do', () => {
  const { a, device } = openCoherentDevice()
  const buf = a.map({ pages: PAGES, kind: 'file' })
  fill(buf, count(PAGES))
  expect(device.migrate(buf)).toBe(PAGES)
  expect(device.read(buf)).toEqual(count(PAGES))
  expect(numbers(buf)).toEqual(count(PAGES))
})

test('migrate_fault: no fault brings the pages back; the device gives them, and they can go again', () => {
  const { machine, a, device } = openCoherentDevice()
  const buf = a.map({ pages: PAGES })
  fill(buf, count(PAGES))
  for (let round = 0; round < 2; round++) {
    expect(device.migrate(buf)).toBe(PAGES)
    expect(numbers(buf)).toEqual(count(PAGES))
    expect(new Set(kinds(buf))).toEqual(new Set(['coh']))
    expect(device.giveBack(buf)).toBe(PAGES)
    expect([machine.counters().coherentFree, device.table.size]).toEqual([1024, 0])
    expect(numbers(buf)).toEqual(count(PAGES))
  }
})

test('migrate_release: pages come back when the device closes', () => {
  const { machine, a, device } = openCoherentDevice()
  const buf = a.map({ pages: PAGES })
  fill(buf, count(PAGES))
  device.migrate(buf)
  device.close()
  expect(machine.counters().coherentFree).toBe(1024)
  expect(new Set(kinds(buf))).toEqual(new Set(['sys']))
  expect(numbers(buf)).toEqual(count(PAGES))
})

test('migrate_shared: shared memory does not migrate', () => {
  const { a, device } = openCoherentDevice()
  const buf = a.map({ pages: PAGES, kind: 'shmem' })
  fill(buf, count(PAGES))
  expect(device.migrate(buf)).toBe(0)
  expect(numbers(buf)).toEqual(count(PAGES))
})

test('migrate_multiple: many buffers, one after the other, there and back', () => {
  const { machine, a, device } = openCoherentDevice()
  for (let i = 0; i < 64; i++) {
    const buf = a.map({ pages: 1 })
    fill(buf, count(1, i))
    expect(device.migrate(buf)).toBe(1)
    expect(device.read(buf)).toEqual(count(1, i))
    expect(device.giveBack(buf)).toBe(1)
    expect(numbers(buf)).toEqual(count(1, i))
    a.unmap(buf)
  }
  expect(machine.counters().coherentFree).toBe(1024)
})

test('hmm_gup_test: a pin leaves the page on the device, one that may last moves it to RAM', () => {
  const { machine, a, device } = openCoherentDevice()
  const buf = a.map({ pages: 4 })
  fill(buf, count(4))
  device.migrate(buf)
  const pins = [
    a.pin(buf.pageAddress(0)),
    a.pin(buf.pageAddress(1), { write: true }),
    a.pin(buf.pageAddress(2), { dma: true, longterm: true }),
    a.pin(buf.pageAddress(3), { write: true, dma: true, longterm: true }),
  ]
  expect(kinds(buf)).toEqual(['coh', 'coh', 'sys', 'sys'])
  expect(device.snapshot(buf)).toEqual(['local write', 'local write', 'write', 'write'])
  expect(pins.map(({ pfn }) => pfn < machine.deviceBase)).toEqual([false, false, true, true])
  for (const pin of pins) pin.drop()
  expect(numbers(buf)).toEqual(count(4))
  expect(device.migrate(buf)).toBe(2)
})

test('hmm_cow_in_device: a store to a page that parent and child have on the device makes a page of its own', () => {
  const { a, device } = openCoherentDevice()
  const buf = a.map({ pages: 1 })
  fill(buf, count(1))
  device.migrate(buf)
  const child = a.fork()
  expect(buf.dump()[0]).toMatchObject({ kind: 'coh', mapCount: 2 })
  a.store(buf.address, Uint8Array.of(9))
  expect(buf.dump()[0]).toMatchObject({ kind: 'sys', mapCount: 1 })
  expect(numbers(buf, child)).toEqual(count(1))
  child.exit()
  expect(numbers(buf)).toEqual([9, ...count(1).slice(1)])
})

test('exclusive, exclusive_mprotect, exclusive_cow: pages of RAM, as with private memory', () => {
  const { a, device } = openCoherentDevice()
  const buf = a.map({ pages: PAGES })
  fill(buf, count(PAGES))
  expect([device.exclusive(buf), new Set(kinds(buf))]).toEqual([PAGES, new Set(['excl'])])
  fill(buf, count(PAGES, 1))
  expect([device.table.size, new Set(kinds(buf))]).toEqual([0, new Set(['sys'])])
  expect(device.exclusive(buf)).toBe(PAGES)
  const child = a.fork()
  expect(device.table.size).toBe(0)
  expect(numbers(buf, child)).toEqual(count(PAGES, 1))
  expect(device.exclusive(buf)).toBe(PAGES)
  a.protect(buf, 'r')
  expect(device.table.size).toBe(0)
  expect(errorOf(() => device.exclusive(buf)).code).toBe('HMMU_SYSCALL')
})

/** A hole, the zero page, a page that may not be written, and pages that may. */
function mixedBuffer(pages: number) {
  const opened = openTwoCoherentDevices()
  const { a } = opened
  const buf = a.map({ pages, prot: 'none' })
  a.unmap(buf.range(1, 1))
  a.protect(buf.range(2, 1), 'r')
  a.load(buf.pageAddress(2), 1)
  a.protect(buf.range(3, pages - 3), 'rw')
  for (let i = 3; i < pages; i++) a.store(buf.pageAddress(i), Uint8Array.of(i))
  a.protect(buf.range(3, 1), 'r')
  return { ...opened, buf }
}

test('migrate_mixed: pages of several mappings go to a device, and those on another one stay', () => {
  const { a, buf, first, second } = mixedBuffer(6)
  expect(errorOf(() => second.migrate(buf.range(0, 3))).errno).toBe('EINVAL')
  expect(second.migrate(buf.range(2, 4))).toBe(4)
  expect(first.migrate(buf.range(5, 1))).toBe(0)
  expect(second.snapshot(buf.range(2, 4))).toEqual(['local read', 'local read', 'local write', 'local write'])
  expect([2, 3, 4, 5].map((i) => a.load(buf.pageAddress(i), 1)[0])).toEqual([0, 3, 4, 5])
})

test('snapshot: a device sees its own pages, and those of the other one as remote', () => {
  const { buf, first, second } = mixedBuffer(7)
  expect([first.migrate(buf.range(5, 1)), second.migrate(buf.range(6, 1))]).toEqual([1, 1])
  expect(first.snapshot(buf)).toEqual(['error', 'error', 'zero read', 'read', 'write', 'local write', 'remote write'])
  expect(second.snapshot(buf).slice(5)).toEqual(['remote write', 'local write'])
  expect(kinds(buf).slice(5)).toEqual(['coh', 'coh'])
})

test('double_map: two devices read one buffer, also when it is on one of them', () => {
  const { a, first, second } = openTwoCoherentDevices()
  const buf = a.map({ pages: 6 })
  fill(buf, count(6))
  a.protect(buf, 'r')
  expect([first.read(buf), second.read(buf)]).toEqual([count(6), count(6)])
  expect(second.migrate(buf)).toBe(6)
  expect([first.has(buf), second.has(buf)]).toEqual([false, true])
  expect(first.read(buf)).toEqual(count(6))
  expect([second.has(buf), new Set(kinds(buf))]).toEqual([true, new Set(['coh'])])
  expect(numbers(buf)).toEqual(count(6))
})
