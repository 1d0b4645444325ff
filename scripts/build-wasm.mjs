// SPDX-License-Identifier: GPL-2.0-only
//
// The core as a WebAssembly module, dist/hmmu.wasm, and a small one for the page, build-wasm/page.wasm:
// node scripts/build-wasm.mjs
//
// Made from the amalgamated core, native/wasm and the list of calls by Debian's clang. The C library is wasi-libc, of
// which only what asks nothing of a host is used: the module must not import anything.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { needPackages } from './lib/debian.mjs'
import { root, run } from './lib/run.mjs'

const clang = 'clang-14'
const packages = [clang, 'lld-14', 'libclang-rt-14-dev-wasm32', 'wasi-libc']

/** What all engines have had for years. */
const features = ['-mbulk-memory', '-mnontrapping-fptoint', '-msign-ext']
const compile = [
  '--target=wasm32-wasi',
  '-mexec-model=reactor',
  '-std=c11',
  '-fvisibility=hidden',
  '-DHMMU_STATIC',
  ...['-Wall', '-Wextra', '-Werror'],
  ...features,
]
const link = [
  // printf() of the default C library complains on stderr where it meets a long double, and so would import files.
  '-lc-printscan-long-double',
  // The host puts functions into the table, for the module to call.
  '-Wl,--export-table,--growable-table',
  // A stack that overflows traps, instead of running into data.
  '-Wl,--stack-first,-z,stack-size=1048576',
  '-Wl,--strip-all',
]

const folder = join(root, 'build-wasm')
const shim = join(root, 'native/wasm')

/** The page's module is two thirds of the size, and its faults take a third longer; a drill has few. */
const modules = [
  ['-O2', join(root, 'dist/hmmu.wasm')],
  ['-Oz', join(folder, 'page.wasm')],
]

needPackages(packages)
run('node', ['scripts/amalgamate.mjs', join(folder, 'hmmu')])
mkdirSync(join(root, 'dist'), { recursive: true })
const sources = readdirSync(shim)
  .filter((name) => name.endsWith('.c'))
  .map((name) => join(shim, name))

for (const [level, output] of modules) {
  run(clang, [
    ...compile,
    level,
    `-I${join(shim, 'include')}`,
    `-I${folder}`,
    `-I${join(root, 'native/core')}`,
    join(folder, 'hmmu/hmmu.c'),
    ...sources,
    ...link,
    '-o',
    output,
  ])
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(output)))
  if (imports.length > 0) {
    console.error(`${output} imports ${imports.map(({ module, name }) => `${module}.${name}`).join(', ')}`)
    process.exit(1)
  }
}
