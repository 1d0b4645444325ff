// SPDX-License-Identifier: GPL-2.0-only
//
// CPU faults on device pages bring back windows of pages.

import { Machine } from '../../lib'
import { content, open, places, two } from './device-helpers'
import { codeOf, errorOf, firstBytes } from './helpers'

const MAPPING = { alignHuge: true }

describe.each(['linux-4.14', 'linux-6.12'] as const)('%s', (profile) => {
  test('a fault brings an aligned window of pages back', () => {
    const machine = open(profile)
    const [device] = machine.devices
    const a = machine.process()
    const buf = a.map({ pages: 16, ...MAPPING })
    for (let i = 0; i < 16; i++) a.store(buf.pageAddress(i), Uint8Array.of(i + 1))
    a.migrate(buf, { to: 'device' })
    expect(device!.faultWindow).toBe(1)
    device!.setFaultWindow(4)
    expect(device!.faultWindow).toBe(4)
    a.load(buf.pageAddress(6), 1)
    expect(places(buf)).toEqual([0, 0, 0, 0, 'sys', 'sys', 'sys', 'sys', 0, 0, 0, 0, 0, 0, 0, 0])
    device!.setFaultWindow(1)
    a.load(buf.pageAddress(9), 1)
    expect(places(buf).slice(8, 12)).toEqual([0, 'sys', 0, 0])
    expect(firstBytes(buf)).toEqual(content(16))
    expect(machine.verify()).toEqual([])
  })

  test('each device has its own, and none of the other’s pages comes back', () => {
    const { first, second, a, buf } = two(8, profile)
    first.setFaultWindow(512)
    second.setFaultWindow(2)
    a.migrate(buf.range(0, 4), { to: 'device' })
    a.migrate(buf.range(4, 4), { to: 'device', device: second })
    a.load(buf.address, 1)
    expect(places(buf).slice(4)).toEqual([1, 1, 1, 1])
    expect(places(buf).slice(0, 4)).toEqual(['sys', 'sys', 'sys', 'sys'])
    a.load(buf.pageAddress(5), 1)
    expect(places(buf).filter((place) => place === 1)).toHaveLength(2)
    expect(firstBytes(buf)).toEqual(content(8))
  })

  test('copies keep it, and the hash tells it', () => {
    const machine = open(profile)
    const [device] = machine.devices
    const hash = machine.hash()
    device!.setFaultWindow(8)
    expect(machine.hash()).not.toBe(hash)
    for (const copy of [machine.fork(), Machine.restore(machine.snapshot())]) {
      expect(copy.devices[0]!.faultWindow).toBe(8)
      expect(copy.hash()).toBe(machine.hash())
    }
    device!.setFaultWindow(1)
    expect(machine.hash()).toBe(hash)
  })

  test('a new device may begin with one, and leaves none', () => {
    const machine = open(profile)
    const device = machine.device({ pages: 8, faultWindow: 16 })
    expect(device.faultWindow).toBe(16)
    device.remove()
    expect(device.faultWindow).toBe(1)
    expect(codeOf(() => device.setFaultWindow(2))).toBe('HMMU_INVALID_ARGUMENT')
    expect(machine.device({ pages: 8 }).faultWindow).toBe(1)
  })

  test.each([0, 3, 1024, 1.5, -2, Number.NaN, '8', null])('%p is no window', (pages) => {
    const machine = open(profile)
    expect(codeOf(() => machine.devices[0]!.setFaultWindow(pages as number))).toBe('HMMU_INVALID_ARGUMENT')
    expect(codeOf(() => machine.device({ pages: 8, faultWindow: pages as number }))).toBe('HMMU_INVALID_ARGUMENT')
    expect(machine.devices.map((device) => [device.pages, device.faultWindow])).toEqual([[64, 1]])
  })
})

test('CPUs do not fault on coherent pages', () => {
  const machine = new Machine({ profile: 'linux-6.12', coherentPages: 8 })
  const error = errorOf(() => machine.devices[1]!.setFaultWindow(8))
  expect([error.code, error.message]).toEqual([
    'HMMU_INVALID_ARGUMENT',
    'a fault window is for private devices: CPUs do not fault on pages of a coherent one',
  ])
  expect(codeOf(() => machine.device({ pages: 2, kind: 'coherent', faultWindow: 2 }))).toBe('HMMU_INVALID_ARGUMENT')
  expect(machine.devices[1]!.pages).toBe(8)
})
