// SPDX-License-Identifier: GPL-2.0-only

import '../../lib/native/load'
import type { SearchProgress } from '../../lib/api'
import { blame, type ExploreOptions, exploreDrill, replayDrill } from '../../lib/explore'
import { decodeChoices, encodeChoices } from '../../lib/explore/choices'
import { testWithStacks } from './with-stacks'

const source = (text: string) => ({ name: 'test', file: 'test.drill', firstLine: 1, text })
const explore = (text: string, options?: ExploreOptions) => exploreDrill(source(text), options)

const BEGIN = 'devmem 16\ncpus 2\nA map buf anon 4\nA write buf 1\n'
/** Two migrations of 4 pages, and 3 accesses. */
const LARGE = `${BEGIN}task M
  A migrate buf to dev
task N
  A migrate buf to dev
task S cpu=1
  A write buf[1] 9
  A read buf[2]
  A write buf[3] 8
`
/** More states than a test has time for. */
const ENDLESS = `devmem 64\nA map buf anon 8\nA write buf 1\n${['M', 'N', 'O'].map((task) => `task ${task}\n  A migrate buf to dev\n`).join('')}`
const SOFT = `${BEGIN}task mover
  A clear
  A migrate buf[0] to dev
task writer
  A write buf[0] 2
`

test('all orders of two migrations and three accesses are tried', () => {
  const { states, schedules, cutOff, tasks } = explore(LARGE, { points: [] })
  expect({ states, cutOff, tasks }).toEqual({ states: 98602, cutOff: undefined, tasks: ['M', 'N', 'S'] })
  expect(schedules).toBeGreaterThan(8e15)
})

test('results do not depend on anything else', () => {
  expect(explore(SOFT)).toEqual(explore(SOFT))
})

test('a finding has a sentence, an order and an id that makes the order again', () => {
  const { findings } = explore(SOFT)
  expect(findings.map(({ judge, sentence }) => [judge, sentence])).toEqual([
    ['soft-dirty-lost', "A's buf[0] was written to since its soft-dirty bit was cleared, and is clean"],
  ])
  const [finding] = findings
  expect(finding!.id).toMatch(/^1:linux-4\.14:6000ffe:1:[0-9a-f]{8}:[ab0-9]+$/)
  const { trace } = replayDrill(source(SOFT), finding!.id)
  expect(trace).toEqual(finding!.trace)
  expect(trace[0]).toBe('mover: A clear')
  expect(trace).toContain('writer: A write buf[0] 2')
  expect(trace.at(-1)).toBe('mover: A migrate buf[0] to dev -> 1 moved')
})

test('steps in the middle of calls are in the trace', () => {
  const reader = `${BEGIN}A migrate buf to dev\ntask reader\n  A read buf[0]\ntask holder\n  A hold buf[1] as h\n  drop h\n`
  const { outcomes } = explore(reader)
  const { trace } = replayDrill(source(reader), outcomes[0]!.id)
  expect(trace).toContain('reader: A read buf[0] waits for the handler of its fault')
  expect(trace).toContain('reader: A read buf[0]: the handler of its fault (unmap)')
  expect(trace).toContain('reader: A read buf[0] -> 0x01')
})

testWithStacks(
  'a walk of a reverse map stops between two mappings, and who changes the reverse map waits for its lock',
  () => {
    const text = `${BEGIN}fork A B\ntask mover\n  A migrate buf[0] to dev\ntask other proc=B\n  B read buf[0]\n  B unmap buf\n`
    const points = ['unmap', 'restore'] as const
    const { findings, states, outcomes } = explore(text, { profile: 'linux-4.14-fixed', points, verify: true })
    expect(findings).toEqual([])
    expect(states).toBeGreaterThan(explore(text, { profile: 'linux-4.14-fixed', points: [] }).states)
    expect(outcomes.length).toBeGreaterThan(1)
  },
)

testWithStacks.each([
  [
    'reclaim',
    'swap 8\nA map buf anon 1\nA write buf 1\nfork A B\ntask one\n  A reclaim buf\ntask two proc=B\n  B reclaim buf\ntask user\n  A write buf 2\n  A read buf\n',
  ],
  [
    'split',
    'A map buf anon 512 at2m thp\nA write buf[0] 1\ntask freer\n  A advise buf[1] free\ntask user\n  A write buf[1] 2\n',
  ],
] as const)('the machine balances wherever %s stops', (point, text) => {
  for (const profile of ['linux-4.14-fixed', 'linux-6.12-fixed'] as const) {
    const stopped = explore(text, { profile, points: [point], verify: true })
    expect(stopped).toMatchObject({ findings: [], cutOff: undefined })
    expect(stopped.states).toBeGreaterThan(explore(text, { profile, points: [] }).states)
  }
})

test('an id that is of something else says so', () => {
  const id = explore(SOFT).findings[0]!.id
  const message = (options: ExploreOptions, text = SOFT, other = id) => {
    try {
      replayDrill(source(text), other, options)
    } catch (error) {
      return (error as Error).message
    }
    return undefined
  }
  expect(message({ profile: 'hmm-v25' })).toBe('test.drill: the id is of the profile linux-4.14, and this is hmm-v25')
  expect(message({ points: [] })).toBe('test.drill: the id is of other switching points (1; these are 0)')
  expect(message({ quirks: { 'device-soft-dirty': false } })).toMatch(
    /^test\.drill: the id is of a machine with other quirks/,
  )
  expect(message({}, `${SOFT}# more\n`)).toBe('test.drill: the drill has changed since the id was made')
  expect(message({}, SOFT, id.replace(/^1/, '0'))).toBe('test.drill: the id is not of this version of hmmu')
  expect(message({}, SOFT, `${id}!`)).toBe('test.drill: that is no id of a finding')
})

test('choices in an id', () => {
  const choices = Uint8Array.from([0, 0, 0, 1, 0, 15, 15])
  expect(encodeChoices(choices)).toBe('a3bap2')
  expect(decodeChoices('a3bap2')).toEqual(choices)
  expect(decodeChoices('q')).toBeUndefined()
})

test('a search that stops early says so', () => {
  expect(explore(LARGE, { states: 100 })).toMatchObject({ states: 100, cutOff: 'states' })
})

test('a search tells how far it is, and ends when it is told to', () => {
  const told: SearchProgress[] = []
  const { cutOff, states } = explore(ENDLESS, { onProgress: (progress) => told.push(progress) < 2 })
  expect(cutOff).toBe('stopped')
  expect(told).toHaveLength(2)
  expect(told[1]!.states).toBeLessThanOrEqual(states)
  expect(told[1]!.open).toBeGreaterThan(0)
})

test('what onProgress throws ends the search', () => {
  const onProgress = () => {
    throw new Error('enough')
  }
  expect(() => explore(ENDLESS, { onProgress })).toThrow('enough')
})

test('any number of workers finds the same', () => {
  const text = LARGE.replace('anon 4', 'anon 3').replace(/ {2}A .*\[3\].*\n/, '')
  const one = explore(text)
  expect(one.states).toBeGreaterThan(10_000)
  expect(explore(text, { workers: 3 })).toEqual(one)
  expect(explore(text, { states: 6000, workers: 2 })).toEqual(explore(text, { states: 6000 }))
  expect(() => explore(SOFT, { workers: 65 })).toThrow('workers must be an integer from 1 to 64, not 65')
})

test('a search that checks itself finds the same', () => {
  expect(explore(SOFT, { selfcheck: true })).toEqual(explore(SOFT))
})

test('a limit on time', () => {
  expect(explore(ENDLESS, { time: 1 }).cutOff).toBe('time')
})

test('blame knows findings that need no quirk, and machines without a finding', () => {
  const dead = `${BEGIN}task M\n  A hold buf[0] as h\n  A write buf[1] 2\n  drop h\ntask N\n  A hold buf[1] as g\n  A pin buf[0] as p\n  drop g\n`
  const explored = explore(dead, { profile: 'linux-4.14' })
  expect(blame(dead, explored)).toEqual({ quirks: [], always: explored.findings.map(({ judge }) => judge) })
})

test('blame names the quirk that a finding needs', () => {
  const explored = explore(SOFT)
  const judges = ['soft-dirty-lost']
  expect(blame(source(SOFT), explored)).toEqual({
    quirks: [{ quirk: 'device-soft-dirty', needed: judges, enough: judges }],
    always: [],
  })
})

describe('expectations', () => {
  const unmet = (lines: string, options?: ExploreOptions) => explore(`${SOFT}${lines}\n`, options).unmet

  test('without any, each finding is one', () => {
    expect(unmet('')).toHaveLength(1)
    expect(unmet('', { profile: 'linux-4.14-fixed' })).toEqual([])
  })

  test('are met or not', () => {
    expect(unmet('expect finds soft-dirty-lost\nexpect no-finding')).toEqual([])
    expect(unmet('expect no-livelock')).toEqual([])
    expect(unmet('expect finds finding')).toEqual([])
    expect(unmet('expect no-soft-dirty-lost')).toEqual([
      expect.stringContaining("'expect no-soft-dirty-lost': A's buf[0]"),
    ])
    expect(unmet('expect finds livelock')).toEqual(["'expect finds livelock': there is no such finding"])
  })

  test('with a quirk are for machines that have it', () => {
    const line = 'expect finds soft-dirty-lost with device-soft-dirty\nexpect no-finding'
    expect(unmet(line)).toEqual([])
    expect(unmet(line, { profile: 'linux-4.14-fixed' })).toEqual([])
    expect(unmet('expect finds soft-dirty-lost with wait-pins-page', { quirks: { 'wait-pins-page': false } })).toEqual([
      expect.stringContaining('and the quirk is off'),
    ])
  })
})

test.each([
  ['A map buf anon 1', "test.drill: the drill has no task (a line 'task NAME')"],
  ['task M\n  A read buf', 'test.drill:2:3: there is no region buf before the tasks begin'],
  ['task M proc=B\n  B clear', 'test.drill:1:1: there is no process B, and no task forks it'],
  [
    'A map buf anon 100\ntask M\n  A migrate buf to dev',
    "test.drill:3:3: a migration of 100 pages can't be explored (at most 64)",
  ],
  [
    'A map buf anon 65\ntask M\n  A pin buf as h',
    'test.drill:3:3: tasks can take at most 64 pages (by pin, hold, isolate)',
  ],
  ['task M\n  A map buf anon 1', "test.drill:2:3: map can't be explored yet"],
  ['A read buf\ntask M\n  A clear', "test.drill:1:1: 'A read buf': there is no region buf, or it is gone"],
])('%j', (text, message) => {
  expect(() => explore(text)).toThrow(message)
})
