// SPDX-License-Identifier: GPL-2.0-only
//
// Drills, options, ids and scenarios that can't be explored: each is refused in words that say what is wrong, and where.

import { type DrillError, explore, type HmmuError, type Machine, replay, type Scenario } from '../../lib'

function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    const { code, message } = error as HmmuError | DrillError
    return `${code}: ${message}`
  }
  return 'nothing'
}

const lines = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n')
const race = 'A map buf anon 1\ntask m\n  A write buf 1\ntask n\n  A read buf\n'

test.each([
  [
    'children that fork each other',
    'A map buf anon 1\ntask m proc=B\n  fork B C\ntask n proc=C\n  fork C B\n  C read buf',
    /:6:3: there is no region buf before the tasks begin/,
  ],
  [
    'a child that forks itself',
    'A map buf anon 1\ntask m proc=B\n  fork B B\n  B read buf',
    /:4:3: there is no region buf before the tasks begin/,
  ],
  ['a child that lives', 'A map buf anon 1\nfork A B\ntask m\n  fork A B', /:4:3: there is a process B already/],
  [
    'two forks of one child',
    'A map buf anon 1\ntask m\n  fork A B\ntask n\n  fork A B',
    /:5:3: another command forks B; the child needs another name/,
  ],
  ['too many tasks', lines(17, (i) => `task t${i}\n  A clear`), /:33:1: tasks can be 16 at most/],
  [
    'too many processes',
    `task t\n${lines(16, (i) => `  fork A B${i}`)}`,
    /: a drill with tasks has at most 16 processes/,
  ],
  [
    'too many actions',
    `A map buf anon 512\ntask t\n${lines(9, () => '  A read buf')}`,
    /:11:3: tasks can have 4096 actions at most/,
  ],
  [
    'too many pages',
    `${lines(65, (i) => `A map r${String.fromCharCode(97 + (i % 26), 97 + i / 26)} anon 64`)}\ntask t\n  A clear`,
    /: 4160 pages are too many to be judged/,
  ],
])('a drill with %s', (_name, drill, reason) => {
  expect(refusal(() => explore(drill))).toMatch(/^HMMU_DRILL_RUN/)
  expect(refusal(() => explore(drill))).toMatch(reason)
})

test.each<[string, object, RegExp]>([
  ['states', { states: 0 }, /states must be an integer from 1/],
  ['states', { states: Number.NaN }, /states must be an integer/],
  ['bytes', { bytes: -1 }, /bytes must be an integer/],
  ['preemptions', { preemptions: 0.5 }, /preemptions must be an integer/],
  ['time', { time: 'soon' }, /time must be an integer/],
  ['workers', { workers: 65 }, /workers must be an integer from 1 to 64/],
  ['points', { points: 'all' }, /points must be an array/],
  ['points', { points: ['everywhere'] }, /a point must be one of/],
  ['onProgress', { onProgress: 5 }, /onProgress must be a function/],
  ['a name that is none', { state: 5 }, /options has no property 'state'/],
])('options: %s', (_name, options, reason) => {
  for (const subject of [race, { setup: (machine: Machine) => machine.process(), tasks: { t: () => undefined } }]) {
    const refused = refusal(() => explore(subject, options))
    expect(refused).toMatch(/^HMMU_INVALID_ARGUMENT/)
    expect(refused).toMatch(reason)
  }
})

test('workers and selfcheck are options of scenarios, too', () => {
  const scene: Scenario = { setup: (machine) => machine.process(), tasks: { t: (task) => task.clearSoftDirty() } }
  const { states } = explore(scene)
  expect(explore(scene, { workers: 2, selfcheck: true }).states).toBe(states)
  expect(explore({ ...scene, workers: 2 }).states).toBe(states)
})

test.each([
  ['', /that is no id of a finding/],
  ['xx', /that is no id of a finding/],
  ['2:linux-4.14:0:0:0:a', /the id is not of this version of hmmu/],
  ['1:linux-4.14:0:0:0:A', /that is no id of a finding/],
  ['1:linux-4.14:0:0:0:a:b', /that is no id of a finding/],
  [`1:linux-4.14:0:0:0:${'a999999'.repeat(100_000)}`, /that is no id of a finding/],
  [5, /that is no id of a finding/],
])('the id %.20s', (id, reason) => {
  expect(refusal(() => replay(race, id as string))).toMatch(reason)
})

test('a scenario with too many pages is refused before they are looked for', () => {
  const setup = (machine: Machine) => {
    const a = machine.process()
    return Array.from({ length: 5000 }, (_, i) => a.map({ pages: 64, kind: i % 2 === 0 ? 'anon' : 'shmem' }))
  }
  const begun = performance.now()
  expect(refusal(() => explore({ setup, tasks: { t: () => undefined } }))).toMatch(/more than 4096 pages/)
  expect(performance.now() - begun).toBeLessThan(20_000)
})

test('the memory of states under way counts', () => {
  const regions = lines(40, (i) => `A map r${String.fromCharCode(97 + (i % 26), 97 + i / 26)} anon 64`)
  const task = (name: string) => `task ${name}\n${lines(40, (i) => `  A write raa ${i % 9}`)}`
  const drill = `${regions}\nfork A B\nfork A C\nfork A D\n${task('m').replaceAll('raa', 'raa[0]')}\n${task('n').replaceAll('raa', 'raa[1]')}\n`
  // What is known of 2560 pages in four processes has 160 KiB, and that of each state under way is kept.
  expect(explore(drill, { bytes: 2 ** 22 }).cutOff).toBe('memory')
  expect(explore(drill, { bytes: 2 ** 25, states: 200 }).cutOff).toBe('states')
})
