// SPDX-License-Identifier: GPL-2.0-only

import { commandStep, stageStep } from '../../../lib/view/columns'
import { neighbourOf } from '../../../lib/view/neighbour'
import { storyOf } from '../../../lib/view/story'
import { USUAL } from './hash'
import type { Commands } from './keys'
import type { Session } from './session'
import { otherTheme } from './theme'
import type { TimelineCommands } from './timeline'

type Extras = Pick<Commands, 'play' | 'help' | 'save' | 'edit'>

/** What the keys do in a session. */
export function commandsOf(
  session: Session,
  timeline: { readonly current: TimelineCommands | null },
  extras: Extras,
): Commands {
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
      if (timeline.current?.page(by)) return
      const { n, place } = latest()
      const page = book && neighbourOf(book.moment(n), place.page, by)
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
    escape: () => {
      if (!timeline.current?.escape()) look({ page: undefined })
    },
    find: () => timeline.current?.find(),
    zoom: (by) => timeline.current?.zoom(by),
    fold: () => timeline.current?.fold(),
    lens: () => timeline.current?.lens(),
    compare: () => look({ compare: latest().place.compare === undefined ? USUAL : undefined }),
    difference: () => {
      if (comparison?.difference !== undefined) go(comparison.difference)
    },
    theme: () => look({ theme: otherTheme(latest().place.theme) }),
  }
}

/** After the page is drawn, the followed row has the focus, so that screen readers say it. */
function focusRow(): void {
  requestAnimationFrame(() => {
    document.querySelector<HTMLElement>('tr.followed[data-page]')?.focus({ preventScroll: true })
  })
}
