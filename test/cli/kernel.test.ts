// SPDX-License-Identifier: GPL-2.0-only
//
// --kernel, with a fake QEMU and a fake compiler. `npm run test:kernel` runs the real ones.

import { chmodSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { at, hmmu, hmmuWith, put, useFolder } from './command'

useFolder()

const DRILL = 'A map buf anon 1\nA dump buf\n'
const EXPECTED = 'A map buf anon 1\nA dump buf\n  [0] none\n'
const END = '=== END\n'

/** QEMU's nth start prints the file `outN`, and fails if there is a file `failN`. */
const QEMU = `#!/bin/sh
for argument; do
  case $argument in
    file,id=out,path=*) out=\${argument#file,id=out,path=} ;;
    file:*) console=\${argument#file:} ;;
  esac
done
n=$(($(cat boots 2>/dev/null) + 1))
echo $n > boots
echo 'Kernel panic - not syncing' > "$console"
cat out$n > "$out"
[ -e fail$n ] || exit 0
echo 'qemu: no such machine' >&2
exit 1
`
/** Makes an empty program. */
const GCC = '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\n: > "$2"\n'

function putProgram(name: string, text: string): void {
  mkdirSync(at('bin'), { recursive: true })
  put(join('bin', name), text)
  chmodSync(at(join('bin', name)), 0o755)
}

function bzImage(): Buffer {
  const image = Buffer.alloc(0x300)
  image.write('HdrS', 0x202)
  return image
}

/** What the machine prints for its drills, the first of which is number `first`. */
function printed(transcripts: readonly string[], first = 0): string {
  return transcripts.map((text, i) => `=== ${first + i}\n${text}=== .\n`).join('')
}

/** The command with the fake programs in front of the real ones. */
function hmmuFake(...args: string[]) {
  const env = { PATH: `${at('bin')}:${process.env.PATH}` }
  const { status, stdout, stderr } = hmmuWith({ env }, ...args)
  return { status, stdout, stderr: stderr.replaceAll(at(''), '') }
}

function check(...args: string[]) {
  return hmmuFake('drill', 'check', '--kernel=bzImage', ...args)
}

beforeEach(() => {
  putProgram('qemu-system-x86_64', QEMU)
  putProgram('gcc', GCC)
  put('bzImage', bzImage())
  put('x.drill', DRILL)
  put('x.expected', EXPECTED)
})

describe('what the kernel prints', () => {
  test('is compared with the expected transcripts', () => {
    put('y.drills', `=== same\n${DRILL}=== different\n${DRILL}`)
    put('y.expected', `=== same\n${EXPECTED}=== different\n${DRILL}`)
    put('out1', `the kernel boots\n${printed([EXPECTED, EXPECTED, EXPECTED])}${END}`)
    const { status, stdout, stderr } = check('.')
    expect(stdout).toContain('FAILED different: the transcript differs from the expected one\n')
    expect(stdout).toContain('\n+  [0] none\n')
    expect(stdout).toMatch(/\n2 passed, 1 failed\n$/)
    expect(stderr).toBe('')
    expect(status).toBe(1)
  })

  test('can be printed', () => {
    put('out1', printed([EXPECTED]) + END)
    expect(hmmuFake('drill', 'run', 'x.drill', '--kernel', 'bzImage')).toEqual({
      status: 0,
      stdout: EXPECTED,
      stderr: '',
    })
  })

  test('can become the expected transcript, unless a profile prints that', () => {
    for (const n of [1, 2, 3, 4]) put(`out${n}`, printed([`${DRILL}  [0] zero ----\n`]) + END)
    expect(check('x.drill', '--update').stdout).toContain('x.expected has what linux-4.14 prints for it')
    expect(check('x.drill', '--update', '--force').stdout).toBe(
      'updated x.expected (a real kernel): 1 changed\n1 passed, 0 failed\n',
    )
    expect(check('x.drill').stdout).toBe('1 passed, 0 failed\n')
    expect(hmmu('drill', 'check', 'x.drill').stdout).toContain('0 passed, 1 failed')
    put('profile', 'linux-9.9')
    expect(check('x.drill', '--json').stdout).toContain('"passed": 1')
  })
})

describe('a drill is void', () => {
  const second = `=== good\n${DRILL}`
  beforeEach(() => {
    put('y.drills', `=== bad\n${DRILL}${second}`)
    put('y.expected', `=== bad\n${EXPECTED}=== good\n${EXPECTED}`)
  })

  test('if the kernel complained', () => {
    put('out1', `${printed([`${EXPECTED}!FAIL kernel: WARNING\n`, EXPECTED])}${END}`)
    const { status, stdout } = check('y.drills')
    expect(stdout).toBe('FAILED bad: y.drills: bad is void: kernel: WARNING\n1 passed, 1 failed\n')
    expect(status).toBe(1)
  })

  test('and the line is told, if it is one of the script', () => {
    const printedTwice = printed([EXPECTED, `${DRILL}!FAIL line 2: no such command: A dump buf\n`])
    for (const n of [1, 2]) put(`out${n}`, printedTwice + END)
    const message = 'y.drills:6:1: good is void: no such command: A dump buf\n'
    expect(check('y.drills').stdout).toContain(`FAILED good: ${message}`)
    expect(hmmuFake('drill', 'run', 'y.drills', '--kernel', 'bzImage').stderr).toBe(`error: ${message}`)
  })

  test.each([
    ['nothing', ''],
    ['a part of its transcript', `=== 0\n${EXPECTED}`],
  ])('if the machine died and printed %s; the others run on another', (_, text) => {
    put('out1', text)
    put('out2', printed([EXPECTED], 1) + END)
    const { stdout } = check('y.drills')
    expect(stdout).toContain('FAILED bad: y.drills: bad is void: the machine died: Kernel panic - not syncing')
    expect(stdout).toMatch(/\n1 passed, 1 failed\n$/)
  })

  test('if QEMU fails', () => {
    put('fail1', '')
    put('out1', '')
    const { stdout } = check('x.drill')
    expect(stdout).toContain('void: qemu-system-x86_64 ended with 1: qemu: no such machine\n')
  })

  test('with all others if something interfered', () => {
    put('out1', `${printed([EXPECTED, EXPECTED])}=== MACHINE\n!FAIL khugepaged collapsed pages\n=== .\n${END}`)
    expect(check('y.drills').stdout).toContain('0 passed, 2 failed')
  })

  test.each([
    ['=== 1\nA map buf anon 1\n', "a line of the script begins with '===' or '!'"],
    ['  === END\n', "a line of the script begins with '===' or '!'"],
    ['!bench\n', "a line of the script begins with '===' or '!'"],
    ['A map\0', 'the script has a NUL character'],
  ])('if its script could be taken for more than a drill: %j', (text, reason) => {
    put('x.drill', text)
    expect(check('x.drill').stdout).toContain(`FAILED x: x.drill: x is void: ${reason}\n`)
    expect(existsSync(at('boots'))).toBe(false)
  })
})

describe('what is missing is said in a line', () => {
  function expectLine({ status, stdout, stderr }: ReturnType<typeof hmmu>, message: string): void {
    expect(stderr).toBe(`error: ${message} (HMMU_DRILL_KERNEL)\n`)
    expect(stdout).toBe('')
    expect(status).toBe(2)
  }

  test.each([
    [[], 'python3, gcc, qemu-system-x86_64', 'python3 gcc libc6-dev qemu-system-x86'],
    [['python3', 'gcc'], 'qemu-system-x86_64', 'qemu-system-x86'],
    [['gcc', 'qemu-system-x86_64'], 'python3', 'python3'],
  ])('programs, where there are %j', (installed, programs, packages) => {
    mkdirSync(at('few'))
    for (const name of installed) symlinkSync(process.execPath, at(join('few', name)))
    const result = hmmuWith({ env: { PATH: at('few') } }, 'drill', 'check', '--kernel=bzImage', 'x.drill')
    expectLine(result, `${programs}: not installed (Debian: apt-get install ${packages})`)
  })

  test('the kernel', () => {
    const absent = hmmuFake('drill', 'check', '--kernel', 'absent', 'x.drill')
    expectLine(absent, 'absent: is missing; `npm run kernel:build` in a checkout of hmmu makes a kernel')
    const folder = hmmuFake('drill', 'run', 'x.drill', '--kernel', '.')
    expectLine(folder, '.: is no file; --kernel takes a bzImage')
    const drill = hmmuFake('drill', 'check', '--kernel', 'x.drill', 'x.drill')
    expectLine(drill, 'x.drill: is no bzImage')
  })

  test('the programs of kernel/', () => {
    const message = 'bin: has no drillvm.py; --kernel-runner takes the folder kernel/ of a checkout of hmmu'
    expectLine(check('x.drill', '--kernel-runner', 'bin'), message)
  })

  test('or what fails', () => {
    putProgram('gcc', '#!/bin/sh\nexit 1\n')
    expect(check('x.drill').stderr).toMatch(/drillvm\.py: ended with 1: .*\(HMMU_DRILL_KERNEL\)\n$/)
    put('drillvm.py', 'print("nonsense")')
    const line = 'drillvm.py: printed something else than the runs of drills'
    expectLine(check('x.drill', '--kernel-runner', '.'), line)
  })
})

test.each([[['--profile', 'linux-4.14']], [['--verify']], [['--ram-pages', '100']]])(
  'a kernel is no machine: %j',
  (options) => {
    const { status, stderr } = check('x.drill', ...options)
    expect(stderr).toMatch(/cannot be used with option/)
    expect(status).toBe(2)
  },
)

test('--kernel-runner alone makes no sense', () => {
  const { status, stderr } = hmmuFake('drill', 'check', 'x.drill', '--kernel-runner', '.')
  expect(stderr).toBe('error: --kernel-runner is for --kernel\n')
  expect(status).toBe(2)
})
