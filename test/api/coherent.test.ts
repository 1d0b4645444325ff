// SPDX-License-Identifier: GPL-2.0-only
//
// Device-coherent memory by the TypeScript API: its device, what maps its pages, pins that last, mirrors, records.

import { type HmmuError, Machine, recordMachine } from '../../lib'
import { frameName } from '../../lib/view/state'

const open = () => new Machine({ profile: 'linux-6.12', ramPages: 1024, devicePages: 8, coherentPages: 4 })

function codeOf(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return (error as HmmuError).code
  }
}

test('the machine begins with a device of each kind, and makes more of both', () => {
  using machine = open()
  const [first, coherent] = machine.devices
  expect([first!.kind, coherent!.kind]).toEqual(['private', 'coherent'])
  expect(coherent!.toJSON()).toEqual({
    number: 1,
    base: machine.deviceBase + 8,
    pages: 4,
    free: 4,
    owner: 1,
    kind: 'coherent',
  })
  expect(String(coherent)).toContain('Device 1 (coherent) of owner 1')
  const more = machine.device({ pages: 1, kind: 'coherent' })
  expect([more.number, more.base, coherent!.pages]).toEqual([2, machine.deviceBase + 11, 3])
  more.remove()
  expect(coherent!.pages).toBe(4)
  expect(machine.counters()).toMatchObject({ coherentPages: 4, coherentFree: 4, deviceFree: 8 })
  expect(codeOf(() => machine.device({ pages: 5, kind: 'coherent' }))).toBe('HMMU_INVALID_ARGUMENT')
  expect(codeOf(() => machine.device({ pages: 1, kind: 'public' as 'private' }))).toBe('HMMU_INVALID_ARGUMENT')
  expect(codeOf(() => new Machine({ coherentPages: 1 }))).toBe('HMMU_INVALID_ARGUMENT')
  expect(() => new Machine({ coherentPages: 1 })).toThrow(/coherentPages is for machines of Linux 6\.12/)
})

test('a machine without such memory says so', () => {
  using machine = new Machine({ profile: 'linux-6.12', ramPages: 1024, devicePages: 0 })
  expect(() => machine.device({ pages: 1, kind: 'coherent' })).toThrow(
    /the machine was made without device-coherent pages/,
  )
  expect(() => machine.device({ pages: 1 })).toThrow(/the machine was made without device-private pages/)
  expect(String(machine)).not.toContain('coherent')
  using other = open()
  expect(String(other)).toContain(', device 8/8 pages free, coherent 4/4 pages free')
})

test('CPUs map its pages; drivers of one’s own give them, too', () => {
  using machine = open()
  const [, coherent] = machine.devices
  const a = machine.process()
  const buf = a.map({ pages: 2 })
  a.store(buf.address, Uint8Array.of(5))
  const moved = a.migrate(buf.range(0), {
    select: ['system'],
    allocAndCopy(entries, driver) {
      for (const entry of entries) driver.moveToDevice(entry, coherent)
    },
  })
  expect(moved.moved).toBe(1)
  expect(buf.dump()[0]).toMatchObject({ kind: 'coh', device: true, coherent: true, allocId: 0, bits: 'wdas' })
  expect(String(buf.dump()[0])).toContain('coh wdas C0')
  expect(machine.page(coherent!.base)).toMatchObject({ device: true, coherent: true })
  const faults = machine.counters().pageFaults
  expect(a.load(buf.address, 1)).toEqual(Uint8Array.of(5))
  expect(machine.counters().pageFaults).toBe(faults)
  expect(a.mirror(buf.range(0))).toMatchObject([{ valid: true, write: true, device: true, coherent: true }])
  expect(coherent!.evict({ first: coherent!.base, pages: 1 }).moved).toBe(1)
  expect(buf.dump()[0]).toMatchObject({ kind: 'sys', bits: 'wdas' })
  expect(machine.verify()).toEqual([])
})

test('a pin that lasts moves the page, unless somebody else has it', () => {
  using machine = open()
  const [, coherent] = machine.devices
  const a = machine.process()
  const buf = a.map({ pages: 1 })
  a.store(buf.address, Uint8Array.of(5))
  a.migrate(buf, { to: 'device', device: coherent })
  const other = a.pin(buf.address)
  expect(codeOf(() => a.pin(buf.address, { longterm: true }))).toBe('HMMU_SYSCALL')
  other.drop()
  using pin = a.pin(buf.address, { longterm: true })
  machine.drainPagevecs()
  expect(pin.kind).toBe('dma_pin')
  expect(buf.dump()[0]).toMatchObject({ kind: 'sys', pfn: pin.pfn, refCount: 1025 })
})

test('a copy of the machine has them, and a record names them', () => {
  using machine = open()
  const [, coherent] = machine.devices
  const a = machine.process()
  const buf = a.map({ pages: 1 })
  const recorder = recordMachine(machine)
  a.migrate(buf, { to: 'device', device: coherent })
  const [recording] = recorder.document().recordings
  recorder.stop()
  expect(recording!.machine).toMatchObject({ coherentBase: coherent!.base })
  expect(frameName(recording!, coherent!.base)).toBe('C0')
  using copy = Machine.restore(machine.snapshot())
  expect(copy.hash()).toBe(machine.hash())
  expect(copy.devices.map(({ kind, free }) => [kind, free])).toEqual([
    ['private', 8],
    ['coherent', 3],
  ])
})
