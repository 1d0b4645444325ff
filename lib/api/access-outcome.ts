// SPDX-License-Identifier: GPL-2.0-only
//
// How loads and stores of one byte end.

import { errorCodeValues } from '../base/defs.generated'

/** How an access ends; `'blocked'`: it has to wait. */
export type AccessOutcome = 'ok' | 'SIGSEGV' | 'SIGBUS' | 'blocked'

/** The result of `tryLoad()`; `value` is 0 unless the outcome is `'ok'`. */
export interface LoadOutcome {
  /** How the access ended. */
  readonly outcome: AccessOutcome
  /** The byte, 0 … 255. */
  readonly value: number
}

/** @internal Failures of an access that are outcomes; the addon returns codes as negative numbers. */
export const outcomes: ReadonlyMap<number, AccessOutcome> = new Map([
  [-errorCodeValues.HMMU_SIGSEGV, 'SIGSEGV'],
  [-errorCodeValues.HMMU_SIGBUS, 'SIGBUS'],
  [-errorCodeValues.HMMU_BLOCKED, 'blocked'],
])
