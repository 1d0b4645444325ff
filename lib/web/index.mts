// SPDX-License-Identifier: GPL-2.0-only
//
// hmmu/web: one file of it, and the module beside its folder. npm run build:web makes it.

import { load as loadFrom, type WasmSource } from './web.js'

export * from './web.js'

/**
 * Loads the WebAssembly module; everything else needs it. Later calls wait for the first one, and do nothing themselves.
 * @param source without it: `hmmu.wasm` of this package, by fetch()
 * @throws HmmuError HMMU_NO_ADDON: it can't be fetched or compiled; another call tries again
 *
 * @example
 * ```ts
 * import { load, Machine } from 'hmmu/web'
 *
 * await load()
 * const machine = new Machine({ devicePages: 16 })
 * ```
 */
export function load(source?: WasmSource): Promise<void> {
  return loadFrom(source ?? new URL(/* @vite-ignore */ '../hmmu.wasm', import.meta.url))
}
