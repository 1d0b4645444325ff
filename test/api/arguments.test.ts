// SPDX-License-Identifier: GPL-2.0-only
//
// Bad arguments of every public function give a typed error that names the argument, and do not harm the machine.

import { DriverContext, HmmuError, Mapping, Migration, MigrationEntries, PageRef, Process, Task } from '../../lib'
import { balance, errorOf, makeBuffer } from './helpers'

type World = ReturnType<typeof makeBuffer> & { task: Task }

const bad = (value: unknown) => value as never

const cases: [string, (world: World) => unknown][] = [
  ['machine.inject: site', ({ machine }) => machine.inject(bad('ram'), 1)],
  ['machine.inject: nth', ({ machine }) => machine.inject('frame', -1)],
  ['machine.inject: forever', ({ machine }) => machine.inject('frame', 1, bad('yes'))],
  ['machine.injectionPasses', ({ machine }) => machine.injectionPasses(bad(undefined))],
  ['machine.setMemcgLimit', ({ machine }) => machine.setMemcgLimit(bad('1'))],
  ['machine.unpin', ({ machine }) => machine.unpin(bad({ pfn: 1 }))],
  ['machine.release', ({ machine }) => machine.release(bad(undefined))],
  ['machine.putback', ({ machine }) => machine.putback(bad(5))],
  ['machine.page', ({ machine }) => machine.page(-1)],
  ['machine.pageData', ({ machine }) => machine.pageData(bad('1'))],
  ['machine.setPageFlags: pfn', ({ machine }) => machine.setPageFlags(bad(null), 1)],
  ['machine.setPageFlags: flags', ({ machine }) => machine.setPageFlags(1, 1.5)],
  ['machine.writePage: pfn', ({ machine }) => machine.writePage(2 ** 32, Uint8Array.of(1))],
  ['machine.writePage: bytes', ({ machine }) => machine.writePage(1, bad([1]))],
  ['machine.writePage: offset', ({ machine }) => machine.writePage(1, Uint8Array.of(1), 4096)],
  ['machine.onDeviceFault', ({ machine }) => machine.onDeviceFault(bad({}))],
  ['process.map: options', ({ a }) => a.map(bad(4))],
  ['process.map: unknown option', ({ a }) => a.map(bad({ page: 1 }))],
  ['process.map: pages', ({ a }) => a.map({ pages: 0 })],
  ['process.map: too many pages', ({ a }) => a.map({ pages: 2 ** 36 })],
  ['process.map: kind', ({ a }) => a.map({ kind: bad('disk') })],
  ['process.map: prot', ({ a }) => a.map({ prot: bad('rwx') })],
  ['process.map: address', ({ a }) => a.map({ address: -4096 })],
  ['process.map: alignHuge', ({ a }) => a.map({ alignHuge: bad(1) })],
  ['process.unmap', ({ a }) => a.unmap(bad('buf'))],
  ['process.unmap: pages', ({ a, buf }) => a.unmap(buf.address, bad(undefined))],
  ['process.unmap: range', ({ a }) => a.unmap(bad({ start: 0 }))],
  ['process.protect', ({ a, buf }) => a.protect(buf, bad('x'))],
  ['process.protect: missing', ({ a, buf }) => a.protect(buf.address, 1, bad(undefined))],
  ['process.advise', ({ a, buf }) => a.advise(buf, bad('sequential'))],
  ['process.lock', ({ a }) => a.lock(1.5, 1)],
  ['process.unlock', ({ a }) => a.unlock(bad(null))],
  ['process.registerUserfault', ({ a }) => a.registerUserfault(0, -1)],
  ['process.registerUserfault: options', ({ a, buf }) => a.registerUserfault(buf, bad({ wq: true }))],
  ['process.registerUserfault: missing', ({ a, buf }) => a.registerUserfault(buf, { missing: bad(1) })],
  ['process.registerUserfault: wp', ({ a, buf }) => a.registerUserfault(buf, { wp: bad('yes') })],
  ['process.writeProtectUserfault', ({ a }) => a.writeProtectUserfault(bad('buf'))],
  ['process.writeProtectUserfault: on', ({ a, buf }) => a.writeProtectUserfault(buf, bad(1))],
  ['process.load: address', ({ a }) => a.load(Number.NaN, 1)],
  ['process.load: length', ({ a, buf }) => a.load(buf.address, -1)],
  ['process.load: too long', ({ a, buf }) => a.load(buf.address, 2 ** 40)],
  ['process.store: address', ({ a }) => a.store(bad('0'), Uint8Array.of(1))],
  ['process.store: bytes', ({ a, buf }) => a.store(buf.address, bad('abc'))],
  ['process.tryLoad', ({ a }) => a.tryLoad(-1)],
  ['process.tryStore: address', ({ a }) => a.tryStore(bad(1n), 1)],
  ['process.tryStore: value', ({ a, buf }) => a.tryStore(buf.address, 256)],
  ['process.pin: address', ({ a }) => a.pin(bad({}))],
  ['process.pin: options', ({ a, buf }) => a.pin(buf.address, bad({ wirte: true }))],
  ['process.pin: write', ({ a, buf }) => a.pin(buf.address, { write: bad(1) })],
  ['process.pin: dma', ({ a, buf }) => a.pin(buf.address, { dma: bad('true') })],
  ['process.hold', ({ a }) => a.hold(bad([]))],
  ['process.isolate', ({ a }) => a.isolate(2 ** 53)],
  ['process.dump', ({ a }) => a.dump(0, 2 ** 23)],
  ['process.dump: range', ({ a }) => a.dump(bad(undefined))],
  ['process.walk', ({ a }) => a.walk(bad('0x1000'))],
  ['process.migrate: range', ({ a }) => a.migrate(bad(undefined))],
  ['process.migrate: start', ({ a }) => a.migrate({ start: -1, pages: 1 })],
  ['process.migrate: pages', ({ a }) => a.migrate({ start: 0, pages: 0.5 })],
  ['process.migrate: driver', ({ a, buf }) => a.migrate(buf, bad(null))],
  ['process.beginMigration: driver', ({ a, buf }) => a.beginMigration(buf, bad('dev'))],
  ['task.setCpu', ({ task }) => task.setCpu(-1)],
  ['task.setCpu: none such', ({ task }) => task.setCpu(5)],
  ['task.migrate', ({ task, buf }) => task.migrate(buf, bad({ to: 'sys' }))],
  ['mapping.pageAddress', ({ buf }) => buf.pageAddress(4)],
  ['mapping.range: first', ({ buf }) => buf.range(-1)],
  ['mapping.range: count', ({ buf }) => buf.range(3, 2)],
  ['mapping.in', ({ buf }) => buf.in(bad(undefined))],
  ['mapping.write: offset', ({ buf }) => buf.write(bad('0'), Uint8Array.of(1))],
  ['mapping.write: bytes', ({ buf }) => buf.write(0, bad(new ArrayBuffer(1)))],
  ['mapping.read: length', ({ buf }) => buf.read(0, 5 * 4096)],
  ['mapping.dump', ({ buf }) => buf.dump(5)],
  ['mapping.protect', ({ buf }) => buf.protect(bad(undefined))],
  ['mapping.advise', ({ buf }) => buf.advise(bad(2))],
]

test.each(cases)('%s', (_, call) => {
  const made = makeBuffer(4)
  const world = { ...made, task: made.a.newTask() }
  const before = balance(world.machine)
  const error = errorOf(() => call(world))
  expect(error.code).toBe('HMMU_INVALID_ARGUMENT')
  expect(error.message.length).toBeGreaterThan(10)
  expect(balance(world.machine)).toEqual(before)
})

test.each<[string, new (...args: never[]) => unknown]>([
  ['Process', Process as never],
  ['Task', Task as never],
  ['Migration', Migration as never],
  ['PageRef', PageRef as never],
  ['Mapping', Mapping as never],
])('%s has no public constructor', (_, Class) => {
  expect(errorOf(() => new (Class as new () => unknown)()).code).toBe('HMMU_INVALID_ARGUMENT')
})

test('methods borrowed for something else do not crash', () => {
  const { machine, a, buf } = makeBuffer(1)
  const others = [{}, Object.create(Process.prototype), buf, machine, 5, undefined]
  const methods = [
    Process.prototype.map,
    Process.prototype.exit,
    Task.prototype.state,
    Migration.prototype.step,
    PageRef.prototype.drop,
    DriverContext.prototype.allocDevicePage,
    Object.getOwnPropertyDescriptor(MigrationEntries.prototype, 'length')!.get!,
  ]
  for (const method of methods) {
    for (const other of others) expect(() => (method as () => unknown).call(other)).toThrow()
  }
  expect(a.alive).toBe(true)
})

test('errors are errors', () => {
  const { a } = makeBuffer(1)
  const error = errorOf(() => a.load(0, 1))
  expect(error).toBeInstanceOf(Error)
  expect(error).toBeInstanceOf(HmmuError)
  expect(error.name).toBe('HmmuError')
  expect(error.stack).toContain('arguments.test')
})
