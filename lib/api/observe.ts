// SPDX-License-Identifier: GPL-2.0-only
//
// What lib/record needs of a machine besides what everybody may see.

import type { EntryArrays } from './entry-arrays'

export { STATE } from '../native/layout'
export type { NativeCall, NativeOutcome } from './call-observer'
export { type Core, coreOf, newMachines } from './core'
export { pageCell } from './inspect'
export type { OpenMigration } from './open-migration'
export type { EntryArrays }

/** src, dst and why of a migration, to be read only. It counts for no look of the driver's. */
export function peekAt(arrays: EntryArrays): {
  readonly src: BigUint64Array
  readonly dst: BigUint64Array
  readonly why: Uint8Array
} {
  return { src: arrays.peekSrc(), dst: arrays.peekDst(), why: arrays.peekWhy() }
}
