// SPDX-License-Identifier: GPL-2.0-only
//
// What lib/record needs of a machine besides what everybody may see.

import type { EntryArrays } from './entries'

export { STATE } from '../native/layout'
export type { NativeCall, NativeOutcome } from './call-observer'
export { type Core, coreOf, newMachines } from './core'
export { pageCell } from './inspect'
export type { OpenMigration } from './open-migration'
export type { EntryArrays }

/** src and dst of a migration, to be read only. It counts for no look of the driver's. */
export function peekAt({ why, pages }: EntryArrays): { readonly src: BigUint64Array; readonly dst: BigUint64Array } {
  const { buffer, byteOffset } = why
  return { src: new BigUint64Array(buffer, 0, pages), dst: new BigUint64Array(buffer, byteOffset / 2, pages) }
}
