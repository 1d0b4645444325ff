// SPDX-License-Identifier: GPL-2.0-only

import { HmmuError, IntervalNotifier, Machine, type MachineOptions } from '../../lib'

const open = (options: MachineOptions = {}) => new Machine({ profile: 'linux-6.12', devicePages: 8, ...options })

const nothing = { valid: false, write: false, error: false, order: 0, pfn: 0, device: false, coherent: false }

/** A process with pages that were written to. */
function written(machine: Machine, pages: number) {
  const process = machine.process()
  const buf = process.map({ pages })
  for (let i = 0; i < pages; i++) process.store(buf.start + i * 4096, Uint8Array.of(i))
  return { process, buf }
}

/** The errno of a call that the kernel refuses. */
function errnoOf(call: () => unknown): string | undefined {
  try {
    call()
  } catch (error) {
    if (error instanceof HmmuError) return error.errno ?? error.code
    throw error
  }
  return undefined
}

test('what the tables say, and what is faulted in', () => {
  const { process, buf } = written(open(), 2)
  const two = process.map({ pages: 2 })
  const [first, second] = process.dump(buf)
  expect(process.mirror(buf)).toEqual([
    { ...nothing, valid: true, write: true, pfn: first!.pfn },
    { ...nothing, valid: true, write: true, pfn: second!.pfn },
  ])
  expect(process.mirror(two.start, 2)).toEqual([nothing, nothing])
  expect(process.mirror(two, { write: true })).toEqual([nothing, nothing])
  expect(process.mirror(two, { fault: true })).toMatchObject([
    { valid: true, write: false },
    { valid: true, write: false },
  ])
  expect(process.mirror(two, { fault: true, write: true })).toMatchObject([{ write: true }, { write: true }])
  process.unmap(two)
  expect(process.mirror(two.start, 1)).toEqual([{ ...nothing, error: true }])
  expect(errnoOf(() => process.mirror(two.start, 1, { fault: true }))).toBe('EFAULT')
  process.protect(buf, 'r')
  expect(errnoOf(() => process.mirror(buf, { fault: true, write: true }))).toBe('EPERM')
})

test('pages of the device are reported to their owner only', () => {
  const machine = open()
  const { process, buf } = written(machine, 2)
  process.migrate(buf, { to: 'device' })
  expect(process.mirror(buf)).toMatchObject([
    { valid: true, device: true, pfn: machine.deviceBase },
    { valid: true, device: true },
  ])
  expect(process.mirror(buf, { owner: 0 })).toEqual([nothing, nothing])
  expect(process.mirror(buf, { owner: 0, fault: true })).toMatchObject([
    { valid: true, device: false },
    { valid: true, device: false },
  ])
})

test('a huge page has its order', () => {
  const { process } = written(open({ ramPages: 4096 }), 1)
  const huge = process.map({ pages: 512, alignHuge: true })
  process.advise(huge, 'hugepage')
  process.store(huge.start, Uint8Array.of(1))
  const pages = process.mirror(huge)
  expect(new Set(pages.map(({ order }) => order))).toEqual(new Set([9]))
  expect(pages[511]!.pfn).toBe(pages[0]!.pfn + 511)
})

test('the rule of an interval notifier: begin anew while the range was invalidated', () => {
  const { process, buf } = written(open(), 4)
  const notifier = process.intervalNotifier(buf)
  const task = process.mainTask
  const seq = notifier.readBegin()
  expect(task.rangeFault(notifier, seq)).toHaveLength(4)
  expect(notifier.readRetry(seq)).toBe(false)
  process.advise(buf.start + 4096, 1, 'dontneed')
  expect(notifier.readRetry(seq)).toBe(true)
  expect(errnoOf(() => task.rangeFault(notifier, seq))).toBe('EBUSY')
  const again = notifier.readBegin()
  expect(task.rangeFault(notifier, again)[1]).toEqual(nothing)
  expect(notifier.readRetry(again)).toBe(false)
  notifier.remove()
  expect(errnoOf(() => notifier.remove())).toBe('EINVAL')
  expect(errnoOf(() => notifier.readBegin())).toBe('EINVAL')
})

test('copy on write of the call itself makes it begin anew', () => {
  const { process, buf } = written(open(), 2)
  process.fork()
  const notifier = process.intervalNotifier(buf.start, 2)
  const asked = { fault: true, write: true }
  const first = notifier.readBegin()
  expect(errnoOf(() => process.rangeFault(notifier, first, asked))).toBe('EBUSY')
  expect(process.rangeFault(notifier, notifier.readBegin(), asked)).toMatchObject([{ write: true }, { write: true }])
})

test('migrations of the own device do not invalidate the entries that they collect', () => {
  const machine = open()
  const { process, buf } = written(machine, 1)
  const { owner } = machine.device({ pages: 1 })
  const own = process.intervalNotifier(buf)
  const other = process.intervalNotifier(buf, { owner })
  const seqs = [own.readBegin(), other.readBegin()]
  process.migrate(buf, { to: 'device' })
  expect(own.readRetry(seqs[0]!)).toBe(false)
  expect(other.readRetry(seqs[1]!)).toBe(true)
})

test('a mirror waits for a page under migration, and goes on', () => {
  const { process, buf } = written(open(), 3)
  const task = process.newTask()
  const migration = process.beginMigration({ start: buf.start + 4096, pages: 1 }, { to: 'device' })
  migration.runTo('alloc_and_copy')
  expect(task.mirror(buf)[1]).toEqual(nothing)
  expect(() => task.mirror(buf, { fault: true })).toThrow(expect.objectContaining({ code: 'HMMU_BLOCKED' }))
  expect(task.state().wait).toBe('page_lock')
  const pages = task.retry(
    () => task.mirror(buf, { fault: true }),
    () => migration.step(),
  )
  expect(pages).toMatchObject([{ valid: true }, { valid: true, device: true }, { valid: true }])
})

test('a mirror that waits keeps its beginning while other calls are refused', () => {
  const { process, buf } = written(open(), 3)
  const task = process.newTask()
  const migration = process.beginMigration({ start: buf.start + 4096, pages: 1 }, { to: 'device' })
  migration.runTo('alloc_and_copy')
  expect(() => task.mirror(buf, { fault: true })).toThrow(expect.objectContaining({ code: 'HMMU_BLOCKED' }))
  for (const pages of [1, 3])
    expect(() => task.mirror({ start: buf.start, pages }, { fault: pages === 1 })).toThrow(
      expect.objectContaining({ code: 'HMMU_BUSY' }),
    )
  migration.finish()
  expect(task.mirror(buf, { fault: true })).toMatchObject([{ valid: true }, { valid: true }, { valid: true }])
})

test('an interval notifier outlives its process, and shows itself', () => {
  const machine = open()
  const { process, buf } = written(machine, 1)
  const notifier = process.intervalNotifier(buf)
  expect(notifier).toBeInstanceOf(IntervalNotifier)
  expect(JSON.parse(JSON.stringify(notifier))).toEqual({ id: notifier.id, start: buf.start, pages: 1 })
  expect(String(notifier)).toMatch(/^Interval notifier 1 of 1 pages at 0x/)
  const seq = notifier.readBegin()
  process.exit()
  expect(notifier.readRetry(seq)).toBe(true)
  notifier.remove()
  expect(machine.verify()).toEqual([])
})

test('bad arguments', () => {
  const machine = open()
  const { process, buf } = written(machine, 1)
  const notifier = process.intervalNotifier(buf)
  const bad = [
    () => process.mirror(buf, { fault: 1 as never }),
    () => process.mirror(buf, { falut: true } as never),
    () => process.mirror(buf, { owner: -1 }),
    () => process.mirror(buf.start, 0),
    () => process.mirror(buf.start, 2 ** 23),
    () => process.intervalNotifier(buf, { fault: true } as never),
    () => process.rangeFault({} as never, 1),
    () => process.rangeFault(notifier, -1),
    () => machine.process().rangeFault(notifier, 1),
    () => notifier.readRetry('1' as never),
  ]
  for (const call of bad) expect(errnoOf(call)).toMatch(/^(HMMU_INVALID_ARGUMENT|EINVAL)$/)
  expect(() => open().process().rangeFault(notifier, 1)).toThrow(
    expect.objectContaining({ code: 'HMMU_WRONG_MACHINE' }),
  )
})

test('Linux 4.14 has neither', () => {
  const { process, buf } = written(new Machine(), 1)
  expect(errnoOf(() => process.mirror(buf))).toBe('EINVAL')
  expect(errnoOf(() => process.intervalNotifier(buf))).toBe('EINVAL')
})
