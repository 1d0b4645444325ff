// SPDX-License-Identifier: GPL-2.0-only
//
// The cases of Linux's own hmm-tests that migrate, in our words. Each has the name of its case.

import { codeOf, kinds } from '../helpers'
import { count, fill, numbers, openDevice, TestDevice } from './device'

const PAGES = 8

test('open_close: a device that is opened and closed leaves nothing behind', () => {
  const { machine, a, device } = openDevice()
  const before = machine.counters()
  device.close()
  const again = new TestDevice(a)
  again.close()
  expect(machine.counters()).toEqual(before)
})

test('migrate: the device reads what the CPU has written', () => {
  const { machine, a, device } = openDevice()
  const buf = a.map({ pages: PAGES })
  fill(buf, count(PAGES))
  expect(device.migrate(buf)).toBe(PAGES)
  expect(device.read(buf)).toEqual(count(PAGES))
  expect(new Set(kinds(buf))).toEqual(new Set(['dev']))
  expect(machine.counters().deviceFree).toBe(1024 - PAGES)
})

test('migrate_file_private: pages that a private mapping of a file has copied migrate as anonymous ones do', () => {
  const { a, device } = openDevice()
  const buf = a.map({ pages: PAGES, kind: 'file' })
  fill(buf, count(PAGES))
  expect(device.migrate(buf)).toBe(PAGES)
  expect(device.read(buf)).toEqual(count(PAGES))
  expect(numbers(buf)).toEqual(count(PAGES))
})

test('migrate_fault: the CPU brings the pages back, and they can go again', () => {
  const { machine, a, device } = openDevice()
  const buf = a.map({ pages: PAGES })
  fill(buf, count(PAGES))
  for (let round = 0; round < 2; round++) {
    expect(device.migrate(buf)).toBe(PAGES)
    expect(device.read(buf)).toEqual(count(PAGES))
    expect(numbers(buf)).toEqual(count(PAGES))
    expect([machine.counters().deviceFree, device.table.size]).toEqual([1024, 0])
  }
})

test('migrate_release: pages come back when the device closes', () => {
  const { machine, a, device } = openDevice()
  const buf = a.map({ pages: PAGES })
  fill(buf, count(PAGES))
  device.migrate(buf)
  device.close()
  expect(machine.counters().deviceFree).toBe(1024)
  expect(new Set(kinds(buf))).toEqual(new Set(['sys']))
  expect(numbers(buf)).toEqual(count(PAGES))
})

test('migrate_shared: shared memory does not migrate', () => {
  const { a, device } = openDevice()
  const buf = a.map({ pages: PAGES, kind: 'shmem' })
  fill(buf, count(PAGES))
  expect(device.migrate(buf)).toBe(0)
  expect(new Set(kinds(buf))).toEqual(new Set(['sys']))
  expect(numbers(buf)).toEqual(count(PAGES))
})

test('migrate_multiple: many buffers, one after the other, there and back', () => {
  const { machine, a, device } = openDevice()
  for (let i = 0; i < 64; i++) {
    const buf = a.map({ pages: 1 })
    fill(buf, count(1, i))
    expect(device.migrate(buf)).toBe(1)
    expect(device.read(buf)).toEqual(count(1, i))
    expect(numbers(buf)).toEqual(count(1, i))
    a.unmap(buf)
  }
  expect(machine.counters().deviceFree).toBe(1024)
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

test('hmm_cow_in_device: a store to a page that parent and child have on the device makes a page of its own', () => {
  const { a, device } = openDevice()
  const buf = a.map({ pages: 1 })
  fill(buf, count(1))
  device.migrate(buf)
  const child = a.fork()
  expect(buf.dump()[0]).toMatchObject({ kind: 'dev', mapCount: 2 })
  a.store(buf.address, Uint8Array.of(9))
  child.exit()
  // Nobody else has the page now: a store needs no fault.
  a.store(buf.address, Uint8Array.of(9))
  expect(buf.dump()[0]).toMatchObject({ kind: 'sys', mapCount: 1 })
  expect(buf.dump()[0]!.bits.startsWith('w')).toBe(true)
  expect(numbers(buf)).toEqual([9, ...count(1).slice(1)])
})

describe('pages that are exclusive to the device', () => {
  test('exclusive: until the CPU touches them', () => {
    const { a, device } = openDevice()
    const buf = a.map({ pages: PAGES })
    fill(buf, count(PAGES))
    expect(device.exclusive(buf)).toBe(PAGES)
    expect([device.has(buf), new Set(kinds(buf))]).toEqual([true, new Set(['excl'])])
    expect(device.read(buf)).toEqual(count(PAGES))
    fill(buf, count(PAGES, 1))
    expect(numbers(buf)).toEqual(count(PAGES, 1))
    expect([device.table.size, new Set(kinds(buf))]).toEqual([0, new Set(['sys'])])
  })

  test('exclusive_mprotect: mprotect() ends it, and the device may not write any more', () => {
    const { a, device } = openDevice()
    const buf = a.map({ pages: PAGES })
    fill(buf, count(PAGES))
    expect(device.exclusive(buf)).toBe(PAGES)
    a.protect(buf, 'r')
    expect(device.table.size).toBe(0)
    expect(codeOf(() => device.exclusive(buf))).toBe('HMMU_SYSCALL')
    expect(numbers(buf)).toEqual(count(PAGES))
  })

  test('exclusive_cow: fork() ends it, and parent and child have copies', () => {
    const { a, device } = openDevice()
    const buf = a.map({ pages: 8 })
    fill(buf, count(8))
    expect(device.exclusive(buf)).toBe(8)
    const child = a.fork()
    expect(device.table.size).toBe(0)
    fill(buf, count(8, 1))
    expect([numbers(buf), numbers(buf, child)]).toEqual([count(8, 1), count(8)])
    child.store(buf.address, Uint8Array.of(77))
    expect([numbers(buf)[0], numbers(buf, child)[0]]).toEqual([1, 77])
  })
})
