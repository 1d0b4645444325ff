// SPDX-License-Identifier: GPL-2.0-only

import { useMemo } from 'preact/hooks'
import type { Book } from '../../../lib/view/book'
import { type PageKey, shownPage } from '../../../lib/view/pages'
import { storyOf } from '../../../lib/view/story'
import { useActions } from './actions'
import { Glyph } from './glyphs'

/** Each step that changed the followed page. */
export function PageHistory({ book, n, page }: { book: Book; n: number; page: PageKey }) {
  const { go } = useActions()
  const story = useMemo(() => storyOf(book, page), [book, page])
  return (
    <section class="history" aria-label="History of the followed page">
      <h2>
        History of <b class="mono">{shownPage(page)}</b>
      </h2>
      <ol>
        {story.map(({ step, text, stopped, kind }) => (
          <li key={step}>
            <button type="button" aria-current={step === n ? 'step' : undefined} onClick={() => go(step)}>
              <span class="n">{step}</span>
              <Glyph kind={kind} />
              <span class={stopped ? 'why' : undefined}>{text}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  )
}
