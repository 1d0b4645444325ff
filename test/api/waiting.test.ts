// SPDX-License-Identifier: GPL-2.0-only
//
// A task that has waited takes its own call only.

import { HmmuError, type Mapping, type Task } from '../../lib'
import { codeOf, errorOf, makeBuffer, makeMachine } from './helpers'

/** Every call that can block, of one argument: which of two mappings. */
const CALLS: Readonly<Record<string, (task: Task, buf: Mapping) => unknown>> = {
  'munmap(': (task, buf) => task.unmap(buf),
  'mremap(': (task, buf) => task.remap(buf, { pages: 9, mayMove: true }),
  'mprotect(': (task, buf) => task.protect(buf, 'r'),
  'madvise(': (task, buf) => task.advise(buf, 'dontneed'),
  'mlock(': (task, buf) => task.lock(buf),
  'munlock(': (task, buf) => task.unlock(buf),
  'userfaultfd(': (task, buf) => task.registerUserfault(buf),
  'load(': (task, buf) => task.load(buf.start, 5),
  'store(': (task, buf) => task.store(buf.start, Uint8Array.of(1, 2, 3)),
  'get_user_pages(': (task, buf) => task.pin(buf.start).drop(),
  'migrate_vma(': (task, buf) => task.migrate(buf),
}

describe.each(Object.entries(CALLS))('A task that waits in %s', (name, call) => {
  /** The task waits for mmap_sem behind a writer; `release` lets it go on. */
  function waiting() {
    const { a, buf } = makeBuffer(2, 0)
    const other = a.map({ pages: 2 })
    const migration = a.mainTask.beginMigration(a.map({ pages: 1 }))
    const writer = a.newTask()
    const task = a.newTask()
    expect(codeOf(() => writer.lock(other))).toBe('HMMU_BLOCKED')
    expect(codeOf(() => call(task, buf))).toBe('HMMU_BLOCKED')
    const release = () => {
      migration.finish()
      writer.cancel()
    }
    return { a, buf, other, task, release }
  }

  function expectBusy(task: Task, run: () => unknown): void {
    const error = errorOf(run)
    expect(error.code).toBe('HMMU_BUSY')
    expect(error.message).toContain(`task ${task.tid} is blocked in ${name}`)
    expect(error.message).toContain('; repeat that call or cancel it')
  }

  test('is busy for all others until it is repeated', () => {
    const { buf, other, task, release } = waiting()
    const others = Object.entries(CALLS).map(
      ([which, it]) =>
        () =>
          it(task, which === name ? other : buf),
    )
    for (const run of others) expectBusy(task, run)
    release()
    expect(task.state().ready).toBe(true)
    for (const run of others) expectBusy(task, run)
    call(task, buf)
    expect(task.state().wait).toBe('nothing')
  })

  test('is busy for all others until it is cancelled', () => {
    const { buf, other, task, release } = waiting()
    expectBusy(task, () => call(task, other))
    task.cancel()
    release()
    call(task, other)
    call(task, buf)
  })
})

test('a load that goes on has the bytes it had, and the others as they are now', () => {
  const { a, buf } = makeBuffer(2)
  const migration = a.mainTask.beginMigration(buf.range(1, 1))
  const task = a.newTask()
  migration.runTo('alloc_and_copy')
  const error = errorOf(() => task.load(buf.start, 8192))
  expect(error).toMatchObject({ code: 'HMMU_BLOCKED', done: 4096 })
  migration.finish()
  a.store(buf.start, Uint8Array.of(99))
  a.store(buf.start + 4096, Uint8Array.of(98))
  const bytes = task.load(buf.start, 8192)
  expect([bytes[0], bytes[4096]]).toEqual([1, 98])
  // The next load begins anew.
  expect(task.load(buf.start, 8192)[0]).toBe(99)
})

test('a store that goes on leaves alone what it had stored', () => {
  const { a, buf } = makeBuffer(2)
  const migration = a.mainTask.beginMigration(buf.range(1, 1))
  const task = a.newTask()
  const data = new Uint8Array(8192).fill(7)
  migration.runTo('alloc_and_copy')
  expect(errorOf(() => task.store(buf.start, data))).toMatchObject({ code: 'HMMU_BLOCKED', done: 4096 })
  a.store(buf.start, Uint8Array.of(99))
  migration.finish()
  for (const at of [0, 8191]) {
    const differs = data.map((byte, i) => (i === at ? 8 : byte))
    expect(codeOf(() => task.store(buf.start, differs))).toBe('HMMU_BUSY')
  }
  task.store(buf.start, data)
  expect([task.load(buf.start, 1)[0], task.load(buf.start + 4096, 1)[0]]).toEqual([99, 7])
})

test('a load that is given up leaves nothing to the next one', () => {
  const { a, buf } = makeBuffer(2)
  const migration = a.mainTask.beginMigration(buf.range(1, 1))
  const task = a.newTask()
  migration.runTo('alloc_and_copy')
  expect(() => task.load(buf.start, 8192)).toThrow(HmmuError)
  task.cancel()
  migration.finish()
  a.store(buf.start, Uint8Array.of(99))
  expect(task.load(buf.start, 8192)[0]).toBe(99)
})

test.each(['linux-4.14', 'linux-6.12'] as const)(
  '%s: an exit waits for a locked page of a file; its other tasks are gone',
  (profile) => {
    const machine = makeMachine({ profile })
    const a = machine.process()
    const file = a.map({ pages: 2, kind: 'shmem' })
    a.store(file.start, Uint8Array.of(1))
    const page = a.hold(file.start)
    const other = a.newTask()
    expect(codeOf(() => a.exit())).toBe('HMMU_BLOCKED')
    expect([a.alive, other.alive, a.tasks, a.mappings()]).toEqual([true, false, [a.mainTask], []])
    expect(a.mainTask.state()).toMatchObject({ wait: 'page_lock', ready: false })
    // Another task may have the number by now.
    expect(machine.process().newTask().alive).toBe(true)
    expect(codeOf(() => other.cancel())).toBe('HMMU_NO_TASK')
    expect(codeOf(() => a.newTask())).toBe('HMMU_BUSY')
    page.drop()
    a.exit()
    expect([a.alive, a.mainTask.alive]).toEqual([false, false])
    expect(machine.verify()).toEqual([])
  },
)
