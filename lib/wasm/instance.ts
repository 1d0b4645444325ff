// SPDX-License-Identifier: GPL-2.0-only
//
// An instance of the module: its exports, and how to get at its memory. Views of that are made anew each time, as those
// made before are lost whenever the memory has grown.

import type { WasmExports } from './exports'
import { type Host, putIntoTable } from './host'
import { Instance, type WasmModule } from './webassembly'

export class WasmInstance {
  readonly exports: WasmExports
  readonly #told: number

  /** Without a host it must not be asked to call one. */
  constructor(module: WasmModule, host?: Host) {
    this.exports = new Instance(module).exports as WasmExports
    this.exports._initialize()
    this.#told = this.exports.told()
    if (!host) return
    const { migration, pageFault } = putIntoTable(this.exports.__indirect_function_table, host)
    this.exports.setHost(migration, pageFault)
  }

  /** The first of the doubles that the last call has told. */
  told(count: number): Float64Array {
    return new Float64Array(this.exports.memory.buffer, this.#told, count)
  }

  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, address, length)
  }

  /** A string of C. */
  text(address: number): string {
    const rest = new Uint8Array(this.exports.memory.buffer, address)
    return new TextDecoder().decode(rest.subarray(0, rest.indexOf(0)))
  }
}
