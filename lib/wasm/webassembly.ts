// SPDX-License-Identifier: GPL-2.0-only
//
// Types of the parts of WebAssembly's JavaScript API that this library uses. Node's types do not have them.

/** A compiled module. It can be sent to other threads. */
export type WasmModule = object

/** A table of functions that a module calls by number. */
export interface WasmTable {
  readonly length: number
  grow(by: number): number
  set(index: number, value: unknown): void
}

export interface WasmMemory {
  /** A new buffer whenever the memory has grown; the old buffer is detached then. */
  readonly buffer: ArrayBuffer
}

interface WasmApi {
  compile(bytes: Uint8Array | ArrayBuffer): Promise<WasmModule>
  Module: new (bytes: Uint8Array) => WasmModule
  Instance: new (module: WasmModule, imports?: Record<string, Record<string, unknown>>) => { readonly exports: object }
}

export const { compile, Module, Instance } = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly
