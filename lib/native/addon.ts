// SPDX-License-Identifier: GPL-2.0-only
//
// What the entry has loaded: lib/native/load.ts in Node, lib/web/ elsewhere.

import { HmmuError } from '../base/errors'
import type { NativeAddon } from './interface'

/** What only Node has for libraries of drivers. */
export interface DriverFiles {
  /** As in driver-library.ts. */
  withCopy<T>(path: string, mark: string, call: (copy: string) => T): T
  /** Operating system and architecture. */
  readonly platform: string
}

let loaded: NativeAddon | undefined
let files: DriverFiles | undefined

export function setAddon(addon: NativeAddon, driverFiles?: DriverFiles): void {
  loaded = addon
  files = driverFiles
}

/**
 * The implementation of the interface.
 * @throws HmmuError HMMU_NO_ADDON: nothing was loaded
 */
export function getAddon(): NativeAddon {
  if (loaded === undefined) throw new HmmuError('HMMU_NO_ADDON', 'call `await load()` of hmmu/web before anything else')
  return loaded
}

/** Undefined without Node. */
export function driverFiles(): DriverFiles | undefined {
  return files
}
