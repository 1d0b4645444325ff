// SPDX-License-Identifier: GPL-2.0-only

import '../../lib/native/load'
import { blame, type ExploreOptions, exploreDrill, replayDrill } from '../../lib/explore'
import { decodeChoices, encodeChoices } from '../../lib/explore/choices'

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
const SOFT = `${BEGIN}task mover
  A clear
  A migrate buf[0] to dev
task writer
  A write buf[0] 2
`

test('all orders of two migrations and three accesses are tried', () => {
  const { states, schedules, cutOff, tasks } = explore(LARGE, { points: [] })
  expect({ states, cutOff, tasks }).toEqual({ states: 99792, cutOff: undefined, tasks: ['M', 'N', 'S'] })
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
  expect(finding!.id).toMatch(/^1:linux-4\.14:ffe:1:[0-9a-f]{8}:[ab0-9]+$/)
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

test('blame names the quirk that a finding needs', () => {
  const explored = explore(SOFT)
  expect(blame(source(SOFT), explored)).toEqual([{ quirk: 'device-soft-dirty', judges: ['soft-dirty-lost'] }])
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
  ['task M\n  A map buf anon 1', "test.drill:2:3: map can't be explored yet"],
  ['A read buf\ntask M\n  A clear', "test.drill:1:1: 'A read buf': there is no region buf, or it is gone"],
])('%j', (text, message) => {
  expect(() => explore(text)).toThrow(message)
})
