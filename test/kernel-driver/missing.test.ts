// SPDX-License-Identifier: GPL-2.0-only
//
// What a driver lacks is listed, sorted, by file and line: headers, and once they are there, names.

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

test('headers, at the lines that include them; names wait for them', () => {
  const file = put(
    'x.c',
    '#include <linux/zeta.h>',
    '#include <linux/module.h>',
    '  #  include <linux/alpha.h>',
    'int x = nothing;',
  )
  expect(lacks(file)).toEqual(['x.c:1: header <linux/zeta.h>', 'x.c:3: header <linux/alpha.h>'])
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

test('what a compiler says of other faults is no missing name', () => {
  expect(lacks(put('x.c', 'int f(void) { return }'))).toEqual([])
})
