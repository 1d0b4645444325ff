// SPDX-License-Identifier: GPL-2.0-only

import { recordDocument } from './index'
import type { Recording } from './types'

/** The text of a document in pieces: as a whole it may be longer than a string can be. Nothing without a recording. */
export function* recordPieces(recordings: Iterable<Recording>): Generator<string> {
  let isFirst = true
  for (const recording of recordings) {
    yield isFirst ? JSON.stringify(recordDocument([])).slice(0, -END.length) : ','
    isFirst = false
    yield* recordingPieces(recording)
  }
  if (!isFirst) yield END
}

/** How JSON ends whose last value is a list in an object. */
const END = ']}'

function* recordingPieces({ steps, ...head }: Recording): Generator<string> {
  yield JSON.stringify({ ...head, steps: [] }).slice(0, -END.length)
  for (const [i, step] of steps.entries()) yield `${i > 0 ? ',' : ''}${JSON.stringify(step)}`
  yield END
}
