// SPDX-License-Identifier: GPL-2.0-only
//
// Steps as text, for pipes, files, diff and grep.

import type { PageKey } from '../../view/pages'
import {
  answerLines,
  differenceText,
  eventLines,
  historyLines,
  otherLines,
  placeText,
  sentenceLine,
  transcriptLines,
} from './caption'
import { machineLines } from './machine'
import { type Line, line, span } from './span'
import { otherMoment, type Subject } from './subject'

/** Lines of the transcript before and behind that of the step. */
const AROUND = 2

/** One line that says what is explored. */
export function titleLine({ book: { recording, last }, other }: Subject): Line {
  const with_ = other ? `, compared with ${other.book.recording.profile} (${differenceText(other)})` : ''
  return [span(recording.name, 'bold'), span(` on ${recording.profile}${with_}, steps 0 to ${last}`)]
}

/** All that is shown of a step. */
export function stepLines(subject: Subject, n: number, followed: PageKey | undefined): Line[] {
  const { book } = subject
  return [
    line(placeText(book, n), 'bold'),
    indented(sentenceLine(book, n)),
    ...eventLines(book, n).map(indented),
    ...otherLines(subject, n).map(indented),
    ...(followed ? answerLines(book, n, followed) : []).map(indented),
    line('Transcript', 'bold'),
    ...transcriptLines(book, n, AROUND, AROUND),
    ...machineLines(book.moment(n), followed, otherMoment(subject, n)),
  ]
}

/** The history of a page. */
export const storyLines = (subject: Subject, n: number, page: PageKey): Line[] => [
  line('History of the page', 'bold'),
  ...historyLines(subject.book, n, page),
]

const indented = (spans: Line): Line => [span('   '), ...spans]
