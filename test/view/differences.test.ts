// SPDX-License-Identifier: GPL-2.0-only
//
// Two profiles, step by step: what differs where the sentences are the same.

import { firstDifference, pairsOf, stepsAcross } from '../../lib/view/align'
import { comparedSentence, differencesOf } from '../../lib/view/differences'
import { memoryOf } from '../../lib/view/frame-rows'
import { regionRows } from '../../lib/view/region-rows'
import { plain } from '../../lib/view/words'
import { book, bookOf } from './records'

const [old, fixed] = [book('racing-store'), book('racing-store', 'linux-4.14-fixed')]
const pairs = pairsOf(old.recording, fixed.recording)
const across = stepsAcross(pairs, 0)
const compared = (n: number): string => plain(comparedSentence(old, n, fixed, across[n]!))

test('steps at which nothing differs are the same', () => {
  expect([0, 1, 2].map(compared)).toEqual(['The same.', 'The same.', 'The same.'])
})

test('the first difference is named: flags of frames, translations', () => {
  expect(firstDifference(old, fixed, pairs)).toBe(3)
  expect(compared(3)).toBe('The same, but flags of #6–#8 and translations of CPU 0 differ.')
})

test('where the sentences differ, the other one is told', () => {
  expect(compared(11)).toBe("The page's identity moves from #6 to D0 (page 0).")
})

test('words of a migration, and more differences than are named', () => {
  expect(compared(12)).toBe(
    'The same, but references of #6; flags of #6–#8, D0–D1; src of A buf[0]; reasons of A buf[0] differ.',
  )
  expect(compared(18)).toMatch(/; \d+ more differ\.$/)
})

test('a step that says that it is the same has machines that are', () => {
  for (let n = 0; n <= old.last; n++) {
    const all = differencesOf(old.recording, old.replay.at(n), fixed.replay.at(across[n]!))
    if (compared(n).startsWith('The same')) expect(compared(n) === 'The same.').toBe(all.length === 0)
  }
})

test('regions and frames that only one machine has', () => {
  const [short, long] = [bookOf('A map buf anon 1\n'), bookOf('A map buf anon 1\nA map more anon 1\nA write buf 1\n')]
  const all = differencesOf(short.recording, short.replay.at(1), long.replay.at(long.last))
  expect(all).toEqual([
    'entries of A buf[0]',
    'mappings of A more',
    expect.stringMatching(/^use of #3–#\d+$/),
    'translations of CPU 0',
  ])
})

test('rows of a region and of memory are cut where the other machine has something else', () => {
  const [one, other] = [
    bookOf('A map buf anon 80\nA write buf 1\n'),
    bookOf('A map buf anon 80\nA write buf[0-39] 1\n'),
  ]
  const [here, there] = [one.moment(2), other.moment(2)]
  expect(regionRows(here, 'A/buf').map(({ first, count }) => [first, count])).toEqual([[0, 80]])
  const rows = regionRows(here, 'A/buf', undefined, there)
  expect(rows.map(({ first, count, item }) => [first, count, item.other?.entry?.kind])).toEqual([
    [0, 40, 'sys'],
    [40, 40, 'none'],
  ])
  const none = new Set<number>()
  const onlyThere = memoryOf(there, false, none, here).rows.filter(({ item }) => !item.frame)
  expect(onlyThere.reduce((sum, { count }) => sum + count, 0)).toBe(40)
  expect(memoryOf(there, false, none).rows.every(({ item }) => item.frame)).toBe(true)
})
