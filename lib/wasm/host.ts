// SPDX-License-Identifier: GPL-2.0-only
//
// Calls from C to JavaScript. The core's module imports nothing; it calls functions in its table. Only WebAssembly
// functions may be in a table. So a second module, made here byte by byte, imports the JavaScript functions and exports
// them as its own.

import type { NativeMachine } from '../native/interface'
import { Instance, Module, type WasmTable } from './webassembly'

/** The functions that the core calls. They must not throw: an exception would remove C's frames during a call. */
export interface Host {
  /** A callback of a migration, 0: alloc_and_copy, 1: finalize_and_map. Returns 0 or a negative errno. */
  migration(id: number, which: number): number
  /** A fault on a device page. Returns 0 or a negative errno. */
  pageFault(device: number, tid: number, address: number, pfn: number): number
  /** A device page is free again. The result is ignored. */
  pageFree(device: number, pfn: number): number
  /** Pages of a process lose their meaning. The result is ignored. */
  invalidate(pid: number, type: number, kind: number, start: number, end: number): number
  /** The range of an interval notifier is invalidated. 0, or a negative errno; -EAGAIN: it would wait. */
  intervalInvalidate: NonNullable<NativeMachine['intervalInvalidate']>
  /** How far a search is. Negative: it is to end. */
  searchProgress: NonNullable<NativeMachine['searchProgress']>
  /** Milliseconds, as an i32. */
  clock(): number
}

const I32 = 0x7f
const F64 = 0x7c

/** Names of the functions, and the types of their parameters; all return an i32. native/wasm/driver.h declares them. */
const SIGNATURES = {
  migration: [I32, I32],
  pageFault: [I32, I32, F64, I32],
  pageFree: [I32, I32],
  invalidate: [I32, I32, I32, F64, F64],
  intervalInvalidate: [I32, I32, F64, F64, F64, F64, I32],
  searchProgress: [F64, F64],
  clock: [],
} as const

/** A number below 2^14 as LEB128. Only the length of a section may need its second byte. */
const unsigned = (value: number): number[] => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >> 7])
const vector = (items: readonly (readonly number[])[]): number[] => [items.length, ...items.flat()]
const name = (text: string): number[] => vector(Array.from(text, (letter) => [letter.charCodeAt(0)]))
const section = (id: number, items: readonly (readonly number[])[]): number[] => {
  const content = vector(items)
  return [id, ...unsigned(content.length), ...content]
}

/** The bytes of the module. */
export function adapterBytes(): Uint8Array {
  const names = Object.keys(SIGNATURES)
  const types = Object.values(SIGNATURES).map((parameters) => [0x60, parameters.length, ...parameters, 1, I32])
  const imports = names.map((text, i) => [...name('host'), ...name(text), 0, i])
  const exports = names.map((text, i) => [...name(text), 0, i])
  const magic = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  return Uint8Array.from([...magic, ...section(1, types), ...section(2, imports), ...section(7, exports)])
}

let adapter: object | undefined

/** Puts the functions of a host into a table. Returns their indexes, in the order of {@link Host}. */
export function putIntoTable(table: WasmTable, host: Host): number[] {
  adapter ??= new Module(adapterBytes())
  const functions = new Instance(adapter, { host: { ...host } }).exports as Host
  const names = Object.keys(SIGNATURES) as (keyof Host)[]
  const first = table.grow(names.length)
  return names.map((each, i) => {
    table.set(first + i, functions[each])
    return first + i
  })
}
