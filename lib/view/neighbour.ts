// SPDX-License-Identifier: GPL-2.0-only

import type { Moment } from './changes'
import type { PageKey } from './pages'
import { regionRows } from './region-rows'

/** The first page of the row above or below that of a page, across regions; without a page the first of all. */
export function neighbourOf(moment: Moment, page: PageKey | undefined, by: 1 | -1): PageKey | undefined {
  const keys = [...moment.state.entries.keys()].flatMap((at) =>
    regionRows(moment, at, page).map(({ first, alone }) => ({ at, index: first, alone })),
  )
  const own = keys.findIndex(({ at, alone, index }) => at === page?.at && (alone || index === page.index))
  const next = keys[own < 0 ? 0 : Math.max(0, Math.min(keys.length - 1, own + by))]
  return next && { at: next.at, index: next.index }
}
