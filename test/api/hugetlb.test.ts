// SPDX-License-Identifier: GPL-2.0-only

import { Machine, PageFlag } from '../../lib'
import { codeOf, errorOf, kinds, makeMachine } from './helpers'

const HUGE = 2 ** 21

describe('hugetlb mappings', () => {
  test('have pages from a pool of four, on top of RAM', () => {
    const machine = makeMachine({ ramPages: 64 })
    const a = machine.process()
    expect(machine.counters()).toMatchObject({ ramPages: 64, hugetlbPages: 4, hugetlbFree: 4, hugetlbReserved: 0 })
    const buf = a.map({ pages: 1024, kind: 'hugetlb' })
    expect(machine.counters()).toMatchObject({ hugetlbFree: 4, hugetlbReserved: 2 })
    buf.write(4096, Uint8Array.of(0x56))
    expect([...buf.read(4095, 3)]).toEqual([0, 0x56, 0])
    expect(machine.counters()).toMatchObject({ hugetlbFree: 3, hugetlbReserved: 1 })
    expect(a.counters()).toMatchObject({ anon: 0, hugetlb: 512, mapped: 1024 })
    expect(new Set(kinds(buf))).toEqual(new Set(['special']))
    a.unmap(buf)
    expect(machine.counters()).toMatchObject({ hugetlbFree: 4, hugetlbReserved: 0 })
    expect(machine.verify()).toEqual([])
  })

  test('are refused when the pool is too small', () => {
    const a = makeMachine({ hugetlbPages: 1 }).process()
    const map = (pages: number) => errorOf(() => a.map({ pages, kind: 'hugetlb' }))
    expect(map(1024)).toMatchObject({ code: 'HMMU_SYSCALL', errno: 'ENOMEM' })
    a.map({ pages: 512, kind: 'hugetlb' })
    expect(map(512)).toMatchObject({ errno: 'ENOMEM' })
  })

  test('a child that lost its page to the owner has a SIGBUS', () => {
    const machine = makeMachine({ hugetlbPages: 1 })
    const a = machine.process()
    const buf = a.map({ pages: 512, kind: 'hugetlb' })
    buf.write(0, Uint8Array.of(1))
    const b = a.fork()
    expect([...b.load(buf.address, 1)]).toEqual([1])
    buf.write(0, Uint8Array.of(2))
    expect(codeOf(() => b.load(buf.address, 1))).toBe('HMMU_SIGBUS')
    expect(machine.verify()).toEqual([])
  })

  test('pages of the pool are between RAM and the device', () => {
    const machine = makeMachine({ ramPages: 1000, hugetlbPages: 2 })
    const a = machine.process()
    expect(machine.deviceBase).toBe(1024 + 2 * 512)
    const buf = a.map({ pages: 512, kind: 'hugetlb' })
    const pin = a.pin(buf.address + 3 * 4096)
    expect(pin.pfn).toBe(1024 + 3)
    expect(machine.page(pin.pfn)).toMatchObject({ refCount: 2, mapCount: 1, device: false, flags: PageFlag.TAIL })
    expect(codeOf(() => machine.page(1001))).toBe('HMMU_NO_PAGE')
    pin.drop()
  })

  test('go along into snapshots', () => {
    const machine = makeMachine()
    const buf = machine.process().map({ pages: 1024, kind: 'hugetlb' })
    buf.write(HUGE + 5, Uint8Array.of(7))
    const copy = Machine.restore(machine.snapshot())
    expect(copy.hash()).toBe(machine.hash())
    expect([...copy.processes[0]!.load(buf.address + HUGE + 5, 1)]).toEqual([7])
    expect(copy.counters()).toEqual(machine.counters())
    expect(copy.verify()).toEqual([])
  })

  test.each([0, 64])('a pool may have %i pages', (hugetlbPages) => {
    const machine = makeMachine({ hugetlbPages })
    expect(machine.counters()).toMatchObject({ hugetlbPages, hugetlbFree: hugetlbPages })
  })

  test.each([-1, 2 ** 19 + 1, 1.5, null])('a pool can not have %p pages', (hugetlbPages) => {
    expect(codeOf(() => makeMachine({ hugetlbPages: hugetlbPages as number }))).toBe('HMMU_INVALID_ARGUMENT')
  })
})
