// SPDX-License-Identifier: GPL-2.0-only
//
// Objects are printed as tables, not as handles.

import { inspect } from 'node:util'
import { codeOf, makeBuffer, makeMachine } from './helpers'

/** The lines of a text without numbers that depend on page frame numbers. */
function lines(value: unknown): string[] {
  return inspect(value)
    .split('\n')
    .map((line) => line.replace(/#\d+/g, '#n').replace(/0x[0-9a-f]+/g, '0x…'))
}

test('a machine', () => {
  const { machine } = makeBuffer(4)
  expect(lines(machine)).toEqual([
    expect.stringMatching(/^Machine linux-4\.14: 1 CPU, RAM \d+\/8192 pages free, device 64\/64 pages free$/),
    '  process  mapped  anon  file  shmem  swap',
    '  1        4       4     0     0      0',
  ])
  machine.dispose()
  expect(inspect(machine)).toBe('Machine (disposed of)')
})

test('a process and its mappings', () => {
  const { a } = makeBuffer(4)
  const expected = [
    '  addresses    pages  kind  prot  flags',
    expect.stringMatching(/^ {2}0x…-0x….* 4 .* anon .* rw .*hasAnonVma/),
  ]
  expect(lines(a)[0]).toMatch(/^Process 1: 4 anon, 0 file, 0 shmem, 0 swap, \d+ tables$/)
  expect(lines(a).slice(2)).toEqual([expected[1]])
  expect(lines(a.mappings())[1]).toEqual(expected[1])
  a.exit()
  expect(inspect(a)).toBe('Process 1 (gone)')
})

test('a mapping and a dump', () => {
  const { a, buf } = makeBuffer(6, 2)
  a.tryLoad(buf.pageAddress(4))
  expect(lines(buf)).toEqual([
    'Mapping 0x…-0x… of process 1, 6 pages',
    expect.stringMatching(/^ {2}page +entry +bits +frame +refs +maps +flags$/),
    expect.stringMatching(/^ {2}0-1 +sys +wdas +#n-#n +1 +1 +uptodate,lru,active,swapbacked$/),
    expect.stringMatching(/^ {2}2-3 +none$/),
    expect.stringMatching(/^ {2}4 +zero +-+a?-*s?$|^ {2}4 +zero/),
    expect.stringMatching(/^ {2}5 +none$/),
  ])
  expect(lines(buf.dump()).slice(1)).toEqual(lines(buf).slice(2))
  expect(lines(buf.dump()[0])).toEqual(['PageEntry sys wdas #n 1 1 uptodate,lru,active,swapbacked at 0x…'])
  buf.unmap()
  expect(lines(buf).at(-1)).toMatch(/^ {2}0-5 +nomap$/)
})

test('a result, its entries, and those a driver sees', () => {
  const { a, buf } = makeBuffer(6, 2)
  let entries: string[] = []
  const result = a.migrate(buf, {
    allocAndCopy(all, driver) {
      for (const entry of all) if (entry.index !== 1) driver.moveToDevice(entry)
      entries = lines(all)
    },
  })
  expect(entries[0]).toBe('MigrationEntries')
  expect(entries[2]).toMatch(/^ {2}0 +VMLW +#n +VLD +D0$/)
  const shown = lines(result)
  expect(shown[0]).toBe('MigrationResult: 5 of 6 pages moved')
  expect(shown[1]).toMatch(/^ {2}page +src +dst +why$/)
  expect(shown[2]).toMatch(/^ {2}0 +VMLW +#n +VLD +D0$/)
  expect(shown[3]).toMatch(/^ {2}1 .*no_page$/)
  expect(shown[4]).toMatch(/^ {2}2-5 +M +VLD +D1-D4$/)
  expect(lines(result.entries[0])).toEqual(['MigrationEntry 0 { src VMLW #n, dst VLD D0, why none }'])
})

test('a migration, a task, a page reference', () => {
  const { a, buf } = makeBuffer(1)
  const task = a.newTask()
  const migration = a.mainTask.beginMigration(buf, { to: 'device' })
  migration.runTo('finalize_and_map')
  expect(lines(migration)[0]).toBe('Migration of 1 pages: finalize at entry 0')
  expect(task.tryLoad(buf.address).outcome).toBe('blocked')
  expect(inspect(task)).toMatch(
    /^Task \d+ of process 1 on CPU 0, holds mmap_sem for reading, waits for page_lock of page \d+$/,
  )
  migration.finish()
  expect(inspect(task)).toContain('(ready)')
  task.cancel()
  task.destroy()
  expect(inspect(task)).toContain('(gone)')
  const pin = a.pin(buf.address)
  expect(lines(inspect(pin).replace(/\d+/, 'n'))).toEqual(["'PageRef { pin of page n }'"])
  pin.drop()
  expect(inspect(pin)).toContain('given back')
})

test('events and a walk', () => {
  const { machine, a, buf } = makeBuffer(1)
  machine.recordEvents(['stage'])
  a.migrate(buf)
  expect(lines(machine.takeEvents()).slice(0, 2)).toEqual([
    '  event  process  a            b',
    expect.stringMatching(/^ {2}stage {2}1 +0x… {2}0x…$/),
  ])
  expect(lines(a.walk(buf.address)).map((line) => line.trim().split(' ')[0])).toEqual([
    'level',
    ...['pgd', 'p4d', 'pud', 'pmd', 'pte'],
  ])
})

test('an error has its details, and no others', () => {
  const { a } = makeBuffer(1)
  try {
    a.load(0, 1)
  } catch (error) {
    expect(Object.keys(error as object).sort()).toEqual(['code', 'done', 'errno'])
    expect(String(error)).toMatch(/^HmmuError: ./)
  }
  expect(codeOf(() => a.load(-1, 1))).toBe('HMMU_INVALID_ARGUMENT')
})

test('long tables are cut', () => {
  const { a, buf } = makeBuffer(200, 0)
  for (let i = 0; i < 200; i += 2) a.tryStore(buf.pageAddress(i), 1)
  expect(lines(buf).length).toBeLessThan(50)
  expect(lines(buf).at(-1)).toMatch(/^ {2}… \d+ more$/)
})

// All of a million pages would take seconds.
test('of many pages the first are looked at', () => {
  const machine = makeMachine({ ramPages: 8192, devicePages: 5000 })
  const a = machine.process()
  const buf = a.map({ pages: 5000 })
  const migration = a.mainTask.beginMigration(buf, { to: 'device' })
  const shown = [migration, migration.entries, migration.finish(), buf, buf.dump()].map((value) => lines(value))
  for (const text of shown) expect(text.at(-1)).toBe('  … 904 more pages')
  machine.recordEvents(['page_fault'])
  for (let page = 0; page < 5000; page++) a.tryLoad(buf.pageAddress(page))
  const events = machine.takeEvents()
  expect(events.length).toBeGreaterThan(4096)
  expect(lines(events).at(-1)).toBe(`  … ${events.length - 4096} more events`)
})

describe('as text and as JSON', () => {
  test('String() is what console.log() shows', () => {
    const { machine, a, buf } = makeBuffer(3)
    const result = a.migrate(buf)
    const shown = [machine, a, a.mainTask, buf, result, result.entries[0], buf.dump(), a.mappings(), machine.stats()]
    for (const value of shown) expect(String(value)).toBe(inspect(value))
  })

  test('JSON has all that can be seen, words in hexadecimal', () => {
    const { machine, a, buf } = makeBuffer(2)
    const result = a.migrate(buf, { to: 'device', skip: [1] })
    const entries = [
      { index: 0, address: buf.address, src: hexOf(result.src[0]), dst: hexOf(result.dst[0]), why: 'none' },
      { index: 1, address: buf.pageAddress(1), src: hexOf(result.src[1]), dst: '0x0', why: 'no_page' },
    ]
    const { callbacksRan, collected, moved, outOfBounds } = result
    expect(json(result)).toStrictEqual({ callbacksRan, collected, moved, outOfBounds, entries })
    expect(json(result.entries)).toStrictEqual(entries)
    const [page] = buf.dump()
    expect(json(buf.dump())[0]).toStrictEqual({ ...page, raw: hexOf(page!.raw) })
    expect(json(a.walk(buf.address))).toStrictEqual(a.walk(buf.address).map(hexOf))
    expect(json(buf)).toStrictEqual({ pid: 1, address: buf.address, pages: 2 })
    expect(json(a)).toStrictEqual({ pid: 1, alive: true, counters: a.counters(), mappings: json(a.mappings()) })
    expect(json(a.mainTask)).toStrictEqual({ tid: 1, pid: 1, alive: true, ...a.mainTask.state() })
    const { profile, cpus } = machine
    const whole = { profile, cpus, hash: hexOf(machine.hash()), counters: machine.counters(), processes: [json(a)] }
    expect(json(machine)).toStrictEqual(whole)
    const pin = a.pin(buf.pageAddress(1))
    expect(json(pin)).toStrictEqual({ kind: 'pin', pfn: pin.pfn, dropped: false })
    pin.drop()
    const migration = a.mainTask.beginMigration(buf)
    expect(json(migration)).toMatchObject({ stage: 'collect', position: 0, entries: [{ index: 0 }, { index: 1 }] })
    migration.abandon()
    machine.dispose()
    expect(json(machine)).toStrictEqual({ profile, cpus, disposed: true })
    expect(json({ a, migration })).toMatchObject({ a: { pid: 1, alive: false }, migration: { entries: [{}, {}] } })
  })
})

const hexOf = (word: bigint | undefined) => `0x${word?.toString(16)}`
const json = (value: unknown) => JSON.parse(JSON.stringify(value))
