// SPDX-License-Identifier: GPL-2.0-only
//
// Pages that a device has for itself: makeDeviceExclusive() of Linux 6.12.

import { PageFlag } from '../../lib'
import { codeOf, errorOf, makeBuffer } from './helpers'

const options = { profile: 'linux-6.12' } as const

test('a device has the page until a CPU touches it, which waits until the driver has dropped its reference', () => {
  const { machine, a, buf } = makeBuffer(2, 2, options)
  const [entry] = a.dump(buf)
  const page = a.makeDeviceExclusive(buf.start)
  expect(page).toMatchObject({ kind: 'exclusive', pfn: entry!.pfn })
  expect(a.dump(buf)).toMatchObject([{ kind: 'excl', write: true, mapCount: 0, pfn: entry!.pfn }, { kind: 'sys' }])
  expect([...machine.leaks()]).toMatchObject([{ pfn: entry!.pfn, kind: 'system', locked: true }])
  expect(codeOf(() => a.load(buf.start, 1))).toBe('HMMU_BLOCKED')
  page!.drop()
  expect(a.load(buf.start, 1)).toEqual(Uint8Array.of(1))
  const [back] = a.dump(buf)
  expect(back).toMatchObject({ kind: 'sys', dirty: true, mapCount: 1 })
  expect(back!.flags & PageFlag.EXCLUSIVE).not.toBe(0)
  expect(machine.leaks()).toHaveLength(0)
  expect(codeOf(() => page!.drop())).toBe('HMMU_REFERENCE')
  expect(machine.verify()).toEqual([])
})

test('a page that is locked is left to its user, and so is one of shared memory', () => {
  const { machine, a, buf } = makeBuffer(1, 1, options)
  const shared = a.map({ pages: 1, kind: 'shmem' })
  const held = a.hold(buf.start)
  expect(a.makeDeviceExclusive(buf.start)).toBeUndefined()
  expect(a.makeDeviceExclusive(shared.start)).toBeUndefined()
  held.drop()
  expect(machine.leaks()).toHaveLength(0)
})

test('what the kernel refuses', () => {
  const { a } = makeBuffer(1, 1, options)
  const huge = a.map({ pages: 512, kind: 'hugetlb' })
  const readOnly = a.map({ pages: 1, prot: 'r' })
  expect(errorOf(() => a.makeDeviceExclusive(huge.start))).toMatchObject({ code: 'HMMU_SYSCALL', errno: 'EOPNOTSUPP' })
  expect(errorOf(() => a.makeDeviceExclusive(readOnly.start))).toMatchObject({ code: 'HMMU_SYSCALL', errno: 'EFAULT' })
  expect(codeOf(() => a.makeDeviceExclusive(readOnly.start, { owner: -1 }))).toBe('HMMU_INVALID_ARGUMENT')
})

test('4.14 has no exclusive access', () => {
  const { a, buf } = makeBuffer(1, 1)
  const error = errorOf(() => a.makeDeviceExclusive(buf.start))
  expect(error).toMatchObject({ code: 'HMMU_INVALID_ARGUMENT', message: expect.stringContaining('Linux 6.12') })
})
