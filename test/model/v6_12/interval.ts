// SPDX-License-Identifier: GPL-2.0-only

import type { Owner } from '../side'

/** A part of an address space that a driver mirrors. It hears of no migration of its own pages. */
export interface Interval {
  readonly start: number
  readonly end: number
  readonly owner: Owner
  /** Whether the driver was told to forget what it knows. */
  changed: boolean
}
