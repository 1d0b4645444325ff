// SPDX-License-Identifier: GPL-2.0-only
//
// What the page folds: rows of the score, of regions, of memory, of page tables.

import { columnsOfSide, firstDifference, pairsOf, stepsAcross } from '../../lib/view/align'
import { columnAt, commandHeadings, commandStep, stageHeadings, stageStep } from '../../lib/view/columns'
import { mappingText, marksOf, memoryOf, ownersOf, ownerText } from '../../lib/view/frame-rows'
import { isBand, rowName } from '../../lib/view/histories'
import { listLines } from '../../lib/view/lists'
import { regionRows } from '../../lib/view/region-rows'
import { entryAt } from '../../lib/view/state'
import { changedTables, freedTables, tablesOf } from '../../lib/view/tables'
import { taskLines } from '../../lib/view/tasks'
import { traceOf } from '../../lib/view/trace'
import { digitsOf, fieldsOf } from '../../lib/view/word'
import { plain } from '../../lib/view/words'
import { columnsOf } from '../../lib/view/zoom'
import { book } from './records'

const none = new Set<number>()

test('10,000 pages are 13 rows: pages with one history share a row', () => {
  expect(book('ten-thousand').rows.map(rowName)).toEqual([
    'A buf[0–99]',
    'A buf[100–199]',
    'A buf[200–699]',
    'A buf[700–899]',
    'A buf[900–1999]',
    'A buf[2000–2063]',
    'A buf[2064–2999]',
    'A buf[3000–3499]',
    'A buf[3500–4095]',
    'A buf[4096–4607]',
    'A buf[4608–4999]',
    'A buf[5000–5119]',
    'A buf[5120–9999]',
  ])
})

test('a small region has a row for each page, with its kinds and reasons', () => {
  const [first, , , last] = book('racing-store').rows
  if (!first || !last || isBand(first) || isBand(last)) throw new Error('rows expected')
  expect(first.spans.map(({ kind, from, to }) => [kind, from, to])).toEqual([
    ['none', 1, 1],
    ['sys', 2, 2],
    ['mig', 3, 16],
    ['sys', 17, 39],
  ])
  expect(first.marks).toEqual([{ step: 11, why: 'references' }])
  expect(last.marks).toEqual([{ step: 14, why: 'insert_pte_present' }])
})

test('tasks that waited: waiting, could go on, running', () => {
  const [task] = book('racing-store').tasks
  expect(task?.task).toBe('A.2')
  expect(task?.spans.map(({ from, to, waits, ready }) => [from, to, waits, ready])).toEqual([
    [9, 16, true, false],
    [17, 21, true, true],
    [22, 30, false, false],
  ])
})

test('rows of a region: runs, and the followed page on its own', () => {
  const moment = book('ten-thousand').moment(9)
  const rows = regionRows(moment, 'A/buf', { at: 'A/buf', index: 2030 })
  const own = rows.find(({ alone }) => alone)
  expect(own).toMatchObject({ first: 2030, count: 1, item: { entry: { kind: 'sys', pfn: 2040 } } })
  expect(rows.map(({ count }) => count).reduce((a, b) => a + b)).toBe(10_000)
  const stopped = rows.find(({ first }) => first === 100)!
  expect(stopped.item).toMatchObject({ word: { src: 'VLW', why: 'no_page' }, wordWas: { src: 'VMLW', why: 'none' } })
})

test('memory: references by holder, and who maps a frame', () => {
  const moment = book('racing-store').moment(11)
  const owners = ownersOf(moment)
  const { rows, others } = memoryOf(moment, false, none)
  expect(rows.map(({ first }) => first)).toEqual([6, 7, 8, 9])
  expect(others).toBe(5)
  expect(rows.map(({ item }) => marksOf(owners, item))).toEqual([
    ['migration', 'wait:A.2'],
    ['migration'],
    ['migration'],
    ['map', 'pagevec'],
  ])
  expect(rows.map((row) => ownerText(moment, owners, row).text)).toEqual([
    '(A buf[0])',
    '(A buf[1])',
    '(A buf[2])',
    'A buf[3]',
  ])
  const device = memoryOf(moment, true, none)
  expect(device.rows.map((row) => ownerText(moment, owners, row).text)).toEqual(
    [0, 1, 2, 3].map((i) => `for buf[${i}]`),
  )
})

test('the anon_vma of frames, and the index of each there', () => {
  const texts = (name: string, n: number) => {
    const { rows } = memoryOf(book(name).moment(n), false, none)
    return rows.map((row) => mappingText(row, book(name).moment(n).state))
  }
  expect(texts('racing-store', 11).slice(0, 2)).toEqual([
    'anon_vma 1, index 0x10000100',
    'anon_vma 1, index 0x10000101',
  ])
  expect(texts('ten-thousand', 2)).toEqual(['', 'anon_vma 1, index 0x100010f8–0x100010ff'])
})

test('LRU lists and pagevecs that a step has changed, in their order', () => {
  const at = (n: number) => listLines(book('racing-store').moment(n))
  expect(at(3)).toEqual([
    { word: 'active_anon', group: 'lru', now: '#8–#6', was: 'empty' },
    { word: 'lru_add', group: 'pagevecs', cpu: '0', now: 'empty', was: '#6–#8' },
  ])
  expect(at(24)[0]).toMatchObject({ now: '#6 #9', was: '#9' })
  expect(at(11)).toEqual([])
})

test('a task that waits says in which call', () => {
  const texts = taskLines(book('racing-store').moment(11), 'A').map(({ task, text }) => `${task} ${plain(text)}`)
  expect(texts[1]).toBe('A.2 waits for the lock of #6 in write, held by A.1, the migration')
})

test('a frame that a step frees stays for this step', () => {
  const { rows } = memoryOf(book('racing-store').moment(24), false, none)
  expect(rows.filter(({ item }) => !item.frame).map(({ first }) => first)).toEqual([7, 8])
  expect(memoryOf(book('racing-store').moment(25), false, none).rows.some(({ item }) => !item.frame)).toBe(false)
})

test('page tables as a tree down to leaves', () => {
  const [pud] = tablesOf(book('racing-store').moment(11), 'A')
  const pte = pud!.tables[0]!.tables[0]!
  expect([pud!.pfn, pte.pfn, pte.table.used]).toEqual([3, 5, 4])
  expect(pte.leaves.map(({ slot, kind }) => [slot, kind])).toEqual([
    [256, 'mig'],
    [257, 'mig'],
    [258, 'mig'],
    [259, 'sys'],
  ])
  const many = tablesOf(book('ten-thousand').moment(9), 'A')[0]!.tables[0]!
  expect(many.tables).toHaveLength(4)
  expect(many.folded).toBe(17)
})

test('tables in which a step has changed something, and those that it has freed', () => {
  const changed = (n: number) => [...changedTables(book('racing-store').moment(n), 'A')]
  expect([changed(2), changed(3), changed(4), changed(10)]).toEqual([[3, 4, 5], [5], [], [5]])
  expect(freedTables(book('racing-store').moment(10), 'A')).toEqual([])
})

test('the fields of a word', () => {
  const { recording, replay } = book('racing-store')
  const fields = (n: number, index: number) =>
    fieldsOf(recording, entryAt(replay.at(n), 'A/buf', index)!).map(({ name, value }) => `${name} ${value}`)
  expect(fields(11, 0)).toEqual(['offset = pfn #6', 'swap type 29 migration, write', 'SD 1', 'P 0'])
  expect(fields(11, 3)).toEqual(['NX 1', 'pfn #9', 'SD 1', 'PSE 0', 'D 1', 'A 1', 'U 1', 'W 1', 'P 1'])
  expect(fields(1, 0)).toEqual(['all bits 0'])
  expect(digitsOf(0x1ba02n)).toEqual({ zeros: '00000000000', rest: '1ba02' })
})

test('columns: headings, and the steps of keys', () => {
  const { recording } = book('racing-store')
  expect(commandHeadings(recording).map(({ text, from, to }) => [text, from, to])).toEqual([
    ['A map buf anon 4', 1, 1],
    ['A write buf[0-2] 0x41', 2, 2],
    ['A migrate buf to dev', 3, 31],
    ['A dump buf', 32, 32],
    ['A read buf', 33, 39],
  ])
  const stages = ['collect', 'prepare', 'alloc_and_copy', 'pages', 'finalize_and_map', 'finalize']
  // The migration, and two faults on device pages; page 2 is in no LRU list that prepare would take it off.
  const headings = [...stages, ...stages, ...stages.filter((stage) => stage !== 'prepare')]
  expect(stageHeadings(recording).map(({ text }) => text)).toEqual(headings)
  expect([commandStep(recording.steps, 11, 1), commandStep(recording.steps, 11, -1)]).toEqual([32, 3])
  expect([commandStep(recording.steps, 3, -1), commandStep(recording.steps, 39, 1)]).toEqual([2, 39])
  expect([stageStep(recording.steps, 11, 1), stageStep(recording.steps, 12, -1)]).toEqual([15, 11])
  const edges = columnsOf(recording)
  for (const n of [0, 1, 13, 26]) expect(columnAt(edges, (edges[n]! + edges[n + 1]!) / 2)).toBe(n)
})

test('the transcript with the comments of the drill', () => {
  const lines = book('racing-store').lines
  expect(lines[5]).toEqual({
    text: '@alloc A write buf[0] 0x42',
    depth: 1,
    step: 9,
    note: "The waiter's reference looks like a pin: page 0 does not move.",
  })
  expect(lines.map(({ text }) => text)).toEqual(book('racing-store').recording.transcript.map((text) => text.trim()))
})

test('two profiles step by step', () => {
  const [a, b] = [book('racing-store'), book('racing-store', 'linux-4.14-fixed')]
  const pairs = pairsOf(a.recording, b.recording)
  expect(pairs.filter(([, j]) => j === undefined)).toEqual([[4, undefined]])
  expect(stepsAcross(pairs, 0)[11]).toBe(10)
  expect(firstDifference(a, b, pairs)).toBe(3)
  expect(firstDifference(a, a, pairsOf(a.recording, a.recording))).toBeUndefined()
  const [ofA, ofB] = ([0, 1] as const).map((side) => columnsOfSide(pairs, side))
  expect([ofA![4], ofA![11], ofB![3], ofB![10]]).toEqual([4, 11, 3, 11])
})

test('a trace for Perfetto has the bars, the reasons and the commands', () => {
  const { traceEvents } = traceOf(book('racing-store'))
  const named = (name: string) => traceEvents.find((event) => event.name === name)
  expect(named('A migrate buf to dev')).toMatchObject({ ph: 'X', tid: 1, ts: 3000, dur: 29_000 })
  const track = traceEvents.find(({ args }) => args?.name === 'A buf[0]')!.tid
  const own = traceEvents.filter(({ tid, ph }) => tid === track && ph !== 'M')
  expect(own.map(({ name, ts, dur }) => [name, ts, dur])).toEqual([
    ['none', 1000, 1000],
    ['sys #6', 2000, 1000],
    ['mig #6', 3000, 14_000],
    ['sys #6', 17_000, 23_000],
    ['references', 11_500, undefined],
  ])
  expect(named('deviceFree')).toMatchObject({ ph: 'C', ts: 0, args: { value: 1024 } })
})
