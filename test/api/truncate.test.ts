// SPDX-License-Identifier: GPL-2.0-only
//
// ftruncate(): the method of tasks and mappings, its errors, and what a task that waits shows. native/test has the mechanism.

import { Machine } from '../../lib'
import { errorOf } from './helpers'

const PAGE = 4096
const KINDS = ['shmem', 'file', 'sharedfile'] as const

function machineOf612(): Machine {
  return new Machine({ profile: 'linux-6.12', ramPages: 1024, devicePages: 16 })
}

test.each(KINDS)('a mapping of kind %s loses what is behind the end of its file', (kind) => {
  using machine = machineOf612()
  const a = machine.process()
  const buf = a.map({ pages: 4, kind })
  for (let page = 0; page < 4; page++) buf.write(page * PAGE, Uint8Array.of(page + 1))
  const child = a.fork()
  buf.truncate(1)
  expect(buf.dump().map(({ kind }) => kind)).toEqual(['sys', 'none', 'none', 'none'])
  expect(child.dump(buf.pageAddress(1), 3).map(({ kind }) => kind)).toEqual(['none', 'none', 'none'])
  expect(a.tryLoad(buf.pageAddress(0))).toMatchObject({ outcome: 'ok', value: 1 })
  expect(a.tryLoad(buf.pageAddress(1)).outcome).toBe('SIGBUS')
  expect(child.tryStore(buf.pageAddress(3), 9)).toBe('SIGBUS')
  child.truncate(buf.pageAddress(2), 3)
  expect(a.tryLoad(buf.pageAddress(2))).toMatchObject({ outcome: 'ok', value: 0 })
  expect(a.tryLoad(buf.pageAddress(3)).outcome).toBe('SIGBUS')
  expect(machine.verify()).toEqual([])
})

test('a task that waits says for what, and goes on', () => {
  using machine = machineOf612()
  const a = machine.process()
  const [first, second] = [a.newTask(), a.newTask()]
  const buf = a.map({ pages: 2, kind: 'sharedfile' })
  buf.write(PAGE, Uint8Array.of(1))
  machine.drainPagevecs()
  const held = a.hold(buf.pageAddress(1))
  expect(errorOf(() => first.truncate(buf.address, 1))).toMatchObject({ code: 'HMMU_BLOCKED' })
  expect(errorOf(() => second.truncate(buf.address, 2))).toMatchObject({ code: 'HMMU_BLOCKED' })
  expect(first.state()).toMatchObject({ wait: 'page_lock', call: 'truncate', pfn: held.pfn, ready: false })
  expect(second.state()).toMatchObject({ wait: 'inode_lock', call: 'truncate', ready: false })
  expect(a.tryLoad(buf.pageAddress(1)).outcome).toBe('SIGBUS')
  using copy = machine.fork()
  expect(copy.verify()).toEqual([])
  held.drop()
  first.truncate(buf.address, 1)
  expect(second.state().ready).toBe(true)
  second.truncate(buf.address, 2)
  expect(a.tryLoad(buf.pageAddress(1))).toMatchObject({ outcome: 'ok', value: 0 })
})

test('errors', () => {
  using machine = machineOf612()
  const a = machine.process()
  const anon = a.map({ pages: 1 })
  const file = a.map({ pages: 1, kind: 'file' })
  expect(errorOf(() => anon.truncate(1))).toMatchObject({ code: 'HMMU_SYSCALL', errno: 'ENOENT' })
  expect(errorOf(() => file.truncate(-1))).toMatchObject({ code: 'HMMU_INVALID_ARGUMENT' })
  expect(errorOf(() => file.truncate(2 ** 35))).toMatchObject({
    code: 'HMMU_INVALID_ARGUMENT',
    message: `pages must be an integer from 0 to ${2 ** 35 - 1}, not ${2 ** 35}`,
  })
  file.truncate(2 ** 35 - 1)
  file.unmap()
  expect(errorOf(() => a.truncate(file.address, 1))).toMatchObject({ code: 'HMMU_SYSCALL', errno: 'ENOENT' })
  using old = new Machine({ ramPages: 1024 })
  const buf = old.process().map({ kind: 'shmem' })
  expect(errorOf(() => buf.truncate(0))).toMatchObject({ code: 'HMMU_INVALID_ARGUMENT' })
})
