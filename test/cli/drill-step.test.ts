// SPDX-License-Identifier: GPL-2.0-only

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { at, hmmu, hmmuWith, put, useFolder } from './command'
import { type Action, inTerminal, screensOf } from './terminal'

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

const step = (...args: string[]) => hmmu('drill', 'step', ...args)

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
    expect(stdout.match(/The first difference of the machines/g)).toHaveLength(1)
    expect(stdout).toContain('linux-4.14-fixed, step 0: The same.')
    expect(stdout.split('\n')[0]).toBe(
      `racing-store on linux-4.14, compared with linux-4.14-fixed, ${/steps 0 to \d+/.exec(stdout)![0]}`,
    )
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
    const { stdout: json } = hmmu('drill', 'run', '--json', RACING)
    put('racing.json', json)
    expect(step('racing.json')).toEqual(step(RACING))
  })

  test('texts of a record cannot drive the terminal', () => {
    const record = JSON.parse(hmmu('drill', 'run', '--json', RACING).stdout)
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
      const run = step(...args)
      expect([run.status, run.stdout]).toEqual([2, ''])
      expect(run.stderr).toMatch(text)
      expect(run.stderr.trim().split('\n')).toHaveLength(1)
    }
  })

  test('a reader that is gone ends it', () => {
    const { status, stderr } = hmmuWith({ input: readFileSync(RACING) }, 'drill', 'step', '-')
    expect([status, stderr]).toEqual([0, ''])
  })
})

/** Keys, each followed by what the screen has then. */
const keys = (...pairs: readonly (readonly [key: string, text: string])[]): Action[] =>
  pairs.flatMap(([key, text]): Action[] => [
    ['send', key],
    ['wait', text],
  ])

describe('hmmu drill step in a terminal', () => {
  test('keys go back and forward by step and command, follow pages, find, and quit; the terminal is as before', () => {
    const run = inTerminal(
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
          ['[', 'Step 9 of'],
          [']', 'Step 11 of'],
          ['/#8\r', 'A buf[2]:'],
          ['/nothing\r', 'is no page, frame or step'],
          ['d', '--compare'],
          ['?', 'one command'],
          ['x', 'Step 11 of'],
          ['?', 'V valid, M migrate'],
          ['x', 'Step 11 of'],
        ),
        ['send', 'q'],
      ],
      ['drill', 'step', RACING],
    )
    expect(run).toMatchObject({ status: 0, restored: true })
    expect(run.output.startsWith(ENTER)).toBe(true)
    expect(run.output.endsWith(LEAVE)).toBe(true)
    for (const screen of screensOf(run)) expect(screen.split('\n')).toHaveLength(30)
  })

  test('a screen, without colours: NO_COLOR', () => {
    const run = inTerminal(
      [
        ['wait', 'Step 11 of'],
        ['send', DOWN],
        ['wait', 'A buf[0]:'],
        ['send', 'q'],
      ],
      ['drill', 'step', RACING],
      { NO_COLOR: '1' },
    )
    expect(run.output.split('\x1b[').every((part) => !/^\d+m/.test(part))).toBe(true)
    expect(screensOf(run).at(-1)).toMatchSnapshot()
  })

  test('another size of the terminal is another screen; none has wider or more lines', () => {
    const run = inTerminal(
      [
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
    )
    expect(run).toMatchObject({ status: 0, restored: true })
    const sizes = screensOf(run).map((screen) => {
      const lines = screen.split('\n')
      return [Math.max(...lines.map((text) => [...text].length)), lines.length]
    })
    expect(sizes.map(([, rows]) => rows)).toEqual([30, 40, 12, 1])
    for (const [i, most] of [100, 150, 40, 10].entries()) expect(sizes[i]![0]).toBeLessThanOrEqual(most)
  })

  test.each([
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ])('%s ends it, and the terminal is as before', (_, signal) => {
    const run = inTerminal(
      [
        ['wait', 'Step 11 of'],
        ['signal', signal],
      ],
      ['drill', 'step', RACING],
    )
    expect(run).toMatchObject({ status: signal, restored: true })
    expect(run.output.endsWith(LEAVE)).toBe(true)
  })

  test('Ctrl+Z gives the terminal back until the command goes on', () => {
    const run = inTerminal(
      [
        ['wait', 'Step 11 of'],
        ['send', '\x1a'],
        ['wait', LEAVE],
        ['stopped'],
        ['signal', 18],
        ['wait', 'Step 11 of'],
        ['send', 'q'],
      ],
      ['drill', 'step', RACING],
    )
    expect(run).toMatchObject({ status: 0, restored: true })
    expect(run.output.split(ENTER)).toHaveLength(3)
  })

  test('a drill that fails opens where it ended, and its error comes behind the screen', () => {
    put('bad.drill', 'A map buf anon 2\nA write buf 1\nA map buf anon 2\n')
    const run = inTerminal(
      [
        ['wait', 'Here the drill ended'],
        ['send', 'q'],
      ],
      ['drill', 'step', at('bad.drill')],
    )
    expect(run).toMatchObject({ status: 256, restored: true })
    expect(run.output.split(LEAVE)[1]).toContain('bad.drill:3:1: ')
  })
})
