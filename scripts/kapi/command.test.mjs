// SPDX-License-Identifier: GPL-2.0-only
//
// `hmmu driver` as users start it: builds, runs, reports, coverage, gdb. HMMU_KAPI_BUILD names the folder of test:kapi, which has
// a part of Linux's tree.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
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
  assert.equal(stdout, 'no reports; module loaded and unloaded\n')
  assert.equal(driver(['run', TINYMEM, '--quiet']).stdout, '')
  assert.deepEqual(JSON.parse(driver(['run', TINYMEM, '--json']).stdout), { passed: true, reports: [] })
})

test('a report has file and line, and the exit code is 1', () => {
  put('leak.c', module('kmalloc(10, GFP_KERNEL);'))
  const { status, stdout } = driver(['run', 'leak.c'])
  assert.deepEqual(
    { status, stdout },
    { status: 1, stdout: 'leak.c:11: 10 bytes that were allocated here are never freed [memory-left]\n' },
  )
})

test('the first driver of docs/kernel-drivers.md is reported as the document says', () => {
  const text = readFileSync(join(root, 'docs/kernel-drivers.md'), 'utf8')
  const [, source] = /^```c\n(.*?)^```$/ms.exec(text)
  const [, output] = /^\$ npx hmmu driver run leak\.c\n(.*?)^```$/ms.exec(text)
  put('leak.c', source)
  const { status, stdout } = driver(['run', 'leak.c'])
  assert.deepEqual({ status, stdout }, { status: 1, stdout: output })
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
  assert.match(
    stdout,
    /^careless\.c:13: NULL is .* \[crash\] \(allocation 2, at careless\.c:11\)\n2 runs, each with one fault: allocation\n$/,
  )
  assert.equal(driver(['run', 'careless.c', '--fail-allocation', '2']).status, 1)
  const { stdout: nothing } = driver(['run', 'careless.c', '--fault', 'trylock=all'])
  assert.equal(nothing, 'the driver has no place where this fault could happen: trylock\n')
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
  const [, executed, lines, path, missed] =
    /: (\d+) of (\d+) lines \(\d+ %\), see (.*)\n {2}not executed: ([\d, -]+)\n$/.exec(stdout)
  assert.ok(executed > 0.6 * lines && executed < lines, `${executed} of ${lines}`)
  const [, line] = /^ +#####: +(\d+):/m.exec(readFileSync(path, 'utf8'))
  assert.match(missed, new RegExp(`^${line}\\b`))
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
    "1:19: expected a result (a number, an errno's name, SIGSEGV, SIGBUS, blocked, skipped or any), found 'EWHAT'",
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

/** Ways in which an ioctl goes wrong, and how that is told. The line is that of the code here. */
const WAYS = [
  ['*(volatile int *)0 = 1;', /: NULL is (?:written|used) \[crash\]/],
  ['return ((volatile struct list_head *)0)->prev != NULL;', /: NULL \+ 8 is (?:read|used) \[crash\]/],
  ['return *(volatile int *)ERR_PTR(-ENOMEM);', /: -ENOMEM is (?:read|used), an error code in a pointer \[crash\]/],
  [
    'return *(volatile char *)argument;',
    /: 0x[0-9a-f]+ is (?:read|used), an address of user space: .*copy_from_user\(\).* \[crash\]/,
  ],
  ['((void (*)(void))nothing)();', /: NULL is called \[crash\]/],
  ['list_del(kmalloc(16, GFP_KERNEL));', /: a pointer is used that is no address: .* \[crash\]/],
  ['memset(nothing, 0, 8 + argument % 2);', /: NULL is (?:written|used) \[crash\]/],
  ['while (1) barrier();', /: a loop goes on for ever: it has taken 1 s of CPU time \[no-progress\]/],
  ['while (1) cond_resched();', /: a loop goes on for ever: it has taken 1 s of CPU time \[no-progress\]/],
]

/** A driver whose ioctl N goes wrong in the Nth way. Returns the line of the first way. */
function putWild() {
  const cases = WAYS.map(([code], i) => `case ${i}: ${code} break;`)
  const init = `alloc_chrdev_region(&number_of, 0, 1, "wild");
	cdev_init(&cdev, &ops);
	device_initialize(&device);
	device.devt = number_of;
	dev_set_name(&device, "wild");
	return cdev_device_add(&cdev, &device);`
  const exit = 'cdev_device_del(&cdev, &device);\n\tunregister_chrdev_region(number_of, 1);'
  const text = `#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
static dev_t number_of;
static struct cdev cdev;
static struct device device;
static void *volatile nothing;
static noinline int recurse(int depth)
{
	volatile char most[8192];
	most[0] = depth;
	return recurse(depth + most[0]) + most[0];
}
static long wild(struct file *file, unsigned int command, unsigned long argument)
{
	switch (command) {
${cases.join('\n')}
case 99: return recurse(1);
	}
	return -ENOTTY;
}
static const struct file_operations ops = { .unlocked_ioctl = wild };
${module(init, exit)}`
  put('wild.c', text)
  return text.slice(0, text.indexOf('case 0:')).split('\n').length
}

const first = putWild()
const DEVICE = 'A open f /dev/wild\nA map x anon 1\nA store x u8 1\n'

test('a crash and a loop have the line of the driver', () => {
  const { runner } = JSON.parse(driver(['build', 'wild.c', '--json']).stdout)
  for (const [i, [, told]] of WAYS.entries()) {
    put('wild.ioctl', `${DEVICE}A ioctl f ${i} x\n`)
    const arguments_ = ['--script', 'wild.ioctl', '--cpu-limit', '1']
    const { status, stdout } = spawnSync(runner, arguments_, { cwd: folder, encoding: 'utf8' })
    const last = stdout.trimEnd().split('\n').at(-1)
    assert.equal(status, 1, last)
    assert.match(last, told)
    assert.ok(last.startsWith(`wild.c:${first + i}:`), `${last}, in line ${first + i}`)
  }
})

test('a crash in JSON, behind what the script has printed', () => {
  put('wild.ioctl', `${DEVICE}A ioctl f 0 x\n`)
  const { status, stdout, stderr } = driver(['run', 'wild.c', '--json', '--ioctl-script', 'wild.ioctl'])
  assert.deepEqual({ status, stderr }, { status: 1, stderr: '' })
  const [{ file, line, check }] = JSON.parse(stdout).reports
  assert.deepEqual({ file, line, check }, { file: 'wild.c', line: first, check: 'crash' })
})

test('a stack that is used up', () => {
  put('wild.ioctl', `${DEVICE}A ioctl f 99 x\n`)
  const { status, stdout } = driver(['run', 'wild.c', '--ioctl-script', 'wild.ioctl'])
  assert.equal(status, 1)
  assert.match(stdout, /^wild\.c:1[4-7]: the stack is used up: .* \[crash\]$/m)
})

test('gdb stops where the driver crashes', { skip: spawnSync('gdb', ['--version']).error !== undefined }, () => {
  put('wild.ioctl', `${DEVICE}A ioctl f 0 x\n`)
  const input = 'set debuginfod enabled off\nrun\nkill\nquit\n'
  const { stdout } = driver(['run', 'wild.c', '--gdb', '--ioctl-script', 'wild.ioctl'], { input })
  assert.match(stdout, /^Program received signal SIGSEGV[^\n]*\n(?:.* )?wild \(.*\n?.*wild\.c:\d+\n\d+\s+case 0:/m)
})

test('what fails without an expectation is a failure, and so is what is skipped', () => {
  put(
    'typo.ioctl',
    'A open f /dev/none\nA ioctl f 1 2\nA open g tinymem\nA ioctl g 99 1\nA ioctl g 99 1 expect any\nA close f expect skipped\n',
  )
  const { status, stdout } = driver(['run', TINYMEM, '--ioctl-script', 'typo.ioctl'])
  assert.equal(status, 1)
  assert.deepEqual(stdout.match(/^typo\.ioctl:.*$/gm), [
    'typo.ioctl:1: expected no error, is ENOENT',
    'typo.ioctl:2: expected no error, is skipped',
    'typo.ioctl:4: expected no error, is ENOTTY',
  ])
})

test('a folder that another installation of hmmu has made is made anew', () => {
  put('two.c', module(''))
  const out = ['build', 'two.c', '--out', 'both']
  assert.equal(driver(out).status, 0)
  for (const name of ['CMakeCache.txt', 'arguments.json']) {
    const file = join(folder, 'both', name)
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(root, '/opt/hmmu'))
  }
  const { status, stderr } = driver(out)
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
})

test('the cache keeps the drivers that were used last', () => {
  const cache = join(build, 'cache/hmmu')
  const old = Array.from({ length: 30 }, (_, i) => join(cache, `driver-old${i}`))
  for (const [i, name] of old.entries()) {
    mkdirSync(name, { recursive: true })
    utimesSync(name, i, i)
  }
  assert.equal(driver(['build', 'two.c']).status, 0)
  const left = readdirSync(cache).filter((name) => name.startsWith('driver-'))
  assert.equal(left.length, 20)
  assert.ok(!left.includes('driver-old0'))
  for (const name of old) rmSync(name, { recursive: true, force: true })
})

test('a driver in a loop ends with its command', async () => {
  put('wild.ioctl', `${DEVICE}A ioctl f 7 x\n`)
  const command = [join(root, 'dist/cli/main.js'), 'driver', 'run', 'wild.c', '--ioctl-script', 'wild.ioctl']
  const env = { ...process.env, XDG_CACHE_HOME: join(build, 'cache') }
  const child = spawn(process.execPath, [...command, '--cpu-limit', '0'], { cwd: folder, env })
  await once(child.stdout, 'data')
  const runners = () => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim()
  const runner = runners()
  assert.match(runner, /^\d+$/)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const ended = () =>
    !existsSync(`/proc/${runner}`) || /^State:\s+Z/m.test(readFileSync(`/proc/${runner}/status`, 'utf8'))
  for (let i = 0; i < 500 && !ended(); i++) await setTimeout(10)
  assert.ok(ended())
})
