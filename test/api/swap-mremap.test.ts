// SPDX-License-Identifier: GPL-2.0-only

import { PageFlag, RemapBit } from '../../lib'
import { codeOf, errorOf, firstBytes, kinds, makeBuffer, makeMachine } from './helpers'

describe('mremap()', () => {
  test('a mapping shrinks and grows where it is', () => {
    const { a, buf } = makeBuffer(4)
    const small = buf.remap({ pages: 2 })
    expect(small).toMatchObject({ address: buf.address, pages: 2 })
    expect(kinds(buf)).toEqual(['sys', 'sys', 'nomap', 'nomap'])
    const large = a.remap(buf.address, 2, { pages: 8 })
    expect(large.pages).toBe(8)
    expect(firstBytes(large)).toEqual([1, 2, 0, 0, 0, 0, 0, 0])
  })

  test('what can not grow moves if it may', () => {
    const { a, buf } = makeBuffer(2)
    a.map({ address: buf.end, pages: 1, prot: 'r' })
    expect(errorOf(() => buf.remap({ pages: 4 }))).toMatchObject({ code: 'HMMU_SYSCALL', errno: 'ENOMEM' })
    const pfn = buf.dump()[0]!.pfn
    const moved = buf.remap({ pages: 4, mayMove: true })
    expect(moved.address).not.toBe(buf.address)
    expect(moved.dump()[0]!.pfn).toBe(pfn)
    expect(kinds(buf)).toEqual(['nomap', 'nomap'])
    expect(firstBytes(moved)).toEqual([1, 2, 0, 0])
  })

  test('device pages move along, and are found by their migration back', () => {
    const { a, buf } = makeBuffer(3)
    a.migrate(buf.range(1), { to: 'device' })
    a.clearSoftDirty()
    const moved = a.remap(buf, { address: 0x7000000000 })
    expect(kinds(moved)).toEqual(['sys', 'dev', 'sys'])
    expect(moved.dump().every((entry) => entry.softDirty)).toBe(true)
    expect(firstBytes(moved)).toEqual([1, 2, 3])
    expect(kinds(moved)).toEqual(['sys', 'sys', 'sys'])
  })

  test('huge pages move whole', () => {
    const machine = makeMachine()
    const a = machine.process()
    const buf = a.map({ pages: 512, alignHuge: true })
    buf.advise('hugepage')
    buf.write(0, Uint8Array.of(7))
    const moved = buf.remap({ address: 0x7000000000 })
    expect(moved.dump(0, 1)[0]).toMatchObject({ kind: 'huge' })
    expect(moved.read(0, 1)[0]).toBe(7)
  })

  test('a range without pages maps shared memory a second time', () => {
    const machine = makeMachine()
    const a = machine.process()
    const shared = a.map({ kind: 'shmem', pages: 2 })
    const again = a.remap(shared.address, 0, { pages: 2, mayMove: true })
    shared.write(5, Uint8Array.of(9))
    expect(again.read(5, 1)[0]).toBe(9)
    machine.drainPagevecs()
  })

  test('errors', () => {
    const { a, buf } = makeBuffer(2)
    const errno = (call: () => unknown) => errorOf(call).errno
    expect(errno(() => a.remap(buf.end, 1, { pages: 2 }))).toBe('EFAULT')
    expect(errno(() => a.remap(buf.address, 0, { pages: 1, mayMove: true }))).toBe('EINVAL')
    expect(errno(() => buf.remap({ address: buf.pageAddress(1) }))).toBe('EINVAL')
    expect(errno(() => buf.remap({ address: 0x7000000000, mayMove: false }))).toBe('EINVAL')
    expect(codeOf(() => buf.remap({ pages: 0 }))).toBe('HMMU_INVALID_ARGUMENT')
    expect(codeOf(() => buf.remap({ to: 1 } as never))).toBe('HMMU_INVALID_ARGUMENT')
    expect(codeOf(() => buf.remap({ mayMove: 1 as never }))).toBe('HMMU_INVALID_ARGUMENT')
    expect(RemapBit).toEqual({ MAYMOVE: 1, FIXED: 2 })
  })

  test('a task waits for mmap_sem and goes on', () => {
    const { a, buf } = makeBuffer(2)
    const task = a.newTask()
    const migration = a.beginMigration(buf, { to: 'device' })
    expect(codeOf(() => task.remap(buf, { pages: 3 }))).toBe('HMMU_BLOCKED')
    expect(task.state().wait).toBe('mmap_sem_write')
    migration.finish()
    expect(task.remap(buf, { pages: 3 }).pages).toBe(3)
  })
})

describe('swap', () => {
  test('pages go out and come back', () => {
    const { machine, a, buf } = makeBuffer(4, 4, { swapPages: 16 })
    const { ramFree } = machine.counters()
    for (let i = 0; i < 3; i++) a.reclaim(buf.pageAddress(i))
    expect(kinds(buf)).toEqual(['swap', 'swap', 'swap', 'sys'])
    expect(a.counters()).toMatchObject({ anon: 1, swap: 3 })
    expect(machine.counters()).toMatchObject({ ramFree: ramFree + 3, swapPages: 16, swapFree: 13, swapCached: 0 })
    expect(firstBytes(buf)).toEqual([1, 2, 3, 4])
    expect(machine.counters()).toMatchObject({ swapOuts: 3, swapIns: 3, swapCached: 3 })
    expect(buf.dump()[0]!.flags & PageFlag.SWAPCACHE).toBe(PageFlag.SWAPCACHE)
    a.tryStore(buf.address, 9)
    expect(machine.counters().swapFree).toBe(14)
  })

  test('a child shares what is swapped out', () => {
    const { machine, a, buf } = makeBuffer(1, 1, { swapPages: 16 })
    a.reclaim(buf.address)
    const b = a.fork()
    expect(b.counters().swap).toBe(1)
    b.tryStore(buf.address, 5)
    expect(firstBytes(buf)).toEqual([1])
    expect(firstBytes(buf.in(b))).toEqual([5])
    b.exit()
    buf.unmap()
    expect(machine.counters()).toMatchObject({ swapFree: 16, swapCached: 0 })
  })

  test('what can not be reclaimed', () => {
    const { machine, a, buf } = makeBuffer(3, 2, { swapPages: 1 })
    const errno = (at: number) => errorOf(() => a.reclaim(at)).errno
    expect(errno(buf.pageAddress(2))).toBe('ENOENT')
    const pin = a.pin(buf.address)
    machine.drainPagevecs()
    expect(errno(buf.address)).toBe('EBUSY')
    expect(kinds(buf)[0]).toBe('swap')
    expect(errno(buf.pageAddress(1))).toBe('ENOSPC')
    expect(firstBytes(buf.remap())).toEqual([1, 2, 0])
    pin.drop()
    machine.drainPagevecs()
    const file = a.map({ kind: 'file' })
    file.read()
    machine.drainPagevecs()
    expect(errno(file.address)).toBe('EINVAL')
    expect(codeOf(() => a.reclaim(-1))).toBe('HMMU_INVALID_ARGUMENT')
    expect(codeOf(() => makeMachine({ swapPages: -1 }))).toBe('HMMU_INVALID_ARGUMENT')
    const none = makeBuffer(1)
    expect(errorOf(() => none.a.reclaim(none.buf.address)).errno).toBe('ENOSPC')
  })

  test('migrate_vma() leaves swap entries and pages of the swap cache alone', () => {
    const { machine, a, buf } = makeBuffer(3, 3, { swapPages: 16 })
    a.reclaim(buf.address)
    a.reclaim(buf.pageAddress(1))
    buf.read(0, 1)
    machine.drainPagevecs()
    const result = a.migrate(buf, { to: 'device' })
    expect(Array.from(result.entries, (entry) => entry.why)).toEqual(['has_mapping', 'swap_entry', 'none'])
    expect(kinds(buf)).toEqual(['sys', 'swap', 'dev'])
    expect(firstBytes(buf)).toEqual([1, 2, 3])
  })
})
