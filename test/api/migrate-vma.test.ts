// SPDX-License-Identifier: GPL-2.0-only
//
// Migrations by the driver's calls, as on Linux 6.12: setup, pages, finalize.

import { type DriverMigration, HmmuError, type Mapping, type MigrateVmaOptions } from '../../lib'
import { balance, codeOf, errorOf, firstBytes, kinds, letters, makeBuffer, makeMachine } from './helpers'

const SIX = { profile: 'linux-6.12' } as const
const bufferOf6 = (pages: number, touched = pages) => makeBuffer(pages, touched, SIX)

/** What a driver does between setup and pages. */
function moveAll({ entries, driver }: DriverMigration): void {
  for (const entry of entries) driver.moveToDevice(entry)
}

describe('setup, pages, finalize', () => {
  test('move pages and fill holes', () => {
    const { machine, a, buf } = bufferOf6(3, 2)
    const migration = a.migrateVma({ range: buf, select: ['system'] })
    expect(kinds(buf)).toEqual(['mig', 'mig', 'none'])
    expect(letters(migration.src)).toEqual(['VMW', 'VMW', 'M'])
    expect(migration.remaining).toBe(3)
    moveAll(migration)
    expect(letters(migration.dst)).toEqual(['V', 'V', 'V'])
    migration.pages()
    expect(letters(migration.src)).toEqual(['VMW', 'VMW', 'M'])
    const result = migration.finalize()
    expect(result).toMatchObject({ collected: 3, moved: 3, callbacksRan: true })
    expect(kinds(buf)).toEqual(['dev', 'dev', 'dev'])
    expect(firstBytes(buf)).toEqual([1, 2, 0])
    expect(machine.leaks()).toEqual([])
  })

  test('a driver does each step by itself; a device page comes locked, a page of RAM does not', () => {
    const { machine, a, buf } = bufferOf6(2)
    const there = a.migrateVma({ range: buf, select: ['system'] })
    for (const entry of there.entries) {
      const page = there.driver.allocDevicePage() ?? 0
      expect(there.driver.lock(page)).toBe(false)
      there.driver.copyPage(page, entry.pfn ?? 0)
      there.driver.setDestination(entry, page)
    }
    there.pages()
    there.finalize()
    const back = a.migrateVma({ range: buf, select: ['private'] })
    for (const entry of back.entries) {
      expect([entry.device, entry.migrate]).toEqual([true, true])
      const page = back.driver.allocSystemPage() ?? 0
      expect(back.driver.lock(page)).toBe(true)
      back.driver.copyPage(page, entry.pfn ?? 0)
      back.driver.setDestination(entry, page)
    }
    back.pages()
    expect(back.finalize().moved).toBe(2)
    expect(firstBytes(buf)).toEqual([1, 2])
    expect(machine.counters().deviceFree).toBe(64)
  })

  test('an entry without a page stays, and says why', () => {
    const { a, buf } = bufferOf6(2)
    const migration = a.migrateVma({ range: buf, select: ['system'] })
    migration.driver.moveToDevice(migration.entries.at(1))
    migration.pages()
    expect([...migration.entries].map(({ migrate }) => migrate)).toEqual([false, true])
    expect(migration.finalize().entries.map(({ why }) => why)).toEqual(['no_page', 'none'])
    expect(kinds(buf)).toEqual(['sys', 'dev'])
  })

  test('if no entry may move, nothing is left to do but to finalize', () => {
    const { a, buf } = bufferOf6(1)
    const pin = a.pin(buf.address)
    const migration = a.migrateVma({ range: buf, select: ['system'] })
    expect([migration.remaining, kinds(buf), letters(migration.src)]).toEqual([0, ['sys'], ['']])
    migration.pages()
    expect(migration.finalize()).toMatchObject({ moved: 0, callbacksRan: false })
    pin.drop()
  })

  test('the task has mmap_lock for reading meanwhile', () => {
    const { a, buf } = bufferOf6(1)
    const task = a.newTask()
    const migration = a.migrateVma({ range: buf, select: ['system'] })
    expect(errorOf(() => task.unmap(buf)).wait).toBe('mmap_sem_write')
    migration.pages()
    expect(task.state().ready).toBe(false)
    migration.finalize()
    expect(task.state().ready).toBe(true)
    task.unmap(buf)
  })

  test('whoever touches a page waits until finalize', () => {
    const { a, buf } = bufferOf6(1)
    const task = a.newTask()
    const migration = a.migrateVma({ range: buf, select: ['system'] })
    moveAll(migration)
    expect(task.tryLoad(buf.address).outcome).toBe('blocked')
    migration.pages()
    expect(task.tryLoad(buf.address).outcome).toBe('blocked')
    migration.finalize()
    expect(task.tryLoad(buf.address)).toEqual({ outcome: 'ok', value: 1 })
  })

  test('the words of the caller get a copy at the end', () => {
    const { a, buf } = bufferOf6(1)
    const [src, dst] = [new BigUint64Array(1), new BigUint64Array(1)]
    const migration = a.migrateVma({ range: { start: buf.address, pages: 1, src, dst }, select: ['system'] })
    moveAll(migration)
    migration.pages()
    expect([src[0], dst[0]]).toEqual([0n, 0n])
    migration.finalize()
    expect([letters(src), letters(dst)]).toEqual([['VMW'], ['V']])
  })
})

describe('what is selected', () => {
  const offered = (buf: Mapping, rest: Omit<MigrateVmaOptions, 'range'>) => {
    using migration = buf.process.mainTask.migrateVma({ range: buf, ...rest })
    return [...migration.entries].map(({ migrate, why }) => (migrate ? 'offered' : why))
  }

  test.each([
    [['system'], ['not_selected', 'offered', 'offered']],
    [['private'], ['offered', 'not_selected', 'offered']],
    [
      ['system', 'private'],
      ['offered', 'offered', 'offered'],
    ],
    [[], ['not_selected', 'not_selected', 'offered']],
  ] as const)('%j', (select, expected) => {
    const { a, buf } = bufferOf6(3, 2)
    a.migrate(buf.range(0, 1))
    expect(offered(buf, { select })).toEqual(expected)
  })

  test.each([
    [1, 'offered'],
    [0, 'other_owner'],
  ] as const)('owner %d', (owner, expected) => {
    const { a, buf } = bufferOf6(1)
    a.migrate(buf)
    expect(offered(buf, { select: ['private'], owner })).toEqual([expected])
  })

  test.each([2, Number.MAX_SAFE_INTEGER])('owner %d, which no device has: HMMU_INVALID_ARGUMENT', (owner) => {
    const { a, buf } = bufferOf6(1)
    expect(codeOf(() => offered(buf, { select: ['private'], owner }))).toBe('HMMU_INVALID_ARGUMENT')
    expect(codeOf(() => a.mirror(buf, { owner }))).toBe('HMMU_INVALID_ARGUMENT')
    expect(kinds(buf)).toEqual(['sys'])
  })

  test('the built-in driver selects what it can move, a callback everything; both can choose', () => {
    const { a, buf } = bufferOf6(2)
    const seen: boolean[][] = []
    const note = (select?: readonly ('system' | 'private')[]) =>
      a.migrate(buf, { select, allocAndCopy: (entries) => void seen.push([...entries].map(({ migrate }) => migrate)) })
    expect(a.migrate(buf.range(0, 1), { to: 'device' }).moved).toBe(1)
    expect(a.migrate(buf.range(0, 1), { to: 'device' }).entries[0]!.why).toBe('not_selected')
    expect(a.migrate(buf.range(1, 1), { to: 'system' }).entries[0]!.why).toBe('not_selected')
    note()
    note(['private'])
    expect(seen).toEqual([
      [true, true],
      [true, false],
    ])
    expect(a.migrate(buf, { to: 'system', select: ['system', 'private'] }).moved).toBe(1)
    expect(a.migrate(buf, { to: 'device', owner: 0, select: new Set(['system'] as const) }).moved).toBe(2)
    expect(a.migrate(buf, { to: 'system', owner: 0 }).entries[0]!.why).toBe('other_owner')
  })
})

describe('a device fault', () => {
  /** A driver of 6.12: migrate_to_ram(). */
  const handle = (buf: Mapping, named: boolean) => {
    const results: number[] = []
    buf.process.machine.onDeviceFault(({ task, address, pfn }) => {
      using migration = task.migrateVma({
        range: { start: address, pages: 1 },
        select: ['private'],
        faultPage: named ? pfn : undefined,
      })
      const entry = migration.entries.at(0)
      migration.driver.moveToSystem(entry)
      migration.pages()
      const { migrate } = entry
      results.push(migration.finalize().moved)
      return migrate
    })
    return results
  }

  test('the migration names the page, and may ignore the reference of the fault', () => {
    const { a, buf } = bufferOf6(1)
    a.migrate(buf)
    const results = handle(buf, true)
    expect(a.load(buf.address, 1)).toEqual(Uint8Array.of(1))
    expect([results, kinds(buf)]).toEqual([[1], ['sys']])
  })

  test('one that does not name it finds a reference too many', () => {
    const { a, buf } = bufferOf6(1)
    a.migrate(buf)
    const results = handle(buf, false)
    expect(codeOf(() => a.load(buf.address, 1))).toBe('HMMU_SIGBUS')
    expect([results, kinds(buf)]).toEqual([[0], ['dev']])
  })

  test('the built-in driver names it, too, for callbacks of 4.14 as well', () => {
    const { machine, a, buf } = bufferOf6(1)
    a.migrate(buf)
    machine.onDeviceFault(
      ({ task, address, pfn }) =>
        task.migrate({ start: address, pages: 1 }, { to: 'system', faultPage: pfn }).moved > 0,
    )
    expect(a.load(buf.address, 1)).toEqual(Uint8Array.of(1))
  })
})

describe('a driver has to look at src of a page that did not move', () => {
  /** Both pages get a destination; the first one is of a file, so it stays. */
  const stays = () => {
    const machine = makeMachine(SIX)
    const a = machine.process()
    const buf = a.map({ pages: 2, kind: 'file' })
    buf.read(0, 1)
    buf.write(4096, Uint8Array.of(2))
    machine.drainPagevecs()
    const migration = a.migrateVma({ range: buf, select: ['system'] })
    moveAll(migration)
    migration.pages()
    return { machine, buf, migration }
  }

  test('else finalize() says so, when all is done', () => {
    const { machine, buf, migration } = stays()
    expect(migration.entries.at(1).migrate).toBe(true)
    expect(errorOf(() => migration.finalize())).toMatchObject({
      code: 'HMMU_DRIVER_RULE',
      rule: 'src_unread',
      index: 0,
    })
    expect(kinds(buf)).toEqual(['sys', 'dev'])
    expect(codeOf(() => migration.finalize())).toBe('HMMU_ORDER')
    expect(machine.verify()).toEqual([])
  })

  test.each<[string, (migration: DriverMigration) => unknown]>([
    ['migrate', ({ entries }) => entries.at(0).migrate],
    ['src', ({ entries }) => entries.at(0).src],
    ['srcFlags', ({ entries }) => entries.at(0).srcFlags],
    ['all words', ({ src }) => src[0]],
    ['JSON', (migration) => JSON.stringify(migration)],
  ])('a look at it by %s is enough', (_, look) => {
    const { migration } = stays()
    look(migration)
    expect(migration.finalize().moved).toBe(1)
  })

  test('a look before pages() is not', () => {
    const { a, buf } = bufferOf6(1)
    const migration = a.migrateVma({ range: buf, select: ['system'] })
    moveAll(migration)
    expect(migration.entries.at(0).migrate).toBe(true)
    migration.pages()
    expect(migration.finalize().moved).toBe(1)
  })
})

describe('a migration that is given up', () => {
  test.each([
    ['before a page is allocated', () => {}],
    ['with destinations', moveAll],
    ['with a page that is in no dst', ({ driver }: DriverMigration) => void driver.allocDevicePage()],
    ['with a locked page of RAM', ({ driver }: DriverMigration) => driver.lock(driver.allocSystemPage() ?? 0)],
  ])('%s: all is as it was', (_, work) => {
    const { machine, a, buf } = bufferOf6(2)
    const before = balance(machine)
    const migration = a.migrateVma({ range: buf, select: ['system'] })
    work(migration)
    migration.abandon()
    machine.drainPagevecs()
    expect([balance(machine), kinds(buf), machine.leaks()]).toEqual([before, ['sys', 'sys'], []])
    expect(errorOf(() => migration.pages())).toMatchObject({ code: 'HMMU_DRIVER_THREW', message: expect.any(String) })
    expect(codeOf(() => migration.finalize())).toBe('HMMU_DRIVER_THREW')
    migration.abandon()
  })

  test('after pages: what has moved has moved', () => {
    const { a, buf } = bufferOf6(2)
    const migration = a.migrateVma({ range: buf, select: ['system'] })
    migration.driver.moveToDevice(migration.entries.at(0))
    migration.pages()
    migration.abandon()
    expect(kinds(buf)).toEqual(['dev', 'sys'])
  })

  test('using gives it up, and an error in its block does so', () => {
    const { a, buf } = bufferOf6(1)
    const fail = () => {
      using migration = a.migrateVma({ range: buf, select: ['system'] })
      moveAll(migration)
      throw new Error('the device is on fire')
    }
    expect(fail).toThrow('the device is on fire')
    expect(kinds(buf)).toEqual(['sys'])
  })

  test('a machine that goes takes it along', () => {
    const { machine, a, buf } = bufferOf6(1)
    const migration = a.migrateVma({ range: buf, select: ['system'] })
    moveAll(migration)
    machine.dispose()
    migration[Symbol.dispose]()
    expect(codeOf(() => migration.pages())).toBe('HMMU_DISPOSED')
    expect(String(migration)).toBe('DriverMigration (its machine is disposed of)')
  })
})

describe('it shows itself', () => {
  test('as a table, and as JSON', () => {
    const { a, buf } = bufferOf6(1)
    const migration = a.migrateVma({ range: buf, select: ['system'] })
    moveAll(migration)
    expect(String(migration)).toBe(
      [
        'DriverMigration of 1 pages: alloc_and_copy at entry 0',
        '  page  src      dst      why',
        `  0     VMW  #${migration.entries.at(0).pfn}  V    D0`,
      ].join('\n'),
    )
    expect(migration.toJSON()).toMatchObject({ stage: 'alloc_and_copy', remaining: 1, entries: [{ index: 0 }] })
    migration.pages()
    migration.finalize()
    expect(migration.toJSON()).toMatchObject({ stage: 'done' })
  })

  test('constructors are the library’s', () => {
    const machine = makeMachine(SIX)
    const { a, buf } = bufferOf6(1)
    const migration = a.migrateVma({ range: buf, select: [] })
    const Class = migration.constructor as new (...args: unknown[]) => unknown
    expect(() => new Class(machine, {})).toThrow(HmmuError)
    migration.abandon()
  })
})
