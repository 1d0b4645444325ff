// SPDX-License-Identifier: GPL-2.0-only
//
// Short ways to do what many tests do: touch pages, count entries, wait.

import { type Job, roundRobin } from '../../lib'
import { codeOf, errorOf, kinds, makeBuffer } from './helpers'

describe('touch()', () => {
  test('faults all pages in for writing', () => {
    const { machine, buf } = makeBuffer(3, 0)
    const before = machine.counters().pageFaults
    buf.touch()
    expect(buf.dump().map(({ kind, write, dirty }) => [kind, write, dirty])).toEqual(Array(3).fill(['sys', true, true]))
    expect(machine.counters().pageFaults - before).toBe(3)
    machine.drainPagevecs()
    expect(buf.dump().map(({ refCount }) => refCount)).toEqual([1, 1, 1])
  })

  test('faults those in that are named, and changes no contents', () => {
    const { a, buf } = makeBuffer(4, 0)
    buf.write(4096, Uint8Array.of(5))
    a.tryLoad(buf.pageAddress(3))
    buf.touch(new Set([1, 3]))
    expect(kinds(buf)).toEqual(['none', 'sys', 'none', 'sys'])
    expect(buf.read(4096, 1)).toEqual(Uint8Array.of(5))
    expect(codeOf(() => buf.touch([4]))).toBe('HMMU_INVALID_ARGUMENT')
  })
})

test('histogram() counts kinds of entries', () => {
  const { a, buf } = makeBuffer(9000, 0)
  buf.touch([0, 1, 8999])
  a.tryLoad(buf.pageAddress(5000))
  a.migrate(buf.range(0, 1))
  expect(buf.histogram()).toEqual({ dev: 1, sys: 2, zero: 1, none: 8996 })
  buf.unmap()
  expect(buf.histogram()).toEqual({ nomap: 9000 })
})

describe('retry()', () => {
  test('makes a call until it has not to wait any more', () => {
    const { a, buf } = makeBuffer(2)
    const migration = a.mainTask.beginMigration(buf, { to: 'device' })
    migration.runTo('unmap')
    const other = a.newTask()
    let steps = 0
    const bytes = other.retry(
      () => other.load(buf.address, 1),
      () => {
        steps++
        return migration.step()
      },
    )
    expect(bytes).toEqual(Uint8Array.of(1))
    expect(steps).toBeGreaterThan(0)
    migration.finish()
  })

  test('gives up where nothing has changed', () => {
    const { a, buf } = makeBuffer(1)
    const migration = a.mainTask.beginMigration(buf, { to: 'device' })
    migration.runTo('unmap')
    const other = a.newTask()
    let calls = 0
    const error = errorOf(() =>
      other.retry(
        () => other.load(buf.address, 1),
        () => void calls++,
      ),
    )
    expect(error).toMatchObject({ code: 'HMMU_BLOCKED', wait: 'page_lock' })
    expect(calls).toBe(1)
    other.cancel()
    migration.finish()
  })

  test('passes other errors on', () => {
    const { a } = makeBuffer(1)
    expect(
      codeOf(() =>
        a.mainTask.retry(
          () => a.mainTask.load(0, 1),
          () => {},
        ),
      ),
    ).toBe('HMMU_SIGSEGV')
    expect(codeOf(() => a.mainTask.retry(5 as never, () => {}))).toBe('HMMU_INVALID_ARGUMENT')
  })
})

describe('roundRobin()', () => {
  test('runs jobs by turns, and those that wait until they need not', () => {
    const { a, buf } = makeBuffer(2)
    const migration = a.mainTask.beginMigration(buf, { to: 'device' })
    migration.runTo('unmap')
    const reader = a.newTask()
    const log: unknown[] = []
    function* read(): Job {
      log.push('read')
      log.push(yield () => reader.load(buf.address, 1))
    }
    function* migrate(): Job {
      log.push('migrate')
      while (yield () => migration.step()) log.push(migration.stage)
      log.push(yield () => migration.finish().moved)
    }
    roundRobin([read(), migrate()])
    const stages = ['pages', 'pages', 'finalize_and_map', 'finalize', 'finalize']
    // One page moves: the task that waits for the other page has a reference to it.
    expect(log).toEqual(['read', 'migrate', ...stages, Uint8Array.of(1), 1])
  })

  test('tells a deadlock, and leaves the waits', () => {
    const { a, buf } = makeBuffer(1)
    const hold = a.hold(buf.address)
    const migration = a.mainTask.beginMigration(buf.range(0), { to: 'system' })
    hold.drop()
    migration.runTo('unmap')
    const tasks = [a.newTask(), a.newTask()]
    const jobs = tasks.map(function* (task): Job {
      yield () => task.load(buf.address, 1)
    })
    migration.abandon()
    const again = a.mainTask.beginMigration(buf, { to: 'device' })
    again.runTo('unmap')
    expect(errorOf(() => roundRobin(jobs))).toMatchObject({
      code: 'HMMU_BLOCKED',
      wait: 'page_lock',
      message: expect.stringContaining('all jobs that are left (2) wait'),
    })
    for (const task of tasks) task.cancel()
    again.finish()
  })

  test('gives errors to the job that made the call', () => {
    const { a } = makeBuffer(1)
    const caught: unknown[] = []
    function* faulty(): Job {
      try {
        yield () => a.mainTask.load(0, 1)
      } catch (error) {
        caught.push(error)
      }
      yield () => caught.push('and goes on')
    }
    roundRobin([faulty()])
    expect(caught).toEqual([expect.objectContaining({ code: 'HMMU_SIGSEGV' }), 'and goes on'])
    function* careless(): Job {
      yield () => a.mainTask.load(0, 1)
    }
    expect(codeOf(() => roundRobin([careless()]))).toBe('HMMU_SIGSEGV')
    function* wrong(): Job {
      yield 5 as never
    }
    expect(codeOf(() => roundRobin([wrong()]))).toBe('HMMU_INVALID_ARGUMENT')
    expect(codeOf(() => roundRobin(5 as never))).toBe('HMMU_INVALID_ARGUMENT')
    roundRobin([])
  })
})
