// SPDX-License-Identifier: GPL-2.0-only
//
// The cases of Linux's own hmm-tests in which pages of RAM are exclusive to a device, of private or of coherent memory, in
// our words. Each has the name of its case.

import { codeOf, kinds } from '../helpers'
import { count, fill, KINDS, numbers, openDevice } from './device'

const PAGES = 8

describe.each(KINDS)('a device of $kind memory', ({ kind }) => {
  test('exclusive: until the CPU touches them', () => {
    const { a, device } = openDevice(kind)
    const buf = a.map({ pages: PAGES })
    fill(buf, count(PAGES))
    expect(device.exclusive(buf)).toBe(PAGES)
    expect([device.has(buf), new Set(kinds(buf))]).toEqual([true, new Set(['excl'])])
    expect(device.read(buf)).toEqual(count(PAGES))
    fill(buf, count(PAGES, 1))
    expect(numbers(buf)).toEqual(count(PAGES, 1))
    expect([device.table.size, new Set(kinds(buf))]).toEqual([0, new Set(['sys'])])
    expect(device.exclusive(buf)).toBe(PAGES)
  })

  test('exclusive_mprotect: mprotect() ends it, and the device may not write any more', () => {
    const { a, device } = openDevice(kind)
    const buf = a.map({ pages: PAGES })
    fill(buf, count(PAGES))
    expect(device.exclusive(buf)).toBe(PAGES)
    a.protect(buf, 'r')
    expect(device.table.size).toBe(0)
    expect(codeOf(() => device.exclusive(buf))).toBe('HMMU_SYSCALL')
    expect(numbers(buf)).toEqual(count(PAGES))
  })

  test('exclusive_cow: fork() ends it, and parent and child have copies', () => {
    const { a, device } = openDevice(kind)
    const buf = a.map({ pages: PAGES })
    fill(buf, count(PAGES))
    expect(device.exclusive(buf)).toBe(PAGES)
    const child = a.fork()
    expect(device.table.size).toBe(0)
    fill(buf, count(PAGES, 1))
    expect([numbers(buf), numbers(buf, child)]).toEqual([count(PAGES, 1), count(PAGES)])
    child.store(buf.address, Uint8Array.of(77))
    expect([numbers(buf)[0], numbers(buf, child)[0]]).toEqual([1, 77])
  })

  test('exclusive_cow: to make pages exclusive that a child has, too, copies them', () => {
    const { a, device } = openDevice(kind)
    const buf = a.map({ pages: PAGES })
    fill(buf, count(PAGES))
    expect(device.exclusive(buf)).toBe(PAGES)
    const child = a.fork()
    expect(device.exclusive(buf)).toBe(PAGES)
    expect(new Set(kinds(buf))).toEqual(new Set(['excl']))
    device.write(buf, count(PAGES, 1))
    expect(numbers(buf, child)).toEqual(count(PAGES))
    a.protect(buf, 'r')
    expect(device.table.size).toBe(0)
    expect(codeOf(() => device.exclusive(buf))).toBe('HMMU_SYSCALL')
    expect(numbers(buf)).toEqual(count(PAGES, 1))
  })
})
