// SPDX-License-Identifier: GPL-2.0-only
//
// The score: histories and their classes, bands, zoom and folds, what can be found, the table.

import fc from 'fast-check'
import { bandPicture, bandStops, lensBars, lensPages, pagesOfLine } from '../../lib/view/band'
import { find } from '../../lib/view/find'
import { type Band, isBand, scoreRows } from '../../lib/view/histories'
import { classesOf } from '../../lib/view/history-classes'
import { eachSpan, regionChanges, segmentAt } from '../../lib/view/region-changes'
import { tableRows } from '../../lib/view/score-table'
import type { Stop } from '../../lib/view/stops'
import {
  columnsOf,
  foldsOf,
  isOpen,
  MOST_STEPS,
  panBy,
  weightsOf,
  wholeOf,
  withColumn,
  zoomBy,
  zoomedEdges,
} from '../../lib/view/zoom'
import type { Recording, Step } from '../../site/src/record/types'
import { book, recordDocument } from './records'

interface Write {
  readonly first: number
  readonly count: number
  readonly kind: string
  readonly pfn?: number
}

/** A recording of one region, in which each step writes some runs. */
function recording(pages: number, writes: readonly (readonly Write[])[]): Recording {
  const [{ machine }] = recordDocument.recordings as [Recording]
  const region = { name: 'buf', start: '0x1000', pages }
  const processes = { A: { pid: 1, vmas: [], regions: [region], rss: {} } }
  const steps = writes.map((list, n): Step => {
    const entries = list.map((write) => ({ at: 'A/buf', ...write, count: Math.min(write.count, pages - write.first) }))
    return { n, command: n, kind: 'command', entries, ...(n === 0 && { processes }) }
  })
  return { name: 'x', profile: 'linux-4.14', script: '', transcript: [], machine, steps }
}

const PAGES = 40
const write = fc.record({
  first: fc.integer({ min: 0, max: PAGES - 1 }),
  count: fc.integer({ min: 1, max: PAGES }),
  kind: fc.constantFrom('none', 'sys', 'dev', 'mig'),
  pfn: fc.integer({ min: 1, max: 3 }),
})
const steps = fc.array(fc.array(write, { maxLength: 3 }), { minLength: 1, maxLength: 12 })

/** Kind and frame of a page in each step, written one by one. */
function plainHistory({ steps: all }: Recording, page: number): string[] {
  let now = ''
  return all.map(({ entries = [] }) => {
    for (const { first, count, kind, pfn } of entries) {
      if (first <= page && page < first + count) now = `${kind} ${pfn! + page - first}`
    }
    return now
  })
}

test('spans of segments are what steps wrote, page by page', () => {
  fc.assert(
    fc.property(steps, (writes) => {
      const own = recording(PAGES, writes)
      const [region] = regionChanges(own, [])
      for (let page = 0; page < PAGES; page++) {
        const segment = segmentAt(region!, page)
        const seen = own.steps.map(() => '')
        eachSpan(region!, segment, (kind, from, to, pfn) => {
          seen.fill(`${region!.kinds[kind]} ${pfn + page - region!.firsts[segment]!}`, from, to + 1)
        })
        expect(seen).toEqual(plainHistory(own, page))
      }
    }),
  )
})

test('two segments are of one class if they have the same kinds and frames change in the same steps', () => {
  fc.assert(
    fc.property(steps, (writes) => {
      const [region] = regionChanges(recording(PAGES, writes), [])
      const words = Array.from(classesOf(region!), (_, segment) => {
        const spans: string[] = []
        eachSpan(region!, segment, (kind, from, to) => spans.push(`${kind} ${from} ${to}`))
        return spans.join()
      })
      const classes = classesOf(region!)
      for (const [i, word] of words.entries()) {
        for (const [j, other] of words.entries()) expect(classes[i] === classes[j]).toBe(word === other)
      }
    }),
  )
})

test('a region that goes has no bar from then on', () => {
  const { steps: all, ...rest } = recording(4, [[{ first: 0, count: 4, kind: 'sys', pfn: 9 }], [], []])
  const gone = { A: { pid: 1, vmas: [], regions: [], rss: {} } }
  const [row] = scoreRows({ ...rest, steps: [all[0]!, { ...all[1]!, processes: gone }, all[2]!] }, [])
  expect(row).toMatchObject({ spans: [{ kind: 'sys', from: 0, to: 0, pfn: 9 }] })
})

/** Page `i` is written in step 1 + `i` modulo 30: too many histories for rows. */
function bandOf(pages: number, stops: readonly Stop[] = []): Band {
  const writes = Array.from({ length: 31 }, (_, n) =>
    n === 0
      ? [{ first: 0, count: pages, kind: 'none' }]
      : Array.from({ length: Math.ceil((pages - n + 1) / 30) }, (_, i) => {
          return { first: n - 1 + 30 * i, count: 1, kind: n === 7 ? 'dev' : 'sys', pfn: 5 }
        }),
  )
  const [row] = scoreRows(recording(pages, writes), stops)
  if (!row || !isBand(row)) throw new Error('a band expected')
  return row
}

test('more than 16 classes are a band, in which the rarest kind wins', () => {
  const band = bandOf(600)
  expect(band).toMatchObject({ count: 600, histories: 30 })
  const { cells, kinds, steps: columns } = bandPicture(band.changes, 20)
  const at = (line: number, step: number) => kinds[cells[line * columns + step]! - 1]
  // Each line has 30 pages, one of them of each history: from step 7 on one is on the device.
  for (let line = 0; line < 20; line++) {
    expect([at(line, 0), at(line, 1), at(line, 6), at(line, 7), at(line, 30)]).toEqual([
      undefined,
      'sys',
      'sys',
      'dev',
      'dev',
    ])
  }
  const dense = bandPicture(band.changes, 600)
  expect(kinds[dense.cells[6 * columns + 20]! - 1]).toBe('dev')
  expect(kinds[dense.cells[7 * columns + 20]! - 1]).toBe('sys')
})

test('lines of a band cover all pages, and each one at least', () => {
  for (const [pages, lines] of [
    [10_000, 150],
    [100, 150],
    [151, 150],
  ] as const) {
    const runs = Array.from({ length: lines }, (_, line) => pagesOfLine(pages, lines, line))
    expect(Math.min(...runs.map(({ count }) => count))).toBeGreaterThan(0)
    expect(new Set(runs.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i))).size).toBe(
      pages,
    )
  }
})

test('reasons of a band are counted by step, and the lens has 40 pages', () => {
  const stop = { step: 4, at: 'A/buf', why: 'pinned', count: 1, fault: false }
  const stops = [
    { ...stop, first: 3 },
    { ...stop, first: 9, count: 20 },
    { ...stop, first: 50, step: 5, why: 'no_page' },
  ]
  const { changes } = bandOf(600, stops)
  expect(bandStops(changes)).toEqual([
    { step: 4, text: '21 × pinned' },
    { step: 5, text: '1 × no_page' },
  ])
  expect([lensPages(600, 300), lensPages(600, 3), lensPages(600, 599), lensPages(30, 9)]).toEqual([
    { first: 280, count: 40 },
    { first: 0, count: 40 },
    { first: 560, count: 40 },
    { first: 0, count: 30 },
  ])
  expect(lensBars(changes, { first: 6, count: 2 }, 5, 10)).toEqual([
    { page: 6, kind: 'dev', from: 7, to: 10 },
    { page: 7, kind: 'sys', from: 8, to: 10 },
  ])
})

/** Steps of migrations of 60 pages: a command, then three stages with an entry each. */
function migrations(count: number): Step[] {
  const stages = ['collect', 'pages', 'finalize'] as const
  return Array.from({ length: count }, (_, command): Omit<Step, 'n'>[] => [
    { command, kind: 'command' },
    ...stages.flatMap((stage) =>
      Array.from({ length: 60 }, (_, index): Omit<Step, 'n'> => ({ command, kind: 'entry', stage, index })),
    ),
  ])
    .flat()
    .map((step, n) => ({ n, ...step }))
}

test('entries of long scores fold, until they are opened or zoomed in', () => {
  const all = migrations(2)
  const folds = foldsOf(all)
  expect(folds.map(({ from, to }) => [from, to])).toEqual([
    [1, 60],
    [61, 120],
    [121, 180],
    [182, 241],
    [242, 301],
    [302, 361],
  ])
  expect(foldsOf(migrations(1))).toEqual([])
  const weights = weightsOf(all, folds)
  expect(weights.reduce((sum, weight) => sum + weight)).toBeCloseTo(8 * 1.8)
  expect(weightsOf(all, folds.slice(1))[1]).toBe(1)
  const whole = wholeOf(all.length)
  expect(folds.map((fold) => isOpen(fold, whole, new Set([61])))).toEqual([false, true, false, false, false, false])
  expect(isOpen(folds[0]!, { from: 0, to: MOST_STEPS }, new Set())).toBe(true)
})

test('zooming keeps its anchor, panning its span, and both stay within the score', () => {
  expect(zoomBy({ from: 0, to: 400 }, 0.5, 100, 400)).toEqual({ from: 50, to: 250 })
  expect(zoomBy({ from: 300, to: 400 }, 2, 390, 400)).toEqual({ from: 200, to: 400 })
  expect(zoomBy({ from: 0, to: 400 }, 0.001, 200, 400)).toEqual({ from: 195, to: 205 })
  expect(zoomBy({ from: 10, to: 30 }, 1000, 20, 400)).toEqual(wholeOf(400))
  expect(panBy({ from: 10, to: 30 }, -50, 400)).toEqual({ from: 0, to: 20 })
  expect(panBy({ from: 10, to: 30 }, 1000, 400)).toEqual({ from: 380, to: 400 })
  const zoom = { from: 100, to: 200 }
  expect(withColumn(zoom, 150, 400)).toBe(zoom)
  expect(withColumn(zoom, 210, 400)).toEqual({ from: 121, to: 221 })
  expect(withColumn(zoom, 0, 400)).toEqual({ from: 0, to: 100 })
})

test('what is shown is from 0 to 1', () => {
  const edges = zoomedEdges(Float64Array.of(1, 1, 2, 4), { from: 1, to: 3 })
  expect([...edges]).toEqual([-1 / 3, 0, 1 / 3, 1, 7 / 3])
  expect(columnsOf(book('racing-store').recording).at(-1)).toBeCloseTo(1)
})

describe('find', () => {
  const own = book('racing-store')
  const page = (index: number) => ({ at: 'A/buf', index })

  test.each([
    ['11', { step: 11 }],
    [' 0 ', { step: 0 }],
    ['buf[3]', { page: page(3) }],
    ['A buf[2]', { page: page(2) }],
    ['A/buf[2]', { page: page(2) }],
    ['#7', { page: page(1) }],
    ['D1', { page: page(1) }],
    ['insert_pte', { step: 14 }],
  ])('%s', (text, expected) => expect(find(own, 11, undefined, text)).toMatchObject(expected))

  test('a frame that no page has now is looked for in other steps', () => {
    expect(find(own, 0, undefined, '#6')).toEqual({ step: 2, page: page(0) })
    // Any byte of a page; before the region is mapped, the step that maps it.
    expect(find(own, 11, undefined, '0x10000101000')).toEqual({ page: page(1) })
    expect(find(own, 11, undefined, '0x10000103fff')).toEqual({ page: page(3) })
    expect(find(own, 0, undefined, '0x10000101000')).toEqual({ step: 1, page: page(1) })
    expect(find(own, 11, undefined, '0x10000104000').problem).toMatch(/is no page, frame or step/)
    expect(find(own, 0, undefined, 'buf[1]')).toEqual({ step: 1, page: page(1) })
  })

  test('a text is found behind the step, and from the first one again', () => {
    const notes = [0, 9, 10, 30].map((n) => find(own, n, undefined, '@ALLOC').note)
    expect(notes).toEqual(['1 of 3 steps', '2 of 3 steps', '3 of 3 steps', '1 of 3 steps'])
  })

  test.each([
    ['999', `There is no step 999: the last one is ${own.last}.`],
    ['buf[9]', 'There is no A buf[9]: buf has 4 pages.'],
    ['foo[1]', 'The drill has no region foo; it has buf.'],
    ['A foo[1]', 'Process A has no region foo; it has buf.'],
    ['B buf[1]', 'There is no process B.'],
    ['#999999', 'There is no #999999: RAM has 4,096 frames.'],
    ['#4000', 'No page of the drill is ever in #4000.'],
    ['wobble', "“wobble” is no page, frame or step, and not in the drill's text."],
    ['', 'Name a page (buf[3]), a frame (#6, D0), an address (0x…), a step (11), or a text of the drill.'],
  ])('%s is not there', (text, problem) => expect(find(own, 11, undefined, text)).toEqual({ problem }))

  test('no text is too strange', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const { step = 0, problem } = find(own, 11, undefined, text)
        expect(step).toBeLessThanOrEqual(own.last)
        expect(problem ?? 'a').toMatch(/./)
      }),
      { numRuns: 50 },
    )
  })
})

test('the table has a row for each history and each task', () => {
  const rows = tableRows(book('racing-store'))
  expect(rows.map(({ name }) => name)).toEqual(['A buf[0]', 'A buf[1]', 'A buf[2]', 'A buf[3]', 'A.2', 'A.4'])
  expect(rows[0]!.parts.slice(0, 3).map(({ steps: at, text }) => `${at} ${text}`)).toEqual([
    '1 none',
    '2 sys #6',
    '3–16 mig #6',
  ])
  expect(rows[0]!.stops).toEqual([{ step: 11, why: 'references' }])
  expect(rows[4]!.parts[0]).toEqual({ step: 9, steps: '9–16', text: 'waits for #6' })
  const { last } = book('ten-thousand')
  expect(tableRows(book('ten-thousand')).every(({ parts }) => parts.every(({ step }) => step <= last))).toBe(true)
})
