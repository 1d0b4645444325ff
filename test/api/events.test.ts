// SPDX-License-Identifier: GPL-2.0-only

import { addonInfo, whyValues } from '../../lib'
import { codeOf, makeBuffer } from './helpers'

describe('events', () => {
  test('are recorded once asked for, and taken out oldest first', () => {
    const { machine, a, buf } = makeBuffer(2)
    machine.recordEvents(['stage'])
    a.migrate(buf)
    const events = machine.takeEvents()
    expect(events.map(({ type }) => type)).toEqual(Array(events.length).fill('stage'))
    const stages = events.map(({ b }) => b)
    expect(stages).toEqual([...stages].sort((x, y) => x - y))
    expect(stages.length).toBeGreaterThanOrEqual(7)
    expect(events[0]).toMatchObject({ pid: a.pid, a: buf.address })
    expect(machine.takeEvents()).toEqual([])
  })

  test('can be stopped', () => {
    const { machine, a, buf } = makeBuffer(1)
    machine.recordEvents(['stage', 'page_fault'])
    machine.recordEvents([])
    a.migrate(buf)
    expect(machine.takeEvents()).toEqual([])
  })

  test('of page faults', () => {
    const { machine, a, buf } = makeBuffer(2, 0)
    machine.recordEvents(new Set(['page_fault'] as const))
    a.tryLoad(buf.address)
    a.tryStore(buf.pageAddress(1), 1)
    expect(machine.takeEvents()).toEqual([
      { type: 'page_fault', pid: a.pid, a: buf.address, b: 0 },
      { type: 'page_fault', pid: a.pid, a: buf.pageAddress(1), b: 1 },
    ])
  })

  test('of a watched process: the range of a migration, and of the insertion in it', () => {
    const { machine, a, buf } = makeBuffer(4, 2)
    a.watch()
    a.migrate(buf)
    expect(machine.takeEvents()).toEqual([
      { type: 'invalidate_start', pid: a.pid, a: buf.address, b: buf.end },
      { type: 'invalidate_start', pid: a.pid, a: buf.pageAddress(2), b: buf.end },
    ])
  })

  test('of other processes are not mixed in', () => {
    const { machine, a, buf } = makeBuffer(1)
    const b = a.fork()
    a.watch()
    machine.takeEvents()
    buf.in(b).advise('dontneed')
    expect(machine.takeEvents()).toEqual([])
    buf.advise('dontneed')
    expect(machine.takeEvents().map(({ pid }) => pid)).toEqual([a.pid])
  })

  test('that nobody takes are counted, and many come in one piece', () => {
    const { machine, a, buf } = makeBuffer(1, 0)
    machine.recordEvents(['page_fault'])
    for (let i = 0; i < 600; i++) {
      a.tryStore(buf.address, 1)
      buf.advise('dontneed')
    }
    const { eventsLost } = machine.counters()
    expect(machine.takeEvents().length + eventsLost).toBe(600)
  })

  test('have the time of the host where that is asked for', () => {
    const { machine, a, buf } = makeBuffer(2, 0)
    machine.recordEvents(['page_fault'])
    machine.timeEvents()
    a.tryLoad(buf.address)
    a.tryLoad(buf.pageAddress(1))
    const [first, second] = machine.takeEvents()
    if (process.arch === 'x64' && addonInfo.backend === 'native') expect(first?.cycles).toBeGreaterThan(0)
    expect(second?.cycles).toBeGreaterThanOrEqual(first?.cycles ?? Infinity)
    machine.timeEvents(false)
    a.tryStore(buf.address, 1)
    expect(machine.takeEvents()).toEqual([{ type: 'page_fault', pid: a.pid, a: buf.address, b: 1 }])
    expect(codeOf(() => machine.timeEvents(1 as never))).toBe('HMMU_INVALID_ARGUMENT')
  })

  test('of device faults, and of entries that are given up', () => {
    const { machine, a, buf } = makeBuffer(2)
    const pin = a.pin(buf.address)
    machine.recordEvents(['give_up', 'device_fault', 'device_fault_end'])
    a.migrate(buf)
    a.tryLoad(buf.pageAddress(1))
    const pfn = machine.deviceBase
    expect(machine.takeEvents()).toEqual([
      { type: 'give_up', pid: a.pid, a: buf.address, b: whyValues.pinned },
      { type: 'device_fault', pid: a.pid, a: buf.pageAddress(1), b: pfn },
      { type: 'device_fault_end', pid: a.pid, a: buf.pageAddress(1), b: 0 },
    ])
    pin.drop()
  })

  test.each([['no_such_event'], [['no_such_event']], [7], [null], ['stage']])('types %p are refused', (types) => {
    const { machine } = makeBuffer(1)
    expect(codeOf(() => machine.recordEvents(types as never))).toBe('HMMU_INVALID_ARGUMENT')
  })
})

describe('the TLB', () => {
  test('never answers with a translation that is gone', () => {
    const { machine, a, buf } = makeBuffer(2, 2, { cpus: 2 })
    const task = a.newTask()
    task.setCpu(1)
    task.load(buf.address, 4097)
    machine.recordEvents(['stale_tlb', 'tlb_flush'])
    a.migrate(buf)
    expect(task.load(buf.address, 1)[0]).toBe(1)
    const types = machine.takeEvents().map(({ type }) => type)
    expect(types).toContain('tlb_flush')
    expect(types).not.toContain('stale_tlb')
    expect(machine.counters().tlbStale).toBe(0)
    machine.drainPagevecs()
  })
})
