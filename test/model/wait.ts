// SPDX-License-Identifier: GPL-2.0-only

import type { Unit } from './page'
import type { Steps } from './steps'

/** Wait until the page is unlocked. The waiter holds a reference, which looks like a pin. */
export function* waitForLock(unit: Unit): Steps<void> {
  const ref = unit.get('waiter')
  try {
    if (unit.lockedBy !== undefined) yield { ready: () => unit.lockedBy === undefined }
  } finally {
    unit.put(ref)
  }
}
