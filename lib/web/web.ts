// SPDX-License-Identifier: GPL-2.0-only
//
// hmmu without Node: the API, and drills from texts, on the WebAssembly module.

import { HmmuError } from '../base/errors'
import { setAddon } from '../native/addon'
import { wasmAddon } from '../wasm/machine'
import { compile, Module, type WasmModule } from '../wasm/webassembly'

export * from '../api'
export { DrillError, type DrillErrorCode, type Position } from '../drill/errors'
export { type DrillSource, parseDrill } from '../drill/parse'
export { type DrillRun, type RunOptions, runDrill, runSource } from '../drill/runner'
export {
  type Blame,
  blame,
  type Explorable,
  type Exploration,
  type ExploredFinding,
  type ExploredOutcome,
  type ExploreOptions,
  explore,
  type FoundBy,
  type QuirkBlame,
  RecordedRef,
  type Replay,
  replay,
  type Scenario,
  type ScenarioTask,
  scenario,
  type TaskBody,
  TaskRecorder,
} from '../explore'
export * from '../record'
export type { WasmModule } from '../wasm/webassembly'

/** Where the module is: an address that fetch() understands, its bytes, or the compiled module, such as another thread has sent. */
export type WasmSource = string | WasmAddress | Uint8Array | ArrayBuffer | WasmModule

/** An address with its parts, such as a URL. */
export interface WasmAddress {
  /** The whole address. */
  readonly href: string
}

/** What fetch() is used for. Hosts have it; their types differ. */
type Fetch = (url: string) => Promise<{ ok: boolean; status: number; arrayBuffer(): Promise<ArrayBuffer> }>

let loading: Promise<void> | undefined

/**
 * Loads the module; everything else needs it. Later calls wait for the first one, and do nothing themselves.
 * @throws HmmuError HMMU_NO_ADDON: it can't be fetched or compiled; another call tries again
 */
export function load(source: WasmSource): Promise<void> {
  loading ??= loadOnce(source).catch((error: unknown) => {
    loading = undefined
    throw error
  })
  return loading
}

async function loadOnce(source: WasmSource): Promise<void> {
  try {
    setAddon(wasmAddon(await moduleOf(source)))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new HmmuError('HMMU_NO_ADDON', `the WebAssembly module can't be loaded: ${reason}`, { cause })
  }
}

async function moduleOf(source: WasmSource): Promise<WasmModule> {
  if (source instanceof Module) return source
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return compile(source as Uint8Array)
  const url = typeof source === 'string' ? source : (source as WasmAddress).href
  const response = await (globalThis as unknown as { fetch: Fetch }).fetch(url)
  if (!response.ok) throw new Error(`${url}: status ${response.status}`)
  return compile(await response.arrayBuffer())
}
