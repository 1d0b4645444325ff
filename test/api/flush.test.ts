// SPDX-License-Identifier: GPL-2.0-only
//
// TLB flushes that a call makes, and those that it leaves out; calls of secondary TLBs' notifiers.

import type { Machine, MachineEvent, Process } from '../../lib'
import { makeBuffer, makeMachine } from './helpers'

/** The events of a type that a call causes, as ranges relative to a page. */
function rangesOf(machine: Machine, type: MachineEvent['type'], origin: number, call: () => void): string[] {
  machine.recordEvents([type])
  machine.takeEvents()
  call()
  const events = machine.takeEvents().filter((event) => event.type === type)
  machine.recordEvents([])
  return events.map(({ a, b }) => `${(a - origin) / 4096}-${(b - origin) / 4096}`)
}

test('a call that removes no translation flushes nothing', () => {
  const { machine, a, buf } = makeBuffer(8, 3)
  a.migrate(buf.range(2))
  machine.drainPagevecs()
  const calls: [string, () => void, string[]][] = [
    ['dontneed of empty entries', () => a.advise(buf.range(4, 2), 'dontneed'), []],
    ['free of empty entries', () => a.advise(buf.range(4, 2), 'free'), []],
    ['free of a dirty page', () => a.advise(buf.range(0), 'free'), ['0-1']],
    ['free of it once more, clean and old', () => a.advise(buf.range(0), 'free'), []],
    ['protect of empty entries', () => a.protect(buf.range(4, 2), 'r'), []],
    ['protect of a page', () => a.protect(buf.range(1), 'r'), ['1-2']],
    ['protect of a device entry, which counts as changed', () => a.protect(buf.range(2), 'r'), ['2-3']],
    ['dontneed of a device entry', () => a.advise(buf.range(2), 'dontneed'), []],
    ['unmap of empty entries', () => a.unmap(buf.range(4, 2)), []],
    ['dontneed over two mappings', () => a.advise(buf.range(0, 3), 'dontneed'), ['0-1', '1-2']],
  ]
  for (const [name, call, expected] of calls) {
    expect([name, ...rangesOf(machine, 'tlb_flush', buf.address, call)]).toEqual([name, ...expected])
  }
})

test('an unmapping of several tables is one flush', () => {
  const machine = makeMachine()
  const a = machine.process()
  a.map({ pages: 1 }).write(0, Uint8Array.of(1))
  const buf = a.map({ pages: 1024 })
  for (const page of [0, 300, 800]) a.store(buf.pageAddress(page), Uint8Array.of(1))
  expect(rangesOf(machine, 'tlb_flush', buf.address, () => buf.unmap())).toEqual(['-256-801'])
})

describe('"mm/migrate_device.c: flush TLB while holding PTL"', () => {
  const between: [string, (t: Process['mainTask'], address: number) => void][] = [
    ['nothing', () => {}],
    ['MADV_DONTNEED of the page', (t, address) => t.advise(address, 1, 'dontneed')],
    ['MADV_DONTNEED of a hole', (t, address) => t.advise(address + 2 * 4096, 1, 'dontneed')],
  ]

  /** Collect has replaced the entry; another thread that wrote to the page before does something, and writes again. */
  function staleAfter(profile: 'linux-4.14' | 'linux-4.14-fixed', call: (typeof between)[number][1]): number {
    const machine = makeMachine({ cpus: 2, profile })
    const a = machine.process()
    const other = a.newTask()
    other.setCpu(1)
    const buf = a.map({ pages: 4 })
    buf.write(0, new Uint8Array(2 * 4096).fill(1))
    other.tryStore(buf.address, 2)
    const migration = a.beginMigration(buf)
    migration.step()
    expect(rangesOf(machine, 'tlb_flush', 0, () => call(other, buf.address))).toEqual([])
    machine.recordEvents(['stale_tlb'])
    if (other.tryStore(buf.address, 3) === 'blocked') other.cancel()
    const stale = machine.takeEvents().filter(({ type, a: address }) => type === 'stale_tlb' && address === buf.address)
    migration.finish()
    return stale.length
  }

  test.each(between)('with %s in between, a store meets the stale translation', (_name, call) => {
    expect(staleAfter('linux-4.14', call)).toBeGreaterThan(0)
    expect(staleAfter('linux-4.14-fixed', call)).toBe(0)
  })
})

test('each end of a notifier range tells secondary TLBs, and so does a flush of what was gathered', () => {
  const { machine, a, buf } = makeBuffer(6, 4)
  a.fork()
  a.watch()
  buf.read(4 * 4096, 1)
  const told = (call: () => void) => rangesOf(machine, 'invalidate_range', buf.address, call)
  // The entry that is replaced, and the end.
  expect(told(() => buf.write(0, Uint8Array.of(2)))).toEqual(['0-1', '0-1'])
  expect(told(() => void a.fork())).toEqual(['0-6'])
  expect(told(() => a.protect(buf.range(1), 'r'))).toEqual(['1-2'])
  expect(told(() => a.advise(buf.range(2), 'dontneed'))).toEqual(['2-3', '2-3'])
  // Collect; the zero page's entry, and the insertions.
  expect(told(() => void a.migrate(buf.range(4)))).toEqual(['4-5', '4-5', '4-5'])
})
