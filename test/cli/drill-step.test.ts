// SPDX-License-Identifier: GPL-2.0-only

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { at, hmmuWith, MAIN, put, useFolder } from './command'
import { type Action, inTerminal, screensOf } from './terminal'

const printed = { stdout: '', stderr: '' }

jest.mock('node:fs', () => {
  const fs = jest.requireActual('node:fs')
  const streams = { 1: 'stdout', 2: 'stderr' } as const
  return {
    ...fs,
    writeSync: (fd: number, data: Buffer, ...rest: unknown[]) => {
      if (fd !== 1 && fd !== 2) return fs.writeSync(fd, data, ...rest)
      printed[streams[fd]] += data.toString()
      return data.length
    },
  }
})

useFolder()

const EXAMPLES = join(__dirname, '../../examples')
const RACING = join(EXAMPLES, 'racing-store.drill')

const ENTER = '\x1b[?1049h'
const LEAVE = '\x1b[?1049l'
const RIGHT = '\x1b[C'
const LEFT = '\x1b[D'
const DOWN = '\x1b[B'
const HOME = '\x1b[H'
const PAGE_DOWN = '\x1b[6~'
const SHIFT_LEFT = '\x1b[1;2D'

const behindTitle = (text: string): string => text.slice(text.indexOf('\n'))

/** The built command in this process, in the folder of the test: a process of its own takes ten times as long. */
function run(...args: string[]) {
  Object.assign(printed, { stdout: '', stderr: '' })
  const before = process.cwd()
  process.chdir(at('.'))
  try {
    const { runCommandLine } = require(join(dirname(MAIN), 'program'))
    const status: unknown = runCommandLine(['node', 'hmmu', 'drill', ...args])
    return { ...printed, status }
  } finally {
    process.chdir(before)
  }
}

const step = (...args: string[]) => run('step', ...args)

describe('hmmu drill step as text', () => {
  test('a step: place, sentence, transcript, tasks and locks, TLB, regions, memory, history', () => {
    const { status, stdout, stderr } = step(RACING, '--step', '11', '--page', 'A/buf[0]')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatchSnapshot()
  })

  test('what a step has changed is marked without colours: * in front, and the old value before the new one', () => {
    const { stdout } = step(RACING, '--step', '3')
    expect(stdout).toMatchSnapshot()
    expect(stdout).not.toContain('\x1b')
  })

  test('of page tables those that have changed, or lead to the followed page', () => {
    put('two.drill', 'A map buf anon 600\nA write buf[0] 1\nA write buf[599] 2\nA read buf[0]\n')
    const tables = (...args: string[]) =>
      step('two.drill', ...args).stdout.match(/^[ >*]{2} +((pud|pmd|pte) #\d+|\d+ more table)/gm)
    const names = (...args: string[]) => tables(...args)?.map((each) => each.replace(/^(..) +/, '$1'))
    expect(names('--step', '2')).toEqual([' *pud #3', ' *pmd #4', ' *pte #5'])
    expect(names('--step', '3')).toEqual(['  pud #3', ' *pmd #4', ' *pte #7', '  1 more table'])
    expect(names('--step', '4')).toBeUndefined()
    expect(names('--step', '4', '--page', 'A/buf[0]')).toEqual(['  pud #3', '  pmd #4', '  pte #5', '  1 more table'])
  })

  test('tables that a step frees are named', () => {
    put('gone.drill', 'A map buf anon 1\nA write buf 1\nA unmap buf\n')
    expect(step('gone.drill', '--step', '3').stdout).toMatch(
      /^Page tables of A\n \* pud #3 {2}freed\n \* pmd #4 {2}freed\n/m,
    )
  })

  test('all steps, in order, the same each time', () => {
    const { stdout } = step(RACING)
    const places = [...stdout.matchAll(/^Step (\d+) of (\d+) · /gm)].map(([, n, last]) => [Number(n), Number(last)])
    expect(places.map(([n]) => n)).toEqual(places.map((_, i) => i))
    expect(places.at(-1)![0]).toBe(places[0]![1])
    expect(step('--plain', RACING).stdout).toBe(stdout)
    expect(stdout).not.toMatch(/undefined|NaN|\[object/)
  })

  test('two profiles: the sentence of each step, and the first difference', () => {
    const { stdout } = step(RACING, '--compare', 'linux-4.14-fixed')
    expect(stdout.match(/The first difference of the machines: .*/g)).toEqual([
      'The first difference of the machines: flags of #6–#8; translations of CPU 0.',
    ])
    expect(stdout).toContain('linux-4.14-fixed, step 0: The same.')
    expect(stdout.split('\n')[0]).toBe(
      `racing-store on linux-4.14, compared with linux-4.14-fixed (first difference: step 3), ${/steps 0 to \d+/.exec(stdout)![0]}`,
    )
  })

  test('cells that differ between two profiles are marked without colours: ≠ in front, and the other value behind', () => {
    const { stdout } = step(RACING, '--compare', 'linux-4.14-fixed', '--step', '12')
    expect(stdout).toMatchSnapshot()
    expect(step(RACING, '--compare', 'linux-4.14', '--step', '12').stdout.slice(100)).not.toContain('≠')
    expect(step(RACING, '--step', '12').stdout).not.toContain('≠')
  })

  test('words of page tables, and frames that only one profile uses, are compared, too', () => {
    const words = step(RACING, '--compare', 'linux-6.12', '--step', '39').stdout
    expect(words).toMatch(/^ \*≠ +258 .*[0-9a-f]{16}≠[0-9a-f]{16} {2}buf\[2\]$/m)
    const frames = step(RACING, '--compare', 'linux-4.14-fixed', '--step', '18').stdout
    expect(frames).toMatch(/^ {2}≠ D0 +free≠2$/m)
    expect(`${words}${frames}`).not.toMatch(/undefined|NaN|\[object/)
  })

  test('10,000 pages are few rows', () => {
    put('large.drill', 'A map buf anon 10000\nA write buf[0-4999] 1\nA migrate buf[100-200] to dev\n')
    const { status, stdout } = step('large.drill')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^ {3}0–99 +sys/m)
    expect(stdout.split('\n').length).toBeLessThan(600)
  })

  test('a drill that fails is shown up to there', () => {
    put('bad.drill', 'A map buf anon 2\nA write buf 1\nA map buf anon 2\n')
    const { status, stdout, stderr } = step('bad.drill')
    expect(status).toBe(1)
    expect(stdout).toMatch(/A write buf 1.*Here the drill ended: bad\.drill:3:1: /)
    expect(stderr).toMatch(/^error: bad\.drill:3:1: .*\n$/)
  })

  test('a record is shown as its drill is', () => {
    const { stdout: json } = run('run', '--json', RACING)
    put('racing.json', json)
    expect(step('racing.json')).toEqual(step(RACING))
  })

  test('texts of a record cannot drive the terminal', () => {
    const record = JSON.parse(run('run', '--json', RACING).stdout)
    const [recording] = record.recordings
    recording.name = '\x1b[2J'
    recording.transcript[1] = '\x1b]0;title\x07'
    recording.steps[2].entries[0].kind = 'sys\x9b1m'
    recording.failure = 'it\u202efails'
    put('hostile.json', JSON.stringify(record))
    const { status, stdout, stderr } = step('hostile.json')
    expect(status).toBe(1)
    expect(`${stdout}${stderr}`).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
  })

  test('says what is wrong with its arguments', () => {
    put('no.json', '{"format":"hmmu-record","version":1,"recordings":[{"name":1}]}')
    put('two.drills', '=== a\nA map buf anon 1\n=== b\nA map buf anon 1\n')
    const cases = [
      [['none.drill'], /^error: none\.drill: can't be read/],
      [['no.json'], /^error: no\.json: recordings\[0\]\.name is not a text$/m],
      [['two.drills'], /^error: 2 drills are there/],
      [[RACING, '--step', '999'], /^error: there is no step 999; the last is \d+$/m],
      [[RACING, '--step', 'x'], /^error: .*An integer from 0 to 10000000 is allowed/],
      [[RACING, '--page', 'buf'], /^error: a page is written as A\/buf\[0\], not 'buf'$/m],
      [[RACING, '--page', 'A/buf[4]'], /^error: no step has a page A\/buf\[4\]$/m],
      [[RACING, '--compare', 'linux-1'], /^error: .*linux-1/],
    ] as const
    for (const [args, text] of cases) {
      const { status, stdout, stderr } = step(...args)
      expect([status, stdout]).toEqual([2, ''])
      expect(stderr).toMatch(text)
      expect(stderr.trim().split('\n')).toHaveLength(1)
    }
  })

  test('of many recordings the first are named, and the rest is counted', () => {
    const record = JSON.parse(run('run', '--json', RACING).stdout)
    const [recording] = record.recordings
    record.recordings = Array.from({ length: 3_000 }, (_, i) => ({
      ...recording,
      steps: [recording.steps[0]],
      name: `${i}`,
    }))
    put('many.json', JSON.stringify(record))
    const names = ['0', '1', '2', '3', '4'].map((name) => `${name} on linux-4.14`).join(', ')
    expect(step('many.json').stderr).toBe(
      `error: 3000 recordings are there: choose one by --filter and --profile (${names} and 2,995 more)\n`,
    )
    expect(step('many.json', '--filter', 'none').stderr).toBe(
      `error: no such recording is there, only ${names} and 2,995 more\n`,
    )
  })

  test('a drill from standard input, in a process of its own', () => {
    const { status, stdout, stderr } = hmmuWith({ input: readFileSync(RACING) }, 'drill', 'step', '-')
    expect([status, stderr]).toEqual([0, ''])
    expect(behindTitle(stdout)).toBe(behindTitle(step(RACING).stdout))
  })
})

/** Keys, each followed by what the screen has then. */
const keys = (...pairs: readonly (readonly [key: string, text: string])[]): Action[] =>
  pairs.flatMap(([key, text]): Action[] => [
    ['send', key],
    ['wait', text],
  ])

/** So many keys come at once, and are not drawn one by one. */
const PASTED = 100

describe('hmmu drill step in a terminal', () => {
  /** One session: to start the command takes longer than all that is done in it. */
  test('keys, also many at once, sizes, Ctrl+Z, SIGTSTP; the terminal is as before', () => {
    const ended = inTerminal(
      [
        ['wait', 'Step 11 of'],
        ...keys(
          [RIGHT, 'Step 12 of'],
          ['h', 'Step 11 of'],
          [LEFT, 'Step 10 of'],
          [SHIFT_LEFT, 'Step 3 of'],
          [PAGE_DOWN, 'of 39'],
          [HOME, 'Step 0 of'],
          ['/11\r', 'Step 11 of'],
          [DOWN, 'A buf[0]:'],
          ['t', 'what it says'],
          ['t', 'mmap_sem'],
          ['[', 'Step 9 of'],
          [']', 'Step 11 of'],
          [`${'hl'.repeat(PASTED)}l`, 'Step 12 of'],
          ['h', 'Step 11 of'],
          ['/#8\r', 'A buf[2]:'],
          ['/nothing\r', 'is no page, frame or step'],
          ['d', '--compare'],
          ['?', 'one command'],
          ['x', 'Step 11 of'],
          ['?', 'V valid, M migrate'],
          ['x', 'Step 11 of'],
        ),
        // It gives the terminal back until the command goes on.
        ['send', '\x1a'],
        ['wait', LEAVE],
        ['stopped'],
        ['signal', 18],
        ['wait', 'Step 11 of'],
        ['signal', 20],
        ['wait', LEAVE],
        ['stopped'],
        ['signal', 18],
        ['wait', 'Step 11 of'],
        ['size', 150, 40],
        ['wait', 'Step 11 of'],
        ['size', 40, 12],
        ['wait', 'Step 11 of'],
        ['size', 10, 3],
        ['wait', 'Too small'],
        ['send', 'q'],
      ],
      ['drill', 'step', RACING],
      { NO_COLOR: '1' },
    )
    expect(ended).toMatchObject({ status: 0, restored: true })
    expect(ended.output.startsWith(ENTER)).toBe(true)
    expect(ended.output.endsWith(LEAVE)).toBe(true)
    expect(ended.output.split(ENTER)).toHaveLength(4)
    expect(ended.output.split('\x1b[').every((part) => !/^\d+m/.test(part))).toBe(true)
    const screens = screensOf(ended)
    expect(screens.length).toBeLessThan(PASTED)
    expect(screens.find((screen) => screen.includes('A buf[0]:'))).toMatchSnapshot('the followed page')
    expect(screens.find((screen) => screen.includes('what it says'))).toMatchSnapshot('page tables')
    const sizes = screens.map((screen) => {
      const lines = screen.split('\n')
      return { columns: Math.max(...lines.map((text) => [...text].length)), rows: lines.length }
    })
    const [wide, narrow, small] = sizes.slice(-3)
    expect([wide!.rows, narrow!.rows, small!.rows]).toEqual([40, 12, 1])
    for (const { rows } of sizes.slice(0, -3)) expect(rows).toBe(30)
    for (const [i, { columns }] of sizes.entries())
      expect(columns).toBeLessThanOrEqual([100, 150, 40, 10][Math.max(0, i - sizes.length + 4)]!)
  })

  test.each([
    ['SIGTERM', 15],
    ['SIGHUP', 1],
    ['SIGQUIT', 3],
  ])('%s ends it, and the terminal is as before', (_, signal) => {
    put('small.drill', 'A map buf anon 1\n')
    const ended = inTerminal(
      [
        ['wait', 'Step 1 of 1'],
        ['signal', signal],
      ],
      ['drill', 'step', at('small.drill')],
    )
    // SIGQUIT may leave a core file, which the status tells, too.
    expect([ended.status % 128, ended.restored]).toEqual([signal, true])
    expect(ended.output).toContain('\x1b[1m')
    expect(ended.output.endsWith(LEAVE)).toBe(true)
  })

  test('a terminal that is closed ends it as SIGHUP does', () => {
    put('small.drill', 'A map buf anon 1\n')
    const ended = inTerminal([['wait', 'Step 1 of 1'], ['close']], ['drill', 'step', at('small.drill')])
    expect(ended.status).toBe(1)
  })

  test('a drill that fails opens where it ended, and its error comes behind the screen', () => {
    put('bad.drill', 'A map buf anon 2\nA write buf 1\nA map buf anon 2\n')
    const ended = inTerminal(
      [
        ['wait', 'Here the drill ended'],
        ['send', 'q'],
      ],
      ['drill', 'step', at('bad.drill')],
    )
    expect(ended).toMatchObject({ status: 256, restored: true })
    expect(ended.output.split(LEAVE)[1]).toContain('bad.drill:3:1: ')
  })
})
