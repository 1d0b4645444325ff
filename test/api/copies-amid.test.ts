// SPDX-License-Identifier: GPL-2.0-only
//
// Copies of machines amid migrations in steps: each goes on, and ends as the original does.

import { type Driver, Machine, type Migration, type Task } from '../../lib'
import { codeOf } from './helpers'

const PAGE = 4096
const OPTIONS = { ramPages: 128, devicePages: 16 }

const called: Driver = {
  allocAndCopy(entries, driver) {
    for (const entry of entries) if (entry.index !== 1) driver.moveToDevice(entry)
  },
}

/** A step of some of the migrations; false: none has more. */
function goOn(migrations: readonly Migration[], step: number): boolean {
  const went = migrations.map((each, i) => (step + i) % 3 !== 0 && each.step())
  return step < 3 || went.includes(true)
}

/** What a machine is when all has ended, and what migrations said. */
function endOf(machine: Machine, migrations: readonly Migration[], waiter: Task, address: number, from: number) {
  for (let step = from; goOn(migrations, step); ) step++
  const results = migrations.map((migration) => `${migration.finish()}`)
  waiter.store(address, Uint8Array.of(9))
  expect(machine.verify()).toEqual([])
  return {
    results,
    hash: machine.hash(),
    bytes: Buffer.from(machine.snapshot()),
    mappings: machine.processes.map((p) => `${p}`),
  }
}

const copies = {
  'snapshot()': (machine: Machine) => Machine.restore(machine.snapshot()),
  'fork()': (machine: Machine) => machine.fork(),
}

describe.each(['linux-4.14', 'linux-6.12'] as const)('%s', (profile) => {
  test.each(Object.keys(copies) as (keyof typeof copies)[])('%s after each step of two migrations', (kind) => {
    using machine = new Machine({ ...OPTIONS, profile })
    const a = machine.process()
    const buf = a.map({ pages: 6 })
    for (let page = 0; page < 5; page++) buf.write(page * PAGE, Uint8Array.of(page))
    const other = a.newTask()
    const waiter = a.newTask()
    const drivers: Driver[] = [{ to: 'device', skip: [0] }, called]
    const migrations = [
      a.mainTask.beginMigration(buf.range(0, 3), drivers[0]),
      other.beginMigration(buf.range(3, 3), drivers[1] as Driver),
    ]
    const ends: ReturnType<typeof endOf>[] = []
    for (let more = true, step = 0; more; step++) {
      using copy = copies[kind](machine)
      expect(copy.hash()).toBe(machine.hash())
      const restored = copy.restoredMigrations
      expect(restored.map(({ task, start, pages, calls }) => [task?.tid, start, pages, calls])).toEqual([
        [a.mainTask.tid, buf.pageAddress(0), 3, false],
        [other.tid, buf.pageAddress(3), 3, false],
      ])
      const adopted = restored.map((each, i) => each.adopt(drivers[i] as Driver))
      expect(copy.restoredMigrations).toEqual([])
      expect(adopted.map(({ stage, position }) => [stage, position])).toEqual(
        migrations.map(({ stage, position }) => [stage, position]),
      )
      expect(copy.hash()).toBe(machine.hash())
      const [process] = copy.processes
      const itsWaiter = process?.tasks.find(({ tid }) => tid === waiter.tid) as Task
      ends.push(endOf(copy, adopted, itsWaiter, buf.pageAddress(2), step))
      more = goOn(migrations, step)
    }
    const { bytes: last, ...end } = endOf(machine, migrations, waiter, buf.pageAddress(2), 0)
    expect(ends.length).toBeGreaterThan(10)
    for (const { bytes, ...each } of ends) {
      expect(each).toEqual(end)
      expect(bytes.equals(last)).toBe(true)
    }
  })
})

test('a driver that calls goes on where the copy was made', () => {
  using machine = new Machine({ ...OPTIONS, profile: 'linux-6.12' })
  const a = machine.process()
  const buf = a.map({ pages: 3 })
  for (let page = 0; page < 3; page++) buf.write(page * PAGE, Uint8Array.of(page + 1))
  using migration = a.mainTask.migrateVma({ range: buf, select: ['system'] })
  migration.driver.moveToDevice(migration.entries.at(0))
  expect(migration.dst[0]).not.toBe(0n)
  using before = Machine.restore(machine.snapshot())
  const [restored] = before.restoredMigrations
  expect(restored?.calls).toBe(true)
  expect(codeOf(() => restored?.adopt({ to: 'device' }))).toBe('HMMU_INVALID_ARGUMENT')
  const goesOn = restored?.adopt()
  for (const each of [migration, goesOn]) {
    each?.driver.moveToDevice(each.entries.at(1))
    each?.pages()
  }
  using after = before.fork()
  const atTheEnd = after.restoredMigrations[0]?.adopt()
  for (const each of [migration, goesOn, atTheEnd]) {
    for (const entry of each?.entries ?? []) void entry.migrate
    expect(`${each?.finalize()}`).toMatch('2 of 3 pages moved')
  }
  expect([before.hash(), after.hash()]).toEqual([machine.hash(), machine.hash()])
})

test('what is wrong with an adoption', () => {
  using machine = new Machine({ ...OPTIONS, profile: 'linux-4.14' })
  const a = machine.process()
  const buf = a.map({ pages: 1 })
  buf.write(0, Uint8Array.of(1))
  using migration = a.mainTask.beginMigration(buf, { to: 'device' })
  migration.step()
  expect(machine.restoredMigrations).toEqual([])
  using copy = machine.fork()
  const [restored] = copy.restoredMigrations
  expect(codeOf(() => restored?.adopt())).toBe('HMMU_INVALID_ARGUMENT')
  restored?.adopt({ to: 'device' }).abandon()
  expect(codeOf(() => restored?.adopt({ to: 'device' }))).toBe('HMMU_ORDER')
  expect(copy.verify()).toEqual([])
})
