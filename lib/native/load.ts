// SPDX-License-Identifier: GPL-2.0-only
//
// Finds and loads an implementation of the interface: the native addon, or the WebAssembly module.

import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'
import { inspect } from 'node:util'
import { HmmuError } from '../base/errors'
import { setHost } from '../base/host'
import { loadWasm } from '../wasm/load'
import { setAddon } from './addon'
import { withCopy } from './driver-library'
import type { NativeAddon } from './interface'

/** What the C core was loaded as: the native addon, or a WebAssembly module. */
export type Backend = 'native' | 'wasm'

/** What was loaded, and from where. */
export interface AddonInfo {
  /** `'native'`: an addon of machine code; `'wasm'`: WebAssembly. */
  readonly backend: Backend
  /** Absolute path of the file that was loaded. */
  readonly path: string
  /** Version of the C core in it. */
  readonly version: string
  /** Version of Node-API that the addon was built for; undefined in WebAssembly. */
  readonly napiVersion: number | undefined
  /** Files that were tried before this one, and why they could not be loaded. */
  readonly failures: readonly string[]
}

const root = join(__dirname, '../..')

/**
 * Where an addon is looked for: only the path in HMMU_BINDING if that is set. Otherwise the addon that node-gyp has built in
 * the repository, then the one it has built in the package, the prebuilt one of the package, and the one of cmake-js.
 */
function nativeCandidates(): string[] {
  const given = process.env.HMMU_BINDING
  if (given) return [resolve(given)]
  const prebuilt = `prebuilds/${process.platform}-${process.arch}/hmmu.node`
  const built = ['build/Release/hmmu.node', 'native/build/Release/hmmu.node']
  return [...built, prebuilt, 'build-cmake/Release/hmmu.node'].map((path) => join(root, path))
}

/** What may be loaded, the best first: HMMU_BACKEND names one backend, HMMU_BINDING one addon. */
function candidates(): { backend: Backend; path: string }[] {
  const asked = process.env.HMMU_BACKEND
  if (asked && asked !== 'native' && asked !== 'wasm') {
    throw new HmmuError('HMMU_NO_ADDON', `HMMU_BACKEND must be native, wasm, or not set, not ${asked}`)
  }
  const native = nativeCandidates().map((path) => ({ backend: 'native' as const, path }))
  const wasm = [{ backend: 'wasm' as const, path: join(root, 'dist/hmmu.wasm') }]
  if (asked === 'wasm') return wasm
  return asked === 'native' || process.env.HMMU_BINDING ? native : [...native, ...wasm]
}

function load(): { native: NativeAddon; info: AddonInfo } {
  const failures: string[] = []
  for (const { backend, path } of candidates()) {
    if (!existsSync(path)) {
      failures.push(`${path}: no such file`)
      continue
    }
    try {
      const native: NativeAddon = backend === 'wasm' ? loadWasm(path) : require(path)
      const { version, napiVersion } = native
      return { native, info: Object.freeze({ backend, path, version, napiVersion, failures: Object.freeze(failures) }) }
    } catch (error) {
      failures.push(`${path}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  throw new HmmuError('HMMU_NO_ADDON', `${nothingLoaded()} (tried ${failures.join('; ')})`)
}

/** What is missing, and how to get it. */
function nothingLoaded(): string {
  if (process.env.HMMU_BACKEND === 'wasm') {
    return `the WebAssembly module can't be loaded; "npm run build:wasm" in ${root} builds it`
  }
  if (process.env.HMMU_BINDING) return "the native addon that HMMU_BINDING names can't be loaded"
  return `the native addon can't be loaded; "npm run build:addon" in ${root} builds it, HMMU_BINDING names another file`
}

const loaded = load()

// util.getSystemErrorName() does not know all errnos. The kernel has no ENOTSUP.
const { ENOTSUP: _, ...errnos } = constants.errno
setHost({ inspect, errnos })
setAddon(loaded.native, { withCopy, platform: `${process.platform}-${process.arch}` })

/** The native addon. */
export const addon: NativeAddon = loaded.native

/** What was loaded, and from where: for bug reports and `hmmu doctor`. */
export const addonInfo: AddonInfo = loaded.info
