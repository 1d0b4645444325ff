// SPDX-License-Identifier: GPL-2.0-only
//
// The implementation of the interface that the entry has loaded: lib/native/load.ts in Node, lib/web/ elsewhere.

import { HmmuError } from '../base/errors'
import type { NativeAddon } from './interface'

let loaded: NativeAddon | undefined

export function setAddon(addon: NativeAddon): void {
  loaded = addon
}

/** @throws HmmuError HMMU_NO_ADDON: nothing was loaded */
export function getAddon(): NativeAddon {
  if (loaded === undefined) throw new HmmuError('HMMU_NO_ADDON', 'call `await load()` of hmmu/web before anything else')
  return loaded
}
