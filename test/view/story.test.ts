// SPDX-License-Identifier: GPL-2.0-only

import { storyOf } from '../../lib/view/story'
import { book, recordDocument } from './records'

test('the history of a page is the same from its own entries and frames as from those of the whole machine', () => {
  for (const { name, profile } of recordDocument.recordings) {
    const own = book(name, profile)
    const regions = new Set(own.recording.steps.flatMap(({ entries = [] }) => entries.map(({ at }) => at)))
    for (const at of regions) {
      for (const index of [0, 1, 2, 3, 2030, 4100]) {
        expect(storyOf(own, { at, index })).toEqual(storyOf(own, { at, index }, own.replay))
      }
    }
  }
})

test('a page that moves: kinds, frames, references, the reason', () => {
  expect(storyOf(book('racing-store'), { at: 'A/buf', index: 0 }).map(({ step, text }) => `${step} ${text}`)).toContain(
    '11 gives up: references',
  )
})
