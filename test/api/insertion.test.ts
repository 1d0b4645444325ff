// SPDX-License-Identifier: GPL-2.0-only
//
// Each reason for which the insertion of a page into an empty entry fails, in the order of the checks. In every case
// the page is dropped, the charge is undone, and nothing else has changed.

import type { Machine, Mapping, Process, TargetName, WhyName } from '../../lib'
import { balance, firstBytes, kinds, letters, makeBuffer, makeMachine } from './helpers'

const targets: TargetName[] = ['device', 'system']

/** Migrates holes, and runs a function after the driver has given its pages. Returns the reason of each entry. */
function migrateHoles(
  a: Process,
  range: { start: number; pages: number },
  to: TargetName,
  meanwhile?: () => void,
): WhyName[] {
  const migration = a.mainTask.beginMigration(range, { to })
  migration.runTo('alloc_and_copy')
  expect(letters(migration.src)).toEqual(Array(range.pages).fill('M'))
  meanwhile?.()
  return migration.finish().entries.map((entry) => entry.why)
}

/** Fresh memory without page tables of its own. */
function untouched(machine: Machine): { a: Process; buf: Mapping } {
  const a = machine.process()
  return { a, buf: a.map({ pages: 2, alignHuge: true }) }
}

describe.each(targets)('insertion of a %s page', (to) => {
  test('succeeds', () => {
    const machine = makeMachine()
    const { a, buf } = untouched(machine)
    expect(migrateHoles(a, buf, to)).toEqual(['none', 'none'])
    expect(kinds(buf)).toEqual(to === 'device' ? ['dev', 'dev'] : ['sys', 'sys'])
    expect(a.counters().anon).toBe(2)
    machine.drainPagevecs()
  })

  test.each(['file', 'sharedfile', 'shmem'] as const)('the mapping is not anonymous: %s', (kind) => {
    const machine = makeMachine()
    const a = machine.process()
    const buf = a.map({ pages: 2, kind })
    const before = balance(machine)
    expect(migrateHoles(a, buf, to)).toEqual(['insert_not_anonymous', 'insert_not_anonymous'])
    expect(kinds(buf)).toEqual(['none', 'none'])
    expect(balance(machine)).toEqual(before)
  })

  test('page tables can not be allocated', () => {
    for (let level = 1; level <= 3; level++) {
      const machine = makeMachine()
      const { a, buf } = untouched(machine)
      const { charged, rss } = balance(machine)
      const whys = migrateHoles(a, buf.range(0), to, () => machine.inject('table', level))
      expect(whys).toEqual(['insert_no_table'])
      expect(kinds(buf)).toEqual(['none', 'none'])
      expect(balance(machine)).toMatchObject({ charged, rss, deviceFree: 64 })
      machine.inject('table', 0)
      machine.drainPagevecs()
      expect(machine.verify()).toEqual([])
    }
  })

  test('the pmd is huge', () => {
    const machine = makeMachine()
    const a = machine.process()
    const buf = a.map({ pages: 512, alignHuge: true })
    buf.advise('hugepage')
    const whys = migrateHoles(a, buf.range(0, 2), to, () => {
      expect(a.newTask().tryStore(buf.pageAddress(100), 5)).toBe('ok')
    })
    expect(whys).toEqual(['insert_huge_pmd', 'insert_huge_pmd'])
    expect(new Set(kinds(buf))).toEqual(new Set(['huge']))
    expect(machine.counters().deviceFree).toBe(64)
    machine.drainPagevecs()
  })

  test('the pmd is unstable', () => {
    const machine = makeMachine()
    const { a, buf } = untouched(machine)
    const { charged, rss } = balance(machine)
    const whys = migrateHoles(a, buf, to, () => machine.inject('pmd_unstable', 1))
    expect(whys).toEqual(['insert_unstable_pmd', 'none'])
    expect(kinds(buf)).toEqual(['none', to === 'device' ? 'dev' : 'sys'])
    expect(a.counters().anon).toBe(1)
    expect([charged, rss]).toEqual([0, [0]])
    machine.drainPagevecs()
  })

  test('anon_vma can not be prepared', () => {
    const machine = makeMachine()
    const { a, buf } = untouched(machine)
    const whys = migrateHoles(a, buf, to, () => machine.inject('anon_vma', 1))
    expect(whys).toEqual(['insert_anon_vma', 'none'])
    expect(a.counters().anon).toBe(1)
    machine.drainPagevecs()
  })

  test('the memory cgroup is at its limit', () => {
    const { machine, a, buf } = makeBuffer(4, 2)
    machine.setMemcgLimit(2)
    const before = balance(machine)
    expect(migrateHoles(a, buf.range(2, 2), to)).toEqual(['insert_memcg', 'insert_memcg'])
    expect(kinds(buf)).toEqual(['sys', 'sys', 'none', 'none'])
    machine.drainPagevecs()
    expect(balance(machine)).toEqual(before)
  })

  test('the charge fails', () => {
    const { machine, a, buf } = makeBuffer(3, 1)
    const whys = migrateHoles(a, buf.range(1, 2), to, () => machine.inject('memcg', 1))
    expect(whys).toEqual(['insert_memcg', 'none'])
    expect(machine.memcgCharged).toBe(2)
    machine.drainPagevecs()
  })

  test('the pte is present now', () => {
    const { machine, a, buf } = makeBuffer(3, 1)
    const whys = migrateHoles(a, buf.range(1, 2), to, () => {
      expect(a.newTask().tryStore(buf.pageAddress(2), 42)).toBe('ok')
    })
    expect(whys).toEqual(['none', 'insert_pte_present'])
    expect(firstBytes(buf)).toEqual([1, 0, 42])
    expect(machine.memcgCharged).toBe(3)
    machine.drainPagevecs()
  })

  test('the zero page is no reason', () => {
    const { machine, a, buf } = makeBuffer(2, 0)
    const whys = migrateHoles(a, buf, to, () => {
      expect(a.newTask().tryLoad(buf.pageAddress(0)).outcome).toBe('ok')
      expect(kinds(buf)).toEqual(['zero', 'none'])
    })
    expect(whys).toEqual(['none', 'none'])
    machine.drainPagevecs()
  })

  test('the pte is a non-present entry now', () => {
    const { machine, a, buf } = makeBuffer(3, 1)
    const whys = migrateHoles(a, buf.range(1, 2), to, () => {
      const task = a.newTask()
      task.store(buf.pageAddress(1), Uint8Array.of(42))
      expect(task.migrate(buf.range(1), { to: 'device' }).moved).toBe(1)
      expect(kinds(buf)).toEqual(['sys', 'dev', 'none'])
    })
    expect(whys).toEqual(['insert_pte_changed', 'none'])
    expect(firstBytes(buf)).toEqual([1, 42, 0])
    machine.drainPagevecs()
  })

  test('userfaultfd guards the mapping', () => {
    const { machine, a, buf } = makeBuffer(3, 1)
    a.registerUserfault(buf)
    const before = balance(machine)
    expect(migrateHoles(a, buf.range(1, 2), to)).toEqual(['insert_userfaultfd', 'insert_userfaultfd'])
    expect(kinds(buf)).toEqual(['sys', 'none', 'none'])
    machine.drainPagevecs()
    expect(balance(machine)).toEqual(before)
  })

  test('userfaultfd also guards a present zero page', () => {
    const { machine, a, buf } = makeBuffer(2, 0)
    a.load(buf.address, 1)
    a.registerUserfault(buf)
    expect(migrateHoles(a, buf, to)).toEqual(['insert_userfaultfd', 'insert_userfaultfd'])
    expect(kinds(buf)).toEqual(['zero', 'none'])
    machine.drainPagevecs()
  })
})

describe('the order of the reasons', () => {
  test('is that of the kernel: the first one counts', () => {
    const { machine, a, buf } = makeBuffer(3, 0)
    a.registerUserfault(buf)
    const task = a.newTask()
    const reasons: [WhyName, () => void][] = [
      ['insert_no_table', () => machine.inject('table', 1)],
      ['insert_unstable_pmd', () => machine.inject('pmd_unstable', 1)],
      ['insert_anon_vma', () => machine.inject('anon_vma', 1)],
      ['insert_memcg', () => machine.inject('memcg', 1)],
      ['insert_userfaultfd', () => {}],
    ]
    while (reasons.length > 0) {
      const expected = reasons[0]![0]
      const migration = task.beginMigration(buf.range(0), { to: 'device' })
      migration.runTo('alloc_and_copy')
      for (const [, arm] of reasons) arm()
      expect(migration.finish().entries.map((entry) => entry.why)).toEqual([expected])
      for (const site of ['table', 'pmd_unstable', 'anon_vma', 'memcg'] as const) machine.inject(site, 0)
      reasons.shift()
    }
    expect(kinds(buf)).toEqual(['none', 'none', 'none'])
    expect(machine.memcgCharged).toBe(0)
  })
})

describe('in a kernel without the quirk', () => {
  test('holes of a file are not offered', () => {
    const machine = makeMachine({ quirks: { 'file-holes-collected': false } })
    const a = machine.process()
    const buf = a.map({ pages: 2, kind: 'file' })
    const result = a.migrate(buf)
    expect(result.entries.map((entry) => entry.why)).toEqual(['not_offered', 'not_offered'])
    expect(result.callbacksRan).toBe(false)
  })
})
