// SPDX-License-Identifier: GPL-2.0-only

import { inspect } from 'node:util'
import {
  addonInfo,
  type Machine,
  PageFlag,
  type StatsNode,
  spanNames,
  spanValues,
  stageNames,
  stageValues,
} from '../../lib'
import { makeBuffer, makeMachine } from './helpers'

/** The tree as lines: indented names with runs and entries, which are deterministic. */
function outline(nodes: readonly StatsNode[], indent = ''): string[] {
  return nodes.flatMap(({ span, runs, entries, children }) => [
    `${indent}${span} ${runs} ${entries}`,
    ...outline(children, `${indent}  `),
  ])
}

/** The counts that are not zero. */
function counts(machine: Machine): Record<string, number> {
  return Object.fromEntries(Object.entries(machine.stats().counts).filter(([, value]) => value > 0))
}

describe('spans', () => {
  test('the first are the stages, in their order', () => {
    const stages = stageNames.filter((name) => name !== 'done')
    expect(spanNames.slice(0, stages.length)).toEqual(stages)
    for (const name of stages) expect(spanValues[name as keyof typeof spanValues]).toBe(stageValues[name])
  })

  test('of a migration: every stage has gone over every entry once', () => {
    const { machine, a, buf } = makeBuffer(5, 4)
    const pin = a.pin(buf.pageAddress(1))
    machine.recordStats()
    a.migrate(buf, { to: 'device', skip: [2] })
    machine.recordStats(false)
    const { spans, whys, enabled, tree } = machine.stats()
    expect(enabled).toBe(false)
    for (const name of spanNames.slice(0, 8)) expect([name, spans[name]]).toEqual([name, { runs: 1, entries: 5 }])
    expect(whys).toEqual({ pinned: 1, no_page: 1 })
    expect(outline(tree)).toEqual(['migrate 1 5', ...spanNames.slice(0, 7).map((name) => `  ${name} 1 5`)])
    pin.drop()
  })

  test('of a migration whose entries all drop out: the later stages do not run', () => {
    const { machine, a, buf } = makeBuffer(2)
    const pins = [0, 1].map((page) => a.pin(buf.pageAddress(page)))
    machine.recordStats()
    a.migrate(buf)
    expect(outline(machine.stats().tree)).toEqual(['migrate 1 2', '  collect 1 2', '  prepare 1 2'])
    for (const pin of pins) pin.drop()
  })

  test('in steps are the same as in one call', () => {
    const { machine, a, buf } = makeBuffer(4, 3)
    machine.recordStats()
    const migration = a.mainTask.beginMigration(buf, { to: 'device' })
    while (migration.step());
    migration.finish()
    const { spans } = machine.stats()
    for (const name of spanNames.slice(0, 7)) expect([name, spans[name]]).toEqual([name, { runs: 1, entries: 4 }])
    expect(spans.migrate).toEqual({ runs: 1, entries: 4 })
  })

  test('stand below those that they are a part of', () => {
    const { machine, a, buf } = makeBuffer(2)
    a.migrate(buf)
    machine.recordStats()
    a.tryLoad(buf.address)
    expect(outline(machine.stats().tree)).toEqual([
      'page_fault 1 1',
      '  device_fault 1 1',
      '    migrate 1 1',
      ...spanNames.slice(0, 7).map((name) => `      ${name} 1 1`),
    ])
  })

  test('of fork, munmap and exit have the number of pages', () => {
    const { machine, a, buf } = makeBuffer(6, 4)
    machine.recordStats()
    const child = a.fork()
    buf.in(child).unmap()
    a.exit()
    const { spans } = machine.stats()
    expect([spans.fork, spans.munmap, spans.exit]).toEqual([
      { runs: 1, entries: 4 },
      { runs: 1, entries: 6 },
      { runs: 1, entries: 4 },
    ])
  })

  test('have cycles of their own, which add up to those of all', () => {
    const { machine, a, buf } = makeBuffer(64)
    machine.recordStats()
    a.migrate(buf)
    buf.read(0, 1)
    const { cycles, tree } = machine.stats()
    const all = tree.reduce((sum, node) => sum + node.cycles, 0)
    const own = (node: StatsNode): number => node.selfCycles + node.children.map(own).reduce((x, y) => x + y, 0)
    expect(tree.map(own).reduce((x, y) => x + y, 0)).toBe(all)
    expect(Object.values(cycles).reduce((x, y) => x + y, 0)).toBe(all)
    if (process.arch === 'x64' && addonInfo.backend === 'native') expect(cycles.collect).toBeGreaterThan(0)
  })
})

describe('counts', () => {
  test('of faults, by kind', () => {
    const { machine, a, buf } = makeBuffer(4, 0, { swapPages: 8, devicePages: 8 })
    const shared = a.map({ pages: 1, kind: 'shmem' })
    const read = a.map({ pages: 2 })
    machine.recordStats()
    a.tryStore(buf.address, 1)
    a.tryLoad(read.address)
    a.tryStore(read.address, 1)
    a.tryStore(shared.address, 1)
    expect(counts(machine)).toMatchObject({ faultAnon: 1, faultZero: 1, faultWp: 1, faultFile: 1 })
    a.reclaim(buf.address)
    a.tryLoad(buf.address)
    a.migrate(read.range(0, 1))
    a.tryLoad(read.address)
    expect(counts(machine)).toMatchObject({ faultSwap: 1, faultDevice: 1 })
  })

  test('of waits, and of faults on migration entries', () => {
    const { machine, a, buf } = makeBuffer(1)
    const migration = a.mainTask.beginMigration(buf, { to: 'device' })
    migration.runTo('prepare')
    machine.recordStats()
    const other = a.newTask()
    expect(other.tryStore(buf.address, 1)).toBe('blocked')
    expect(counts(machine)).toEqual({ faultMigration: 1, wait: 1 })
    other.cancel()
    migration.finish()
  })

  test('of huge pages', () => {
    const machine = makeMachine({ devicePages: 512 })
    const a = machine.process()
    const buf = a.map({ pages: 512, alignHuge: true })
    buf.advise('hugepage')
    machine.recordStats()
    a.tryStore(buf.address, 1)
    a.migrate(buf)
    expect(counts(machine)).toMatchObject({ faultHuge: 1, splitPmd: 1, splitPage: 1 })
  })

  test('of pagevecs and TLB flushes', () => {
    const { machine, a, buf } = makeBuffer(1)
    machine.recordStats()
    buf.advise('dontneed')
    a.tryStore(buf.address, 2)
    machine.drainPagevecs()
    machine.drainPagevecs()
    expect(counts(machine)).toMatchObject({ pagevecDrain: 1, tlbFlush: 1 })
  })
})

describe('recording', () => {
  test('begins at zero and can be stopped', () => {
    const { machine, a, buf } = makeBuffer(2)
    expect(machine.stats().enabled).toBe(false)
    expect(machine.stats().tree).toEqual([])
    machine.recordStats()
    a.migrate(buf)
    machine.recordStats()
    expect(machine.stats()).toMatchObject({ enabled: true, tree: [], whys: {}, spans: { collect: { runs: 0 } } })
    machine.recordStats(false)
    a.migrate(buf, { to: 'system' })
    expect(machine.stats().tree).toEqual([])
  })

  test('can be begun, stopped and begun anew in a callback', () => {
    const { machine, a, buf } = makeBuffer(2)
    const seen: string[][] = []
    for (const on of [[true], [false], [false, true], [true, true]]) {
      a.migrate(buf, {
        allocAndCopy() {
          for (const each of on) machine.recordStats(each)
        },
      })
      seen.push(outline(machine.stats().tree))
    }
    // What was under way when the counting began is not in it; what was under way when it ended is.
    expect(seen[0]).toEqual(['migrate 0 0'])
    expect(seen[1]?.[0]).toBe('migrate 1 2')
    expect(machine.verify()).toEqual([])
  })

  test('changes nothing else: what is counted is the same in two machines, and so is all that they do', () => {
    const run = (on: boolean) => {
      const { machine, a, buf } = makeBuffer(40, 33, { cpus: 2 })
      machine.recordStats(on)
      const child = a.fork()
      a.tryStore(buf.address, 7)
      a.migrate(buf)
      buf.in(child).read(0, 1)
      const { spans, counts, whys, tree } = machine.stats()
      return { dump: buf.dump(), counters: machine.counters(), stats: { spans, counts, whys, tree: outline(tree) } }
    }
    const [first, second, without] = [run(true), run(true), run(false)]
    expect(second).toEqual(first)
    expect(without.dump).toEqual(first.dump)
    expect(without.counters).toEqual(first.counters)
    expect(without.stats).not.toEqual(first.stats)
  })
})

test('statistics show themselves as a table', () => {
  const { machine, a, buf } = makeBuffer(3)
  machine.setPageFlags(buf.dump()[0]?.pfn ?? 0, PageFlag.REFERENCED)
  const pin = a.pin(buf.address)
  machine.recordStats()
  a.migrate(buf)
  const lines = inspect(machine.stats()).split('\n')
  expect(lines[0]).toBe('MachineStats')
  expect(lines[1]).toMatch(/^ {2}span +runs +entries +cycles +an entry$/)
  expect(lines[2]).toMatch(/^ {2}collect +1 +3 +\d+ +\d+\.\d$/)
  expect(lines[9]).toMatch(/^ {2}migrate +1 +3 /)
  expect(lines.slice(10)).toEqual([expect.stringMatching(/^ {2}counts: tlbFlush \d/), '  not moved: pinned 1'])
  pin.drop()
})
