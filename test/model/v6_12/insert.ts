// SPDX-License-Identifier: GPL-2.0-only
//
// A page that a migration puts where nothing is.

import type { Vma } from '../vma'
import type { Frame } from './page'
import type { Space } from './space'

/** migrate_vma_insert_page(). False: it can't be there, or something has come there meanwhile. */
export function insert(space: Space, vma: Vma, page: number, frame: Frame): boolean {
  if (!vma.anonymous || space.hugeAt(page) !== undefined) return false
  space.addSmallTable(page)
  space.vmas.prepareAnonVma(vma)
  if (!space.world.memcg.charge(frame)) return false
  frame.folio.set('uptodate')
  const kind = space.entries.get(page)?.kind ?? 'zero'
  if (kind !== 'zero' || vma.flags.missingMode) return false
  const { write } = vma.flags
  const seen = frame.kind === 'present' ? { dirty: write, soft: write, young: true } : {}
  space.mapNew(vma, page, frame, { write, ...seen })
  return true
}
