// SPDX-License-Identifier: GPL-2.0-only

// Drivers and handlers that are no such thing: the message says what is wrong, and a promise is refused.
import { Machine } from '../../lib'
import { errorOf } from './helpers'

const open = () => {
  const machine = new Machine({ ramPages: 1024, devicePages: 8 })
  const a = machine.process()
  const buf = a.map({ pages: 2 })
  buf.write(0, Uint8Array.of(1))
  return { machine, a, buf }
}

test('handlers must not be asynchronous', () => {
  const { machine, a, buf } = open()
  a.migrate(buf.range(0))
  machine.onPageFree((async () => {
    throw new Error('nobody would see it')
  }) as never)
  expect(errorOf(() => buf.read(0, 1))).toMatchObject({
    code: 'HMMU_INVALID_ARGUMENT',
    message: 'the handler of freed pages must not be asynchronous, it returned a promise',
  })
  machine.onPageFree(undefined)
  a.onInvalidate((async () => {}) as never)
  expect(errorOf(() => buf.unmap())).toMatchObject({
    code: 'HMMU_INVALID_ARGUMENT',
    message: 'the handler of invalidations must not be asynchronous, it returned a promise',
  })
  expect(machine.verify()).toEqual([])
})

test.each([
  [{ allocAndcopy() {} }, /driver has no property 'allocAndcopy'; there are: .*did you mean 'allocAndCopy'\?/],
  [{ alloc_and_copy() {} }, /driver has no property 'alloc_and_copy'; there are: .*'allocAndCopy', 'finalizeAndMap'/],
  [{ finalizeAndMap() {} }, /driver\.finalizeAndMap goes with driver\.allocAndCopy, which is missing/],
  [{ to: 'device', allocAndCopy() {} }, /driver\.to is for the built-in driver/],
])('a driver that is none is told what is wrong (%#)', (driver, message) => {
  const { machine, a, buf } = open()
  const error = errorOf(() => a.migrate(buf, driver as never))
  expect(error.code).toBe('HMMU_INVALID_ARGUMENT')
  expect(error.message).toMatch(message)
  expect(machine.verify()).toEqual([])
})
