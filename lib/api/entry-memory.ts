// SPDX-License-Identifier: GPL-2.0-only
//
// Memory for the words of migrations that are over. Small ones share an ArrayBuffer, which goes when the last of them has gone.
// Nobody else ever sees it: who asks for arrays of words gets a copy.

import { HmmuError } from '../base/errors'

/** Bytes of memory that is shared, and of the largest part of it. */
const SHARED = 2 ** 16
const LARGEST_PART = 2 ** 14

/** Memory, and where in it a part begins, in bytes: a multiple of 8. */
export interface EntryMemory {
  readonly words: Uint32Array
  readonly bytes: Uint8Array
}

let shared: EntryMemory | undefined
let used = SHARED

/** @throws HmmuError HMMU_HOST_MEMORY */
export function ownMemory(length: number): EntryMemory {
  try {
    const buffer = new ArrayBuffer(Math.ceil(length / 8) * 8)
    return { words: new Uint32Array(buffer), bytes: new Uint8Array(buffer) }
  } catch (cause) {
    throw new HmmuError('HMMU_HOST_MEMORY', `the host has no memory for src and dst of ${length} bytes`, { cause })
  }
}

/** Where the last part that {@link partFor} has given begins, in bytes. */
export let partStart = 0

/** Memory that has a free part of a length: it begins at {@link partStart}. */
export function partFor(length: number): EntryMemory {
  partStart = 0
  if (length > LARGEST_PART) return ownMemory(length)
  if (shared === undefined || used + length > SHARED) {
    shared = ownMemory(SHARED)
    used = 0
  }
  partStart = used
  used += (length + 7) & ~7
  return shared
}
