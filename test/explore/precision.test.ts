// SPDX-License-Identifier: GPL-2.0-only
//
// A search takes the first task first. With the tasks in the reverse order it comes to the same states by other ways, and at other times: a hash
// that has anything of the way in it counts more states in one direction, and one that lacks something finds less.

import { addonInfo, type Profile, switchPointNames } from '../../lib'
import { type DrillSource, parseDrill } from '../../lib/drill'
import { DEFAULT_POINTS, exploreDrill } from '../../lib/explore'
import { drillOf, exhibit, files } from './museum'

/** The drill with its last task first. */
function reversed(source: DrillSource): DrillSource {
  const [begin, ...tasks] = source.text.split(/^(?=task )/m)
  return { ...source, text: [begin, ...tasks.map((task) => task.replace(/^expect.*\n/gm, '')).reverse()].join('') }
}

const POINTS = addonInfo.backend === 'wasm' ? DEFAULT_POINTS : switchPointNames
const PROFILES: readonly Profile[] = ['linux-4.14', 'linux-6.12']

function counts(source: DrillSource, file: string, profile: Profile) {
  const { options } = exhibit(file)
  const explored = exploreDrill(source, { ...options, points: POINTS, allTwins: true, profile })
  const { states, steps, ends, depth, outcomes, findings } = explored
  return { states, steps, ends, outcomes: outcomes.length, findings: findings.map(({ judge }) => judge).sort(), depth }
}

test.each(files)('%s', (file) => {
  const source = drillOf(file)
  const other = reversed(source)
  expect(parseDrill(other).tasks).toHaveLength(parseDrill(source).tasks.length)
  for (const profile of PROFILES.filter((each) => exhibit(file).profiles.includes(each)))
    expect(counts(other, file, profile)).toEqual(counts(source, file, profile))
})

test.each<[Profile, string]>([
  [
    'linux-4.14',
    'A map buf anon 1\nA write buf 1\ntask a\n  A protect buf rw\n  A advise buf[0] dontneed\ntask b\n  A unlock buf\n  A unmap buf\ntask c\n  A write buf[0] 2\n',
  ],
  [
    'linux-6.12',
    'cpus 2\nA map buf anon 3\nA write buf[2] 1\ntask a cpu=1\n  A write buf[2] 2\n  A migrate buf[1-2] to sys\n  A advise buf free\n  A advise buf[2] free\ntask b\n  A advise buf[2] pageout\n',
  ],
])('what an earlier call has left in a task is no part of the state: %s', (profile, text) => {
  const source = { name: 'test', file: 'test.drill', firstLine: 1, text }
  const options = { points: POINTS, allTwins: true, profile }
  const [one, other] = [exploreDrill(source, options), exploreDrill(reversed(source), options)]
  expect([other.states, other.steps]).toEqual([one.states, one.steps])
})
