// SPDX-License-Identifier: GPL-2.0-only
//
// The drills of this folder: what exploring them finds, in the kernels that have the fault and in those that have it not.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Profile, switchPointNames } from '../../lib'
import { exploreDrill } from '../../lib/explore'
import { drillOf, exhibit, files } from './museum'
import { testWithStacks } from './with-stacks'

/** What scripts/generate/museum.mjs has written: the table of docs/museum.md. */
const told: Record<string, { profiles: Partial<Record<Profile, { findings: string[] }>> }> = JSON.parse(
  readFileSync(join(__dirname, 'museum.json'), 'utf8'),
)
const here = files.filter((file) => exhibit(file).isPossible)

test('the table has all drills', () => {
  expect(Object.keys(told).filter((file) => !file.includes('/'))).toEqual(files)
})

describe.each(here)('%s', (file) => {
  const { options, profiles } = exhibit(file)
  test.each(profiles)('%s', (profile) => {
    const explored = exploreDrill(drillOf(file), { ...options, profile })
    const { unmet, cutOff, tasks, states, steps, schedules, hasCycles, outcomes, findings } = explored
    expect(unmet).toEqual([])
    expect(cutOff).toBeUndefined()
    if (profile === 'hmm-v25') return
    expect(told[file]).toMatchObject({ tasks: tasks.length })
    expect(told[file]!.profiles[profile]).toEqual({
      ...{ states, steps, orders: schedules, hasCycles, outcomes: outcomes.length },
      findings: [...new Set(findings.map(({ judge }) => judge))].sort(),
    })
  })
})

const free = here.filter((file) => exhibit(file).options.points === undefined)
testWithStacks.each(free)('%s, with all switching points', (file) => {
  const { options, profiles } = exhibit(file)
  for (const profile of profiles) {
    const { unmet, cutOff } = exploreDrill(drillOf(file), { ...options, points: switchPointNames, profile })
    expect(unmet).toEqual([])
    expect(cutOff).toBeUndefined()
  }
})

test('each judge that has a fault of a kernel finds it where the fault is, and not where it is mended', () => {
  const judgesOf = (isFixed: boolean) => {
    const found = Object.values(told).flatMap(({ profiles }) =>
      Object.entries(profiles).flatMap(([name, { findings }]) => (name.endsWith('-fixed') === isFixed ? findings : [])),
    )
    return [...new Set(found)].sort()
  }
  // Those that have locked pages crosswise are themselves to blame for it.
  expect(judgesOf(true)).toEqual(['deadlock'])
  expect(judgesOf(false)).toEqual([
    ...['dead-space', 'deadlock', 'leak', 'livelock', 'lost-write', 'soft-dirty-lost', 'stuck-page', 'use-after-free'],
    'wrong-value',
  ])
})
