// SPDX-License-Identifier: GPL-2.0-only
//
// Jest's own toEqual() and snapshots, with hmmu/jest: they see the state of machines and migrations. Each difference
// is one that a test makes on purpose, and that has to be seen.

import '../../lib/jest'
import { stripVTControlCharacters } from 'node:util'
import { Machine, type MigrationResult } from '../../lib'
import { snapshotSerializer } from '../../lib/jest'
import { makeBuffer } from '../api/helpers'

/** A machine, a process, and a buffer of four pages, of which three were written and some migrated. */
function made(first = 1, moved = 2) {
  const { machine, a, buf } = makeBuffer(4, 0)
  for (let page = 0; page < 3; page++) buf.write(page * 4096, Uint8Array.of(first + page))
  machine.drainPagevecs()
  const result = a.migrate(buf, { to: 'device', skip: [moved] })
  return { machine, a, buf, result }
}

function differ(a: unknown, b: unknown): void {
  expect(a).not.toEqual(b)
  expect(b).not.toEqual(a)
  expect(a).not.toStrictEqual(b)
  expect([{ nested: a }]).not.toEqual([{ nested: b }])
  expect(() => expect(a).toEqual(b)).toThrow(/toEqual/)
}

function agree(a: unknown, b: unknown): void {
  expect(a).toEqual(b)
  expect(a).toStrictEqual(b)
  expect([{ nested: a }]).toEqual([{ nested: b }])
  expect(() => expect(a).not.toEqual(b)).toThrow(/not.*toEqual/)
}

describe('toEqual()', () => {
  test('of machines compares all of their state', () => {
    agree(made().machine, made().machine)
    differ(made().machine, made(2).machine)
    const { machine, buf } = made()
    const copy = machine.fork()
    agree(copy, machine)
    buf.write(5, Uint8Array.of(1))
    differ(copy, machine)
    copy.dispose()
    differ(copy, machine)
    agree(copy, copy)
  })

  test('of results compares words and reasons, also where as many pages moved', () => {
    agree(made().result, made().result)
    const [one, other] = [made(1, 2).result, made(1, 1).result]
    expect(one.moved).toBe(other.moved)
    differ(one, other)
    differ(one.entries, other.entries)
    agree(one.entries[0], other.entries[0])
    differ(one.entries[0], one.entries[1])
    differ(one.entries[1], other.entries[1])
  })

  test('of results compares dst', () => {
    const results: MigrationResult[] = [
      [0, 1],
      [1, 0],
    ].map((order) => {
      const { a, buf } = makeBuffer(2)
      return a.migrate(buf, {
        allocAndCopy(entries, driver) {
          for (const index of order) driver.moveToDevice(entries.at(index))
        },
      })
    })
    expect(results[0]!.src).toEqual(results[1]!.src)
    differ(results[0], results[1])
  })

  test('of processes, tasks and mappings compares what they are handles to', () => {
    const [one, same, other] = [made(), made(), made(9)]
    agree(one.a, same.a)
    differ(one.a, other.a)
    differ(one.a, one.machine.process())
    agree(one.buf, one.a.mapping(one.buf))
    differ(one.buf, one.a.mapping(one.buf.range(0, 3)))
    differ(one.buf, one.buf.in(one.a.fork()))
    agree(same.a.mainTask, same.a.mainTask)
    differ(same.a.mainTask, same.a.newTask())
  })

  test('of page references compares page and kind', () => {
    const { a, buf, machine } = made()
    const [pin, again, elsewhere] = [a.pin(buf.address), a.pin(buf.address), a.pin(buf.pageAddress(2))]
    agree(pin, again)
    differ(pin, elsewhere)
    again.drop()
    differ(pin, again)
    pin.drop()
    elsewhere.drop()
    machine.drainPagevecs()
  })

  test('of migrations under way compares how far they are, and their entries', () => {
    const [one, other] = [made(), made()]
    const migrations = [one, other].map(({ a, buf }) => a.mainTask.beginMigration(buf, { to: 'system' }))
    const [first, second] = migrations
    first!.runTo('prepare')
    differ(first, second)
    differ([...first!.entries], [...second!.entries])
    differ(first!.entries, second!.entries)
    second!.runTo('prepare')
    agree(first, second)
    agree(first!.entries, second!.entries)
    for (const migration of migrations) migration.finish()
  })

  test('of different kinds of things is no question of state', () => {
    const { machine, a, buf, result } = made()
    differ(machine, a)
    differ(a, buf)
    differ(result, result.entries[0])
    expect(result).toMatchObject({ callbacksRan: true, moved: 3 })
    expect(a).toMatchObject({ pid: 1, mainTask: { tid: 1 } })
    expect({ machine }).toEqual({ machine: expect.any(Machine) })
  })
})

test('toHaveBeenCalledWith() sees it, too', () => {
  const called = jest.fn()
  called(made().result)
  expect(called).toHaveBeenCalledWith(made().result)
  expect(called).not.toHaveBeenCalledWith(made(1, 1).result)
})

test('what differs is shown, line by line', () => {
  const lines = (check: () => void) => {
    try {
      check()
    } catch (error) {
      return stripVTControlCharacters((error as Error).message)
        .split('\n')
        .filter((line) => /^[-+] {2}/.test(line))
    }
    return []
  }
  const [one, other] = [made(1, 2).result, made(1, 1).result]
  expect(lines(() => expect(one).toEqual(other))).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^- .*"why": "no_page",/),
      expect.stringMatching(/^\+ .*"why": "none",/),
    ]),
  )
  const machines = lines(() => expect(made().machine).toEqual(made(2).machine))
  expect(machines.map((line) => line.replace(/0x[0-9a-f]+/, '0x…'))).toEqual([
    expect.stringMatching(/^- .*"hash": "0x…",$/),
    expect.stringMatching(/^\+ .*"hash": "0x…",$/),
  ])
})

describe('snapshots', () => {
  test('of results, entries, dumps and mappings are tables', () => {
    const { buf, result } = made()
    expect(result).toMatchInlineSnapshot(`
MigrationResult: 3 of 4 pages moved
  page  src          dst         why
  0-1   VMLW  #6-#7  VLD  D0-D1
  2     VLW   #8     -           no_page
  3     M            VLD  D2
`)
    expect({ entry: result.entries[2], dump: buf.dump(0, 2) }).toMatchInlineSnapshot(`
{
  "dump": Table
    page  entry  bits  frame  refs  maps  flags
    0-1   dev    w---  D0-D1  2     1     uptodate,active,swapbacked,
  "entry": MigrationEntry 2 { src VLW #8, dst -, why no_page },
}
`)
    expect(buf).toMatchInlineSnapshot(`
Mapping 0x100100000-0x100104000 of process 1, 4 pages
  page  entry  bits  frame  refs  maps  flags
  0-1   dev    w---  D0-D1  2     1     uptodate,active,swapbacked
  2     sys    w--s  #8     2     1     uptodate,active,swapbacked
  3     dev    w---  D2     2     1     uptodate,swapbacked
`)
  })

  test('of machines have processes, mappings and pages', () => {
    expect(made().machine).toMatchInlineSnapshot(`
Machine linux-4.14: 1 CPU, RAM 8183/8192 pages free, device 61/64 pages free
  process  mapped  anon  file  shmem  swap
  1        4       4     0     0      0
Process 1: 4 anon, 0 file, 0 shmem, 0 swap, 4 tables
  addresses                pages  kind  prot  flags
  0x100100000-0x100104000  4      anon  rw    softDirty,hasAnonVma
Mapping 0x100100000-0x100104000 of process 1, 4 pages
  page  entry  bits  frame  refs  maps  flags
  0-1   dev    w---  D0-D1  2     1     uptodate,active,swapbacked
  2     sys    w--s  #8     2     1     uptodate,active,swapbacked
  3     dev    w---  D2     2     1     uptodate,swapbacked
`)
  })

  test('are others where something differs', () => {
    const text = (value: unknown) => snapshotSerializer.serialize(value, {}, '')
    expect(text(made().result)).not.toBe(text(made(1, 1).result))
    expect(text(made().buf)).not.toBe(text(made(1, 1).buf))
    expect(text(made().machine)).not.toBe(text(made(1, 1).machine))
  })

  test('leave nothing out', () => {
    const { a, buf } = makeBuffer(5000, 0)
    for (const page of [0, 2, 4, 4999]) a.tryStore(buf.pageAddress(page), 1)
    const text = snapshotSerializer.serialize(buf.dump(), {}, '')
    expect(text.split('\n').map((line) => line.trim().split(' ')[0])).toEqual([
      'page',
      '0',
      '1',
      '2',
      '3',
      '4',
      '5-4998',
      '4999',
    ])
    const every = makeBuffer(100, 0)
    for (let page = 0; page < 100; page += 2) every.a.tryStore(every.buf.pageAddress(page), 1)
    expect(snapshotSerializer.serialize(every.buf.dump(), {}, '').split('\n')).toHaveLength(101)
  })
})
