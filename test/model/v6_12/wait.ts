// SPDX-License-Identifier: GPL-2.0-only

import type { Steps } from '../steps'
import type { Folio } from './page'

/** Wait until the folio is unlocked. The waiter holds a reference. */
export function* waitForLock(folio: Folio): Steps<void> {
  const ref = folio.get('waiter')
  try {
    if (folio.locked) yield { ready: () => !folio.locked }
  } finally {
    folio.put(ref)
  }
}
