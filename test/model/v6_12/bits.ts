// SPDX-License-Identifier: GPL-2.0-only
//
// The bits of an entry.

import type { Vma } from '../vma'

/** `wp`: write-protected by userfaultfd. */
export interface Bits {
  write: boolean
  dirty: boolean
  young: boolean
  soft: boolean
  wp: boolean
}

export const NO_BITS: Readonly<Bits> = { write: false, dirty: false, young: false, soft: false, wp: false }

/** Set the bits of an entry after a fault for a store. */
export function markWritten(entry: Bits): void {
  Object.assign(entry, { young: true, dirty: true, soft: true })
}

/** The bits of a page that a store made. */
export function writtenBits(vma: Vma): Partial<Bits> {
  return { write: vma.flags.write, dirty: true, young: true, soft: true }
}

/** An entry that userfaultfd write-protects is not writable, whatever the mapping allows. */
export function protectedBits(bits: Partial<Bits>, wp: boolean): Partial<Bits> {
  return wp ? { ...bits, write: false, wp } : bits
}
