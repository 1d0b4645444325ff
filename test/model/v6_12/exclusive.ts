// SPDX-License-Identifier: GPL-2.0-only
//
// make_device_exclusive_range(): pages of the system that only the device may use.

import type { Errno } from '../side'
import type { Steps } from '../steps'
import { errnoOf } from './fault-lock'
import { makePresent } from './gup'
import { type Entry, type Folio, type Frame, isMapping } from './page'
import { type Mapping, mappingsOf } from './rmap'
import type { Space } from './space'

/** make_device_exclusive_range() of one page. `-`: the page can't be exclusive. */
export function* makeExclusive(space: Space, page: number): Steps<'ok' | '-' | Errno> {
  return yield* space.locks.read(function* () {
    const vma = space.vmas.at(page)
    if (vma === undefined || vma.flags.kind === 'special' || !vma.flags.write) return 'EFAULT'
    const wanted = { write: true, dma: false, touch: true, split: true }
    const outcome = yield* makePresent(space, vma, page, wanted)
    if (outcome !== 'ok') return errnoOf(outcome)
    const frame = space.presentAt(page)
    return frame !== undefined && unmapEverywhere(space, page, frame) ? 'ok' : '-'
  })
}

/** folio_make_device_exclusive(), under the lock of the page. */
function unmapEverywhere(space: Space, page: number, frame: Frame): boolean {
  const { folio } = frame
  const ref = folio.get('exclusive')
  try {
    if (folio.head !== frame || folio.cached || !folio.tryLock(ref)) return false
    let valid = false
    for (const mapping of mappingsOf(space.world, folio)) {
      const { replaced, whole } = unmap(folio, mapping)
      valid ||= mapping.space === space && replaced.some((entry) => entry.page === page && entry.write)
      if (!whole || folio.mapCount === 0) break
    }
    return valid && folio.mapCount === 0
  } finally {
    folio.unlock(ref)
    folio.put(ref)
  }
}

/** page_make_device_exclusive_one(): the entries that it replaced. It ends at one that is exclusive already. */
function unmap(folio: Folio, { space, vma, first, end }: Mapping): { replaced: Entry[]; whole: boolean } {
  // A mapping that begins within the folio hears of as many pages as the folio has.
  space.invalidate(first, Math.min(vma.end, first + folio.frames.length))
  const found = space.entriesWithin(first, end).filter((entry) => entry.frame?.folio === folio)
  const last = found.findIndex(({ kind }) => kind === 'exclusive')
  const replaced = found.slice(0, last < 0 ? undefined : last).filter(({ kind }) => isMapping(kind))
  for (const entry of replaced) {
    const { write, dirty, soft, wp } = entry
    if (dirty) folio.set('dirty')
    space.unmapTo('exclusive', entry, { write, soft, wp })
  }
  return { replaced, whole: last < 0 }
}
