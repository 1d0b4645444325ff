// SPDX-License-Identifier: GPL-2.0-only
//
// Nothing takes time that grows faster than its input. Sizes are such that what grows with the square would run for minutes.

import { fc, test as property } from '@fast-check/jest'
import { visible } from '../../lib/base/visible'
import { runSource, splitSections } from '../../lib/drill'
import { Execution } from '../../lib/drill/execution'
import { invalidationLines } from '../../lib/drill/invalidations'
import { lastNameable, type Region, regionEnd } from '../../lib/drill/layout'
import { Regions } from '../../lib/drill/regions'
import type { World } from '../../lib/drill/world'
import { foldedStacks, Trace, traceDrill } from '../../lib/trace'

const source = (text: string) => ({ name: 'x', file: 'x.drill', firstLine: 1, text })

function many(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => `${line(index)}\n`).join('')
}

test('a line === NAME may have a million spaces', () => {
  const spaces = ' '.repeat(1_000_000)
  expect(splitSections('x.drills', `===${spaces}a${spaces}b${spaces}\nA clear\n`)).toEqual([
    { name: `a${spaces}b`, firstLine: 2, text: 'A clear\n' },
  ])
})

test('messages quote a little of a long line, with control characters made visible', () => {
  const { failure } = runSource(source(`A ${'\u001b[31m'.repeat(1_000_000)}\n`))
  expect(failure?.message).toContain("found '\\u{1b}[31m\\u{1b}[31m")
  expect(failure?.message.length).toBeLessThan(1000)
  expect(visible(failure?.message ?? '')).toBe(failure?.message)
  const long = 'a'.repeat(1_000_000)
  for (const text of [
    `A map ${long} anon 1\nA map ${long} anon 1\n`,
    `A map ${long} anon 1\nA read ${long}[9999999]\n`,
    `A migrate buf to dev skip=1,${long}\n`,
    `A write buf ${'9'.repeat(1_000_000)}\n`,
    `fork A ${long.toUpperCase()}\nfork A ${long.toUpperCase()}\n`,
  ]) {
    const message = runSource(source(text)).failure?.message
    expect([message === undefined, (message ?? '').length < 1000]).toEqual([false, true])
  }
})

test('lists of pages may repeat themselves', () => {
  const list = Array.from({ length: 30_000 }, () => '0-29999').join(',')
  const { transcript, failure } = runSource(source(`A map buf anon 30000\nA migrate buf to dev skip=${list}\n`))
  expect(failure).toBeUndefined()
  expect(transcript).toContain('  dst [0-29999] -\n')
})

describe('commands that wait', () => {
  const COUNT = 8000

  /** How often commands are resumed, and the transcript. */
  function resumed(text: string): { calls: number; transcript: string } {
    const spy = jest.spyOn(Execution.prototype, 'resume')
    try {
      const { transcript, failure } = runSource(source(text))
      expect(failure).toBeUndefined()
      return { calls: spy.mock.calls.length, transcript }
    } finally {
      spy.mockRestore()
    }
  }

  test('are resumed when what they wait for is over, not after each other command', () => {
    const interleaved = many(COUNT, (i) => `  @alloc A read b[${i % 4}]`)
    const { calls, transcript } = resumed(`A map b anon 4\nA write b 1\nA migrate b to dev\n${interleaved}`)
    expect(transcript.split('\n').filter((line) => line.startsWith('  done @alloc A read')).length).toBe(COUNT)
    expect(calls).toBeLessThan(3 * COUNT)
  })

  test('for many pages, whose locks are dropped one after the other', () => {
    const pages = COUNT / 4
    const { calls, transcript } = resumed(
      `A map b anon 1\nA map c anon ${pages}\nA write b 1\nA write c 1\nfork A B\n${many(pages, (i) => `A hold c[${i}] as h${i}`)}` +
        `A migrate b to dev\n${many(pages, (i) => `  @alloc B write c[${i}] 2`)}${many(pages, (i) => `  @alloc drop h${i}`)}`,
    )
    expect(transcript.split('\n').filter((line) => line.startsWith('  done @alloc B write')).length).toBe(pages)
    expect(calls).toBeLessThan(12 * pages)
  })

  test('for a semaphore, each behind the other', () => {
    const { calls, transcript } = resumed(
      `A map b anon 4\nA write b 1\nA migrate b to dev\n${many(COUNT, (i) => `  @alloc A protect b ${i % 2 ? 'r' : 'rw'}`)}`,
    )
    expect(transcript.split('\n').filter((line) => line.startsWith('  done @alloc A protect')).length).toBe(COUNT)
    expect(calls).toBeLessThan(3 * COUNT)
  })

  test('have a thread each in a trace', () => {
    const text = `A map b anon 4\nA write b 1\nA migrate b to dev\n${many(30_000, () => '  @alloc A count')}`
    const { trace, run } = traceDrill(source(text), 'events')
    expect(run.failure).toBeUndefined()
    expect(trace.threads.length).toBe(30_001)
    expect(trace.threads.at(-1)?.tid).toBe(30_001)
  })
})

test('folded stacks of a long command', () => {
  const trace = new Trace('events')
  const thread = trace.thread(1, 'A', 'main')
  trace.begin(thread, 'drill', 'x'.repeat(1_000_000))
  for (let i = 0; i < 100_000; i++) trace.instant(thread, 'x', 'event')
  const folded = foldedStacks(trace)
  expect(folded.length).toBe(1_000_000 + 'A; 100001\n'.length)
})

describe('regions', () => {
  const region = (name: string, address: number, pages: number): Region => ({ name, address, pages })

  test('may be 200,000', () => {
    const regions = new Regions()
    for (let i = 0; i < 200_000; i++) regions.add(region(`r${i}`, i * 2 ** 22, 1))
    const limits = new Set<number>()
    for (const name of regions.names()) {
      const it = regions.get(name) as Region
      limits.add(lastNameable(it, regions.next(it)))
    }
    expect([...limits]).toEqual([1023, 2 ** 18])
    expect(regions.touching(2 ** 22 * 5, 2 ** 22 * 7).map(({ name }) => name)).toEqual(['r5', 'r6'])
  })

  test('may be more than a call has arguments, in one event', () => {
    const regions = new Regions()
    for (let i = 0; i < 130_000; i++) regions.add(region(`r${i}`, i * 2 ** 22, 1))
    const event = { type: 'invalidate_start', pid: 1, a: 0, b: 2 ** 46 }
    const world = {
      watched: new Map([[1, { name: 'A', regions }]]),
      machine: { counters: () => ({ eventsLost: 0 }) },
      takeEvents: () => [event, event],
    }
    const lines = invalidationLines(world as unknown as World)
    expect([lines.length, lines.at(-1)]).toEqual([260_000, 'inv A r129999[0]'])
  })

  test('an empty range touches none, also within a region', () => {
    const regions = new Regions()
    regions.add(region('r', 0, 4))
    expect(regions.touching(4096, 4096)).toEqual([])
    expect(regions.touching(4096, 4097)).toHaveLength(1)
  })

  property.prop([fc.array(fc.nat({ max: 40 }), { maxLength: 12 }), fc.nat({ max: 130 }), fc.nat({ max: 130 })])(
    'are found by address',
    (gaps, from, to) => {
      const [start, end] = [Math.min(from, to) * 4096, Math.max(from, to) * 4096]
      const all: Region[] = []
      for (const gap of gaps) {
        const last = all.at(-1)
        all.push(region(`r${all.length}`, (last === undefined ? 0 : regionEnd(last)) + gap * 4096, 1 + (gap % 3)))
      }
      const regions = new Regions()
      for (const each of all) regions.add(each)
      expect(regions.touching(start, end)).toEqual(
        all.filter((each) => start < end && each.address < end && regionEnd(each) > start),
      )
      for (const [i, each] of all.entries()) expect(regions.next(each)).toBe(all[i + 1])
    },
  )
})
