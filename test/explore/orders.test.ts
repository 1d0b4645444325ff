// SPDX-License-Identifier: GPL-2.0-only
//
// Orders of findings: as drills, as records, as traces.

import { type Profile, recordDocument } from '../../lib'
import { type DrillSource, parseDrill, runSource } from '../../lib/drill'
import { drillOfOrder, type ExploreOptions, exploreDrill, playDrill, recordOrder } from '../../lib/explore'
import { orderTrace } from '../../lib/trace'
import { booksOf } from '../../lib/view/book'
import { parseDocument } from '../../lib/view/document'
import { sentenceOf } from '../../lib/view/sentence'
import { plain } from '../../lib/view/words'
import { drillOf, exhibit, files } from './museum'

/** The profile on which a drill finds something, and what it takes. */
function optionsOf(file: string): ExploreOptions & { readonly profile: Profile } {
  const { options, profiles } = exhibit(file)
  return { ...options, profile: profiles[0]! }
}

const sourceOf = (name: string, text: string): DrillSource => ({ name, file: `${name}.drill`, firstLine: 1, text })

/** What the transcripts of drills without tasks end with. */
const TRANSCRIPTS: Readonly<Record<string, RegExp>> = {
  'wrong-value': / read .*\n {2}\[0\] 0x00\n$/,
  'lost-write': / read buf\[0\]\n {2}\[0\] 0x00\n$/,
  'stuck-page': / read .*\n {2}\[0\] SIGBUS\n$/,
  'dead-space': / dump buf\n(?: {2}.*\n)* {2}\S+ dev /,
  'soft-dirty-lost': / dump buf\[0\]\n {2}\[0\] (?:dev|sys) [w-][d-][a-]- /,
}

test.each(files.filter((file) => exhibit(file).isPossible))('%s: each finding as a drill', (file) => {
  const options = optionsOf(file)
  const source = drillOf(file)
  for (const { id, judge, sentence } of exploreDrill(source, options).findings) {
    const again = sourceOf('again', drillOfOrder(source, id, options))
    if (parseDrill(again).tasks.length === 0) {
      const { transcript, failure } = runSource(again, { profile: options.profile, strict: true })
      expect(failure).toBeUndefined()
      expect(transcript).toMatch(TRANSCRIPTS[judge]!)
    } else {
      const { findings, schedules, unmet } = exploreDrill(again, { profile: options.profile })
      expect(findings.map((finding) => `${finding.judge}: ${finding.sentence}`)).toContain(`${judge}: ${sentence}`)
      expect(schedules).toBe(1)
      expect(unmet).toEqual([])
    }
  }
})

test('commands one after the other where they show the finding, else the order', () => {
  const isSequential = (file: string) => {
    const [source, options] = [drillOf(file), optionsOf(file)]
    const [first] = exploreDrill(source, options).findings
    return first && parseDrill(sourceOf('again', drillOfOrder(source, first.id, options))).tasks.length === 0
  }
  expect(isSequential('soft-dirty-lost.drill')).toBe(true)
  expect(isSequential('fork-of-device-page.drill')).toBe(true)
  expect(isSequential('faulters-livelock.drill')).toBe(false)
  expect(isSequential('fault-without-reference.drill')).toBe(false)
})

test('a record says at each step who ran, who could have run, and what was found', () => {
  const source = drillOf('dirty-bit-lost.drill')
  const [found] = exploreDrill(source).findings
  const text = JSON.stringify(recordDocument([recordOrder(source, found!.id)]))
  const [book] = booksOf(parseDocument(text))
  expect(book!.opening).toBe(book!.last)
  expect(plain(sentenceOf(book!, 3))).toBe('The tasks begin.')
  expect(plain(sentenceOf(book!, 5))).toBe('user: A advise buf free. Could have run instead: mover, reclaim.')
  expect(plain(sentenceOf(book!, 7))).toBe(
    'mover: A migrate buf to dev skip=0 (collect). Page 0 of buf: locked, and unmapped into migration entries. Could have run instead: user, reclaim.',
  )
  expect(plain(sentenceOf(book!, book!.last))).toBe(
    "user: A read buf -> 0x00. wrong-value: user: 'A read buf' reads 0x00, which no order of the stores allows.",
  )
  expect(book!.tasks.map(({ task }) => task)).toEqual(['mover', 'user', 'reclaim'])
  const user = book!.tasks[1]!.spans.map(({ from, to, waits, ready }) => [
    from,
    to,
    waits ? (ready ? 'could' : 'waits') : 'runs',
  ])
  expect(user).toEqual([
    [4, 4, 'could'],
    [5, 6, 'runs'],
    [7, 8, 'could'],
    [9, 9, 'runs'],
    [10, 11, 'waits'],
    [12, 12, 'could'],
    [13, 13, 'runs'],
  ])
})

test('a record has migrations, fault handlers and processes that tasks fork', () => {
  const source = drillOf('child-frees-shared-page.drill')
  const { findings } = exploreDrill(source)
  const { steps } = recordOrder(source, findings.at(-1)!.id)
  expect(steps.some(({ fault, stage }) => fault && stage === 'collect')).toBe(true)
  expect(steps.some(({ kind, fault }) => kind === 'end' && fault)).toBe(true)
  expect(steps.at(-1)?.order?.found?.[0]?.judge).toBe(findings.at(-1)!.judge)
  const forked = steps.find(({ order }) => order?.text === 'fork A B')
  expect(forked?.processes?.B?.regions.map(({ name }) => name)).toEqual(['buf'])
})

test('a trace has a thread for each task, and its waits', () => {
  const source = drillOf('dirty-bit-lost.drill')
  const [found] = exploreDrill(source).findings
  const { program, steps } = playDrill(source, found!.id)
  const tasks = program.tasks.map(({ name }) => ({ name, pid: 1, process: 'A' }))
  const trace = orderTrace(
    tasks,
    steps.map((each) => ({ ...each, action: program.actions[each.step.action]!.text })),
  )
  expect(trace.threads.map(({ name }) => name)).toEqual(['mover', 'user', 'reclaim'])
  const ofUser = trace.records.filter(({ thread, kind }) => thread.name === 'user' && kind !== 'end')
  expect(ofUser.map(({ name }) => name)).toEqual([
    ...['A advise buf free', 'runs', 'A write buf 2', 'runs'],
    ...['A read buf', 'runs', 'waits', 'runs', 'wrong-value'],
  ])
  expect(trace.threads.flatMap((thread) => trace.open(thread))).toEqual([])
})

describe('the line order', () => {
  const tasks = 'A map buf anon 1\ntask p\n  A write buf 1\ntask q\n  A read buf\n'
  const drill = (line: string) => sourceOf('order', `${tasks}${line}\n`)
  const outcomeOf = (line: string) => exploreDrill(drill(line)).outcomes.map(({ sentence }) => sentence)

  test('is the only order that is tried', () => {
    expect(outcomeOf('order ab')).toEqual(['p -; q 0x01'])
    expect(outcomeOf('order ba points=none')).toEqual(['p -; q 0x00'])
    expect(outcomeOf('order b')).toEqual([])
  })

  test.each([
    ['order xyz', /:6:7: expected an order \(a letter for each task/],
    ['order ab points=here', /:6:10: there is no switching point 'here'/],
    ['order ab\norder ba', /:7:1: there is an order already/],
    ['order ab more', /:6:10: /],
    ['order ac', /step 2 of the order is of task c, and the tasks are 2/],
    ['order a2b', /task p \(a\) can't make step 2 of the order/],
    [`order ${'a999999'.repeat(9)}`, /the order is too long/],
  ])('%s is refused', (line, message) => {
    expect(() => exploreDrill(drill(line))).toThrow(message)
  })

  test('stands behind the tasks', () => {
    expect(() => parseDrill('order ab\n')).toThrow('the order of tasks stands behind them')
  })
})

test('ids may say anything', () => {
  const source = drillOf('soft-dirty-lost.drill')
  const [found] = exploreDrill(source).findings
  const head = found!.id.replace(/[^:]*$/, '')
  for (const choices of ['a999999'.repeat(100), 'p', 'b2', '<script>', '\u001b[2J'])
    expect(() => recordOrder(source, head + choices)).toThrow(/that is no id of a finding|step \d+ of the order/)
})
