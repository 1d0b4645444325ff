// SPDX-License-Identifier: GPL-2.0-only
//
// Pages that drivers have allocated, and have neither placed nor put.

import { type TargetName, targetNames } from '../base/defs.generated'
import { RECORD_WORDS } from '../native/layout'
import type { Core } from './core'
import { type PageBases, pageCell, shownAs, table } from './inspect'
import { pageFlagNames } from './records'

/** A page that a driver has allocated, and has neither placed by a migration nor put. */
export interface LeakedPage {
  /** Page frame number. */
  readonly pfn: number
  /** What kind of memory it is. */
  readonly kind: TargetName
  /** Another number whenever the frame is allocated anew; of device pages: their number in the device. */
  readonly allocId: number
  /** page_count(), with the reference that every device page has. */
  readonly refCount: number
  /** Bits of {@link PageFlag}. */
  readonly flags: number
  /** Its page lock is taken. */
  readonly locked: boolean
}

/** All such pages of a machine, in ascending order. */
export function leaks(core: Core): LeakedPage[] {
  const { native } = core
  const words = new BigUint64Array(core.check(native.leaks(new BigUint64Array(0))) * RECORD_WORDS.leak)
  const count = core.check(native.leaks(words))
  return shownAs(decodeLeaks(words, count), (pages) => leakTable(pages, core))
}

function decodeLeaks(words: BigUint64Array, count: number): LeakedPage[] {
  const ints = new Int32Array(words.buffer)
  const bytes = new Uint8Array(words.buffer)
  return Array.from({ length: count }, (_, i) => {
    const int = i * RECORD_WORDS.leak * 2
    return {
      pfn: (ints[int] ?? 0) >>> 0,
      kind: targetNames[ints[int + 1] ?? 0] ?? 'system',
      allocId: (ints[int + 2] ?? 0) >>> 0,
      refCount: ints[int + 3] ?? 0,
      flags: ints[int + 4] ?? 0,
      locked: bytes[(int + 5) * 4] !== 0,
    }
  })
}

function leakTable(pages: readonly LeakedPage[], bases: PageBases): string {
  const rows = pages.map(({ pfn, kind, allocId, refCount, flags }) => {
    const { prefix, number } = pageCell(pfn, bases)
    return [`${prefix}${number}`, kind, String(refCount), String(allocId), pageFlagNames(flags).join(',')]
  })
  return table(['page', 'kind', 'references', 'alloc id', 'flags'], rows)
}
