// SPDX-License-Identifier: GPL-2.0-only

import { useMemo } from 'preact/hooks'
import { type Account, answerOf } from '../../../lib/view/answer'
import type { Book } from '../../../lib/view/book'
import { eventsText } from '../../../lib/view/events'
import { type PageKey, shownPage } from '../../../lib/view/pages'
import { placeOfStep, sentenceOf } from '../../../lib/view/sentence'
import { holderText } from '../../../lib/view/words'
import { useActions } from './actions'
import { Marks } from './glyphs'
import { Text } from './text'

interface StepProps {
  book: Book
  n: number
  playing: boolean
  /** Named if two are compared. */
  profile?: string | undefined
  /** The drill has an error since: this is its last run. */
  isOld: boolean
}

/** The line with the place of the step, the sentence, and events. */
export function StepCaption({ book, n, playing, profile, isOld }: StepProps) {
  const { go } = useActions()
  const sentence = useMemo(() => sentenceOf(book, n), [book, n])
  const events = useMemo(() => eventsText(book.moment(n)), [book, n])
  return (
    <div class="step">
      <div class="line">
        <nav aria-label="Steps">
          <button type="button" aria-label="Previous step" disabled={n === 0} onClick={() => go(n - 1)}>
            ←
          </button>
          <button type="button" aria-label="Next step" disabled={n === book.last} onClick={() => go(n + 1)}>
            →
          </button>
        </nav>
        {profile && <b>{profile}</b>}
        <span>
          Step {n} of {book.last} · {placeOfStep(book.moment(n))}
        </span>
      </div>
      <p class="sentence" aria-live={playing ? 'off' : 'polite'}>
        {isOld ? (
          <span class="muted">The drill has an error. What is shown is its last run without one.</span>
        ) : (
          <Text rich={sentence} />
        )}
      </p>
      {events.length > 0 && (
        <p class="events">
          {events.map((rich) => (
            <span key={JSON.stringify(rich)}>
              <Text rich={rich} />
            </span>
          ))}
        </p>
      )}
    </div>
  )
}

/** The answer for the followed page. */
export function FollowedPage({ book, n, page }: { book: Book; n: number; page: PageKey }) {
  const { follow } = useActions()
  const answer = useMemo(() => answerOf(book, page, n), [book, page, n])
  return (
    <section class="followed" aria-label="The followed page">
      <div class="line">
        <b class="mono">{shownPage(page)}</b>
        <span>followed</span>
        <button type="button" aria-label="Follow no page" onClick={() => follow(undefined)}>
          ✕
        </button>
      </div>
      <p class="sentence">
        <Text rich={answer.text} />
      </p>
      {answer.account && <References account={answer.account} />}
    </section>
  )
}

/** Expected, found, and the surplus by name. */
function References({ account }: { account: Account }) {
  const { expected, found, surplus, frame } = account
  return (
    // biome-ignore lint/a11y/useSemanticElements: three numbers are no form
    <div class="account" role="group" aria-label="References, counted">
      <Count title="expected" held={expected} />
      <Count title={`found on ${frame}`} held={found} />
      <Count title={surplus.map(holderText).join(', ')} held={surplus} isSurplus />
    </div>
  )
}

function Count({ title, held, isSurplus }: { title: string; held: readonly string[]; isSurplus?: boolean }) {
  return (
    <div class={isSurplus ? 'count surplus' : 'count'}>
      <span>{title}</span>
      <span class="n">
        {held.length}
        <Marks held={held} />
      </span>
    </div>
  )
}
