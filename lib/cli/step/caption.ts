// SPDX-License-Identifier: GPL-2.0-only
//
// What is said about a step: its place, the sentence, events, the other profile, and the followed page.

import { type Account, answerOf } from '../../view/answer'
import type { Book } from '../../view/book'
import { comparedSentence, differencesOf } from '../../view/differences'
import { eventsText } from '../../view/events'
import { type PageKey, shownPage } from '../../view/pages'
import { placeOfStep, sentenceOf } from '../../view/sentence'
import { storyOf } from '../../view/story'
import { holderText } from '../../view/words'
import { type Line, line, span, spansOf } from './span'
import type { Other, Subject } from './subject'
import { marksOf } from './table'

/** "Step 11 of 26 · pages, entry 0" */
export const placeText = (book: Book, n: number): string => `Step ${n} of ${book.last} · ${placeOfStep(book.moment(n))}`

export const sentenceLine = (book: Book, n: number): Line => spansOf(sentenceOf(book, n))

/** Notifier events, flushes, faults and counters of the step; nothing if there are none. */
export function eventLines(book: Book, n: number): Line[] {
  const events = eventsText(book.moment(n))
  return events.length === 0 ? [] : [events.flatMap((rich, i) => [span(i > 0 ? ' · ' : ''), ...spansOf(rich)])]
}

/** The step on the other profile, and whether it is the first difference. */
export function otherLines({ book, other }: Subject, n: number): Line[] {
  if (!other) return []
  const m = other.across[n] ?? 0
  const head = span(`${other.book.recording.profile}, step ${m}: `, 'bold')
  return [
    [head, ...spansOf(comparedSentence(book, n, other.book, m))],
    ...(other.difference === n
      ? [line(`The first difference of the machines: ${differencesAt(book, n, other, m)}.`, 'changed')]
      : []),
  ]
}

/** "first difference: step 3" */
export const differenceText = ({ difference }: Other): string =>
  difference === undefined ? 'no difference' : `first difference: step ${difference}`

const differencesAt = (book: Book, n: number, other: Other, m: number): string =>
  differencesOf(book.recording, book.replay.at(n), other.book.replay.at(m)).join('; ')

/** The answer for the followed page, and the count that decided. */
export function answerLines(book: Book, n: number, page: PageKey): Line[] {
  const { text, account } = answerOf(book, page, n)
  return [[span(`${shownPage(page)}: `, 'bold'), ...spansOf(text)], ...(account ? [accountLine(account)] : [])]
}

function accountLine({ frame, expected, found, surplus }: Account): Line {
  const names = (held: readonly string[]): string => held.map(holderText).join(', ')
  return [
    span(`References of ${frame}: expected ${expected.length} (${names(expected)}), found ${found.length}: `),
    span(names(surplus), 'stop'),
  ]
}

/** Each step that changed a page. */
export function historyLines(book: Book, n: number, page: PageKey): Line[] {
  const story = storyOf(book, page)
  const width = `${book.last}`.length
  return story.map(({ step, text, stopped }) => [
    ...marksOf(step === n, false),
    span(`${step}`.padStart(width), step > n ? 'faint' : 'plain'),
    span('  '),
    span(text, stopped ? 'stop' : step > n ? 'faint' : 'plain'),
  ])
}

/** Lines of the transcript around that of the step, so many before and behind; comments of the drill as notes. */
export function transcriptLines(book: Book, n: number, before: number, behind: number): Line[] {
  const { step } = book.moment(n)
  const at = step.line ?? 0
  return book.lines
    .slice(Math.max(0, at - before), at + behind + 1)
    .flatMap(({ text, depth, step: first, note }, i) => {
      const isCurrent = step.line !== undefined && i === Math.min(at, before)
      const indent = '  '.repeat(depth)
      const look = isCurrent ? 'current' : first > n ? 'faint' : 'plain'
      return [
        ...(note === undefined ? [] : [line(`   ${indent}# ${note}`, 'faint')]),
        [span(isCurrent ? '>  ' : '   ', 'bold'), span(indent), span(text, look)],
      ]
    })
}
