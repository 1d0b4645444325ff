// SPDX-License-Identifier: GPL-2.0-only
//
// What Linux's own hmm-tests expect of device-coherent memory only, in our words. Each has the name of its case. What they
// expect of both kinds of memory is in migrate.test.ts, exclusive.test.ts, and two-devices.test.ts.

import { kinds } from '../helpers'
import { count, fill, numbers, openDevice } from './device'

const PAGES = 8

test('migrate: the CPU goes on with the pages, and the device reads what it writes', () => {
  const { machine, a, device } = openDevice('coherent')
  const buf = a.map({ pages: PAGES })
  fill(buf, count(PAGES))
  expect(device.migrate(buf)).toBe(PAGES)
  fill(buf, count(PAGES, 1))
  expect(device.read(buf)).toEqual(count(PAGES, 1))
  expect(new Set(kinds(buf))).toEqual(new Set(['coh']))
  expect(machine.counters().coherentFree).toBe(1024 - PAGES)
})

test('hmm_gup_test: a pin leaves the page on the device, one that may last moves it to RAM', () => {
  const { machine, a, device } = openDevice('coherent')
  const buf = a.map({ pages: 4 })
  fill(buf, count(4))
  device.migrate(buf)
  const pins = [
    a.pin(buf.pageAddress(0)),
    a.pin(buf.pageAddress(1), { write: true }),
    a.pin(buf.pageAddress(2), { dma: true, longterm: true }),
    a.pin(buf.pageAddress(3), { write: true, dma: true, longterm: true }),
  ]
  expect(kinds(buf)).toEqual(['coh', 'coh', 'sys', 'sys'])
  expect(device.snapshot(buf)).toEqual(['local write', 'local write', 'write', 'write'])
  expect(pins.map(({ pfn }) => pfn < machine.deviceBase)).toEqual([false, false, true, true])
  for (const pin of pins) pin.drop()
  expect(numbers(buf)).toEqual(count(4))
  expect(device.migrate(buf)).toBe(2)
})
