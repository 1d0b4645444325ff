// SPDX-License-Identifier: GPL-2.0-only
//
// `hmmu driver` with bad input: one line, and the right exit code, before anything is built. scripts/kapi tests what is built.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { at, hmmu, hmmuWith, put, useFolder } from './command'

useFolder()

/** A tree of a version. */
function tree(name: string, version: number, patchlevel: number): string {
  mkdirSync(at(name))
  put(`${name}/Makefile`, `# SPDX\nVERSION = ${version}\nPATCHLEVEL = ${patchlevel}\nSUBLEVEL = 1\n`)
  return name
}

/** Fails with one line on stderr, and nothing on stdout. */
function refuses(message: string, ...args: string[]): void {
  const { status, stdout, stderr } = hmmu('driver', ...args)
  expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: `error: ${message}\n` })
}

test('a tree of another version', () => {
  put('x.c', '')
  refuses(
    'old: is Linux 5.10; drivers of Linux 6.12 can be built (HMMU_DRIVER_TREE)',
    'build',
    '--kernel',
    tree('old', 5, 10),
    'x.c',
  )
})

test('a tree whose Makefile is no file', () => {
  mkdirSync(at('tree'))
  execFileSync('mkfifo', [at('tree/Makefile')])
  refuses(
    'x.c: there is no such file, neither in the tree nor in this folder (HMMU_DRIVER_FILE)',
    'run',
    '--kernel',
    'tree',
    'x.c',
  )
})

test('each fault of the runtime is allowed', () => {
  const list =
    readFileSync(join(__dirname, '../../native/kapi/kapi.h'), 'utf8').split('#define KAPI_FAULTS(X)')[1] ?? ''
  const names = [...(list.split('\n\n')[0] ?? '').matchAll(/X\([A-Z_]+, "([a-z-]+)"/g)].map(([, name]) => name)
  expect(names).toContain('allocation')
  for (const name of names)
    refuses('x.c: there is no such file (HMMU_DRIVER_FILE)', 'run', 'x.c', '--fault', `${name}=1`)
})

test('a tree that is not there', () => {
  refuses('linux: there is no such folder (HMMU_DRIVER_FILE)', 'run', '--kernel', 'linux', 'lib/test_hmm.c')
})

test('a folder that is no tree', () => {
  mkdirSync(at('other'))
  put('x.c', '')
  refuses('other: is no source tree of Linux, and no part of one (HMMU_DRIVER_TREE)', 'run', '--kernel', 'other', 'x.c')
})

test('a source that is not there', () => {
  refuses('x.c: there is no such file (HMMU_DRIVER_FILE)', 'run', 'x.c')
  refuses(
    'lib/x.c: there is no such file, neither in the tree nor in this folder (HMMU_DRIVER_FILE)',
    'run',
    '--kernel',
    tree('linux', 6, 12),
    'lib/x.c',
  )
})

test('paths with which builds can not cope', () => {
  put('a;b.c', '')
  refuses("a;b.c: builds can't cope with ';' in a path (HMMU_DRIVER_FILE)", 'run', 'a;b.c')
})

test('flags that are more than words', () => {
  put('x.c', '')
  refuses(
    "'-DX=$(reboot)': flags with quotes or semicolons are not allowed (HMMU_DRIVER_FILE)",
    'run',
    '--cflags=-DX=$(reboot)',
    'x.c',
  )
  refuses(
    "'address -x' is no list of sanitizers, such as address,undefined (HMMU_DRIVER_FILE)",
    'run',
    '--sanitize=address -x',
    'x.c',
  )
})

test.each([
  ['seed', ['--seed', 'x'], /--seed <n>' argument 'x' is invalid. A number is allowed/],
  ['number of a fault', ['--fail-allocation', '-1'], /A number is allowed/],
  ['fault', ['--fault', 'luck=1'], /Allowed are allocation=N, trylock=N/],
  ['parameter', ['--param', 'x'], /NAME=VALUE is allowed/],
  ['script besides a program', ['--ioctl-script', 'a', '--program', 'b.c'], /either --ioctl-script or --program/],
  ['sanitizer for a program', ['--sanitize', 'address', '--program', 'x.c'], /does not run with sanitizers/],
  ['fault at each place for a program', ['--fault', 'trylock=all', '--program', 'x.c'], /a fault has a number/],
])('a wrong %s', (_what, options, message) => {
  put('x.c', '')
  const { status, stdout, stderr } = hmmu('driver', 'run', 'x.c', ...options)
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toMatch(message)
  expect(stderr).toMatch(/^error: [^\n]*\n$/)
})

test('programs that are not installed', () => {
  put('x.c', '')
  const { status, stdout, stderr } = hmmuWith({ env: { PATH: at('') } }, 'driver', 'build', 'x.c')
  const message =
    'cmake and make and cc are not installed; drivers are built with cmake, make and gcc (HMMU_DRIVER_TOOL)'
  expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: `error: ${message}\n` })
})

test('a cache that can not be written to', () => {
  put('x.c', '')
  put('file', '')
  const { status, stderr } = hmmuWith({ env: { XDG_CACHE_HOME: at('file') } }, 'driver', 'build', 'x.c')
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: expect.stringMatching(/^error: .*file\/hmmu\/runtime-\w+: can't be written to: .* \(HMMU_DRIVER_FILE\)\n$/),
  })
})
