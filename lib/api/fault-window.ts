// SPDX-License-Identifier: GPL-2.0-only
//
// How many pages a CPU fault on a device page brings back.

import type { DeviceKind } from '../base/defs.generated'
import { HmmuError } from '../base/errors'
import { integer, invalid } from '../base/validate'

/** HMMU_MAX_FAULT_WINDOW */
const MOST = 512

/** @throws HmmuError HMMU_INVALID_ARGUMENT: a device of this kind can't have such a window */
export function checkFaultWindow(name: string, pages: unknown, kind: DeviceKind): number {
  if (kind === 'coherent')
    throw new HmmuError(
      'HMMU_INVALID_ARGUMENT',
      'a fault window is for private devices: CPUs do not fault on pages of a coherent one',
    )
  const window = integer(name, pages, 1, MOST)
  if ((window & (window - 1)) === 0) return window
  throw invalid(name, `a power of two up to ${MOST}`, pages)
}
