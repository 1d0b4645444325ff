// SPDX-License-Identifier: GPL-2.0-only
//
// Who holds pages and locks, and the looks at a machine as a whole.

import { inspect } from 'node:util'
import type { Holder, Machine } from '../../lib'
import { errorOf, makeBuffer, makeMachine } from './helpers'

const PROFILES = ['linux-4.14', 'linux-6.12'] as const

/** All references of all pages in use are explained, and each locked page has one who has locked it. */
function expectExplained(machine: Machine): void {
  const byPage = new Map<number, Holder[]>()
  for (const holder of machine.holders()) byPage.set(holder.pfn, [...(byPage.get(holder.pfn) ?? []), holder])
  const LOCKED = 1
  for (const page of machine.pages()) {
    const list = byPage.get(page.pfn) ?? []
    if (list.length === 0) continue
    expect([page.pfn, list.reduce((sum, { refs }) => sum + refs, 0)]).toEqual([page.pfn, page.refCount])
    expect(list.filter(({ lock }) => lock).length).toBe(page.flags & LOCKED ? 1 : 0)
  }
}

describe.each(PROFILES)('%s', (profile) => {
  test('mappings, pins with their places, holds, isolations', () => {
    const { machine, a, buf } = makeBuffer(2, 2, { profile })
    const pin = a.pin(buf.address)
    const hold = a.hold(buf.address)
    const { refCount } = machine.page(pin.pfn)
    const list = machine.holders(pin.pfn)
    expect(list.map(({ kind, refs, lock }) => [kind, refs, lock])).toEqual([
      ['mapping', 1, false],
      ['pin', 1, false],
      ['hold', 1, true],
    ])
    expect(list[0]).toMatchObject({ pid: a.pid, address: buf.address, pfn: pin.pfn, count: 1 })
    expect(list[1]?.since).toEqual([expect.stringMatching(/^holders\.test\.ts:\d+$/)])
    expect(pin.since).toBe(list[1]?.since?.[0])
    expect(refCount).toBe(3)
    expect(inspect(list)).toContain(`pinned since ${pin.since}`)
    expect(inspect(buf)).toMatch(
      /held:\n {2}page 0 \(#\d+\): pinned since holders.test.ts:\d+; held since .*, with its lock/,
    )
    expectExplained(machine)
    hold.drop()
    pin.drop()
    expect(machine.holders(pin.pfn).map(({ kind }) => kind)).toEqual(['mapping'])
    expect(inspect(buf)).not.toContain('held')
  })

  test('a migration and who waits for it', () => {
    const { machine, a, buf } = makeBuffer(2, 2, { profile })
    const other = a.newTask()
    const migration = a.mainTask.beginMigration(buf, { to: 'device' })
    migration.runTo('alloc_and_copy')
    const [entry] = buf.dump()
    expect(other.tryLoad(buf.address)).toMatchObject({ outcome: 'blocked' })
    expect(machine.holders(entry?.pfn).find(({ kind }) => kind === 'migration')).toMatchObject({
      tid: a.mainTask.tid,
      entry: 0,
      lock: true,
    })
    expect(machine.holders().filter(({ kind }) => kind === 'destination')).toHaveLength(2)
    expect(machine.holders().some(({ kind }) => kind === 'wait')).toBe(profile === 'linux-4.14')
    // In 4.14 the other task waits with mmap_sem.
    const tids = a.mmapLock().readers.map(({ tid }) => tid)
    expect(tids).toEqual(profile === 'linux-4.14' ? [a.mainTask.tid, other.tid] : [a.mainTask.tid])
    expect(a.mmapLock()).toMatchObject({ writer: undefined, waiting: [] })
    expect(String(a.mainTask)).toContain('holds mmap_sem for reading')
    expect(a.mainTask.state()).toMatchObject({ mmapLock: 'read', migrations: 1 })
    expectExplained(machine)
    const writer = a.newTask()
    expect(() => writer.unmap(buf)).toThrow()
    expect(a.mmapLock().waiting.map(({ tid }) => tid)).toEqual([writer.tid])
    writer.cancel()
    other.cancel()
    migration.finish()
    expectExplained(machine)
  })

  test('translations, also stale ones', () => {
    const { machine, a, buf } = makeBuffer(2, 2, { profile, cpus: 2 })
    const other = a.newTask()
    other.setCpu(1)
    other.tryLoad(buf.pageAddress(1))
    expect(machine.translations(1)).toEqual([
      { address: buf.pageAddress(1), pid: a.pid, pfn: buf.dump()[1]?.pfn, write: true, dirty: true, stale: false },
    ])
    expect(machine.translations()).toHaveLength(2)
    a.unmap(buf)
    expect([...machine.translations(0), ...machine.translations(1)]).toEqual([])
    expect(errorOf(() => machine.translations(2)).code).toBe('HMMU_INVALID_ARGUMENT')
  })

  test('page tables are those that walks go by', () => {
    const { a, buf } = makeBuffer(3, 3, { profile })
    const tables = a.tables()
    const walk = a.walk(buf.address)
    expect(tables.map(({ level }) => level)).toEqual(['pgd', 'pud', 'pmd', 'pte'])
    expect(tables.map(({ entry }) => entry)).toEqual([0n, walk[1], walk[2], walk[3]])
    expect(tables[3]).toMatchObject({ used: 3, parent: tables[2]?.pfn })
    expect(tables).toHaveLength(a.counters().tables)
    expect(JSON.parse(JSON.stringify(tables))[3].entry).toMatch(/^0x/)
  })

  test('pages in use', () => {
    const { machine, a, buf } = makeBuffer(3, 3, { profile })
    const pages = machine.pages()
    for (const page of pages) expect(page).toEqual(machine.page(page.pfn))
    const [, second] = buf.dump()
    expect(pages.find(({ pfn }) => pfn === second?.pfn)).toMatchObject({ anon: true, refCount: 1, byte: 2 })
    a.exit()
    expect(machine.pages().length).toBeLessThan(pages.length - 3)
  })

  test('the LRU: pages wait in a pagevec; on a list the last one is the first', () => {
    const { machine, a } = makeBuffer(1, 0, { profile })
    const buf = a.map({ pages: 3 })
    buf.write(0, new Uint8Array(3 * 4096).fill(1))
    const pfns = buf.dump().map(({ pfn }) => pfn)
    const waiting = { list: 'pagevec', cpu: 0, pagevec: 'lru_add' }
    expect([...machine.lru()]).toEqual(pfns.map((pfn) => ({ pfn, ...waiting })))
    expect(String(machine.lru())).toContain('pagevec lru_add of CPU 0')
    machine.drainPagevecs()
    const list = profile === 'linux-4.14' ? 'active_anon' : 'inactive_anon'
    expect([...machine.lru()]).toEqual([...pfns].reverse().map((pfn) => ({ pfn, list })))
  })

  test('the anon_vma of a page, and the call that a task waits in', () => {
    const { machine, a, buf } = makeBuffer(2, 2, { profile })
    const [first, second] = buf.dump().map(({ pfn }) => machine.page(pfn))
    expect(first!.mapping).toBeGreaterThan(0)
    expect(second).toMatchObject({ mapping: first!.mapping, index: first!.index + 1 })
    const migration = a.beginMigration(buf, { to: 'device' })
    migration.runTo('alloc_and_copy')
    const task = a.newTask()
    expect(task.state().call).toBe('nothing')
    expect(errorOf(() => task.load(buf.address, 1)).code).toBe('HMMU_BLOCKED')
    expect(task.state()).toMatchObject({ wait: 'page_lock', call: 'load' })
    migration.finish()
    task.load(buf.address, 1)
    expect(task.state().call).toBe('nothing')
  })

  test('events say how many references were expected and found', () => {
    const { machine, a, buf } = makeBuffer(2, 2, { profile })
    const pin = a.pin(buf.pageAddress(1))
    machine.recordEvents(['references', 'give_up'])
    a.migrate(buf, { to: 'device' })
    expect(machine.takeEvents()).toMatchObject([
      { type: 'references', a: buf.pageAddress(1), expected: 1, found: 2 },
      { type: 'give_up', a: buf.pageAddress(1) },
    ])
    pin.drop()
  })
})

test('a pin for DMA, and pages that are in a pagevec', () => {
  const machine = makeMachine({ profile: 'linux-6.12' })
  const a = machine.process()
  const buf = a.map({ pages: 1 })
  a.tryStore(buf.address, 1)
  using pin = a.pin(buf.address, { dma: true })
  const list = machine.holders(pin.pfn)
  expect(list.find(({ kind }) => kind === 'pagevec')).toMatchObject({ cpu: 0, pagevec: 'lru_add', refs: 1 })
  expect(list.find(({ kind }) => kind === 'dma_pin')).toMatchObject({ refs: 1024, count: 1 })
  expect(inspect(buf)).toMatch(/pinned for DMA since holders\.test\.ts:\d+/)
})

test('a page that does not exist, a page that is free, a machine that is gone', () => {
  const machine = makeMachine()
  expect(errorOf(() => machine.holders(8192 + 512 * 4 + 64)).code).toBe('HMMU_NO_PAGE')
  expect(errorOf(() => machine.holders(0)).code).toBe('HMMU_INVALID_ARGUMENT')
  expect(machine.holders(machine.deviceBase)).toEqual([])
  machine.dispose()
  expect(errorOf(() => machine.holders()).code).toBe('HMMU_DISPOSED')
  expect(errorOf(() => machine.pages()).code).toBe('HMMU_DISPOSED')
  expect(errorOf(() => machine.translations()).code).toBe('HMMU_DISPOSED')
})

/** 4,000 pages and as many pins, in a time that grows with their number: each page is looked at once. */
test('many holders are listed at once', () => {
  const { machine, a, buf } = makeBuffer(4000, 0)
  buf.touch()
  const pins = Array.from({ length: 4000 }, (_, i) => a.pin(buf.pageAddress(i)))
  expect(machine.holders().filter(({ kind }) => kind === 'pin')).toHaveLength(4000)
  expectExplained(machine)
  for (const pin of pins) pin.drop()
})
