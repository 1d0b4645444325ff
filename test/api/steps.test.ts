// SPDX-License-Identifier: GPL-2.0-only

import { stageNames } from '../../lib'
import { balance, codeOf, errorOf, firstBytes, kinds, makeBuffer, makeMachine } from './helpers'

describe('a migration in steps', () => {
  test('remaining: what was collected, less what is left out', () => {
    const { a, buf } = makeBuffer(3)
    const held = a.hold(buf.pageAddress(1))
    const migration = a.beginMigration(buf)
    migration.runTo('collect')
    expect([migration.collected, migration.remaining]).toEqual([3, 3])
    migration.runTo('prepare')
    expect([migration.collected, migration.remaining]).toEqual([3, 2])
    expect(migration.finish().moved).toBe(2)
    held.drop()
  })

  test('goes through the stages in order, and ends as one call does', () => {
    const { machine, a, buf } = makeBuffer(3)
    const migration = a.mainTask.beginMigration(buf, { to: 'device' })
    const stages: string[] = [migration.stage]
    while (migration.step()) if (stages.at(-1) !== migration.stage) stages.push(migration.stage)
    if (stages.at(-1) !== migration.stage) stages.push(migration.stage)
    expect(stages).toEqual(stageNames)
    const result = migration.finish()
    expect(result).toMatchObject({ callbacksRan: true, collected: 3, moved: 3 })
    expect(migration.finish()).toBe(result)
    expect([migration.step(), migration.runTo('pages'), migration.stage]).toEqual([false, 'done', 'done'])
    expect(kinds(buf)).toEqual(['dev', 'dev', 'dev'])
    expect(machine.verify()).toEqual([])
  })

  test('can be run to the end of a stage', () => {
    const { a, buf } = makeBuffer(2)
    const migration = a.mainTask.beginMigration(buf, { to: 'device' })
    expect(migration.runTo('collect')).toBe('prepare')
    expect(kinds(buf)).toEqual(['mig', 'mig'])
    expect([migration.collected, migration.remaining, migration.callbacksRan]).toEqual([2, 2, false])
    expect(migration.runTo('alloc_and_copy')).toBe('pages')
    expect(migration.callbacksRan).toBe(true)
    expect(migration.dst[0]).not.toBe(0n)
    expect(migration.entries.at(0).destination).toBeDefined()
    expect(migration.runTo('finalize_and_map')).toBe('finalize')
    expect(kinds(buf)).toEqual(['mig', 'mig'])
    expect(migration.runTo('done')).toBe('done')
    expect(kinds(buf)).toEqual(['dev', 'dev'])
    expect(migration.finish().moved).toBe(2)
  })

  test('lets other tasks run in between, which wait for what is under way', () => {
    const { machine, a, buf } = makeBuffer(2)
    const task = a.newTask()
    const migration = a.mainTask.beginMigration(buf, { to: 'device' })
    migration.runTo('finalize_and_map')
    expect(errorOf(() => task.load(buf.address, 1))).toMatchObject({ code: 'HMMU_BLOCKED', wait: 'page_lock', done: 0 })
    expect(task.state()).toMatchObject({ wait: 'page_lock', ready: false })
    expect(machine.verify()).toEqual([])
    migration.finish()
    expect(task.state().ready).toBe(true)
    expect(task.load(buf.address, 1)[0]).toBe(1)
    expect(task.state().wait).toBe('nothing')
    machine.drainPagevecs()
  })

  test('lets mmap_sem be waited for', () => {
    const { a, buf } = makeBuffer(2)
    const task = a.newTask()
    const migration = a.mainTask.beginMigration(buf, { to: 'device' })
    migration.runTo('alloc_and_copy')
    expect(errorOf(() => task.unmap(buf)).wait).toBe('mmap_sem_write')
    expect(codeOf(() => a.unmap(buf))).not.toBe('')
    migration.finish()
    task.unmap(buf)
    expect(kinds(buf)).toEqual(['nomap', 'nomap'])
  })

  test('a wait can be given up', () => {
    const { machine, a, buf } = makeBuffer(1)
    const task = a.newTask()
    const migration = a.mainTask.beginMigration(buf, { to: 'device' })
    migration.runTo('collect')
    expect(task.tryStore(buf.address, 5)).toBe('blocked')
    expect(codeOf(() => task.destroy())).toBe('HMMU_BUSY')
    task.cancel()
    expect(task.state().wait).toBe('nothing')
    task.destroy()
    expect(migration.finish().moved).toBe(1)
    expect(machine.verify()).toEqual([])
  })

  test('a process cancels the wait of its main task', () => {
    const { a, buf } = makeBuffer(1)
    const b = a.fork()
    const migration = a.mainTask.beginMigration(buf, { to: 'device' })
    migration.runTo('unmap')
    expect(codeOf(() => b.load(buf.address, 1))).toBe('HMMU_BLOCKED')
    expect(b.mainTask.state().wait).toBe('nothing')
    expect(b.tryLoad(buf.address).outcome).toBe('blocked')
    expect(b.mainTask.state().wait).toBe('nothing')
    migration.finish()
  })

  test('two can be open at once', () => {
    const { machine, a, buf } = makeBuffer(4)
    const one = a.newTask().beginMigration(buf.range(0, 2), { to: 'device' })
    const two = a.newTask().beginMigration(buf.range(2, 2), { to: 'device' })
    let more = true
    while (more) {
      const first = one.step()
      const second = two.step()
      more = first || second
    }
    expect([one.finish().moved, two.finish().moved]).toEqual([2, 2])
    expect(machine.verify()).toEqual([])
  })

  test('a range that is refused is refused at once', () => {
    const { a, buf } = makeBuffer(1)
    const before = { start: buf.address - 4096, pages: 1 }
    expect(errorOf(() => a.beginMigration(before, { to: 'device' })).errno).toBe('EINVAL')
  })

  test('an unknown stage is refused', () => {
    const { a, buf } = makeBuffer(1)
    const migration = a.beginMigration(buf)
    expect(codeOf(() => migration.runTo('prepared' as never))).toBe('HMMU_INVALID_ARGUMENT')
    expect(migration.finish().moved).toBe(1)
  })
})

describe('a migration that is given up', () => {
  const stages = stageNames.filter((stage) => stage !== 'done')

  test.each(stages)('behind %s: nothing is lost', (stage) => {
    const { machine, a, buf } = makeBuffer(4, 3)
    const migration = a.newTask().beginMigration(buf, { to: 'device' })
    migration.runTo(stage)
    migration.abandon()
    expect(migration.stage).toBe('done')
    expect(codeOf(() => migration.finish())).toBe('HMMU_DRIVER_THREW')
    machine.drainPagevecs()
    expect(machine.verify()).toEqual([])
    expect(kinds(buf)).not.toContain('mig')
    expect(firstBytes(buf)).toEqual([1, 2, 3, 0])
    machine.drainPagevecs()
  })

  test('before the driver was called: all is as before', () => {
    const { machine, a, buf } = makeBuffer(4, 3)
    const before = balance(machine)
    {
      using migration = a.beginMigration(buf, { to: 'device' })
      migration.runTo('unmap')
    }
    machine.drainPagevecs()
    expect(balance(machine)).toEqual(before)
    expect(kinds(buf)).toEqual(['sys', 'sys', 'sys', 'none'])
  })

  test('when it is over is left alone', () => {
    const { a, buf } = makeBuffer(1)
    const migration = a.beginMigration(buf)
    const result = migration.finish()
    migration.abandon()
    expect(migration.finish()).toBe(result)
  })

  test('with its machine', () => {
    const { machine, a, buf } = makeBuffer(2)
    const allocAndCopy = jest.fn()
    const migration = a.beginMigration(buf, { allocAndCopy })
    migration.runTo('unmap')
    machine.dispose()
    expect(allocAndCopy).not.toHaveBeenCalled()
    expect(codeOf(() => migration.step())).toBe('HMMU_DISPOSED')
    migration[Symbol.dispose]()
  })
})

describe('tasks', () => {
  test('run on a CPU', () => {
    const machine = makeMachine({ cpus: 2 })
    const task = machine.process().newTask()
    task.setCpu(1)
    expect(task.state()).toMatchObject({ wait: 'nothing', pfn: 0, ready: true, cpu: 1 })
    expect(codeOf(() => task.setCpu(2))).toBe('HMMU_INVALID_ARGUMENT')
  })

  test('end; the main task with its process only', () => {
    const { a } = makeBuffer(1)
    const task = a.newTask()
    task.destroy()
    expect(codeOf(() => task.load(0, 1))).toBe('HMMU_NO_TASK')
    expect(codeOf(() => a.mainTask.destroy())).toBe('HMMU_BUSY')
  })

  test('a process that migrates can not exit', () => {
    const { a, buf } = makeBuffer(1)
    const migration = a.beginMigration(buf)
    migration.runTo('collect')
    expect(codeOf(() => a.exit())).toBe('HMMU_BUSY')
    migration.finish()
    a.exit()
  })
})
