// SPDX-License-Identifier: GPL-2.0-only

import '../../lib/native/load'
import { addonInfo, type QuirkName, quirkNames } from '../../lib'
import { KERNELS, type Kernel } from '../../lib/base/kernel'
import { exploreDrill, exploreOne, exploreRandom, replayDrill } from '../../lib/explore'
import { randomDrill } from '../../lib/explore/random'
import { smaller } from '../../lib/explore/shrink'

/** In WebAssembly calls can't stop on stacks of their own. */
const points = addonInfo.backend === 'wasm' ? (['device-fault'] as const) : undefined

const sourceOf = (text: string) => ({ name: 'small', file: 'small.drill', firstLine: 1, text })

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

test('some drills of 6.12 have coherent memory, and those of 4.14 have none', () => {
  const drills = (kernel: Kernel) => Array.from({ length: 40 }, (_, seed) => randomDrill(seed, kernel)).join('\n')
  for (const what of ['devmem 8 coherent', 'to coh', 'select=private,coherent'])
    expect(drills('linux-6.12')).toContain(what)
  expect(drills('linux-4.14')).not.toContain('coh')
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

describe('what is found', () => {
  const profile = 'linux-4.14'
  const { findings, found, programs } = exploreRandom({ profile, programs: 60, seed: 1, states: 500, points })

  test('is counted by judge and quirks', () => {
    expect({ programs, some: found > 0 }).toEqual({ programs: 60, some: true })
    expect(new Set(findings.map(({ judge, quirks }) => `${judge} ${quirks}`)).size).toBe(findings.length)
    expect(findings.map(({ judge, quirks }) => `${judge} ${quirks}`)).toContain('stuck-page map-pte-skips-device')
    for (const each of findings) {
      expect(each.programs).toBeGreaterThan(0)
      expect(each.firstSeed).toBeLessThanOrEqual(each.seed)
    }
  })

  test('takes just these quirks', () => {
    const off = Object.fromEntries(quirkNames.map((name) => [name, false]))
    for (const { judge, quirks, drill, points } of findings) {
      const judges = (on: readonly QuirkName[]) =>
        exploreDrill(sourceOf(drill), {
          profile,
          points,
          quirks: { ...off, ...Object.fromEntries(on.map((name) => [name, true])) },
        }).findings.map((each) => each.judge)
      expect(judges(quirks)).toContain(judge)
      for (const quirk of quirks) expect(judges(quirks.filter((each) => each !== quirk))).not.toContain(judge)
    }
  })

  test('has a small drill, whose id makes the order again', () => {
    for (const { drill, finding, points } of findings) {
      const { trace } = replayDrill(sourceOf(drill), finding.id, { profile, points })
      expect(trace).toEqual(finding.trace)
    }
  })
})

test('results may come from elsewhere', () => {
  const options = { profile: 'linux-4.14', programs: 8, seed: 24, states: 200, points: ['device-fault'] } as const
  const results = Array.from({ length: 8 }, (_, i) => exploreOne(options, i))
  expect(results.map(({ seed }) => seed)).toEqual([24, 25, 26, 27, 28, 29, 30, 31])
  expect(exploreRandom(options, results)).toEqual(exploreRandom(options))
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
