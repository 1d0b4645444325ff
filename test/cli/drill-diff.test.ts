// SPDX-License-Identifier: GPL-2.0-only

import { sideBySide } from '../../lib/drill'
import { hmmu, hmmuWith, put, useFolder } from './command'

useFolder()

const DRILL = 'A map buf anon 1\nA write buf 1\nA migrate buf to dev skip=0\nA dump buf\nA count\n'

describe('two profiles', () => {
  test('side by side, the first difference first', () => {
    put('x.drill', DRILL)
    const { status, stdout, stderr } = hmmu('drill', 'diff', '--profile', 'linux-4.14', 'linux-4.14-fixed', 'x.drill')
    const [plain, fixed] = ['uptodate,lru,active,swapbacked', 'uptodate,dirty,lru,active,swapbacked']
    const lines = stdout.split('\n')
    expect(lines.slice(0, 4)).toEqual([
      "x: the first difference is in 'A dump buf'",
      `  linux-4.14: [0] sys w--s P0 ref=1 map=1 ${plain}`,
      `  linux-4.14-fixed: [0] sys w--s P0 ref=1 map=1 ${fixed}`,
      '',
    ])
    expect(lines.filter((line) => line.includes('|'))).toEqual([
      expect.stringMatching(new RegExp(`^ +9 +\\[0\\] sys .* ${plain} +\\| +\\[0\\] sys .* ${fixed}$`)),
    ])
    expect(lines).toContainEqual(expect.stringMatching(/^ +8 +A dump buf +A dump buf$/))
    expect(stdout).not.toContain('A map buf anon 1')
    expect(stdout.endsWith('\n0 equal, 1 not\n')).toBe(true)
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
  })

  test('that print the same are equal; the file may stand in front, or be standard input', () => {
    put('x.drills', `=== one\nA clear\n=== two\n${DRILL}`)
    const same = ['--profile', 'linux-4.14', 'hmm-v25']
    expect(hmmu('drill', 'diff', 'x.drills', ...same)).toEqual({ status: 0, stdout: '2 equal, 0 not\n', stderr: '' })
    const input = hmmuWith({ input: DRILL }, 'drill', 'diff', '--profile', 'linux-4.14', 'linux-4.14-fixed', '-')
    expect([input.status, input.stdout]).toEqual([1, expect.stringMatching(/^stdin: the first difference/)])
    const both = hmmu('drill', 'diff', 'x.drills', '--profile', 'linux-4.14', 'linux-4.14-fixed').stdout
    expect(both).toMatch(/^two: [\s\S]*\n1 equal, 1 not\n$/)
  })

  test('a drill that fails is not equal', () => {
    put('x.drill', 'fork A A\n')
    const { status, stdout, stderr } = hmmu('drill', 'diff', 'x.drill', '--profile', 'linux-4.14', 'hmm-v25')
    expect({ status, stdout }).toEqual({ status: 1, stdout: '0 equal, 1 not\n' })
    expect(stderr).toMatch(/^error: x\.drill:1:1: .*\(linux-4\.14\)\nerror: x\.drill:1:1: .*\(hmm-v25\)\n$/)
  })

  test.each([
    [['x.drill'], "required option '--profile <names...>' not specified"],
    [['x.drill', '--profile', 'linux-4.14'], 'takes two profiles and one file'],
    [['--profile', 'linux-4.14', 'hmm-v25'], 'takes two profiles and one file'],
    [['--profile', 'linux-4.14', 'hmm-v25', 'x.drill', 'y.drill'], 'takes two profiles and one file'],
    [['--profile', 'linux-4.14', 'linux-4.15', 'x.drill'], "there is no profile 'linux-4.15'; there are linux-4.14, "],
    [['--profile', 'linux-4.14', 'hmm-v25', 'y.drill'], "y.drill: can't be read"],
  ])('%j is refused', (args, reason) => {
    put('x.drill', DRILL)
    const { status, stdout, stderr } = hmmu('drill', 'diff', ...args)
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining(reason)])
  })
})

describe('side by side', () => {
  test('equal lines are next to each other', () => {
    expect(sideBySide('a\nb\nc\nd\n', 'a\nx\nc\nd\ne\n')).toEqual([
      { left: 'a', right: 'a' },
      { left: 'b', right: 'x' },
      { left: 'c', right: 'c' },
      { left: 'd', right: 'd' },
      { left: undefined, right: 'e' },
    ])
  })

  test('transcripts without a common line are not searched for one for ever', () => {
    const lines = (name: string) => Array.from({ length: 100_000 }, (_, i) => `${name}${i}\n`).join('')
    const rows = sideBySide(lines('a'), lines('b'))
    expect([rows.length, rows[99_999]]).toEqual([100_000, { left: 'a99999', right: 'b99999' }])
  })
})
