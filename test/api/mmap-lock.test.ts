// SPDX-License-Identifier: GPL-2.0-only
//
// mmap_lock for drivers: mmapReadLock() and mmapWriteLock().

import { codeOf, errorOf, makeBuffer } from './helpers'

const profiles = ['linux-4.14', 'linux-6.12'] as const

test.each(profiles)('%s: mappings stay as they are while a driver has the lock for reading', (profile) => {
  const { a, buf } = makeBuffer(4, 4, { profile })
  const other = a.newTask()
  const lock = a.mmapReadLock()
  expect(lock).toMatchObject({ write: false, unlocked: false, tid: a.mainTask.tid })
  expect(a.mainTask.state().mmapLock).toBe('read')
  expect(codeOf(() => other.unmap(buf.start, 4096))).toBe('HMMU_BLOCKED')
  expect(codeOf(() => a.mmapReadLock())).toBe('HMMU_BUSY')
  expect(errorOf(() => a.mmapWriteLock()).errno).toBe('EDEADLK')
  lock.unlock()
  expect(a.mainTask.state().mmapLock).toBe('none')
  other.unmap(buf.start, 4096)
  expect(codeOf(() => lock.unlock())).toBe('HMMU_REFERENCE')
  expect(lock.unlocked).toBe(true)
})

test.each(profiles)('%s: a migration of the task uses the lock, and keeps it until it ends', (profile) => {
  const { a, buf } = makeBuffer(4, 4, { profile })
  const lock = a.mmapReadLock()
  const migration = a.beginMigration(buf)
  lock.unlock()
  expect(a.mainTask.state().mmapLock).toBe('read')
  migration.finish()
  expect(a.mainTask.state().mmapLock).toBe('none')
  expect(a.dump(buf).map(({ kind }) => kind)).toEqual(['dev', 'dev', 'dev', 'dev'])
})

test('readers share the lock, a writer does not', () => {
  const { a } = makeBuffer(1, 1)
  const other = a.newTask()
  {
    const first = a.mmapReadLock()
    const second = other.mmapReadLock()
    second[Symbol.dispose]()
    first[Symbol.dispose]()
    first[Symbol.dispose]()
  }
  const lock = other.mmapWriteLock()
  expect(codeOf(() => a.mmapReadLock())).toBe('HMMU_BLOCKED')
  lock.unlock()
  a.mmapReadLock().unlock()
})

test('no copy is made of a machine whose lock a driver has; the lock goes with the machine', () => {
  const { machine, a } = makeBuffer(1, 1)
  const lock = a.mmapWriteLock()
  expect(codeOf(() => machine.snapshot())).toBe('HMMU_BUSY')
  expect(String(lock)).toContain('for writing')
  expect(JSON.stringify(lock)).toBe(`{"tid":${a.mainTask.tid},"write":true,"unlocked":false}`)
  lock.unlock()
  machine.snapshot()
  const again = a.mmapWriteLock()
  again.unlock()
})
