// SPDX-License-Identifier: GPL-2.0-only

import type { Step } from '../../lib/record/types'
import { Book } from '../../lib/view/book'
import type { PageKey } from '../../lib/view/pages'
import { runsKey, tablesOf } from '../../lib/view/tables'
import { leafAt, moveInTree, type TreeLine, treeLines } from '../../lib/view/tree'
import { book, recordDocument } from './records'

const nothing = new Set<string>()

const linesOf = (name: string, n: number, toggled: ReadonlySet<string> = nothing): TreeLine[] =>
  treeLines(tablesOf(book(name).moment(n), 'A', undefined, toggled), toggled)

const names = (lines: readonly TreeLine[]): string[] =>
  lines.map((line) => `${line.level} ${line.kind} ${line.kind === 'leaf' ? line.leaf.slot : line.node.pfn}`)

test('a tree from pud to leaves; a table that is collapsed hides what is below it', () => {
  const all = ['1 table 3', '2 table 4', '3 table 5', '4 leaf 256', '4 leaf 257', '4 leaf 258', '4 leaf 259']
  expect(names(linesOf('racing-store', 11))).toEqual(all)
  expect(names(linesOf('racing-store', 11, new Set(['table 4'])))).toEqual(all.slice(0, 2))
})

test('many tables are one line until it is unfolded', () => {
  const lines = linesOf('ten-thousand', 9)
  const more = lines.find(({ kind }) => kind === 'more')!
  expect(more).toMatchObject({ level: 3, expanded: false })
  const unfolded = linesOf('ten-thousand', 9, new Set([more.key]))
  expect(unfolded.filter(({ kind, level }) => kind === 'table' && level === 4)).toHaveLength(17)
})

/** One table of ptes, with entries of two kinds in turn. */
function alternating(pages: number) {
  const [first] = book('racing-store').recording.steps
  const region = { name: 'buf', start: '0x10000000000', pages }
  const entry = '0x0'
  const step = {
    ...first!,
    processes: { A: { pid: 1, vmas: [], regions: [region], rss: {} } },
    entries: Array.from({ length: pages }, (_, i) => ({ at: 'A/buf', first: i, count: 1, kind: KINDS[i % 2]! })),
    tables: {
      1: { process: 'A', level: 'pud', base: '0x10000000000', entry, used: 1 },
      2: { process: 'A', level: 'pmd', base: '0x10000000000', entry, used: 1 },
      3: { process: 'A', level: 'pte', base: '0x10000000000', entry, used: pages },
    },
  } as unknown as Step
  return new Book({ ...book('racing-store').recording, steps: [step] }, recordDocument.terms)
}

const KINDS = ['sys', 'dev']

test('many runs are one line of counts until it is unfolded; the followed page has its own', () => {
  const moment = alternating(100).moment(0)
  const lines = (toggled = nothing, followed?: PageKey) =>
    names(treeLines(tablesOf(moment, 'A', followed, toggled), toggled))
  const folded = ['1 table 1', '2 table 2', '3 table 3', '4 runs 3']
  expect(lines()).toEqual(folded)
  expect(lines(nothing, { at: 'A/buf', index: 70 })).toEqual([...folded, '4 leaf 70'])
  const unfolded = lines(new Set([runsKey(3)]), { at: 'A/buf', index: 70 })
  expect(unfolded).toEqual([...folded, ...Array.from({ length: 100 }, (_, i) => `5 leaf ${i}`)])
  expect(tablesOf(moment, 'A')[0]!.tables[0]!.tables[0]!.counts).toEqual([
    ['sys', 50],
    ['dev', 50],
  ])
})

test('keys go as in other trees', () => {
  const lines = linesOf('racing-store', 11)
  const move = (at: number, key: string) => moveInTree(lines, at, key)
  expect(move(0, 'ArrowDown')).toEqual({ to: 1 })
  expect(move(0, 'ArrowUp')).toBeUndefined()
  expect(move(6, 'ArrowDown')).toBeUndefined()
  expect(move(1, 'ArrowRight')).toEqual({ to: 2 })
  expect(move(1, 'ArrowLeft')).toEqual({ toggle: 'table 4' })
  expect(move(5, 'ArrowLeft')).toEqual({ to: 2 })
  expect(move(5, 'ArrowRight')).toBeUndefined()
  expect(move(5, 'Home')).toEqual({ to: 0 })
  expect(move(0, 'End')).toEqual({ to: 6 })
  expect(move(0, 'x')).toBeUndefined()
  expect(moveInTree(linesOf('racing-store', 11, new Set(['table 4'])), 1, 'ArrowRight')).toEqual({ toggle: 'table 4' })
  expect(moveInTree([], 0, 'Home')).toBeUndefined()
})

test('a leaf is found by its index, from a line on and around the end', () => {
  const lines = linesOf('racing-store', 11)
  expect([leafAt(lines, 0, 258), leafAt(lines, 6, 256), leafAt(lines, 0, 260)]).toEqual([5, 3, -1])
})
