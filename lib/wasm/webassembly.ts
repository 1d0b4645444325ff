// SPDX-License-Identifier: GPL-2.0-only
//
// What this library uses of WebAssembly's JavaScript API. Node's types leave it to those of browsers.

/** A compiled module. It can be sent to other threads. */
export type WasmModule = object

/** A place for functions that a module calls by number. */
export interface WasmTable {
  readonly length: number
  grow(by: number): number
  set(index: number, value: unknown): void
}

export interface WasmMemory {
  /** Another one whenever the memory has grown; the one before is detached then. */
  readonly buffer: ArrayBuffer
}

interface WasmApi {
  Module: new (bytes: Uint8Array) => WasmModule
  Instance: new (module: WasmModule, imports?: Record<string, Record<string, unknown>>) => { readonly exports: object }
}

export const { Module, Instance } = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly
