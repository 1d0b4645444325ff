// SPDX-License-Identifier: GPL-2.0-only
//
// The page's model on records as they are made now: the examples on every profile, and drills of both kernels.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { profileNames } from '../../lib'
import { recordDrill } from '../../lib/record'
import { terms } from '../../lib/record/terms'
import { firstDifference, pairsOf } from '../../lib/view/align'
import { answerOf } from '../../lib/view/answer'
import { Book } from '../../lib/view/book'
import { eventsText } from '../../lib/view/events'
import { memoryOf, ownersOf, ownerText } from '../../lib/view/frame-rows'
import { rowName } from '../../lib/view/histories'
import { regionRows } from '../../lib/view/region-rows'
import { sentenceOf } from '../../lib/view/sentence'
import { entryAt } from '../../lib/view/state'
import { storyOf } from '../../lib/view/story'
import { tablesOf } from '../../lib/view/tables'
import { translationsOf } from '../../lib/view/tlb'
import { fieldsOf } from '../../lib/view/word'
import { plain } from '../../lib/view/words'

const root = join(__dirname, '../..')

function record(file: string, profile: (typeof profileNames)[number]): Book {
  const text = readFileSync(join(root, file), 'utf8')
  const { recording, failure } = recordDrill({ name: 'drill', file, firstLine: 1, text }, { profile, ramPages: 8192 })
  if (!recording) throw failure
  return new Book(recording, terms)
}

/** All that the page says of a step. */
function wordsOf(book: Book, n: number): string {
  const moment = book.moment(n)
  const { state } = moment
  const owners = ownersOf(moment)
  const words = [plain(sentenceOf(book, n)), ...eventsText(moment).map(plain), ...book.rows.map(rowName)]
  for (const device of [false, true]) {
    words.push(...memoryOf(moment, device, new Set()).rows.map((row) => ownerText(moment, owners, row).text))
  }
  for (const process of Object.keys(state.processes)) {
    words.push(JSON.stringify(translationsOf(state, process)), `${tablesOf(moment, process).length}`)
  }
  for (const at of state.entries.keys()) {
    for (const { first } of regionRows(moment, at).slice(0, 8)) {
      const fields = fieldsOf(book.recording, entryAt(state, at, first)!)
      words.push(plain(answerOf(book, { at, index: first }, n).text), ...fields.map(({ value }) => value))
    }
  }
  return words.join('\n')
}

const examples = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.drill'))

describe.each(examples)('%s', (file) => {
  test.each(profileNames)('on %s, every step has words', (profile) => {
    const book = record(`examples/${file}`, profile)
    expect(book.last).toBeGreaterThan(5)
    for (let n = 0; n <= book.last; n++) expect(wordsOf(book, n)).not.toMatch(/undefined|NaN|\[object/)
    const at = [...book.replay.at(book.last).entries.keys()][0]
    if (at) expect(storyOf(book, { at, index: 0 }).length).toBeGreaterThan(1)
  })
})

test('a migration word of Linux 6.12: the type is above, the offset is inverted', () => {
  const book = record('examples/racing-store.drill', 'linux-6.12')
  const step = book.recording.steps.find(({ entries }) => entries?.some(({ kind }) => kind === 'mig'))!
  const entry = entryAt(book.replay.at(step.n), 'A/buf', 0)!
  const fields = Object.fromEntries(fieldsOf(book.recording, entry).map(({ name, value }) => [name, value]))
  expect(fields['swap type']).toMatch(/^\d+ migration, write$/)
  expect(fields['~offset: pfn']).toMatch(/^#\d+$/)
})

test('a drill on two kernels has a first difference', () => {
  const [a, b] = [
    record('examples/racing-store.drill', 'linux-4.14'),
    record('examples/racing-store.drill', 'linux-6.12'),
  ]
  expect(firstDifference(a, b, pairsOf(a.recording, b.recording))).toBeGreaterThanOrEqual(0)
})
