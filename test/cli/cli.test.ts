// SPDX-License-Identifier: GPL-2.0-only
//
// What the command does.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { addonInfo } from '../../lib'
import { at, hmmu, hmmuWith, put, shell, useFolder } from './command'

const DRILLS = join(__dirname, '../conformance/linux-4.14')

useFolder()

const GOOD = 'A map buf anon 1\nA dump buf\n'
const GOOD_EXPECTED = 'A map buf anon 1\nA dump buf\n  [0] none\n'
const BAD_EXPECTED = 'A map buf anon 1\nA dump buf\n  [0] zero ----\n'

describe('help and usage', () => {
  test.each([
    ['--help'],
    ['drill', '--help'],
    ['drill', 'run', '--help'],
    ['drill', 'check', '--help'],
    ['drill', 'diff', '--help'],
    ['drill', 'step', '--help'],
    ['trace', '--help'],
    ['bench', '--help'],
    ['demo', '--help'],
    ['doctor', '--help'],
    ['help', 'drill'],
  ])('%s %s %s', (...args) => {
    const { status, stdout, stderr } = hmmu(...args.filter((arg) => arg !== undefined))
    expect(stdout).toMatch(/^Usage: hmmu/)
    expect(stdout).toContain('--help')
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })

  test('--version', () => {
    const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8'))
    expect(hmmu('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
  })

  test.each([
    [[]],
    [['nonsense']],
    [['drill']],
    [['drill', 'nonsense']],
    [['drill', 'run']],
    [['drill', 'check']],
    [['drill', 'check', '--nonsense', '.']],
    [['demo', '--profile', 'linux-9.9']],
    [['doctor', 'extra']],
    [['drill', 'check', 'not-there.drill']],
    [['drill', 'run', 'not-there.drill']],
  ])('%j is wrong', (args) => {
    const { status, stdout, stderr } = hmmu(...args)
    expect(stdout).toBe('')
    expect(stderr).not.toBe('')
    expect(stderr).not.toContain('    at ')
    expect(status).toBe(2)
  })
})

describe('drill run', () => {
  test('prints the transcript of a drill alone', () => {
    put('good.drill', GOOD)
    expect(hmmu('drill', 'run', 'good.drill')).toEqual({ status: 0, stdout: GOOD_EXPECTED, stderr: '' })
  })

  test('prints headers for more than one', () => {
    put('good.drill', GOOD)
    put('more.drills.gz', gzipSync(`=== one\n${GOOD}=== two\nA clear\n`))
    const { status, stdout } = hmmu('drill', 'run', 'good.drill', 'more.drills.gz')
    expect(stdout).toBe(`=== good\n${GOOD_EXPECTED}=== one\n${GOOD_EXPECTED}=== two\nA clear\n`)
    expect(status).toBe(0)
    expect(hmmu('drill', 'run', 'more.drills.gz', '--filter', 'tw').stdout).toBe('=== two\nA clear\n')
  })

  test('tells where a drill is wrong', () => {
    put('bad.drill', 'A clear\nA map buf anom 1\n')
    const { status, stderr } = hmmu('drill', 'run', 'bad.drill')
    expect(stderr).toContain('error: bad.drill:2:11: expected a kind of mapping')
    expect(status).toBe(1)
  })
})

describe('drill check', () => {
  test('a drill that matches', () => {
    put('good.drill', GOOD)
    put('good.expected', GOOD_EXPECTED)
    expect(hmmu('drill', 'check', '.')).toEqual({ status: 0, stdout: '1 passed, 0 failed\n', stderr: '' })
  })

  test('a drill that does not: a unified diff, and exit code 1', () => {
    put('bad.drill', GOOD)
    put('bad.expected', BAD_EXPECTED)
    const { status, stdout } = hmmu('drill', 'check', 'bad.drill')
    expect(stdout).toContain('FAILED bad: ')
    expect(stdout).toContain('--- bad.expected')
    expect(stdout).toContain('\n A dump buf\n-  [0] zero ----\n+  [0] none\n')
    expect(stdout.endsWith('\n0 passed, 1 failed\n')).toBe(true)
    expect(status).toBe(1)
  })

  test('concatenations, one failing and one without a transcript', () => {
    put('all.drills', `=== one\n${GOOD}=== two\n${GOOD}=== three\nA clear\n`)
    put('all.expected', `=== one\n${GOOD_EXPECTED}=== two\n${BAD_EXPECTED}`)
    const { status, stdout } = hmmu('drill', 'check', 'all.drills')
    expect(stdout).toContain('--- all.expected (two)')
    expect(stdout).toContain('FAILED three: all.expected has no transcript for it')
    expect(stdout.endsWith('\n1 passed, 2 failed\n')).toBe(true)
    expect(status).toBe(1)
    expect(hmmu('drill', 'check', 'all.drills', '--filter', 'one').stdout).toBe('1 passed, 0 failed\n')
  })

  test('a drill that can not be carried out names its line, and the others still run', () => {
    put('a-bad.drill', 'A clear\nA nonsense\n')
    put('a-bad.expected', 'A clear\n')
    put('good.drill', GOOD)
    put('good.expected', GOOD_EXPECTED)
    const { status, stdout } = hmmu('drill', 'check', '.')
    expect(stdout).toContain('FAILED a-bad: a-bad.drill:2:3: expected a command')
    expect(stdout.endsWith('1 passed, 1 failed\n')).toBe(true)
    expect(status).toBe(1)
  })

  test('--json', () => {
    put('bad.drill', GOOD)
    put('bad.expected', BAD_EXPECTED)
    put('good.drill', GOOD)
    put('good.expected', GOOD_EXPECTED)
    const { status, stdout } = hmmu('drill', 'check', '--json', '.')
    const { results, ...counts } = JSON.parse(stdout)
    expect(counts).toEqual({ passed: 1, failed: 1 })
    expect(results).toEqual([
      {
        name: 'bad',
        file: 'bad.drill',
        passed: false,
        reason: expect.any(String),
        diff: expect.stringContaining('@@'),
      },
      { name: 'good', file: 'good.drill', passed: true },
    ])
    expect(status).toBe(1)
  })

  test('--update writes what was printed', () => {
    put('one.drill', GOOD)
    put('bad.drill', GOOD)
    put('bad.expected', BAD_EXPECTED)
    put('wrong.drill', 'A nonsense\n')
    put('all.drills.gz', gzipSync(`=== x\nA clear\n=== y\n${GOOD}`))
    const { status, stdout } = hmmu('drill', 'check', '--update', '.')
    expect(stdout).toContain('FAILED wrong: wrong.drill:1:3')
    expect(stdout.endsWith('4 passed, 1 failed\n')).toBe(true)
    expect(status).toBe(1)
    expect(readFileSync(at('one.expected'), 'utf8')).toBe(GOOD_EXPECTED)
    expect(readFileSync(at('bad.expected'), 'utf8')).toBe(GOOD_EXPECTED)
    expect(existsSync(at('wrong.expected'))).toBe(false)
    const all = gunzipSync(readFileSync(at('all.expected.gz'))).toString()
    expect(all).toBe(`=== x\nA clear\n=== y\n${GOOD_EXPECTED}`)
    expect(hmmu('drill', 'check', 'one.drill', 'bad.drill', 'all.drills.gz').status).toBe(0)
  })

  test('the drills of a real kernel, with the machine in balance after every command', () => {
    const { status, stdout } = hmmu('drill', 'check', '--verify', join(DRILLS, 'anon-roundtrip.drill'))
    expect(stdout).toBe('1 passed, 0 failed\n')
    expect(status).toBe(0)
  })
})

describe('trace', () => {
  const drill = 'A map buf anon 1\nA write buf 1\n'

  test('--chrome writes a trace that is the same in every run', () => {
    const file = put('x.drill', drill)
    expect(hmmu('trace', file, '--chrome', 'out.json')).toEqual({ status: 0, stdout: '', stderr: '' })
    const text = readFileSync(at('out.json'), 'utf8')
    const { traceEvents, otherData } = JSON.parse(text) as { traceEvents: { name: string }[]; otherData: object }
    expect(traceEvents.map(({ name }) => name)).toContain('exceptions:page_fault_user')
    expect(otherData).toEqual({ drill: 'x', profile: 'linux-4.14', microsecond: '1 event' })
    expect(hmmu('trace', file, '--chrome', '-').stdout).toBe(text)
  })

  test('--folded prints stacks', () => {
    expect(hmmu('trace', put('x.drill', drill), '--folded')).toEqual({
      status: 0,
      stdout: 'A;A map buf anon 1 1\nA;A write buf 1 2\n',
      stderr: '',
    })
    const cycles = hmmu('trace', 'x.drill', '--folded', '--cycles')
    expect(cycles.status).toBe(0)
    expect(cycles.stdout).toMatch(/^(A;A \w.* \d+\n)*$/)
  })

  test('a drill that fails is told, and the trace is written', () => {
    const { status, stderr } = hmmu(
      'trace',
      put('x.drill', 'A map buf anon 1\nA map buf anon 1\n'),
      '--chrome',
      'out.json',
    )
    expect([status, stderr]).toEqual([1, expect.stringContaining('x.drill:2:1')])
    expect(existsSync(at('out.json'))).toBe(true)
  })

  test.each([
    [['trace'], 'file'],
    [['trace', 'x.drill'], '--chrome or --folded'],
    [['trace', 'two.drills', '--folded'], 'choose one by --filter'],
    [['trace', 'two.drills', '--folded', '--filter', 'c'], 'no drill has such a name'],
    [['trace', 'x.drill', '--chrome', 'no/such/folder'], "can't be written"],
  ])('%j is refused', (args, reason) => {
    put('x.drill', drill)
    put('two.drills', `=== a\n${drill}=== b\n${drill}`)
    const { status, stderr } = hmmu(...args)
    expect([status, stderr]).toEqual([2, expect.stringContaining(reason)])
  })
})

describe('bench', () => {
  test('times the operations at each size, and draws a flame graph', () => {
    const { status, stdout } = hmmu('bench', '--sizes', '1,3', '--time', '1', '--json', '--flame', 'out.svg')
    expect(status).toBe(0)
    const { unit, contents, results } = JSON.parse(stdout)
    expect([unit, contents]).toEqual(['ns', false])
    expect(new Set(results.map(({ pages }: { pages: number }) => pages))).toEqual(new Set([1, 3]))
    for (const { best, runs } of results) expect([best > 0, runs > 0]).toEqual([true, true])
    const svg = readFileSync(at('out.svg'), 'utf8')
    for (const name of ['page_fault', 'device_fault', 'migrate', 'alloc_and_copy'])
      expect(svg).toContain(`<title>${name}:`)
  })

  test('prints a table', () => {
    const { status, stdout } = hmmu('bench', '--sizes', '2', '--time', '1', '--contents')
    expect(status).toBe(0)
    expect(stdout).toMatch(/with contents\n +ns a page +2 pages\n +write fault +[\d.]+\n +migrate to device +[\d.]+\n/)
  })

  test.each([
    [['--sizes', '0'], '--sizes'],
    [['--sizes', '1,x'], '--sizes'],
    [['--time', '0'], '--time'],
    [['--sizes', '1', '--time', '1', '--flame', 'no/such/folder'], "can't be written"],
  ])('%j is refused', (args, reason) => {
    const { status, stderr } = hmmu('bench', ...args)
    expect([status, stderr]).toEqual([2, expect.stringContaining(reason)])
  })
})

describe('a pipe that is closed early', () => {
  test('is no error', () => {
    const { stdout, stderr } = shell(`$HMMU drill run "${join(DRILLS, 'random.drills.gz')}" | head -n 1`)
    expect(stdout).toBe('=== r1-0000\n')
    expect(stderr).toBe('')
  })
})

describe('demo', () => {
  test('tells its story in a screenful, without colours', () => {
    const { status, stdout, stderr } = hmmu('demo')
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(stdout.split('\n').length).toBeLessThanOrEqual(40)
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with it.
    expect(stdout).not.toMatch(/\u001b/)
    expect(stdout).toContain('migrate_vma()')
    expect(stdout).toContain('All references, maps and lists balance.')
  })
})

describe('doctor', () => {
  test('finds all well', () => {
    const { status, stdout } = hmmu('doctor')
    expect(stdout).toMatch(addonInfo.backend === 'native' ? /addon +.*hmmu\.node/ : /addon +.*hmmu\.wasm/)
    const origin = process.env.HMMU_BINDING ? 'HMMU_BINDING names it' : 'built from source'
    expect(stdout).toContain(addonInfo.backend === 'native' ? origin : 'HMMU_BACKEND asks for it')
    expect(stdout).toMatch(/profile +linux-4\.14/)
    expect(status).toBe(0)
  })

  test('tells of the profile that is asked for', () => {
    expect(hmmu('doctor', '--profile', 'hmm-v25').stdout).toMatch(/quirks +hole-dst-index\n/)
    expect(hmmu('doctor', '--profile', 'linux-4.14-fixed').stdout).toMatch(/quirks +none/)
  })

  test('speaks JSON', () => {
    const findings = JSON.parse(hmmu('doctor', '--json').stdout) as { what: string; ok?: boolean }[]
    expect(findings.map(({ what }) => what)).toContain('addon')
    expect(findings.every(({ ok }) => ok !== false)).toBe(true)
  })

  test('an addon that does not load is told, with exit code 1', () => {
    const env = { HMMU_BACKEND: 'native', HMMU_BINDING: at('none.node') }
    const { status, stderr } = hmmuWith({ env }, 'doctor')
    expect(stderr).toContain('none.node: no such file')
    expect(stderr).not.toContain('    at ')
    expect(status).toBe(1)
  })
})
