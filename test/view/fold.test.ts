// SPDX-License-Identifier: GPL-2.0-only

import { fold, type Row } from '../../lib/view/fold'

const row = (first: number, signature: string, count = 1, alone = false): Row<string> => ({
  first,
  count,
  item: `${signature} ${first}`,
  signature,
  alone,
})

const always = () => true

test('neighbours that are alike are one row, from its first item to its last', () => {
  const [both, other] = fold([row(0, 'a', 2), row(2, 'a', 3), row(5, 'b')], always)
  expect(both).toMatchObject({ first: 0, count: 5, item: 'a 0', last: 'a 2', runs: [{ first: 0, count: 5 }] })
  expect(other).toMatchObject({ first: 5, count: 1 })
  expect(fold([row(0, 'a'), row(9, 'a')], always)[0]!.runs).toEqual([
    { first: 0, count: 1 },
    { first: 9, count: 1 },
  ])
  expect(fold([row(0, 'a'), row(1, 'a')], () => false)).toHaveLength(2)
  expect(fold([row(0, 'a'), row(1, 'a', 1, true), row(2, 'a')], always)).toHaveLength(3)
})

test('of many rows, those that are alike are one wherever they are, but not the followed page', () => {
  const rows = Array.from({ length: 2000 }, (_, i) => row(i, i % 2 ? 'a' : 'b', 1, i === 500))
  const folded = fold(rows, always)
  expect(folded.map(({ item, count, runs }) => [item, count, runs.length])).toEqual([
    ['b 0', 999, 999],
    ['a 1', 1000, 1000],
    ['b 500', 1, 1],
  ])
  expect(folded[0]!.last).toBe('b 1998')
})

test('what is folded is not changed', () => {
  const rows = Array.from({ length: 60 }, (_, i) => row(i, i % 2 ? 'a' : 'b'))
  const before = JSON.stringify(rows)
  fold(rows, always)
  expect(JSON.stringify(rows)).toBe(before)
})
