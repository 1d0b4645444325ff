// SPDX-License-Identifier: GPL-2.0-only
//
// A device with page tables of its own for one process, and its driver, as a program for tests would have them. It
// migrates and faults by the calls of Linux 6.12.

import {
  type Device,
  type DeviceKind,
  type DriverMigration,
  HmmuError,
  type Invalidation,
  type Machine,
  type Mapping,
  type MigrationRange,
  PageFlag,
  type PageRange,
  type PageRef,
  type Process,
} from '../../../lib'
import { makeMachine } from '../helpers'

const PAGE = 4096
const INTS = PAGE / 4

/** What the device may do with a page. */
interface DeviceEntry {
  readonly pfn: number
  readonly write: boolean
}

/** What the device is told of a page, in words: HMM_DMIRROR_PROT_*. */
type Seen = 'error' | 'none' | `${'' | 'zero ' | 'local ' | 'remote '}${'read' | 'write'}`

/** Devices that a process has open. */
const opened = new WeakMap<Process, Set<TestDevice>>()

export class TestDevice {
  readonly machine: Machine
  readonly process: Process
  readonly device: Device
  /** The device's page table, by address. */
  readonly table = new Map<number, DeviceEntry>()

  /** Opens the device for a process. */
  constructor(process: Process, device = process.machine.devices[0]!) {
    this.machine = process.machine
    this.process = process
    this.device = device
    const all = opened.get(process) ?? new Set()
    opened.set(process, all.add(this))
    process.onInvalidate((invalidation) => {
      for (const each of all) each.#invalidate(invalidation)
    })
    if (device.kind === 'coherent') return
    device.onFault(({ task, address, pfn }) => {
      const range = { start: address, pages: 1 }
      using back = task.migrateVma({ range, select: ['private'], owner: device.owner, faultPage: pfn })
      return bringBack(back)
    })
  }

  #invalidate({ type, start, end }: Invalidation): void {
    if (type !== 'invalidate_start') return
    for (const address of this.table.keys()) if (address >= start && address < end) this.table.delete(address)
  }

  /**
   * Migrates system pages of a range to the device, one mapping after the other. Returns how many came.
   * @throws HmmuError EINVAL: something of the range is not mapped, or may not be read
   */
  migrate({ start, pages }: MigrationRange): number {
    const end = start + pages * PAGE
    let moved = 0
    for (let at = start, next = end; at < end; at = next) {
      const vma = this.process.mappings().find((each) => at >= each.start && at < each.end)
      if (vma === undefined || vma.prot === 'none')
        throw new HmmuError('HMMU_SYSCALL', 'not readable', { errno: 'EINVAL' })
      next = Math.min(vma.end, end)
      moved += this.#migrateVma({ start: at, pages: (next - at) / PAGE })
    }
    return moved
  }

  #migrateVma(range: MigrationRange): number {
    const { owner } = this.device
    using migration = this.process.migrateVma({ range, select: ['system'], owner })
    for (const entry of migration.entries) migration.driver.moveToDevice(entry, this.device)
    migration.pages()
    for (const { migrate, address, destination, write } of migration.entries)
      if (migrate && destination !== undefined) this.table.set(address, { pfn: destination, write })
    return migration.finalize().moved
  }

  /** The device gives its pages of a range back. Returns how many went. */
  giveBack(range: MigrationRange): number {
    using back = this.process.migrateVma({ range, select: [this.device.kind], owner: this.device.owner })
    return bringAllBack(back)
  }

  /** What the device is told of each page, without faults. */
  snapshot(range: PageRange): Seen[] {
    const { owner, base, pages } = this.device
    return this.process.mirror(range, { owner }).map(({ valid, error, write, pfn }): Seen => {
      if (!valid) return error ? 'error' : 'none'
      const access = write ? 'write' : 'read'
      if (pfn >= base && pfn < base + pages) return `local ${access}`
      if (this.machine.page(pfn).coherent) return `remote ${access}`
      return this.machine.page(pfn).flags & PageFlag.RESERVED ? `zero ${access}` : access
    })
  }

  /** Makes all pages of a range exclusive to the device. Returns how many are, with their references given back. */
  exclusive(range: MigrationRange): number {
    const refs: PageRef[] = []
    for (let i = 0; i < range.pages; i++) {
      const address = range.start + i * PAGE
      const ref = this.process.mainTask.makeDeviceExclusive(address, { owner: this.device.owner })
      if (ref === undefined) continue
      this.table.set(address, { pfn: ref.pfn, write: true })
      refs.push(ref)
    }
    for (const ref of refs) ref.drop()
    return refs.length
  }

  /** Whether the device still has all pages of a range. */
  has(range: MigrationRange): boolean {
    return Array.from({ length: range.pages }, (_, i) => range.start + i * PAGE).every((page) => this.table.has(page))
  }

  /** What the device reads at a range, as 32-bit numbers. Pages that it has not got are faulted in. */
  read(range: PageRange): number[] {
    const numbers: number[] = []
    for (let i = 0; i < range.pages; i++) {
      const { pfn } = this.#entry(range.start + i * PAGE, false)
      numbers.push(...new Uint32Array(this.machine.pageData(pfn).buffer))
    }
    return numbers
  }

  /** The device writes 32-bit numbers to a range. */
  write(range: PageRange, numbers: readonly number[]): void {
    for (let i = 0; i < range.pages; i++) {
      const { pfn } = this.#entry(range.start + i * PAGE, true)
      const page = Uint32Array.from(numbers.slice(i * INTS, (i + 1) * INTS))
      this.machine.writePage(pfn, new Uint8Array(page.buffer))
    }
  }

  /** The entry of a page in the device's table; hmm_range_fault() makes it. */
  #entry(address: number, write: boolean): DeviceEntry {
    const known = this.table.get(address)
    if (known !== undefined && (known.write || !write)) return known
    const [page] = this.process.mirror(address, 1, { fault: true, write, owner: this.device.owner })
    if (page === undefined || !page.valid) throw new Error('a page that was faulted in is not there')
    this.table.set(address, page)
    return page
  }

  /** Closes the device: all of its pages go back. */
  close(): void {
    opened.get(this.process)?.delete(this)
    this.device.evict()
    if (this.device.kind === 'private') this.device.onFault(undefined)
  }
}

function bringAllBack(back: DriverMigration): number {
  for (const entry of back.entries) back.driver.moveToSystem(entry)
  back.pages()
  return back.finalize().moved
}

function bringBack(back: DriverMigration): boolean {
  return bringAllBack(back) === 1
}

/** What differs between devices of private and of coherent memory. */
interface MemoryKind {
  readonly kind: DeviceKind
  /** What the CPU's page table has for a page of the device. */
  readonly entry: 'dev' | 'coh'
  /** The same, once the CPU has loaded from the page. */
  readonly afterLoad: 'sys' | 'coh'
  /** The counter of the device's free pages. */
  readonly free: 'deviceFree' | 'coherentFree'
  /** What another device is told of the page. */
  readonly seenByOthers: Seen
}

export const KINDS: readonly MemoryKind[] = [
  { kind: 'private', entry: 'dev', afterLoad: 'sys', free: 'deviceFree', seenByOthers: 'none' },
  { kind: 'coherent', entry: 'coh', afterLoad: 'coh', free: 'coherentFree', seenByOthers: 'remote write' },
]

const MEMORY = { private: { devicePages: 1024 }, coherent: { devicePages: 16, coherentPages: 1024 } }

/** A process of Linux 6.12 that has a device with 1,024 pages open. */
export function openDevice(kind: DeviceKind = 'private'): { machine: Machine; a: Process; device: TestDevice } {
  const machine = makeMachine({ profile: 'linux-6.12', ramPages: 16384, ...MEMORY[kind] })
  const a = machine.process()
  const device = machine.devices.find((each) => each.kind === kind)!
  return { machine, a, device: new TestDevice(a, device) }
}

/** A process that has two devices of a kind open. */
export function openTwoDevices(kind: DeviceKind): { a: Process; first: TestDevice; second: TestDevice } {
  const { machine, a, device } = openDevice(kind)
  return { a, first: device, second: new TestDevice(a, machine.device({ kind, pages: 256 })) }
}

/** 0, 1, 2, … for all 32-bit numbers of so many pages. */
export function count(pages: number, from = 0): number[] {
  return Array.from({ length: pages * INTS }, (_, i) => from + i)
}

/** The CPU writes numbers. */
export function fill(buf: Mapping, numbers: readonly number[]): void {
  buf.write(0, new Uint8Array(Uint32Array.from(numbers).buffer))
}

/** The numbers that the CPU reads. */
export function numbers(buf: Mapping, process: Process = buf.process): number[] {
  return [...new Uint32Array(process.load(buf.address, buf.pages * PAGE).buffer)]
}
