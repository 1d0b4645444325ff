// SPDX-License-Identifier: GPL-2.0-only

import '../../lib/native/load'
import { addonInfo } from '../../lib'
import { KERNELS } from '../../lib/base/kernel'
import { exploreRandom, replayDrill } from '../../lib/explore'
import { randomDrill } from '../../lib/explore/random'
import { smaller } from '../../lib/explore/shrink'

/** In WebAssembly calls can't stop on stacks of their own. */
const points = addonInfo.backend === 'wasm' ? (['device-fault'] as const) : undefined

test('a seed and a kernel give one text', () => {
  expect(randomDrill(7, 'linux-4.14')).toBe(randomDrill(7, 'linux-4.14'))
  expect(randomDrill(7, 'linux-4.14')).not.toBe(randomDrill(8, 'linux-4.14'))
  expect(randomDrill(2, 'linux-4.14')).toMatchInlineSnapshot(`
"devmem 8
swap 8
cpus 2
A map buf anon 2
A clear
task a
  A reclaim buf[0-1]
  A reclaim buf[1]
task b cpu=1
  A migrate buf[0-1] to dev skip=0
task c
  A write buf[1] 1
"
`)
})

test.each(KERNELS)('random drills find nothing in %s without its quirks', (kernel) => {
  const { findings, programs, states } = exploreRandom({
    profile: `${kernel}-fixed`,
    programs: 60,
    seed: 1,
    states: 500,
    points: ['device-fault'],
  })
  expect(findings).toEqual([])
  expect({ programs, some: states > 1000 }).toEqual({ programs: 60, some: true })
})

test('of each kind of finding there is one small drill, whose id makes the order again', () => {
  const { findings, judges } = exploreRandom({ profile: 'linux-4.14', programs: 40, seed: 1, states: 500, points })
  expect(Object.keys(judges).length).toBeGreaterThan(0)
  const [first] = findings
  expect(new Set(findings.map(({ judge, quirk }) => `${judge} ${quirk}`)).size).toBe(findings.length)
  const source = { name: 'small', file: 'small.drill', firstLine: 1, text: first!.drill }
  const { trace } = replayDrill(source, first!.finding.id, { profile: 'linux-4.14', points: first!.points })
  expect(trace).toEqual(first!.finding.trace)
})

test('a drill is made smaller as long as it stays what is wanted', () => {
  const text =
    'devmem 8\nA map buf anon 3\nA write buf[1-2] 1\ntask a\n  A read buf\n  A clear\ntask b cpu=1\n  A clear\n'
  const tried: string[] = []
  const small = smaller(text, (each) => {
    tried.push(each)
    return /A map buf/.test(each) && /write buf/.test(each)
  })
  expect(small).toBe('A map buf\nA write buf\n')
  expect(tried).not.toContain(text)
})
