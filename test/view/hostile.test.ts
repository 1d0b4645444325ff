// SPDX-License-Identifier: GPL-2.0-only
//
// Records that come from anybody: each is refused in one line, or can be shown.

import fc from 'fast-check'
import { createColors } from 'picocolors'
import { viewOf } from '../../lib/cli/step/explorer'
import { stepLines, storyLines } from '../../lib/cli/step/plain'
import { screenLines } from '../../lib/cli/step/screen'
import { line, painted } from '../../lib/cli/step/span'
import { subjectOf } from '../../lib/cli/step/subject'
import type { RecordDocument } from '../../lib/record'
import type { Recording, Step } from '../../lib/record/types'
import { Book } from '../../lib/view/book'
import { parseDocument } from '../../lib/view/document'
import { firstPage } from '../../lib/view/histories'
import { sentenceOf } from '../../lib/view/sentence'
import { plain } from '../../lib/view/words'
import { recordDocument } from './records'

type Tree = Record<string, unknown>

const source = recordDocument.recordings.find(({ name }) => name === 'racing-store')!
const colors = createColors(true)

/** The record of a drill, to be changed. */
const fresh = (): { recordings: [Tree & { steps: Tree[] }] } & Tree =>
  JSON.parse(JSON.stringify({ ...recordDocument, recordings: [source] }))

/** Shows all there is to show of a document, as `hmmu drill step` does. */
function show({ recordings, terms }: RecordDocument, most = 12): string {
  const [recording] = recordings as [RecordDocument['recordings'][0]]
  const book = new Book(recording, terms)
  const subject = subjectOf(book, undefined)
  const pages = book.rows.slice(0, 3).map(firstPage)
  const every = Math.max(1, Math.floor(book.last / most))
  const lines = pages.flatMap((page) => storyLines(subject, book.last, page))
  for (let n = 0; n <= book.last; n += every) {
    lines.push(...stepLines(subject, n, pages[n % 3]))
    lines.push(...screenLines(viewOf(subject, n, pages[(n + 1) % 3]), { columns: 140, rows: 40 }))
  }
  return [line(''), ...lines].map((spans) => painted(spans, colors)).join('\n')
}

/** What reading says of a text, or what it shows. */
function outcome(json: string): { refused?: string; shown?: string } {
  let document: RecordDocument
  try {
    document = parseDocument(json)
  } catch (error) {
    return { refused: (error as Error).message }
  }
  return { shown: show(document) }
}

/** All places of a tree that hold something. */
function places(tree: unknown, out: [Tree, string][] = []): [Tree, string][] {
  if (typeof tree !== 'object' || tree === null) return out
  for (const key of Object.keys(tree)) {
    out.push([tree as Tree, key])
    places((tree as Tree)[key], out)
  }
  return out
}

const INHERITED = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__proto__', '__defineGetter__']

/** Keys whose values are words. */
const WORDS: ReadonlySet<string> = new Set(['kind', 'stage', 'why', 'type', 'wait', 'src', 'bits', 'flags', 'prot'])

describe('words that every object has are words like others', () => {
  test.each(INHERITED)('%s as a kind, a stage, a holder, a reason, a task', (word) => {
    const document = fresh()
    for (const [object, key] of places(document.recordings)) {
      if (WORDS.has(key)) object[key] = word
      if (key === 'held') object[key] = [word, `${word}:a`]
    }
    const { refused, shown } = outcome(JSON.stringify(document))
    expect(refused).toBeUndefined()
    expect(shown).toContain(word)
  })

  test('a process that nobody has', () => {
    const document = fresh()
    for (const step of document.recordings[0].steps)
      for (const migration of (step.migrations ?? []) as Tree[]) migration.process = 'constructor'
    expect(outcome(JSON.stringify(document)).refused).toBeUndefined()
  })
})

describe('runs', () => {
  const withEntries = (entries: readonly Tree[]): string => {
    const document = fresh()
    const step = document.recordings[0].steps.find((each) => each.entries)!
    step.entries = entries
    return JSON.stringify(document)
  }

  test('lie within their region as it is at that step', () => {
    const behind = outcome(withEntries([{ at: 'A/buf', first: 3, count: 2, kind: 'sys' }]))
    expect(behind.refused).toMatch(/^recordings\[0\]\.steps\[\d+\]\.entries has page 4 of A\/buf, which has 4$/)
    const nowhere = outcome(withEntries([{ at: 'A/none', first: 0, count: 1, kind: 'sys' }]))
    expect(nowhere.refused).toMatch(/entries has pages of A\/none, which is not there$/)
  })

  test('do not overlap', () => {
    const runs = [
      { at: 'A/buf', first: 0, count: 2, kind: 'sys' },
      { at: 'A/buf', first: 1, count: 2, kind: 'sys' },
    ]
    expect(outcome(withEntries(runs)).refused).toMatch(/entries has two runs with 1$/)
  })

  test('may leave pages out', () => {
    expect(outcome(withEntries([{ at: 'A/buf', first: 2, count: 1, kind: 'sys' }])).refused).toBeUndefined()
  })

  test('that cut each other into too many pieces are refused', () => {
    const process = { pid: 1, vmas: [], rss: {}, regions: [{ name: 'b', start: '0x0', pages: 2 ** 16 }] }
    const document = fresh()
    document.recordings[0].steps = Array.from({ length: 12_000 }, (_, n) => ({
      n,
      command: n,
      kind: 'command',
      ...(n === 0 && { processes: { A: process } }),
      entries: [
        n % 2 ? { at: 'A/b', first: n, count: 1, kind: 'sys' } : { at: 'A/b', first: 0, count: 2 ** 16, kind: 'x' },
      ],
    }))
    expect(outcome(JSON.stringify(document)).refused).toMatch(/^recordings\[0\]\.steps change too much/)
  })
})

test('what a document is not is said in a short line', () => {
  const versions = [JSON.stringify('x'.repeat(5_000_000)), '{"toString":1}', '[1]', 'null', '"2"']
  for (const version of versions) {
    const { refused } = outcome(`{"format":"hmmu-record","version":${version}}`)
    expect(refused).toMatch(/^it has (version .*|a version that is no number); version 1 can be read$/)
    expect(refused!.length).toBeLessThan(200)
  }
  const key = 'k'.repeat(900_000)
  const { refused } = outcome(JSON.stringify({ ...fresh(), terms: { [key]: 1 } }))
  expect(refused!.length).toBeLessThan(300)
})

const VALUES = [
  0,
  -1,
  1,
  3,
  65,
  2 ** 31,
  2 ** 52,
  0.5,
  null,
  true,
  [],
  {},
  [{}],
  '',
  'A/buf',
  '0x0',
  '-0x1',
  'mig',
  ...INHERITED,
]

test('no change of a record makes it one that can be read but not shown', () => {
  const change = fc.record({
    place: fc.nat(),
    by: fc.oneof(fc.constantFrom(...VALUES), fc.constant(undefined)),
    from: fc.option(fc.nat(), { nil: undefined }),
  })
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (edits) => {
      const document = fresh()
      const all = places(document.recordings)
      for (const { place, by, from } of edits) {
        const [object, key] = all[place % all.length]!
        const [other, at] = all[(from ?? 0) % all.length]!
        object[key] = from === undefined ? by : structuredClone(other[at])
      }
      const { refused = '' } = outcome(JSON.stringify(document))
      expect(refused).not.toMatch(/\n/)
    }),
    { numRuns: 60 },
  )
})

describe('a step costs the same, however many there are', () => {
  /** A list that counts how often its elements are read. */
  function counted<T>(list: readonly T[], count: () => void): readonly T[] {
    const get = (target: readonly T[], key: string | symbol, receiver: unknown): unknown => {
      if (typeof key === 'string' && /^\d+$/.test(key)) count()
      return Reflect.get(target, key, receiver)
    }
    return new Proxy(list, { get })
  }

  /** Commands that each give up in a fault handler: two steps of their own, and a stage. */
  function long(commands: number): Recording {
    const [{ machine }] = recordDocument.recordings as [Recording]
    const region = { name: 'buf', start: '0x1000', pages: 1 }
    const events = [{ type: 'give_up', pid: 1, a: 0x1000, b: 1, cpu: 0, at: 0 }]
    const first = {
      n: 0,
      command: 0,
      kind: 'start',
      processes: { A: { pid: 1, vmas: [], regions: [region], rss: {} } },
      entries: [{ at: 'A/buf', first: 0, count: 1, kind: 'none' }],
    } as Step
    const steps = Array.from({ length: commands }, (_, i): Step[] => {
      const [n, command] = [1 + 3 * i, i + 1]
      return [
        { n, command, kind: 'command', line: 2 * i, events } as unknown as Step,
        { n: n + 1, command, kind: 'command', line: 2 * i },
        { n: n + 2, command, kind: 'stage', stage: 'pages', line: 2 * i } as Step,
      ]
    }).flat()
    const transcript = Array.from({ length: commands }, () => ['A read buf', '  [0] SIGBUS']).flat()
    return { name: 'long', profile: 'linux-4.14', script: '', transcript, machine, steps: [first, ...steps] }
  }

  test('elements of the recording that are read for all steps rise with their number', () => {
    let reads = 0
    const read = (): void => {
      reads++
    }
    const readsOf = (commands: number): number => {
      const recording = long(commands)
      const own = { steps: counted(recording.steps, read), transcript: counted(recording.transcript, read) }
      const book = new Book({ ...recording, ...own }, recordDocument.terms)
      Object.assign(book, { stops: counted(book.stops, read), lines: counted(book.lines, read) })
      expect(book.stops).toHaveLength(commands)
      expect(plain(sentenceOf(book, book.last - 2))).toContain('SIGBUS')
      reads = 0
      for (let n = 0; n <= book.last; n++) stepLines(subjectOf(book, undefined), n, undefined)
      return reads
    }
    expect(readsOf(200)).toBeLessThan(2.5 * readsOf(100))
  })
})
