// SPDX-License-Identifier: GPL-2.0-only
//
// The cases of Linux's own hmm-tests that have two devices, both of private or both of coherent memory, in our words.
// Each has the name of its case.

import type { DeviceKind } from '../../../lib'
import { errorOf, kinds } from '../helpers'
import { count, fill, KINDS, numbers, openTwoDevices } from './device'

/** Pages in each state that a device can see. The last two are written, and at the end of the buffer. */
function mixedBuffer(kind: DeviceKind, pages: number) {
  const opened = openTwoDevices(kind)
  const { a } = opened
  const buf = a.map({ pages, prot: 'none' })
  return {
    ...opened,
    buf,
    /** A hole, the zero page, a page that may not be written, and pages that may. */
    mix: () => {
      a.unmap(buf.range(1, 1))
      a.protect(buf.range(2, 1), 'r')
      expect(a.load(buf.pageAddress(2), 1)).toEqual(Uint8Array.of(0))
      a.protect(buf.range(3, pages - 3), 'rw')
      for (let i = 3; i < pages; i++) a.store(buf.pageAddress(i), Uint8Array.of(i))
      a.protect(buf.range(3, 1), 'r')
    },
  }
}

describe.each(KINDS)('$kind memory', ({ kind, entry, afterLoad, seenByOthers }) => {
  test('migrate_mixed: pages of several mappings go to a device, and those on another one stay', () => {
    const { a, buf, mix, first, second } = mixedBuffer(kind, 6)
    expect(errorOf(() => second.migrate(buf)).errno).toBe('EINVAL')
    mix()
    expect(errorOf(() => second.migrate(buf.range(0, 3))).errno).toBe('EINVAL')
    expect(second.migrate(buf.range(2, 4))).toBe(4)
    expect(first.migrate(buf.range(5, 1))).toBe(0)
    expect(second.snapshot(buf.range(2, 4))).toEqual(['local read', 'local read', 'local write', 'local write'])
    expect([2, 3, 4, 5].map((i) => a.load(buf.pageAddress(i), 1)[0])).toEqual([0, 3, 4, 5])
  })

  test('snapshot: a device sees its own pages, and those of another device only if they are coherent', () => {
    const { buf, mix, first, second } = mixedBuffer(kind, 7)
    mix()
    expect([first.migrate(buf.range(5, 1)), second.migrate(buf.range(6, 1))]).toEqual([1, 1])
    expect(first.snapshot(buf)).toEqual(['error', 'error', 'zero read', 'read', 'write', 'local write', seenByOthers])
    expect(second.snapshot(buf).slice(5)).toEqual([seenByOthers, 'local write'])
    expect(kinds(buf).slice(5)).toEqual([entry, entry])
  })

  test('double_map: two devices read one buffer, also when it is on one of them', () => {
    const { a, first, second } = openTwoDevices(kind)
    const buf = a.map({ pages: 6 })
    fill(buf, count(6))
    a.protect(buf, 'r')
    expect(first.read(buf)).toEqual(count(6))
    expect(second.read(buf)).toEqual(count(6))
    expect(second.migrate(buf)).toBe(6)
    expect([first.has(buf), second.has(buf)]).toEqual([false, true])
    expect(first.read(buf)).toEqual(count(6))
    expect([second.has(buf), new Set(kinds(buf))]).toEqual([kind === 'coherent', new Set([afterLoad])])
    expect(numbers(buf)).toEqual(count(6))
  })
})
