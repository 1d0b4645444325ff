// SPDX-License-Identifier: GPL-2.0-only

import fc from 'fast-check'
import { borders, compact, elementAt, endOf, firstBehind, overlay, type Run, runsOf } from '../../lib/view/runs'

interface Letters extends Run {
  readonly letter: string
  /** The number of the first element; rises by 1. */
  readonly value: number
}

const part = (run: Letters, by: number, count: number): Letters => ({
  ...run,
  first: run.first + by,
  count,
  value: run.value + by,
})

const join = (a: Letters, b: Letters): Letters | undefined =>
  a.letter === b.letter && a.value + a.count === b.value ? { ...a, count: a.count + b.count } : undefined

/** Elements one by one: what a list of runs stands for. */
const elements = (runs: readonly Letters[]): Map<number, string> =>
  new Map(
    runs.flatMap(({ first, count, letter, value }) =>
      Array.from({ length: count }, (_, i) => [first + i, `${letter}${value + i}`] as const),
    ),
  )

const isInOrder = (runs: readonly Run[]): boolean =>
  runs.every((run, i) => run.count > 0 && (i === 0 || endOf(runs[i - 1]!) <= run.first))

/** Runs without overlap, in order. */
const lists = fc
  .array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 6 }), fc.constantFrom('a', 'b'), fc.nat(3)), { maxLength: 8 })
  .map((parts) => {
    let at = 0
    return parts.map(([gap, count, letter, value]): Letters => {
      const run = { first: at + gap, count, letter, value }
      at = endOf(run)
      return run
    })
  })

test('a list laid over another gives its elements, and those of the other elsewhere', () => {
  fc.assert(
    fc.property(lists, lists, (base, over) => {
      const laid = overlay(base, over, part)
      expect(isInOrder(laid)).toBe(true)
      expect(elements(laid)).toEqual(new Map([...elements(base), ...elements(over)]))
      expect(elements(compact(laid, join))).toEqual(elements(laid))
    }),
  )
})

test('runs that touch leave nothing between them', () => {
  const base = [{ first: 0, count: 30, letter: 'a', value: 0 }]
  const over = [
    { first: 10, count: 5, letter: 'b', value: 0 },
    { first: 15, count: 5, letter: 'b', value: 5 },
  ]
  expect(overlay(base, over, part).map(({ first, count }) => [first, count])).toEqual([
    [0, 10],
    [10, 5],
    [15, 5],
    [20, 10],
  ])
})

test('runs are found by binary search', () => {
  fc.assert(
    fc.property(lists, fc.nat(80), (list, at) => {
      const expected = elements(list).get(at)
      const found = elementAt(list, at, part)
      expect(found && `${found.letter}${found.value}`).toBe(expected)
      const behind = list.findIndex((run) => endOf(run) > at)
      expect(firstBehind(list, at)).toBe(behind < 0 ? list.length : behind)
    }),
  )
})

test('borders lie within their bounds, in order', () => {
  const run = (first: number, count: number): Run => ({ first, count })
  expect(borders([[run(2, 3)], [run(0, 20)], [run(4, 1)]], 1, 10)).toEqual([1, 2, 4, 5, 10])
})

test('numbers become runs', () => {
  expect(runsOf([5, 1, 2, 3, 5])).toEqual([
    { first: 1, count: 3 },
    { first: 5, count: 1 },
  ])
})
