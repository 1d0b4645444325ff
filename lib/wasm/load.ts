// SPDX-License-Identifier: GPL-2.0-only

import { readFileSync } from 'node:fs'
import { markAsUntransferable } from 'node:worker_threads'
import type { NativeAddon } from '../native/interface'
import { wasmAddon } from './machine'
import { Module } from './webassembly'

/** Makes the addon from a module in a file. Throws the errors of reading and compiling. */
export function loadWasm(path: string): NativeAddon {
  return wasmAddon(new Module(readFileSync(path)), markAsUntransferable)
}
