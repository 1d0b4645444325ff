// SPDX-License-Identifier: GPL-2.0-only
//
// Mappings into which a driver has put pages of its own: VM_MIXEDMAP.

import { Machine, type Mapping } from '../../lib'
import { codeOf, errorOf, kinds, makeMachine } from './helpers'

const open = (profile: 'linux-4.14' | 'linux-6.12') => {
  const machine = makeMachine({ profile, ramPages: 2048 })
  const a = machine.process()
  return { machine, a, buf: a.map({ pages: 4, kind: 'mixed' }) }
}

const bits = (buf: Mapping) => buf.dump().map((entry) => `${entry.kind} ${entry.refCount} ${entry.mapCount}`)

describe.each(['linux-4.14', 'linux-6.12'] as const)('%s', (profile) => {
  test('all pages are there from the start, and may be read', () => {
    const { a, buf } = open(profile)
    expect(bits(buf)).toEqual(new Array(4).fill('sys 1 1'))
    expect(buf.dump().every((entry) => !entry.bits.startsWith('w'))).toBe(true)
    expect(a.counters()).toMatchObject({ file: 4, anon: 0 })
    expect(buf.read(4095, 2)).toEqual(Uint8Array.of(0, 0))
  })

  test('a store makes a copy, and the driver’s page is freed', () => {
    const { machine, a, buf } = open(profile)
    const [before] = buf.dump()
    a.store(buf.address, Uint8Array.of(7))
    expect(buf.dump()[0]!.pfn).not.toBe(before!.pfn)
    expect(machine.page(before!.pfn!).free).toBe(true)
    expect(a.counters()).toMatchObject({ file: 3, anon: 1 })
  })

  test('a child has the same pages, and the last one to unmap them frees them', () => {
    const { machine, a, buf } = open(profile)
    const { ramFree } = machine.counters()
    const child = a.fork()
    expect(bits(buf)).toEqual(new Array(4).fill('sys 2 2'))
    child.store(buf.address, Uint8Array.of(1))
    expect(a.load(buf.address, 1)).toEqual(Uint8Array.of(0))
    child.exit()
    expect(bits(buf)).toEqual(new Array(4).fill('sys 1 1'))
    a.unmap(buf)
    machine.drainPagevecs()
    expect(machine.counters().ramFree).toBeGreaterThan(ramFree)
    expect(a.counters()).toMatchObject({ file: 0, anon: 0 })
  })

  test('what is dropped comes back as anonymous memory', () => {
    const { a, buf } = open(profile)
    a.advise(buf.range(1, 2), 'dontneed')
    expect(kinds(buf)).toEqual(['sys', 'none', 'none', 'sys'])
    expect(a.load(buf.pageAddress(1), 1)).toEqual(Uint8Array.of(0))
    a.store(buf.pageAddress(2), Uint8Array.of(9))
    expect(kinds(buf)).toEqual(['sys', 'zero', 'sys', 'sys'])
    expect(a.counters()).toMatchObject({ file: 2, anon: 1 })
  })

  test('it does not migrate, and is not locked in memory', () => {
    const { a, buf } = open(profile)
    expect(errorOf(() => a.migrate(buf, { to: 'device' })).errno).toBe('EINVAL')
    a.lock(buf)
    expect(a.mappings()[0]!.locked).toBe(false)
  })

  test('its pages can be pinned, and copied with the machine', () => {
    const { machine, a, buf } = open(profile)
    const pin = a.pin(buf.address)
    expect(pin.pfn).toBe(buf.dump()[0]!.pfn)
    expect(codeOf(() => a.isolate(buf.address))).not.toBe('')
    const copy = Machine.restore(machine.snapshot())
    expect([copy.hash(), copy.verify()]).toEqual([machine.hash(), []])
    copy.dispose()
    a.unmap(buf)
    expect(machine.page(pin.pfn).free).toBe(false)
    pin.drop()
    expect(machine.page(pin.pfn).free).toBe(true)
  })

  test('RAM is used up: no mapping, and nothing is lost', () => {
    const { machine, a } = open(profile)
    const before = machine.counters().ramFree
    machine.inject('frame', 3)
    expect(errorOf(() => a.map({ pages: 8, kind: 'mixed' })).errno).toBe('ENOMEM')
    expect([a.mappings().length, machine.counters().ramFree]).toEqual([1, before])
  })
})
