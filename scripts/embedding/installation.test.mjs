// SPDX-License-Identifier: GPL-2.0-only
//
// Installs the library, moves the installation elsewhere, and builds the examples in C, Python and Rust on it, outside
// of the tree.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { needPackages } from '../lib/debian.mjs'
import { output, same } from '../lib/output.mjs'
import { root } from '../lib/run.mjs'
import { documented, examples, folder, onlyApi, testHeader, text, version } from './common.mjs'

const prefix = join(folder, 'moved')
const includes = join(prefix, 'include')
const abi = /^#define HMMU_ABI (\d+)$/m.exec(text(root, 'native/include/hmmu/hmmu.h'))[1]

/** The library folder of the installation: lib, or Debian's variant. */
let libraries = ''

// Any Rust will do; Debian's is installed if there is none.
const hasCargo = spawnSync('cargo', ['--version']).status === 0
needPackages([
  'gcc',
  'g++',
  'clang-14',
  'cmake',
  'make',
  'pkg-config',
  'python3',
  ...(hasCargo ? [] : ['cargo', 'rustc']),
])

/** Builds and installs the library, and moves the installation. */
before(() => {
  const build = join(folder, 'build')
  const installed = join(folder, 'installed')
  rmSync(prefix, { recursive: true, force: true })
  output('cmake', ['-S', root, '-B', build, `-DCMAKE_INSTALL_PREFIX=${installed}`])
  output('cmake', ['--build', build, '--parallel', '2', '--target', 'hmmu_static', 'hmmu_shared'])
  output('cmake', ['--install', build])
  renameSync(installed, prefix)
  const cache = text(build, 'CMakeCache.txt')
  libraries = join(prefix, /^CMAKE_INSTALL_LIBDIR:\w+=(.*)$/m.exec(cache)?.[1] ?? 'lib')
})

/** Environment in which pkg-config and the loader find the installation. */
const environment = () => ({ PKG_CONFIG_PATH: join(libraries, 'pkgconfig'), LD_LIBRARY_PATH: libraries })

/** The name under which a program needs libhmmu, if it does. */
function linkage(program) {
  return /\(NEEDED\).*\[(libhmmu.*)\]/.exec(output('readelf', ['-d', program]))?.[1] ?? ''
}

test('the shared library exports the API and nothing else', () => {
  onlyApi(output('nm', ['-D', '--defined-only', join(libraries, 'libhmmu.so')]))
})

test('the archive shows the API and nothing else', () => {
  onlyApi(output('nm', ['-g', '--defined-only', join(libraries, 'libhmmu.a')]))
})

test('the name in the shared library is that of its ABI', () => {
  const dynamic = output('readelf', ['-d', join(libraries, 'libhmmu.so')])
  same(/\(SONAME\).*\[(.*)\]/.exec(dynamic)?.[1] ?? '', `libhmmu.so.${abi}`)
  for (const name of [`libhmmu.so.${abi}`, `libhmmu.so.${version}`]) readFileSync(join(libraries, name))
})

test('pkg-config knows version and ABI', () => {
  const ask = (option) => output('pkg-config', [option, 'hmmu'], { env: environment() })
  same(ask('--modversion'), version)
  same(ask('--variable=abi'), abi)
})

testHeader(includes)

/** The C example, copied away, on the installation. */
const source = join(folder, 'example-c')
rmSync(source, { recursive: true, force: true })
cpSync(join(examples, 'c'), source, { recursive: true })

/** Fails unless a program of the example prints what it should, and needs this library. */
function works(program, library, env = {}) {
  same(output(join(source, program), [], { env }), text(source, 'migrate.expected'))
  same(linkage(join(source, program)), library)
}

test('find_package(): shared and static', () => {
  const build = join(source, 'build')
  output('cmake', ['-S', source, '-B', build, `-DCMAKE_PREFIX_PATH=${prefix}`])
  output('cmake', ['--build', build])
  works('build/migrate', `libhmmu.so.${abi}`)
  works('build/migrate-static', '')
})

test('find_package(): static where hmmu_USE_STATIC says so', () => {
  const build = join(source, 'build-static')
  output('cmake', ['-S', source, '-B', build, `-DCMAKE_PREFIX_PATH=${prefix}`, '-Dhmmu_USE_STATIC=ON'])
  output('cmake', ['--build', build, '--target', 'migrate'])
  works('build-static/migrate', '')
})

test('find_package() refuses another version', () => {
  const newer = text(source, 'CMakeLists.txt').replace('find_package(hmmu 0.1 ', 'find_package(hmmu 0.2 ')
  const other = join(source, 'newer')
  cpSync(join(examples, 'c'), other, { recursive: true })
  writeFileSync(join(other, 'CMakeLists.txt'), newer)
  const options = ['-S', other, '-B', join(other, 'build'), `-DCMAKE_PREFIX_PATH=${prefix}`]
  assert.throws(() => output('cmake', options), /requested version "0.2"/)
})

test('pkg-config, shared', () => {
  output('make', ['-C', source, 'BUILD=.'], { env: environment() })
  works('migrate', `libhmmu.so.${abi}`, environment())
})

test('pkg-config, static', () => {
  output('make', ['-C', source, '-B', 'STATIC=1'], { env: environment() })
  works('migrate', '')
})

function python(args, { input, ...env } = {}) {
  const library = { HMMU_LIBRARY: join(libraries, 'libhmmu.so'), PYTHONDONTWRITEBYTECODE: '1' }
  return output('python3', args, { cwd: join(examples, 'python'), env: { ...library, ...env }, input })
}

test('Python: unit tests', () => {
  python(['-W', 'error', '-m', 'unittest'], { HMMU_INCLUDE: includes })
})

test('Python: a drill', () => {
  same(python(['drill.py', '../round-trip.drill']), text(examples, 'round-trip.expected'))
})

test('Python: docs/embedding.md', () => {
  const { code, shown } = documented('python')
  same(python(['-'], { input: code }), shown)
})

test('Rust: tests', (t) => {
  // Debian's cargo, if it is installed: it is the oldest version that the example supports.
  const [cargo, rustc, rustdoc] = ['cargo', 'rustc', 'rustdoc'].map((name) =>
    existsSync(`/usr/bin/${name}`) ? `/usr/bin/${name}` : name,
  )
  t.diagnostic(output(rustc, ['--version']).trim())
  const tools = { CARGO_TARGET_DIR: join(folder, 'rust'), RUSTC: rustc, RUSTDOC: rustdoc, RUSTFLAGS: '-D warnings' }
  const env = { ...environment(), ...tools }
  output(cargo, ['test', '--offline', '--jobs', '2'], { cwd: join(examples, 'rust'), env })
})
