// SPDX-License-Identifier: GPL-2.0-only
//
// What a driver lacks is listed, sorted, by file and line: headers and names, or hmmu's header of a name.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { missing } from '../../lib/kernel-driver'

const HEADERS = join(__dirname, '../../native/kapi/include')

let folder: string
let flags: string[]

beforeAll(() => {
  const ask = (option: string) => execFileSync('cc', [option], { encoding: 'utf8' }).trim()
  const system = ['/usr/include', `/usr/include/${ask('-print-multiarch')}`].flatMap((path) => ['-idirafter', path])
  const own = ['-isystem', ask('-print-file-name=include'), `-I${HEADERS}`]
  flags = ['-std=gnu11', '-nostdinc', ...own, ...system, '-D__KERNEL__', '-DKBUILD_MODNAME="x"', '-Wall']
})

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hmmu-missing-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

function put(name: string, ...lines: string[]): string {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

/** The list as lines, without the folder. */
function lacks(file: string, ...more: string[]): string[] {
  return missing(file, 'cc', [...flags, ...more]).map(
    ({ file, line, text }) => `${file.slice(folder.length + 1)}:${line}: ${text}`,
  )
}

test('a source that lacks nothing', () => {
  const file = put(
    'x.c',
    '#include <linux/module.h>',
    '#include <linux/slab.h>',
    'static void *f(void) { return kzalloc(8, GFP_KERNEL); }',
    'void *g(void);',
    'void *g(void) { return f(); }',
  )
  expect(lacks(file)).toEqual([])
})

test("a header brings those that drivers rely on, as Linux's do", () => {
  const file = put(
    'x.c',
    '#include <linux/migrate.h>',
    '#include <linux/fs.h>',
    'static DEFINE_MUTEX(mutex);',
    'static DEFINE_SPINLOCK(lock);',
    'unsigned long f(struct page *page, struct mm_struct *mm);',
    'unsigned long f(struct page *page, struct mm_struct *mm)',
    '{',
    '\tunsigned long words[BITS_TO_LONGS(70)] = { 0 };',
    '\tset_bit(3, words);',
    '\tlock_page(page);',
    '\tmutex_lock(&mutex);',
    '\tspin_lock(&lock);',
    '\tspin_unlock(&lock);',
    '\tkfree(kzalloc(8, GFP_KERNEL));',
    '\tmmput(mm);',
    '\tpr_info("%lu", words[0]);',
    '\treturn words[0];',
    '}',
  )
  expect(lacks(file)).toEqual([])
})

test('an odd name of a header is no path', () => {
  const file = put('x.c', '#include <linux/x.h/y.h>', '#include <linux/x.h>', '#include "../../../hmmu-odd.h"')
  expect(lacks(file).map((line) => line.slice(0, 13))).toEqual(['x.c:1: header', 'x.c:2: header', 'x.c:3: header'])
})

test('headers, at the lines that include them, and names; other errors may come from these headers', () => {
  const file = put(
    'x.c',
    '#include <linux/zeta.h>',
    '#include <linux/module.h>',
    '  #  include <linux/alpha.h>',
    '#include <linux/zeta.h>',
    'int x = nothing;',
    'int f(void) { return }',
  )
  expect(lacks(file)).toEqual(['x.c:1: header <linux/zeta.h>', 'x.c:3: header <linux/alpha.h>', 'x.c:5: nothing'])
})

test('a header that is not compiled is not missing', () => {
  const file = put(
    'x.c',
    '#ifdef CONFIG_NEVER',
    '#include <linux/never.h>',
    '#endif',
    '/*',
    '#include <linux/comment.h>',
    '*/',
  )
  expect(lacks(file)).toEqual([])
})

test('a header that one of its own headers includes, which is found by -I or beside the source', () => {
  const own = put('include/own.h', '#include <linux/zeta.h>')
  put('beside.h', '', '#include "gone.h"')
  const file = put('x.c', '#include <own.h>', '#include "beside.h"')
  expect(lacks(file, `-I${dirname(own)}`)).toEqual([
    'beside.h:2: header <gone.h>',
    'include/own.h:1: header <linux/zeta.h>',
  ])
})

test('names: functions, types, constants, members; each at its first line, sorted by line', () => {
  const file = put(
    'x.c',
    '#include <linux/mm.h>',
    'unknown_type_t variable;',
    'int f(struct page *page);',
    'int f(struct page *page)',
    '{',
    '\tunknown_function(page->unknown_member);',
    '\tunknown_function(0);',
    '\treturn UNKNOWN_CONSTANT;',
    '}',
    'int g(struct unknown_struct *x);',
    'int g(struct unknown_struct *x) { return x->member; }',
  )
  expect(lacks(file)).toEqual([
    'x.c:2: unknown_type_t',
    'x.c:6: unknown_function',
    'x.c:6: unknown_member',
    'x.c:8: UNKNOWN_CONSTANT',
    'x.c:11: struct unknown_struct',
  ])
})

test('the header of a name that hmmu has: a function, a macro, a structure, a type, a constant', () => {
  const file = put(
    'x.c',
    '#include <linux/types.h>',
    'void f(unsigned long *words);',
    'void f(unsigned long *words)',
    '{',
    '\tset_bit(1, words);',
    '\tset_bit(2, words);',
    '\tmsleep(PAGE_SIZE);',
    '\tmmput(0);',
    '}',
    'spinlock_t lock;',
    'struct mutex variable;',
    'work_func_t function;',
    'int direction = DMA_BIDIRECTIONAL;',
    'int event = MMU_NOTIFY_CLEAR;',
  )
  expect(lacks(file)).toEqual([
    'x.c:5: set_bit: in <linux/bitops.h>, which is not included',
    'x.c:7: PAGE_SIZE: in <linux/mm.h>, which is not included',
    'x.c:7: msleep: in <linux/delay.h>, which is not included',
    'x.c:8: mmput: in <linux/sched/mm.h>, which is not included',
    'x.c:10: spinlock_t: in <linux/spinlock.h>, which is not included',
    'x.c:11: struct mutex: in <linux/mutex.h>, which is not included',
    'x.c:12: work_func_t: in <linux/workqueue.h>, which is not included',
    'x.c:13: DMA_BIDIRECTIONAL: in <linux/dma-direction.h>, which is not included',
    'x.c:14: MMU_NOTIFY_CLEAR: in <linux/mmu_notifier.h>, which is not included',
  ])
})

test('what is misspelled, and other errors, in the words of the compiler', () => {
  const file = put(
    'x.c',
    '#include <linux/mutex.h>',
    'void f(struct mutex *m);',
    'void f(struct mutex *m) { mutx_lock(m); no_such_function_at_all_xyz(); }',
    'int g(void) { return }',
  )
  expect(lacks(file)).toEqual([
    expect.stringMatching(/^x\.c:3: implicit declaration of function ‘mutx_lock’; did you mean ‘mutex_lock’\?$/),
    'x.c:3: no_such_function_at_all_xyz',
  ])
  expect(lacks(put('y.c', 'int g(void) { return }'))).toEqual([expect.stringMatching(/^y\.c:1: expected expression/)])
})
