// SPDX-License-Identifier: GPL-2.0-only
//
// The cases of Linux's own hmm-tests in which a device reads and writes by hmm_range_fault(), in our words. Each has the
// name of its case.

import type { MapKind } from '../../../lib'
import { errorOf } from '../helpers'
import { count, fill, numbers, openDevice, TestDevice } from './device'

const PAGES = 4
const HUGE = 512

test('anon_read: the device reads what the CPU has written, and zeros where it has not', () => {
  const { a, device } = openDevice()
  const buf = a.map({ pages: PAGES })
  fill(buf, count(PAGES - 1))
  expect(device.read(buf)).toEqual([...count(PAGES - 1), ...new Array(1024).fill(0)])
})

test('anon_read_prot: the device can’t read what the CPU may not', () => {
  const { a, device } = openDevice()
  const buf = a.map({ pages: PAGES })
  fill(buf, count(PAGES))
  a.protect(buf, 'none')
  expect(errorOf(() => device.read(buf)).errno).toBe('EFAULT')
  expect(device.table.size).toBe(0)
  a.protect(buf, 'r')
  expect(device.read(buf)).toEqual(count(PAGES))
})

test('anon_write: the CPU reads what the device has written', () => {
  const { a, device } = openDevice()
  const buf = a.map({ pages: PAGES })
  device.write(buf, count(PAGES))
  expect(numbers(buf)).toEqual(count(PAGES))
})

test('anon_write_prot: the device can’t write where the CPU may not', () => {
  const { a, device } = openDevice()
  const buf = a.map({ pages: PAGES, prot: 'r' })
  expect(device.read(buf)).toEqual(new Array(PAGES * 1024).fill(0))
  expect(errorOf(() => device.write(buf, count(PAGES))).errno).toBe('EPERM')
  expect(numbers(buf)).toEqual(new Array(PAGES * 1024).fill(0))
  a.protect(buf, 'rw')
  device.write(buf, count(PAGES))
  expect(numbers(buf)).toEqual(count(PAGES))
})

describe('the device writes to memory of a child', () => {
  test.each<[string, MapKind, boolean]>([
    ['anon_write_child: the parent keeps its own', 'anon', false],
    ['anon_write_child_shared: the parent sees it', 'shmem', true],
  ])('%s', (_, kind, shared) => {
    const { a, device } = openDevice()
    const buf = a.map({ pages: PAGES, kind })
    fill(buf, count(PAGES))
    expect(device.read(buf)).toEqual(count(PAGES))
    const child = a.fork()
    const itsDevice = new TestDevice(child)
    expect(numbers(buf, child)).toEqual(count(PAGES))
    itsDevice.write(buf, count(PAGES, 7))
    expect(numbers(buf, child)).toEqual(count(PAGES, 7))
    expect(numbers(buf)).toEqual(count(PAGES, shared ? 7 : 0))
  })
})

describe('huge pages', () => {
  test('anon_write_huge: the device writes to a huge page', () => {
    const { a, device } = openDevice()
    const buf = a.map({ pages: HUGE, alignHuge: true })
    a.advise(buf, 'hugepage')
    device.write(buf.range(HUGE - 1, 1), count(1))
    expect(buf.dump()[0]!.kind).toBe('huge')
    expect(numbers(buf).slice(-1024)).toEqual(count(1))
  })

  test('anon_write_hugetlbfs: and to one of hugetlb', () => {
    const { a, device } = openDevice()
    const buf = a.map({ pages: HUGE, kind: 'hugetlb' })
    device.write(buf.range(1, 2), count(2))
    expect([...new Uint32Array(a.load(buf.pageAddress(1), 8192).buffer)]).toEqual(count(2))
  })

  test('compound: the device is told the order of the mapping, and what it may do', () => {
    const { a, device } = openDevice()
    const buf = a.map({ pages: HUGE, kind: 'hugetlb' })
    device.write(buf.range(0, 1), count(1))
    const seen = () => new Set(a.mirror(buf).map(({ valid, write, order }) => `${valid} ${write} ${order}`))
    expect(seen()).toEqual(new Set(['true true 9']))
    a.protect(buf, 'r')
    expect(seen()).toEqual(new Set(['true false 9']))
  })
})

describe('files', () => {
  test('file_read: the device reads a file that is mapped', () => {
    const { a, device } = openDevice()
    const buf = a.map({ pages: PAGES, kind: 'sharedfile' })
    fill(buf, count(PAGES))
    expect(device.read(buf)).toEqual(count(PAGES))
  })

  test('file_write: and writes to it', () => {
    const { a, device } = openDevice()
    const buf = a.map({ pages: PAGES, kind: 'sharedfile' })
    const child = a.fork()
    device.write(buf, count(PAGES))
    expect(numbers(buf, child)).toEqual(count(PAGES))
  })
})

test('anon_read_multiple: many buffers, one after the other', () => {
  const { a, device } = openDevice()
  for (let i = 0; i < 64; i++) {
    const buf = a.map({ pages: 1 })
    fill(buf, count(1, i))
    expect(device.read(buf)).toEqual(count(1, i))
    a.unmap(buf)
    expect(device.table.size).toBe(0)
  }
})

test('anon_teardown: memory goes while the device reads', () => {
  const { a, device } = openDevice()
  const buf = a.map({ pages: 2 })
  fill(buf, count(2))
  const interval = a.intervalNotifier(buf)
  const sequence = interval.readBegin()
  expect(a.rangeFault(interval, sequence, { fault: true }).map(({ valid }) => valid)).toEqual([true, true])
  a.unmap(buf)
  expect(interval.readRetry(sequence)).toBe(true)
  expect(errorOf(() => a.rangeFault(interval, sequence, { fault: true })).errno).toBe('EBUSY')
  const next = interval.readBegin()
  expect(errorOf(() => a.rangeFault(interval, next, { fault: true })).errno).toBe('EFAULT')
  expect(errorOf(() => device.read(buf)).errno).toBe('EFAULT')
  interval.remove()
})

test('mixedmap: a device sees the pages that its driver has put into a mapping, read-only', () => {
  const { a, device } = openDevice()
  const buf = a.map({ pages: 1, kind: 'mixed' })
  expect(device.snapshot(buf)).toEqual(['read'])
})
