// SPDX-License-Identifier: GPL-2.0-only
//
// What both tests of libhmmu in other programs need. All files are in build-embedding.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { output } from '../lib/output.mjs'
import { root } from '../lib/run.mjs'

export const folder = join(root, 'build-embedding')
export const examples = join(root, 'examples')
export const warnings = ['-Wall', '-Wextra', '-Wpedantic', '-Werror']
export const COMPILERS = ['gcc', 'clang-14']

export const text = (...path) => readFileSync(join(...path), 'utf8')
export const { version } = JSON.parse(text(root, 'package.json'))

mkdirSync(folder, { recursive: true })

/** Fails if names other than those of the API are global in an object. */
export function onlyApi(symbols) {
  const names = symbols.split('\n').flatMap((line) => / [A-Z] (\S+)$/.exec(line)?.[1] ?? [])
  // USDT probes leave this mark in every object that has probes.
  const others = names.filter((name) => !name.startsWith('hmmu_') && name !== '_.stapsdt.base')
  assert.notEqual(names.length, 0)
  assert.deepEqual(others, [])
}

/** The header of a folder, by itself, in C and in C++. */
export function testHeader(include) {
  const standards = { c11: 'c', c17: 'c', 'c++11': 'c++', 'c++20': 'c++' }
  for (const compiler of COMPILERS) {
    for (const [standard, language] of Object.entries(standards)) {
      test(`the header in ${standard}, ${compiler}`, () => {
        const options = [`-I${include}`, `-std=${standard}`, ...warnings, '-fsyntax-only', '-x', language, '-']
        output(compiler, options, {
          input: '#include <hmmu/hmmu.h>\nint main(void) { return hmmu_abi() != HMMU_ABI; }\n',
        })
      })
    }
  }
}

/** The code of docs/embedding.md by the words after the backquotes, and what it says that the code prints. */
export function documented(info) {
  const fences = [...text(root, 'docs/embedding.md').matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
  const at = fences.findIndex((fence) => fence[1] === info)
  return { code: fences[at][2], shown: fences[at + 1]?.[2] }
}
