// SPDX-License-Identifier: GPL-2.0-only

import { memo } from 'preact/compat'
import { useMemo } from 'preact/hooks'
import type { Book } from '../../../lib/view/book'
import { type PageKey, shownPage } from '../../../lib/view/pages'
import { type Event as PageChange, storyOf } from '../../../lib/view/story'
import { useActions } from './actions'
import { Glyph } from './glyphs'

/** Each step that changed the followed page. */
export function PageHistory({ book, n, page }: { book: Book; n: number; page: PageKey }) {
  const story = useMemo(() => storyOf(book, page), [book, page])
  return (
    <section class="history" aria-label="History of the followed page">
      <h2>
        History of <b class="mono">{shownPage(page)}</b>
      </h2>
      <ol>
        {story.map((change) => (
          <Change key={change.step} change={change} isCurrent={change.step === n} />
        ))}
      </ol>
    </section>
  )
}

const Change = memo(({ change, isCurrent }: { change: PageChange; isCurrent: boolean }) => {
  const { go } = useActions()
  const { step, text, stopped, kind } = change
  return (
    <li>
      <button type="button" aria-current={isCurrent ? 'step' : undefined} onClick={() => go(step)}>
        <span class="n">{step}</span>
        <Glyph kind={kind} />
        <span class={stopped ? 'why' : undefined}>{text}</span>
      </button>
    </li>
  )
})
