// SPDX-License-Identifier: GPL-2.0-only
//
// Locks of mappings, which Linux 6.12 has besides mmap_sem: a fault that waits for a page, and a writer behind it.

import { Machine, type Mapping, type Process } from '../../lib'
import { errorOf, makeMachine } from './helpers'

/** A locked page of shared memory that nothing maps, and other memory beside it. */
function makeScene(profile: 'linux-4.14' | 'linux-6.12') {
  const machine = makeMachine({ profile })
  const a = machine.process()
  const shared = a.map({ kind: 'shmem', pages: 4 })
  const other = a.map({ pages: 4 })
  shared.touch()
  other.touch()
  const held = a.hold(shared.address)
  a.advise(shared.range(0, 1), 'dontneed')
  const [reader, writer, third] = [a.newTask(), a.newTask(), a.newTask()]
  expect(reader.tryLoad(shared.address).outcome).toBe('blocked')
  return { machine, a, shared, other, held, reader, writer, third }
}

const waitOf = (call: () => unknown) => errorOf(call).wait

describe('a writer', () => {
  test('of another mapping does not wait for a fault, as it does in 4.14', () => {
    const old = makeScene('linux-4.14')
    expect(waitOf(() => old.writer.unmap(old.other))).toBe('mmap_sem_write')
    old.held.drop()
    const { writer, other, held } = makeScene('linux-6.12')
    writer.unmap(other)
    held.drop()
  })

  test('of the same mapping waits for its lock; stores elsewhere go on', () => {
    const { machine, shared, other, held, reader, writer, third } = makeScene('linux-6.12')
    expect(waitOf(() => writer.protect(shared, 'r'))).toBe('vma_lock')
    expect(writer.state()).toMatchObject({ wait: 'vma_lock', ready: false })
    expect(third.tryStore(other.pageAddress(1), 7)).toBe('ok')
    expect(third.tryLoad(shared.address).outcome).toBe('blocked')
    expect(third.state().wait).toBe('mmap_sem_read')
    expect(machine.verify()).toEqual([])
    held.drop()
    expect(reader.tryLoad(shared.address).outcome).toBe('ok')
    expect(writer.state().ready).toBe(true)
    writer.protect(shared, 'r')
    expect(third.tryLoad(shared.address).outcome).toBe('ok')
  })

  test('that gives up lets all others in', () => {
    const { shared, held, writer, third } = makeScene('linux-6.12')
    expect(waitOf(() => writer.unmap(shared))).toBe('vma_lock')
    writer.cancel()
    expect(third.tryLoad(shared.pageAddress(1)).outcome).toBe('ok')
    held.drop()
  })
})

describe('a copy of the machine', () => {
  /** The waits of all tasks of a process. */
  const waits = (process: Process) => process.tasks.map((task) => task.state().wait)
  const goOn = (process: Process, shared: Mapping) => {
    const [, reader, writer] = process.tasks
    expect(reader?.tryLoad(shared.address).outcome).toBe('ok')
    return writer?.fork().pid
  }

  test('has the tasks that wait, and the child that is half made', () => {
    const { machine, a, shared, held, writer } = makeScene('linux-6.12')
    expect(waitOf(() => writer.fork())).toBe('vma_lock')
    expect(machine.processes.length).toBe(1)
    using copy = Machine.restore(machine.snapshot())
    const [process] = copy.processes
    if (process === undefined) throw new Error('the copy has no process')
    expect(waits(process)).toEqual(waits(a))
    copy.pageRef(held).drop()
    expect(goOn(process, shared)).toBe(2)
    expect(copy.processes.length).toBe(2)
    expect(copy.verify()).toEqual([])
    held.drop()
    expect(goOn(a, shared)).toBe(2)
    expect(copy.hash()).toBe(machine.hash())
  })
})
