// SPDX-License-Identifier: GPL-2.0-only
//
// `hmmu driver` as users start it: builds, runs, reports, coverage, gdb. HMMU_KAPI_BUILD names the folder of test:kapi, which has
// a part of Linux's tree.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../lib/run.mjs'

const build = process.env.HMMU_KAPI_BUILD
if (build === undefined) throw new Error('npm run test:kapi runs these tests')
const tree = join(build, 'linux-6.12')
const folder = join(build, 'command')
const TINYMEM = join(root, 'examples/kernel-drivers/tinymem/driver/tinymem.c')
const SCRIPT = join(root, 'examples/kernel-drivers/test_hmm.ioctl')

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder)

/** Runs `hmmu driver` in the folder. */
function driver(args, options = {}) {
  const env = { ...process.env, XDG_CACHE_HOME: join(build, 'cache') }
  const command = [join(root, 'dist/cli/main.js'), 'driver', ...args]
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: folder,
    encoding: 'utf8',
    env,
    ...options,
  })
  return { status, stdout, stderr }
}

function put(name, text) {
  writeFileSync(join(folder, name), text)
  return name
}

/** A module with something in its init and its exit. */
const module = (init, exit = '') => `#include <linux/bug.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/mutex.h>

static int number = 1;
module_param(number, int, 0444);

static int __init x_init(void)
{
	${init}
	return 0;
}

static void __exit x_exit(void)
{
	${exit}
}

module_init(x_init);
module_exit(x_exit);
MODULE_LICENSE("GPL");
`

test('a driver in which nothing is wrong: loaded and unloaded', () => {
  const { status, stdout, stderr } = driver(['run', TINYMEM])
  assert.equal(status, 0, stdout + stderr)
  assert.equal(stdout, '')
})

test('a report has file and line, and the exit code is 1', () => {
  put('leak.c', module('kmalloc(10, GFP_KERNEL);'))
  const { status, stdout } = driver(['run', 'leak.c'])
  assert.deepEqual(
    { status, stdout },
    { status: 1, stdout: 'leak.c:11: 10 bytes that were allocated here are never freed [memory-left]\n' },
  )
})

test('what is changed is built again; reports as JSON', () => {
  put('leak.c', module('kmalloc(20, GFP_KERNEL);\n\tWARN_ON(number == 3);'))
  const { status, stdout } = driver(['run', 'leak.c', '--json', '--param', 'number=3'])
  const { passed, reports } = JSON.parse(stdout)
  assert.deepEqual({ status, passed }, { status: 1, passed: false })
  assert.deepEqual(
    reports.map(({ file, line, check }) => [file, line, check]),
    [
      ['leak.c', 12, 'warn'],
      ['leak.c', 11, 'memory-left'],
    ],
  )
})

test('a parameter that the driver does not have', () => {
  const { status, stderr } = driver(['run', 'leak.c', '--param', 'size=3'])
  assert.deepEqual(
    { status, stderr },
    { status: 2, stderr: 'error: --param size=3: the driver has no such parameter\n' },
  )
})

test('each allocation fails in turn; a driver that crashes', () => {
  put(
    'careless.c',
    module('int *a = kmalloc(4, GFP_KERNEL), *b = kmalloc(4, GFP_KERNEL);\n\tkfree(a);\n\t*b = 1;\n\tkfree(b);'),
  )
  assert.equal(driver(['run', 'careless.c']).status, 0)
  const { status, stdout } = driver(['run', 'careless.c', '--fail-allocation', 'all'])
  assert.equal(status, 1)
  assert.match(stdout, /^kapi: .*\[crash\] \(allocation 2, and 0 others\)\n2 runs, each with one fault: allocation\n$/)
  assert.equal(driver(['run', 'careless.c', '--fail-allocation', '2']).status, 1)
})

test('sanitizers see what the driver does', () => {
  put('beyond.c', module('char *a = kmalloc(8, GFP_KERNEL);\n\ta[number + 7] = 1;\n\tkfree(a);'))
  const { status, stderr } = driver(['run', 'beyond.c', '--sanitize', 'address'])
  assert.notEqual(status, 0)
  assert.match(stderr, /heap-buffer-overflow[\s\S]*x_init.*beyond\.c:12/)
})

/** Sources, folders of headers and script of a driver of the tree, with surroundings from examples/. */
const SURROUNDED = {
  nouveau: {
    files: ['drivers/gpu/drm/nouveau/nouveau_dmem.c'],
    own: ['gpu.c'],
    headers: ['drivers/gpu/drm/nouveau/include'],
  },
  amdkfd: { files: ['drivers/gpu/drm/amd/amdkfd/kfd_migrate.c'], own: ['kfd.c', 'gpu.c'], headers: [] },
}
for (const [name, { files, own, headers }] of Object.entries(SURROUNDED))
  test(`a driver of the tree in surroundings of ours: ${name}`, () => {
    const example = (file) => join(root, 'examples/kernel-drivers', name, file)
    const folders = [example('include'), ...headers.map((folder) => join(tree, folder))]
    const { stdout } = driver([
      ...['run', '--kernel', tree, ...files, ...own.map(example), '--quiet'],
      ...folders.flatMap((folder) => ['-I', folder]),
      ...['--ioctl-script', example('there-and-back.ioctl')],
    ])
    // What is found in these drivers is in docs/kernel-drivers-tree.md; the script's expectations are all met.
    const checks = new Set([...stdout.matchAll(/\[([\w-]+)\]$/gm)].map(([, check]) => check))
    assert.deepEqual([...checks], name === 'nouveau' ? ['bad-dma', 'memory-left'] : ['bad-dma'])
    assert.doesNotMatch(stdout, /expected|skipped/)
  })

test('coverage of the driver', () => {
  const { status, stdout } = driver([
    'run',
    '--kernel',
    tree,
    'lib/test_hmm.c',
    '--ioctl-script',
    SCRIPT,
    '--coverage',
    '--quiet',
  ])
  assert.equal(status, 0, stdout)
  const [, executed, lines, path] = /: (\d+) of (\d+) lines \(\d+ %\), see (.*)\n$/.exec(stdout)
  assert.ok(executed > 0.6 * lines && executed < lines, `${executed} of ${lines}`)
  assert.match(readFileSync(path, 'utf8'), /^ +#####: +\d+:/m)
})

test('gdb stops at a line of the driver', { skip: spawnSync('gdb', ['--version']).error !== undefined }, () => {
  put('stop.c', module('kfree(kmalloc(20, GFP_KERNEL));'))
  const input = 'set breakpoint pending on\nset debuginfod enabled off\nbreak x_init\nrun\nnext\nkill\nquit\n'
  const { stdout } = driver(['run', 'stop.c', '--gdb'], { input })
  assert.match(
    stdout,
    /^Breakpoint 1, x_init \(\) at .*stop\.c:10\n10\t\{\n[\s\S]*^\S* ?11\t\tkfree\(kmalloc\(20, GFP_KERNEL\)\);/m,
  )
})

test('names that are missing, as a list', () => {
  put('wants.c', module('no_such_function(NO_SUCH_CONSTANT);'))
  const { status, stdout, stderr } = driver(['build', 'wants.c'])
  assert.deepEqual(
    { status, stdout, stderr },
    {
      status: 1,
      stdout: 'wants.c:11: NO_SUCH_CONSTANT\nwants.c:11: no_such_function\n',
      stderr: 'error: the driver needs 2 names that hmmu does not have (HMMU_DRIVER_MISSING)\n',
    },
  )
})

test('a function that is declared and not defined', () => {
  put('extern.c', module('int elsewhere(void);\n\treturn elsewhere();'))
  const { status, stdout } = driver(['build', 'extern.c'])
  assert.deepEqual({ status, stdout }, { status: 1, stdout: 'extern.c:12: elsewhere\n' })
})

test('other errors of the compiler are shown as they are', () => {
  put('wrong.c', module('return'))
  const { status, stderr } = driver(['build', 'wrong.c'])
  assert.equal(status, 1)
  assert.match(
    stderr,
    /wrong\.c:\d+:\d+: error: expected expression[\s\S]*error: the compiler refuses it \(HMMU_DRIVER_BUILD\)\n$/,
  )
  assert.doesNotMatch(stderr, /make/)
})

test('build prints what it has made', () => {
  const { status, stdout } = driver(['build', TINYMEM, '--out', 'made'])
  const made = ['run_driver', 'tinymem.so'].map((name) => `${join(folder, 'made', name)}\n`)
  assert.deepEqual({ status, stdout }, { status: 0, stdout: made.join('') })
})

/** Scripts that are wrong, and how that is told. */
const WRONG = [
  ['B map x anon 1', "1:1: expected a process, or struct, ioctl, fork, thread, exit or drop, found 'B'"],
  ['A map x anon', '1:13: expected a number of pages (1 to 262144), found the end of the line'],
  ['A map x anon 0x100000000000000000', "1:14: expected a number of pages (1 to 262144), found '0x100000000000000000'"],
  [
    'A map x anon 4\nA unmap x[3-2]',
    "2:9: expected a place (REGION, REGION[PAGE] or REGION[FIRST-LAST]), found 'x[3-2]'",
  ],
  ['A map x anon 4\nA unmap x[3', "2:9: expected a place (REGION, REGION[PAGE] or REGION[FIRST-LAST]), found 'x[3'"],
  [
    'A store y u8 1',
    "1:9: expected a place (REGION, REGION[PAGE] or REGION[FIRST-LAST], or one of these +BYTES), found 'y'",
  ],
  ['struct s a:u7', "1:10: expected a field (NAME:TYPE or NAME:TYPE[COUNT]), found 'a:u7'"],
  ['struct s a:u64[513]', '1:10: a structure has at most 4096 bytes'],
  ['struct s a:u8 a:u8', "1:15: the field 'a' is there already"],
  ['struct s a:u8\nioctl R _IOR H 256 s', "2:16: expected an ioctl's number (0 to 255), found '256'"],
  ['A open f x\nA ioctl f R', "2:11: expected an ioctl's name or number, found 'R'"],
  ['  A map x anon 1', '1:1: only lines below a repeat are indented'],
  ['A wait', '1:1: there is no command for which to wait'],
  [
    'A open f x expect EWHAT',
    "1:19: expected a result (a number, an errno's name, SIGSEGV, SIGBUS or blocked), found 'EWHAT'",
  ],
  ['A open f \u001b[31m', '1:10: a character that is not of ASCII, or not visible'],
  [`A open f x${' y'.repeat(200)}`, '1:260: more than 128 words'],
]

test('scripts that are wrong end in a line with the place', () => {
  const { runner } = JSON.parse(driver(['build', TINYMEM, '--json']).stdout)
  for (const [text, message] of WRONG) {
    put('wrong.ioctl', `${text}\n`)
    const { status, stdout, stderr } = spawnSync(runner, ['--script', 'wrong.ioctl'], { cwd: folder, encoding: 'utf8' })
    assert.deepEqual({ status, stdout, stderr }, { status: 2, stdout: '', stderr: `error: wrong.ioctl:${message}\n` })
  }
  const { status, stderr } = driver(['run', TINYMEM, '--ioctl-script', '.'])
  assert.deepEqual({ status, stderr }, { status: 2, stderr: 'error: .: a regular file is needed\n' })
})

test('an expectation that is not met', () => {
  put(
    'wish.ioctl',
    'A map x anon 2\nA store x u16 5\nA load x u16 expect 6\nA open f /dev/none expect 0\nA kind x expect dev\n',
  )
  const { status, stdout } = driver(['run', TINYMEM, '--ioctl-script', 'wish.ioctl'])
  assert.equal(status, 1)
  const wrong = stdout.split('\n').filter((line) => line.startsWith('wish.ioctl:'))
  assert.deepEqual(wrong, [
    'wish.ioctl:3: expected 6 in [0], is 5',
    'wish.ioctl:4: expected 0, is ENOENT',
    'wish.ioctl:5: expected dev in [0], is sys',
  ])
})
