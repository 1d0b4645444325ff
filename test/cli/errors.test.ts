// SPDX-License-Identifier: GPL-2.0-only
//
// What goes wrong is told in one line, without a stack trace, and with the right exit code; the rest is done all the same.

import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { at, hmmu, hmmuWith, MAIN, put, shell, useFolder } from './command'

const DIST = join(MAIN, '../..')

useFolder()

const GOOD = 'A map buf anon 1\nA dump buf\n'
const GOOD_EXPECTED = 'A map buf anon 1\nA dump buf\n  [0] none\n'
const ESCAPE = '\u001b[31m'

/** One line, with nothing in it that a terminal would obey. */
function expectOneLine(stderr: string): void {
  expect(stderr).toMatch(/^error: [^\n]*\n$/)
  expect(stderr).not.toMatch(/\p{Cc}(?<!\n)/u)
}

function makeFolder(name: string): string {
  mkdirSync(at(name))
  return name
}

function makeFifo(name: string): string {
  execFileSync('mkfifo', [at(name)])
  return name
}

/** A user to whom permissions apply: root is none. */
const ORDINARY = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

describe('drill run', () => {
  test.each<[string, () => string, string]>([
    ['a file that is not there', () => 'x.drill', "x.drill: can't be read: no such file or directory"],
    ['a folder', () => makeFolder('x.drill'), 'x.drill: is a folder'],
    ['a FIFO', () => makeFifo('x.drill'), 'x.drill: is a FIFO'],
    ['a device', () => '/dev/zero', '/dev/zero: is a device'],
    ['a gzip bomb', () => put('x.drill.gz', gzipSync(Buffer.alloc(2 ** 25))), 'x.drill.gz: unpacks to a text of more'],
    ['a name with escapes', () => `${ESCAPE}.drill`, "\\u{1b}[31m.drill: can't be read"],
    ['sections without a name', () => put('x.drills', 'A clear\n'), "x.drills:1:1: expected a line '=== NAME'"],
    ['a section with escapes', () => put('x.drills', `=== ${ESCAPE}\n`), "x.drills:1:1: the name '\\u{1b}[31m' has"],
  ])('%s fails alone', (_what, make, message) => {
    const file = make()
    put('good.drill', GOOD)
    const { status, stdout, stderr } = hmmu('drill', 'run', file, 'good.drill')
    expectOneLine(stderr)
    expect(stderr).toContain(`error: ${message}`)
    expect({ status, stdout }).toEqual({ status: 2, stdout: `=== good\n${GOOD_EXPECTED}` })
  })

  test('a drill that is wrong fails alone, and what it holds is shown as text', () => {
    put('bad.drill', `A ${ESCAPE}\n`)
    put('good.drill', GOOD)
    const { status, stdout, stderr } = hmmu('drill', 'run', 'bad.drill', 'good.drill')
    expectOneLine(stderr)
    expect(stderr).toContain("found '\\u{1b}[31m'")
    expect({ status, stdout }).toEqual({ status: 1, stdout: `=== bad\n=== good\n${GOOD_EXPECTED}` })
  })

  test('- is standard input, with one drill or many, packed or not', () => {
    expect(hmmuWith({ input: GOOD }, 'drill', 'run', '-')).toEqual({ status: 0, stdout: GOOD_EXPECTED, stderr: '' })
    const many = gzipSync(`\n=== one\n${GOOD}=== two\nA clear\n`)
    expect(hmmuWith({ input: many }, 'drill', 'run', '-').stdout).toBe(`=== one\n${GOOD_EXPECTED}=== two\nA clear\n`)
    expect(hmmuWith({ input: GOOD }, 'trace', '-', '--folded').stdout).toContain('A;A dump buf 1\n')
    const wrong = hmmuWith({ input: 'A nonsense\n' }, 'drill', 'run', '-')
    expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringMatching(/^error: standard input:1:3: /)])
    const endless = shell('$HMMU drill run - < /dev/zero')
    expect([endless.status, endless.stderr]).toEqual([2, 'error: standard input: is a text of more than 16 MiB\n'])
  })

  test('--strict fails where a command would be skipped, and names what may be meant', () => {
    put('x.drill', 'A map buffer anon 1\nA read bufer\nA clear\n')
    expect(hmmu('drill', 'run', 'x.drill').status).toBe(0)
    expect(hmmu('drill', 'run', '--strict', 'x.drill')).toEqual({
      status: 1,
      stdout: 'A map buffer anon 1\nA read bufer\n',
      stderr: "error: x.drill:2:1: 'A read bufer': there is no region bufer, or it is gone; did you mean 'buffer'?\n",
    })
    put('y.drill', 'A map buf anon 1\nA migrate buf[0-9] to dev\n  @final A clear\n')
    const { status, stderr } = hmmu('drill', 'run', '--strict', 'y.drill')
    expect([status, stderr]).toEqual([1, expect.stringContaining("y.drill:3:10: 'A clear': the migration did not run")])
  })

  test('--ram-pages is the size of the machine', () => {
    put('x.drill', 'A map buf anon 200\nA write buf 1\n')
    expect(hmmu('drill', 'run', 'x.drill').status).toBe(0)
    const { status, stderr } = hmmu('drill', 'run', 'x.drill', '--ram-pages', '128')
    expect([status, stderr]).toEqual([1, expect.stringContaining('HMMU_OUT_OF_FRAMES')])
    for (const wrong of ['63', '1e3', '-1', '268435457', '']) {
      const { status, stderr } = hmmu('drill', 'run', 'x.drill', '--ram-pages', wrong)
      expectOneLine(stderr)
      expect([status, stderr]).toEqual([2, expect.stringContaining('An integer from 64 to 268435456')])
    }
  })

  test('--filter prefers a name to those that contain it', () => {
    put('x.drills', '=== a\nA clear\n=== ab\nA clear\n=== b\nA clear\n')
    const names = (...args: string[]) => hmmu('drill', 'run', 'x.drills', ...args).stdout.match(/(?<==== ).*/g)
    expect(names('--filter', 'a')).toEqual(['a'])
    expect(names('--filter', 'a', '--filter', 'ab')).toEqual(['a', 'ab'])
    put('y.drills', '=== one-1\nA clear\n=== one-2\nA clear\n')
    expect(hmmu('drill', 'run', 'y.drills', '--filter', 'one').stdout.match(/===/g)?.length).toBe(2)
    const { status, stderr } = hmmu('drill', 'run', 'y.drills', '--filter', 'ome-1')
    expect([status, stderr]).toEqual([2, "error: no drill has such a name; did you mean 'one-1'?\n"])
  })
})

describe('drill check', () => {
  test('files that can not be read fail alone', () => {
    put('good.drill', GOOD)
    put('good.expected', GOOD_EXPECTED)
    put('bad.drills', 'A clear\n')
    symlinkSync('/dev/zero', at('zero.drill'))
    put('link.drill', GOOD)
    symlinkSync('/dev/zero', at('link.expected'))
    const { status, stdout, stderr } = hmmu('drill', 'check', '.')
    expect(stdout).toContain("FAILED bad.drills: bad.drills:1:1: expected a line '=== NAME'")
    expect(stdout).toContain('FAILED zero.drill: zero.drill: is a device')
    expect(stdout).toContain('FAILED link.drill: link.expected: is a device')
    expect(stdout.endsWith('1 passed, 3 failed\n')).toBe(true)
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
  })

  test('a folder that can not be read fails alone', () => {
    put('good.drill', GOOD)
    put('good.expected', GOOD_EXPECTED)
    mkdirSync(at('closed'))
    chmodSync(at('closed'), 0)
    chmodSync(at('.'), 0o755)
    const { status, stdout, stderr } = hmmuWith(ORDINARY, 'drill', 'check', '.')
    expect(stdout).toBe("FAILED closed: closed: can't be read: permission denied\n1 passed, 1 failed\n")
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
  })

  test('a path that is not there is told, and the others are checked', () => {
    put('good.drill', GOOD)
    put('good.expected', GOOD_EXPECTED)
    expect(hmmu('drill', 'check', 'nothing', 'good.drill')).toEqual({
      status: 2,
      stdout: '1 passed, 0 failed\n',
      stderr: 'error: nothing: no such file or folder\n',
    })
  })

  test('what is expected is missing, as a file or in it', () => {
    put('x.drill', GOOD)
    put('y.drills', '=== one\nA clear\n')
    put('y.expected', '')
    const { status, stdout } = hmmu('drill', 'check', '.')
    expect(stdout).toContain('FAILED x: x.expected is missing; --update writes it')
    expect(stdout).toContain('FAILED one: y.expected has no transcript for it; --update adds it')
    expect(status).toBe(1)
  })

  test('escapes in what is expected are shown as text', () => {
    put('x.drill', GOOD)
    put('x.expected', `${ESCAPE}\u009b31m\u202e\n`)
    const { stdout } = hmmu('drill', 'check', '.')
    expect(stdout).toContain('-\\u{1b}[31m\\u{9b}31m\\u{202e}\n')
    const json = hmmu('drill', 'check', '.', '--json').stdout
    expect(json).not.toMatch(/[\p{Cc}\p{Cf}](?<!\n)/u)
    expect(JSON.parse(json).results[0].diff).toContain(`-${ESCAPE}\u009b31m\u202e\n`)
  })

  test('a transcript that differs in all its lines is no endless search', () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `A map r${i} anon 1\n`)
    put('x.drill', lines.join(''))
    put('x.expected', lines.map((line) => `B ${line}`).join(''))
    expect(hmmu('drill', 'check', '.').stdout).toContain(
      '@@ more than 2000 changes; the first is in line 1 @@\n-B A map r0 anon 1\n+A map r0 anon 1\n',
    )
  })
})

describe('drill check --update', () => {
  test('says what it changed', () => {
    put('new.drill', GOOD)
    put('same.drill', GOOD)
    put('same.expected', GOOD_EXPECTED)
    put('more.drills', `=== one\n${GOOD}=== two\nA clear\n`)
    put('more.expected', `=== one\nold\n=== gone\nA clear\n`)
    expect(hmmu('drill', 'check', '--update', '.')).toEqual({
      status: 0,
      stdout:
        'updated more.expected (linux-4.14): 1 added, 1 changed, 1 removed\nupdated new.expected (linux-4.14): 1 added\n4 passed, 0 failed\n',
      stderr: '',
    })
    expect(readFileSync(at('more.expected'), 'utf8')).toBe(`=== one\n${GOOD_EXPECTED}=== two\nA clear\n`)
    expect(hmmu('drill', 'check', '--update', '.').stdout).toBe('4 passed, 0 failed\n')
  })

  test('leaves what is expected of a drill that failed', () => {
    put('x.drills', `=== good\n${GOOD}=== bad\nA clear\nfork A A\n`)
    put('x.expected', '=== good\nold\n=== bad\nold\n')
    const { status, stdout } = hmmu('drill', 'check', '--update', '.')
    expect(stdout).toContain('FAILED bad: x.drills:6:1: ')
    expect(status).toBe(1)
    expect(readFileSync(at('x.expected'), 'utf8')).toBe(`=== good\n${GOOD_EXPECTED}=== bad\nold\n`)
  })

  test('does not overwrite what another profile prints, unless forced to', () => {
    const text = 'A map buf anon 1\nA write buf 1\nA migrate buf to dev skip=0\nA dump buf\n'
    put('x.drill', text)
    hmmu('drill', 'check', '--update', 'x.drill')
    const expected = readFileSync(at('x.expected'), 'utf8')
    const refused = hmmu('drill', 'check', '--update', '--profile', 'linux-4.14-fixed', 'x.drill')
    expect(refused.stdout).toContain(
      'FAILED x: x.expected has what linux-4.14 prints for it; --force overwrites that\n',
    )
    expect([refused.status, readFileSync(at('x.expected'), 'utf8')]).toEqual([1, expected])
    const forced = hmmu('drill', 'check', '--update', '--force', '--profile', 'linux-4.14-fixed', 'x.drill')
    expect(forced.stdout).toBe('updated x.expected (linux-4.14-fixed): 1 changed\n1 passed, 0 failed\n')
    expect(readFileSync(at('x.expected'), 'utf8')).not.toBe(expected)
  })

  test('does not follow a link', () => {
    put('x.drill', GOOD)
    put('precious', 'precious')
    symlinkSync('precious', at('x.expected'))
    const { status, stdout } = hmmu('drill', 'check', '--update', 'x.drill')
    expect(stdout).toContain('FAILED x.drill: x.expected: is a link')
    expect([status, readFileSync(at('precious'), 'utf8')]).toEqual([1, 'precious'])
  })

  test('can not write, and leaves all as it is', () => {
    put('x.drill', GOOD)
    put('x.expected', 'old\n')
    chmodSync(at('x.expected'), 0o444)
    chmodSync(at('.'), 0o755)
    const { status, stdout, stderr } = hmmuWith(ORDINARY, 'drill', 'check', '--update', 'x.drill')
    expect(stdout).toBe("FAILED x.drill: x.expected: can't be written: permission denied\n0 passed, 1 failed\n")
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
    expect(readFileSync(at('x.expected'), 'utf8')).toBe('old\n')
    expect(statSync(at('x.expected')).mode & 0o777).toBe(0o444)
  })
})

describe('output', () => {
  test.each([
    '--help',
    '--version',
    'demo',
    'doctor',
    'drill run x.drill',
    'drill check x.drill',
    'trace x.drill --folded',
  ])('of %s into a full disk is an error', (args) => {
    put('x.drill', GOOD)
    const { status, stderr } = shell(`$HMMU ${args} > /dev/full`)
    expect([status, stderr]).toEqual([1, "error: standard output can't be written: no space left on device\n"])
  })

  test('errors into a full disk change no exit code', () => {
    expect(shell('$HMMU nonsense 2> /dev/full').status).toBe(2)
  })

  test('ends the work when its reader has gone, silently', () => {
    put('x.drills', Array.from({ length: 20_000 }, (_, i) => `=== ${i}\nA clear\n`).join(''))
    const { status, stdout, stderr } = shell('set -o pipefail; $HMMU drill run x.drills | head -1')
    expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '=== 0\n', stderr: '' })
  })

  test('has colours where FORCE_COLOR asks for them, and none where NO_COLOR asks for none', () => {
    const colored = (env: NodeJS.ProcessEnv) => hmmuWith({ env }, 'demo').stdout.includes(ESCAPE.slice(0, 2))
    expect(colored({ FORCE_COLOR: '1' })).toBe(true)
    expect(colored({ FORCE_COLOR: '0' })).toBe(false)
    expect(colored({ FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false)
    expect(colored({})).toBe(false)
  })

  test('of a progress bar leaves the terminal as it was, whenever it is interrupted', () => {
    put('x.drills', Array.from({ length: 500 }, (_, i) => `=== ${i}\nA clear\n`).join(''))
    // script(1) gives the command a terminal; its own output has what was sent to it.
    const { stdout } = shell(`script -qec '${process.execPath} ${MAIN} drill check x.drills' /dev/null < /dev/null`)
    expect(stdout).toContain('drills [')
    for (const mode of ['\u001b[?25l', '\u001b[?7l']) expect(stdout).not.toContain(mode)
  })
})

describe('usage', () => {
  test.each([
    [['drill', 'chek'], "unknown command 'chek' (Did you mean check?)"],
    [[`${ESCAPE}`], "unknown command '\\u{1b}[31m'"],
    [['drill', 'run', '--nonsense', 'x'], "unknown option '--nonsense'"],
    [['drill', 'run', '--profile', 'x', 'y'], "argument 'x' is invalid"],
    [['drill', 'check', '-'], 'nothing is expected of standard input'],
    [['drill', 'check', '--force', '.'], '--force is for --update'],
    [['trace', 'nothing.drill', '--folded'], "nothing.drill: can't be read: no such file or directory"],
    [['bench', '--sizes', '1', '--time', '1', '--flame', '.'], ". can't be written: illegal operation on a directory"],
  ])('%j is an error of one line', (args, message) => {
    const { status, stdout, stderr } = hmmu(...args)
    expectOneLine(stderr)
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining(message)])
  })

  test('bench takes the sizes that its help shows', () => {
    const shown = /--sizes[^(]*\(default: ([^)]*)\)/.exec(hmmu('bench', '--help').stdout)?.[1] ?? ''
    expect(shown).toBe('1,16,512,8192')
    const sizes = (text: string) =>
      new Set(
        JSON.parse(hmmu('bench', '--sizes', text, '--time', '1', '--json').stdout).results.map(
          ({ pages }: { pages: number }) => pages,
        ),
      )
    expect(sizes(shown)).toEqual(new Set([1, 16, 512, 8192]))
    expect(sizes('2, 3')).toEqual(new Set([2, 3]))
  })
})

describe('what can not be loaded', () => {
  test.each([
    [{ HMMU_BACKEND: 'other' }, 'HMMU_BACKEND must be native, wasm, or not set, not other'],
    [
      { HMMU_BACKEND: 'native', HMMU_BINDING: '/none.node' },
      "HMMU_BINDING names can't be loaded (tried /none.node: no",
    ],
  ])('%j is told in a line', (env, message) => {
    const { status, stderr } = hmmuWith({ env }, 'doctor')
    expectOneLine(stderr)
    expect([status, stderr]).toEqual([1, expect.stringContaining(message)])
  })

  test('a missing WebAssembly module names the command that builds it', () => {
    // A copy of the package without one.
    execFileSync('cp', ['-r', DIST, at('dist')])
    execFileSync('rm', ['-f', at('dist/hmmu.wasm')])
    symlinkSync(join(DIST, '../node_modules'), at('node_modules'))
    expect(existsSync(at('dist/hmmu.wasm'))).toBe(false)
    const { status, stderr } = shell(`HMMU_BACKEND=wasm ${process.execPath} dist/cli/main.js doctor`)
    expectOneLine(stderr)
    expect([status, stderr]).toEqual([1, expect.stringContaining('"npm run build:wasm" in ')])
  })
})
