// SPDX-License-Identifier: GPL-2.0-only

import type { Steps } from '../steps'
import type { Folio, Frame } from './page'

/** Wait until the page of a migration entry is unlocked. The waiter has no reference. */
export function* waitUnlocked(frame: Frame | undefined): Steps<void> {
  const folio = frame?.folio
  if (folio?.locked) yield { ready: () => !folio.locked }
}

/** Wait until the folio is unlocked. The waiter holds a reference. */
export function* waitForLock(folio: Folio): Steps<void> {
  const ref = folio.get('waiter')
  try {
    if (folio.locked) yield { ready: () => !folio.locked }
  } finally {
    folio.put(ref)
  }
}
