// SPDX-License-Identifier: GPL-2.0-only
//
// Compiles the amalgamation with two compilers, runs the C tests on it, and the code of docs/embedding.md.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { needPackages } from '../lib/debian.mjs'
import { output, same } from '../lib/output.mjs'
import { root } from '../lib/run.mjs'
import { COMPILERS, documented, examples, folder, onlyApi, testHeader, text, version, warnings } from './common.mjs'

const parent = join(folder, 'amalgamation')
const sources = join(parent, 'hmmu')
const place = join(folder, 'document')

needPackages(['gcc', 'g++', 'clang-14', 'cmake', 'libcmocka-dev', 'lld-14', 'libclang-rt-14-dev-wasm32', 'wasi-libc'])

before(() => output('node', ['scripts/amalgamate.mjs', sources], { cwd: root }))

testHeader(parent)

for (const compiler of COMPILERS) {
  test(`hmmu.c without warnings, ${compiler}`, () => {
    const object = join(parent, `${compiler}.o`)
    output(compiler, ['-std=c11', '-O2', ...warnings, '-c', '-o', object, join(sources, 'hmmu.c')])
    onlyApi(output('nm', ['-g', '--defined-only', object]))
  })

  test(`an embedding program, ${compiler}`, () => {
    const program = join(parent, `migrate-${compiler}`)
    const files = [join(examples, 'c/migrate.c'), join(parent, `${compiler}.o`)]
    output(compiler, ['-std=c11', ...warnings, `-I${parent}`, '-o', program, ...files])
    same(output(program, []), text(examples, 'c/migrate.expected'))
  })
}

test('a program in C++', () => {
  const input = '#include <hmmu/hmmu.h>\n#include <cstdio>\nint main() { std::puts(hmmu_version()); }\n'
  const program = join(parent, 'version')
  output('g++', [...warnings, `-I${parent}`, '-o', program, '-xc++', '-', '-xnone', join(parent, 'gcc.o')], { input })
  same(output(program, []), version)
})

test('C tests', () => {
  const build = join(folder, 'amalgamation-tests')
  const printed = output('node', ['scripts/test/c.mjs', '-B', build, `-DHMMU_AMALGAMATION=${parent}`], { cwd: root })
  assert.match(printed, /100% tests passed, 0 tests failed out of \d\d/)
})

/** The folder in which a reader of docs/embedding.md is. */
before(() => {
  rmSync(place, { recursive: true, force: true })
  mkdirSync(place)
  symlinkSync(join(root, 'native'), join(place, 'native'))
  symlinkSync(parent, join(place, 'build-amalgamation'))
})

for (const block of ['c program', 'c program 6.12']) {
  test(`docs/embedding.md: ${block}`, () => {
    const { code, shown } = documented(block)
    const program = join(place, 'program')
    const options = ['-std=c11', ...warnings, '-Ibuild-amalgamation', '-xc', '-', '-xnone', 'build-amalgamation/gcc.o']
    output('gcc', [...options, '-o', program], { cwd: place, input: code })
    same(output(program, []), shown)
  })
}

test('docs/embedding.md: WebAssembly', () => {
  writeFileSync(join(place, 'mine.c'), documented('c wasm').code)
  output('sh', ['-ec', documented('sh wasm').code], { cwd: place })
  const module = new WebAssembly.Module(readFileSync(join(place, 'mine.wasm')))
  const { exports } = new WebAssembly.Instance(module) // It imports nothing.
  exports._initialize()
  assert.equal(exports.complaints(), 0)
})
