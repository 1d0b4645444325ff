// SPDX-License-Identifier: GPL-2.0-only
//
// Drivers of interval notifiers: what they are told, and what comes of what they answer.

import { type IntervalInvalidation, Machine, type NotifierOptions } from '../../lib'

const withCode = (code: string) => expect.objectContaining({ code })

/** A process with written pages, an interval notifier of them, and what its driver was told. */
function mirrored(options: NotifierOptions | undefined = undefined) {
  const machine = new Machine({ profile: 'linux-6.12', ramPages: 1024, devicePages: 8 })
  const a = machine.process()
  const buf = a.map({ pages: 4 })
  buf.touch()
  const told: IntervalInvalidation[] = []
  const notifier = a.intervalNotifier(buf.range(1, 2), {
    invalidate(invalidation) {
      told.push(invalidation)
      invalidation.notifier.setSequence(invalidation.sequence)
      return true
    },
    ...options,
  })
  return { machine, a, buf, told, notifier, seq: notifier.readBegin() }
}

test('a driver is told of what meets its range, why and for whom', () => {
  const { machine, a, buf, told, notifier, seq } = mirrored()
  a.advise(buf.range(0), 'dontneed')
  expect(told).toEqual([])
  a.advise(buf.range(0, 2), 'dontneed')
  expect(told).toEqual([
    {
      notifier,
      kind: 'clear',
      owner: 0,
      start: buf.start,
      end: buf.start + 2 * 4096,
      sequence: expect.any(Number),
      blockable: true,
    },
  ])
  expect(notifier.readRetry(seq)).toBe(true)
  expect(notifier.readBegin()).toBe(told[0]!.sequence)

  const { owner } = machine.device({ pages: 4, owner: 7 })
  a.migrate(buf.range(2), { to: 'device', select: ['system'], owner })
  expect(told.at(-1)).toMatchObject({ kind: 'migrate', owner: 7 })
  a.makeDeviceExclusive(buf.pageAddress(1), { owner })?.drop()
  expect(told.at(-1)).toMatchObject({ kind: 'exclusive', owner: 7 })
  a.exit()
  expect(told.find(({ kind }) => kind === 'release')).toMatchObject({ owner: 0, start: 0, end: 2 ** 64 })
  expect(machine.verify()).toEqual([])
})

test('what a driver ignores does not count, whatever it is', () => {
  const { a, buf, notifier, seq } = mirrored({ invalidate: ({ kind }) => kind === 'clear' })
  a.advise(buf, 'dontneed')
  expect(notifier.readRetry(seq)).toBe(false)
})

test('with a function, nothing is ignored but what the function ignores', () => {
  const { a, buf, notifier, seq } = mirrored()
  a.migrate(buf, { to: 'device', select: ['system'] })
  expect(notifier.readRetry(seq)).toBe(true)
})

test('intervals with and without a function, and one that is removed', () => {
  const { a, buf, told, notifier } = mirrored()
  const plain = a.intervalNotifier(buf)
  const seq = plain.readBegin()
  a.migrate(buf.range(1), { to: 'device', select: ['system'] })
  expect([told.length > 0, plain.readRetry(seq)]).toEqual([true, false])
  a.advise(buf, 'dontneed')
  expect(plain.readRetry(seq)).toBe(true)
  const count = told.length
  notifier.remove()
  a.advise(buf, 'dontneed')
  expect(told).toHaveLength(count)
})

test('the OOM reaper gives up where a driver would wait', () => {
  const asked: boolean[] = []
  const { a, buf, notifier, seq } = mirrored({
    invalidate({ blockable }) {
      asked.push(blockable)
      return blockable
    },
  })
  a.oomReap()
  expect(asked).toEqual([false])
  expect(buf.histogram()).toEqual({ sys: 4 })
  expect(notifier.readRetry(seq)).toBe(false)
})

test('what a driver throws reaches the caller, and the invalidation counts', () => {
  const { a, buf, notifier, seq } = mirrored({
    invalidate() {
      throw new RangeError('no room')
    },
  })
  expect(() => a.advise(buf, 'dontneed')).toThrow(new RangeError('no room'))
  expect(buf.histogram()).toEqual({ none: 4 })
  expect(notifier.readRetry(seq)).toBe(true)
})

test('a driver can look, and not enter the kernel; the sequence is set in its function only', () => {
  const seen: unknown[] = []
  const { machine, a, buf, notifier } = mirrored({
    invalidate({ notifier: its, sequence }) {
      seen.push(buf.dump()[1]?.kind)
      for (const call of [() => a.map(), () => its.remove(), () => its.setSequence(sequence + 2)])
        expect(call).toThrow(expect.objectContaining({ code: expect.stringMatching(/BUSY|INVALID_ARGUMENT/) }))
      its.setSequence(sequence)
      return true
    },
  })
  a.unmap(buf)
  expect(seen).toEqual(['sys'])
  expect(() => notifier.setSequence(notifier.readBegin())).toThrow(withCode('HMMU_INVALID_ARGUMENT'))
  expect(machine.verify()).toEqual([])
})

test('copies of a machine do without the function', () => {
  const { machine, buf, told } = mirrored()
  const copy = machine.fork()
  copy.processes[0]!.mapping(buf).write(0, Uint8Array.of(1))
  copy.processes[0]!.unmap(buf.start, buf.pages)
  expect(told).toEqual([])
  expect(copy.verify()).toEqual([])
})

test('bad functions, and bad results', () => {
  expect(() => mirrored({ invalidate: 1 as never })).toThrow(withCode('HMMU_INVALID_ARGUMENT'))
  const { a, buf, notifier } = mirrored({ invalidate: (() => undefined) as never })
  expect(() => a.unmap(buf)).toThrow(withCode('HMMU_INVALID_ARGUMENT'))
  expect(() => notifier.setSequence(-1)).toThrow(withCode('HMMU_INVALID_ARGUMENT'))
})
