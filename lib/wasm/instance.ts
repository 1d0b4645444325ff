// SPDX-License-Identifier: GPL-2.0-only
//
// An instance of the module: its exports and its memory. Views of the memory are made anew for each use, because they
// are detached when the memory grows.

import { EFAULT } from './errno'
import type { WasmExports } from './exports'
import { type Host, putIntoTable } from './host'
import { Instance, type WasmModule } from './webassembly'

/** An argument as the addon takes it: anything that is not a number becomes a harmless number. */
const number = (value: unknown): number =>
  typeof value === 'number' || typeof value === 'boolean' ? Number(value) : Number.NaN

/**
 * Conversions that call no method of an object. Such a method could throw, and an exception of a call counts as an end
 * in the middle of C.
 */
export function guarded<Exports extends object>(exports: Exports): Exports {
  const entries = Object.entries(exports).map(([name, value]) => {
    if (typeof value !== 'function') return [name, value]
    return [name, (...args: unknown[]) => value(...args.map(number))]
  })
  return Object.fromEntries(entries)
}

export class WasmInstance {
  readonly exports: WasmExports
  /** The functions that the instance calls at present. */
  host: Omit<Host, 'clock'> | undefined
  readonly #told: number

  constructor(module: WasmModule) {
    this.exports = guarded(new Instance(module).exports as WasmExports)
    this.exports._initialize()
    this.#told = this.exports.told()
    const places = putIntoTable(this.exports.__indirect_function_table, {
      migration: (id, which) => this.host?.migration(id >>> 0, which) ?? -EFAULT,
      pageFault: (device, tid, address, pfn) => this.host?.pageFault(device, tid >>> 0, address, pfn >>> 0) ?? -EFAULT,
      pageFree: (device, pfn) => this.host?.pageFree(device, pfn >>> 0) ?? 0,
      invalidate: (pid, ...rest) => this.host?.invalidate(pid >>> 0, ...rest) ?? 0,
      intervalInvalidate: (notifier, ...rest) => this.host?.intervalInvalidate(notifier >>> 0, ...rest) ?? -EFAULT,
      searchProgress: (...counts) => this.host?.searchProgress(...counts) ?? -EFAULT,
      clock: () => Date.now() | 0,
    })
    this.exports.setHost(...places)
  }

  /** The first of the further results of the last call. */
  told(count: number): Float64Array {
    return new Float64Array(this.exports.memory.buffer, this.#told, count)
  }

  /** @param address what the module tells: from 2 GiB on it is negative */
  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, address >>> 0, length)
  }

  /** A string of C. */
  text(address: number): string {
    const rest = new Uint8Array(this.exports.memory.buffer, address >>> 0)
    return new TextDecoder().decode(rest.subarray(0, rest.indexOf(0)))
  }
}
