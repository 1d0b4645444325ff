// SPDX-License-Identifier: GPL-2.0-only
//
// A device with page tables of its own for one process, and its driver, as a program for tests would have them. It
// migrates and faults by the calls of Linux 6.12.

import type {
  DriverMigration,
  Invalidation,
  Machine,
  Mapping,
  MigrationRange,
  PageRange,
  PageRef,
  Process,
} from '../../../lib'
import { makeMachine } from '../helpers'

const PAGE = 4096
const INTS = PAGE / 4

/** What the device may do with a page. */
interface DeviceEntry {
  readonly pfn: number
  readonly write: boolean
}

export class TestDevice {
  readonly machine: Machine
  readonly process: Process
  /** The device's page table, by address. */
  readonly table = new Map<number, DeviceEntry>()

  /** Opens the device for a process. */
  constructor(process: Process) {
    this.machine = process.machine
    this.process = process
    process.onInvalidate((invalidation) => this.#invalidate(invalidation))
    this.machine.onDeviceFault(({ task, address, pfn }) => {
      using back = task.migrateVma({ range: { start: address, pages: 1 }, select: ['private'], faultPage: pfn })
      return bringBack(back)
    })
  }

  #invalidate({ type, start, end }: Invalidation): void {
    if (type !== 'invalidate_start') return
    for (const address of this.table.keys()) if (address >= start && address < end) this.table.delete(address)
  }

  /** Migrates system pages of a range to the device. Returns how many came. */
  migrate(range: MigrationRange): number {
    using migration = this.process.migrateVma({ range, select: ['system'] })
    for (const entry of migration.entries) migration.driver.moveToDevice(entry)
    migration.pages()
    for (const { migrate, address, destination, write } of migration.entries)
      if (migrate && destination !== undefined) this.table.set(address, { pfn: destination, write })
    return migration.finalize().moved
  }

  /** Makes all pages of a range exclusive to the device. Returns how many are, with their references given back. */
  exclusive(range: MigrationRange): number {
    const refs: PageRef[] = []
    for (let i = 0; i < range.pages; i++) {
      const address = range.start + i * PAGE
      const ref = this.process.mainTask.makeDeviceExclusive(address)
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
    const [page] = this.process.mirror(address, 1, { fault: true, write })
    if (page === undefined || !page.valid) throw new Error('a page that was faulted in is not there')
    this.table.set(address, page)
    return page
  }

  /** Closes the device: all of its pages go back. */
  close(): void {
    this.process.onInvalidate(undefined)
    for (const device of this.machine.devices) device.evict()
    this.machine.onDeviceFault(undefined)
  }
}

function bringBack(back: DriverMigration): boolean {
  for (const entry of back.entries) back.driver.moveToSystem(entry)
  back.pages()
  return back.finalize().moved === 1
}

/** A process of Linux 6.12 that has the device open. */
export function openDevice(): { machine: Machine; a: Process; device: TestDevice } {
  const machine = makeMachine({ profile: 'linux-6.12', ramPages: 16384, devicePages: 1024 })
  const a = machine.process()
  return { machine, a, device: new TestDevice(a) }
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
