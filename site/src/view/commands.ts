// SPDX-License-Identifier: GPL-2.0-only

import { commandStep, stageStep } from '../../../lib/view/columns'
import type { PageKey } from '../../../lib/view/pages'
import { regionRows } from '../../../lib/view/region-rows'
import { storyOf } from '../../../lib/view/story'
import { USUAL } from './hash'
import type { Commands } from './keys'
import type { Session } from './session'
import { otherTheme } from './theme'

type Extras = Pick<Commands, 'play' | 'help' | 'save' | 'edit'>

/** What the keys do in a session. */
export function commandsOf(session: Session, extras: Extras): Commands {
  const { book, comparison, look, latest } = session
  const go = (step: number): void => look({ step: Math.max(0, Math.min(book?.last ?? 0, step)) })
  const steps = book?.recording.steps ?? []
  return {
    ...extras,
    step: (by) => go(latest().n + by),
    command: (by) => go(commandStep(steps, latest().n, by)),
    stage: (by) => go(stageStep(steps, latest().n, by)),
    end: (by) => go(by < 0 ? 0 : Number.POSITIVE_INFINITY),
    page: (by) => {
      const page = neighbour(session, by)
      look({ page })
      if (page) focusRow()
    },
    change: (by) => {
      const { n, place } = latest()
      if (!book || !place.page) return
      const changes = storyOf(book, place.page).map(({ step }) => step)
      const next = by > 0 ? changes.find((step) => step > n) : changes.filter((step) => step < n).at(-1)
      if (next !== undefined) go(next)
    },
    escape: () => look({ page: undefined }),
    compare: () => look({ compare: latest().place.compare === undefined ? USUAL : undefined }),
    difference: () => {
      if (comparison?.difference !== undefined) go(comparison.difference)
    },
    theme: () => look({ theme: otherTheme(latest().place.theme) }),
  }
}

/** The first page of the row above or below the followed one, across regions. */
function neighbour({ book, latest }: Session, by: 1 | -1): PageKey | undefined {
  if (!book) return undefined
  const {
    n,
    place: { page },
  } = latest()
  const moment = book.moment(n)
  const keys = [...moment.state.entries.keys()].flatMap((at) =>
    regionRows(moment, at, page).map(({ first, alone }) => ({ at, index: first, alone })),
  )
  const own = keys.findIndex(({ at, alone, index }) => at === page?.at && (alone || index === page.index))
  const next = keys[own < 0 ? 0 : Math.max(0, Math.min(keys.length - 1, own + by))]
  return next && { at: next.at, index: next.index }
}

/** After the page is drawn, the followed row has the focus, so that screen readers say it. */
function focusRow(): void {
  requestAnimationFrame(() => {
    document.querySelector<HTMLElement>('tr.followed[data-page]')?.focus({ preventScroll: true })
  })
}
