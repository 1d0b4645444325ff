// SPDX-License-Identifier: GPL-2.0-only
//
// Migrations by the driver's calls: calls out of order, rules for drivers, bad input.

import { type DriverMigration, type MigrateVmaOptions, PfnFlag, type RuleName } from '../../lib'
import { balance, codeOf, errorOf, kinds, makeBuffer } from './helpers'

const SIX = { profile: 'linux-6.12' } as const
const bufferOf6 = (pages: number, touched = pages) => makeBuffer(pages, touched, SIX)

/** What a driver does between setup and pages. */
function moveAll({ entries, driver }: DriverMigration): void {
  for (const entry of entries) driver.moveToDevice(entry)
}

describe('calls out of order', () => {
  test.each<[string, (migration: DriverMigration) => void]>([
    ['finalize before pages', (migration) => void migration.finalize()],
    [
      'pages twice',
      (migration) => {
        migration.pages()
        migration.pages()
      },
    ],
  ])('%s: an error, nothing is changed, and the migration goes on', (_, call) => {
    const { a, buf } = bufferOf6(1)
    const migration = a.migrateVma({ range: buf, select: ['system'] })
    moveAll(migration)
    expect(errorOf(() => call(migration))).toMatchObject({ code: 'HMMU_ORDER', errno: 'EINVAL' })
    expect(kinds(buf)).toEqual(['mig'])
    if (_.startsWith('finalize')) migration.pages()
    expect(migration.finalize().moved).toBe(1)
  })

  test.each<[string, (migration: DriverMigration) => void]>([
    ['finalize twice', (migration) => void migration.finalize()],
    ['pages after finalize', (migration) => migration.pages()],
  ])('%s', (_, call) => {
    const { a, buf } = bufferOf6(1)
    const migration = a.migrateVma({ range: buf, select: ['system'] })
    moveAll(migration)
    migration.pages()
    migration.finalize()
    expect(errorOf(() => call(migration))).toMatchObject({ code: 'HMMU_ORDER' })
    expect(kinds(buf)).toEqual(['dev'])
  })

  test('a handler of freed pages can call neither', () => {
    const { machine, a, buf } = bufferOf6(1)
    const other = a.map({ pages: 1 })
    other.touch()
    a.migrate(other)
    const b = machine.process()
    const open = b.migrateVma({ range: b.map({ pages: 1 }), select: ['system'] })
    moveAll(open)
    const codes: string[] = []
    machine.onPageFree(() => {
      codes.push(
        codeOf(() => open.pages()),
        codeOf(() => open.abandon()),
      )
    })
    a.unmap(other)
    machine.onPageFree(undefined)
    expect(codes).toEqual(['HMMU_BUSY', 'HMMU_BUSY'])
    open.pages()
    expect(open.finalize().moved).toBe(1)
    expect(kinds(buf)).toEqual(['sys'])
  })
})

describe('rules', () => {
  const word = (pfn: number) => (BigInt(pfn) << 6n) | BigInt(PfnFlag.VALID)

  test.each<[RuleName, string, (migration: DriverMigration) => void]>([
    [
      'src_changed',
      'entry 1: src was',
      ({ src }) => {
        src[1] = 0n
      },
    ],
    [
      'dst_free_page',
      'entry 0: page D5 was not allocated by the driver, or is put',
      (migration) => {
        migration.dst[0] = word(migration.driver.machine.deviceBase + 5)
      },
    ],
    [
      'dst_not_locked',
      'is not locked',
      ({ entries, driver }) => driver.setDestination(entries.at(0), driver.allocSystemPage() ?? 0),
    ],
    [
      'dst_not_locked',
      'page D0 is not locked',
      ({ entries, driver }) => {
        driver.moveToDevice(entries.at(0))
        driver.unlock(entries.at(0).destination ?? 0)
      },
    ],
    [
      'dst_twice',
      'entry 1: page D0 is in dst of entry 0 already',
      (migration) => {
        migration.driver.moveToDevice(migration.entries.at(0))
        migration.dst[1] = migration.dst[0]!
      },
    ],
    [
      'dst_is_source',
      'is the source of entry 1',
      (migration) => {
        migration.dst[0] = word(migration.entries.at(1).pfn ?? 0)
      },
    ],
    [
      'dst_no_such_page',
      'there is no page 999999 for drivers',
      (migration) => {
        migration.dst[0] = word(999999)
      },
    ],
    [
      'dst_flags',
      'a page without VALID',
      (migration) => {
        migration.dst[0] = 5n << 6n
      },
    ],
  ])('%s before pages: the migration is undone', (rule, text, breach) => {
    const { machine, a, buf } = bufferOf6(2)
    const before = balance(machine)
    const migration = a.migrateVma({ range: buf, select: ['system'] })
    breach(migration)
    const error = errorOf(() => migration.pages())
    expect(error).toMatchObject({ code: 'HMMU_DRIVER_RULE', rule, message: expect.stringContaining(text) })
    expect(codeOf(() => migration.finalize())).toBe('HMMU_DRIVER_RULE')
    machine.drainPagevecs()
    expect([balance(machine), kinds(buf)]).toEqual([before, ['sys', 'sys']])
  })

  test.each<[RuleName, (migration: DriverMigration) => void]>([
    ['src_changed', ({ src }) => src.fill(0n)],
    ['dst_changed', ({ dst }) => dst.fill(0n)],
  ])('%s between pages and finalize: the pages have moved by then', (rule, breach) => {
    const { a, buf } = bufferOf6(1)
    const migration = a.migrateVma({ range: buf, select: ['system'] })
    moveAll(migration)
    migration.pages()
    breach(migration)
    expect(errorOf(() => migration.finalize())).toMatchObject({ code: 'HMMU_DRIVER_RULE', rule, index: 0 })
    expect(kinds(buf)).toEqual(['dev'])
    expect(codeOf(() => migration.finalize())).toBe('HMMU_DRIVER_RULE')
  })

  test('the driver must not take mmap_lock for writing on its own task: it would wait for itself', () => {
    const { a, buf } = bufferOf6(1)
    using migration = a.migrateVma({ range: buf, select: ['system'] })
    expect(errorOf(() => a.mainTask.unmap(buf))).toMatchObject({
      code: 'HMMU_SYSCALL',
      errno: 'EDEADLK',
      message: expect.stringContaining('a lock that it has itself, for a migration'),
    })
    expect(migration.remaining).toBe(1)
  })
})

describe('bad input', () => {
  test.each<[string, Partial<Record<keyof MigrateVmaOptions, unknown>>, string]>([
    ['no select', { select: undefined }, 'select must be an iterable of kinds of pages'],
    ['an unknown kind', { select: ['public'] }, "a kind in select must be one of 'system', 'private', 'coherent'"],
    ['select is a word', { select: 'system' }, 'select must be an iterable'],
    ['an owner below 0', { select: [], owner: -1 }, 'owner must be an integer'],
    ['a faultPage that is no number', { select: [], faultPage: '3' }, 'faultPage must be an integer'],
    ['no range', { range: undefined, select: [] }, 'range must be a Mapping'],
    ['an unknown property', { select: [], flags: 3 } as object, "options has no property 'flags'"],
  ])('%s', (_, given, message) => {
    const { a, buf } = bufferOf6(1)
    const error = errorOf(() => a.migrateVma({ range: buf, ...given } as MigrateVmaOptions))
    expect(error).toMatchObject({ code: 'HMMU_INVALID_ARGUMENT', message: expect.stringContaining(message) })
    expect(kinds(buf)).toEqual(['sys'])
  })

  test.each([undefined, null, 3, 'x'])('%j is no object of options', (given) => {
    const { a } = bufferOf6(1)
    expect(codeOf(() => a.migrateVma(given as unknown as MigrateVmaOptions))).toBe('HMMU_INVALID_ARGUMENT')
  })

  test('a fault page that is no device-private page is EINVAL', () => {
    const { a, buf } = bufferOf6(1)
    const faultPage = buf.dump()[0]!.pfn
    expect(errorOf(() => a.migrateVma({ range: buf, select: ['system'], faultPage }))).toMatchObject({
      code: 'HMMU_SYSCALL',
      errno: 'EINVAL',
    })
    expect(kinds(buf)).toEqual(['sys'])
  })

  test('a range of two mappings is EINVAL', () => {
    const { a, buf } = bufferOf6(1)
    expect(errorOf(() => a.migrateVma({ range: { start: buf.address, pages: 2 }, select: [] }))).toMatchObject({
      code: 'HMMU_SYSCALL',
      errno: 'EINVAL',
    })
  })

  test('a mapping of another machine', () => {
    const { a } = bufferOf6(1)
    const { buf } = bufferOf6(1)
    expect(codeOf(() => a.migrateVma({ range: buf, select: [] }))).toBe('HMMU_WRONG_MACHINE')
  })

  test('on Linux 4.14 there is no selection, and no setup', () => {
    const { a, buf } = makeBuffer(1)
    expect(errorOf(() => a.migrateVma({ range: buf, select: ['system'] }))).toMatchObject({
      code: 'HMMU_INVALID_ARGUMENT',
      message: expect.stringContaining('Linux 6.12'),
    })
    for (const given of [{ select: ['system'] as const }, { owner: 1 }, { faultPage: 0 }]) {
      expect(codeOf(() => a.migrate(buf, { to: 'device', ...given }))).toBe('HMMU_INVALID_ARGUMENT')
      expect(codeOf(() => a.migrate(buf, { allocAndCopy: () => {}, ...given }))).toBe('HMMU_INVALID_ARGUMENT')
    }
    expect(kinds(buf)).toEqual(['sys'])
  })
})
