// SPDX-License-Identifier: GPL-2.0-only
//
// Tests libhmmu in other programs: node scripts/embedding/test.mjs
//
// Installs the library, moves the installation elsewhere, and builds the examples in C, Python and Rust on it, outside
// of the tree. Then compiles the amalgamation with two compilers and runs the C tests on it. All files are in
// build-embedding. Ends with the line that counts the checks.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { check, output, same, summary } from '../lib/checks.mjs'
import { needPackages } from '../lib/debian.mjs'
import { root, run } from '../lib/run.mjs'

const folder = join(root, 'build-embedding')
const prefix = join(folder, 'moved')
const examples = join(root, 'examples')
const includes = join(prefix, 'include')
const warnings = ['-Wall', '-Wextra', '-Wpedantic', '-Werror']
const COMPILERS = ['gcc', 'clang-14']

const text = (...path) => readFileSync(join(...path), 'utf8')
const abi = /^#define HMMU_ABI (\d+)$/m.exec(text(root, 'native/include/hmmu/hmmu.h'))[1]
const { version } = JSON.parse(text(root, 'package.json'))

/** The library folder of the installation: lib, or Debian's variant. */
let libraries = ''

/** Builds and installs the library, and moves the installation. */
function installLibrary() {
  const build = join(folder, 'build')
  const installed = join(folder, 'installed')
  rmSync(prefix, { recursive: true, force: true })
  output('cmake', ['-S', root, '-B', build, `-DCMAKE_INSTALL_PREFIX=${installed}`])
  output('cmake', ['--build', build, '--parallel', '2', '--target', 'hmmu_static', 'hmmu_shared'])
  output('cmake', ['--install', build])
  renameSync(installed, prefix)
  const cache = text(build, 'CMakeCache.txt')
  libraries = join(prefix, /^CMAKE_INSTALL_LIBDIR:\w+=(.*)$/m.exec(cache)?.[1] ?? 'lib')
}

/** Environment in which pkg-config and the loader find the installation. */
const environment = () => ({ PKG_CONFIG_PATH: join(libraries, 'pkgconfig'), LD_LIBRARY_PATH: libraries })

/** Fails if names other than those of the API are global in an object. */
function onlyApi(symbols) {
  const names = symbols.split('\n').flatMap((line) => / [A-Z] (\S+)$/.exec(line)?.[1] ?? [])
  // USDT probes leave this mark in every object that has probes.
  const others = names.filter((name) => !name.startsWith('hmmu_') && name !== '_.stapsdt.base')
  if (names.length === 0 || others.length > 0) throw new Error(`${names.length} names, among them ${others.join(' ')}`)
}

function checkLibraries() {
  const shared = join(libraries, 'libhmmu.so')
  const archive = join(libraries, 'libhmmu.a')
  check('the shared library exports the API and nothing else', () =>
    onlyApi(output('nm', ['-D', '--defined-only', shared])),
  )
  check('the archive shows the API and nothing else', () => onlyApi(output('nm', ['-g', '--defined-only', archive])))
  check('the name in the shared library is that of its ABI', () => {
    same(/\(SONAME\).*\[(.*)\]/.exec(output('readelf', ['-d', shared]))?.[1] ?? '', `libhmmu.so.${abi}`)
    for (const name of [`libhmmu.so.${abi}`, `libhmmu.so.${version}`]) readFileSync(join(libraries, name))
  })
  check('pkg-config knows version and ABI', () => {
    const ask = (option) => output('pkg-config', [option, 'hmmu'], { env: environment() })
    same(ask('--modversion'), version)
    same(ask('--variable=abi'), abi)
  })
}

/** The header of a folder, by itself, in C and in C++. */
function checkHeader(name, include) {
  for (const compiler of COMPILERS) {
    for (const [language, standard] of [
      ['c', 'c11'],
      ['c', 'c17'],
      ['c++', 'c++11'],
      ['c++', 'c++20'],
    ]) {
      check(`${name}: the header in ${standard}, ${compiler}`, () => {
        const options = [`-I${include}`, `-std=${standard}`, ...warnings, '-fsyntax-only', '-x', language, '-']
        output(compiler, options, {
          input: '#include <hmmu/hmmu.h>\nint main(void) { return hmmu_abi() != HMMU_ABI; }\n',
        })
      })
    }
  }
}

/** The C example, copied away, on the installation. */
function checkC() {
  const source = join(folder, 'example-c')
  rmSync(source, { recursive: true, force: true })
  cpSync(join(examples, 'c'), source, { recursive: true })
  const expected = text(source, 'migrate.expected')
  const prints = (program, env = {}) => same(output(join(source, program), [], { env }), expected)

  check('find_package(): shared and static', () => {
    const build = join(source, 'build')
    output('cmake', ['-S', source, '-B', build, `-DCMAKE_PREFIX_PATH=${prefix}`])
    output('cmake', ['--build', build])
    prints('build/migrate')
    prints('build/migrate-static')
    same(linkage(join(build, 'migrate')), `libhmmu.so.${abi}`)
    same(linkage(join(build, 'migrate-static')), '')
  })
  check('find_package(): static where hmmu_USE_STATIC says so', () => {
    const build = join(source, 'build-static')
    output('cmake', ['-S', source, '-B', build, `-DCMAKE_PREFIX_PATH=${prefix}`, '-Dhmmu_USE_STATIC=ON'])
    output('cmake', ['--build', build, '--target', 'migrate'])
    prints('build-static/migrate')
    same(linkage(join(build, 'migrate')), '')
  })
  check('find_package() refuses another version', () => {
    const newer = text(source, 'CMakeLists.txt').replace('find_package(hmmu 0.1 ', 'find_package(hmmu 0.2 ')
    const other = join(source, 'newer')
    cpSync(join(examples, 'c'), other, { recursive: true })
    writeFileSync(join(other, 'CMakeLists.txt'), newer)
    fails(/requested version "0.2"/, () =>
      output('cmake', ['-S', other, '-B', join(other, 'build'), `-DCMAKE_PREFIX_PATH=${prefix}`]),
    )
  })
  check('pkg-config, shared', () => {
    output('make', ['-C', source, 'BUILD=.'], { env: environment() })
    prints('migrate', environment())
    same(linkage(join(source, 'migrate')), `libhmmu.so.${abi}`)
  })
  check('pkg-config, static', () => {
    output('make', ['-C', source, '-B', 'STATIC=1'], { env: environment() })
    prints('migrate')
    same(linkage(join(source, 'migrate')), '')
  })
}

/** The name under which a program needs libhmmu, if it does. */
function linkage(program) {
  return /\(NEEDED\).*\[(libhmmu.*)\]/.exec(output('readelf', ['-d', program]))?.[1] ?? ''
}

function fails(pattern, action) {
  try {
    action()
  } catch (error) {
    if (pattern.test(error.message)) return
    throw error
  }
  throw new Error('it did not fail')
}

function checkPython() {
  const cwd = join(examples, 'python')
  const env = {
    HMMU_LIBRARY: join(libraries, 'libhmmu.so'),
    HMMU_INCLUDE: includes,
    PYTHONDONTWRITEBYTECODE: '1',
  }
  check('Python: unit tests', () => output('python3', ['-W', 'error', '-m', 'unittest'], { cwd, env }))
  check('Python: a drill', () =>
    same(output('python3', ['drill.py', '../round-trip.drill'], { cwd, env }), text(examples, 'round-trip.expected')),
  )
}

function checkRust() {
  // Debian's cargo, if it is installed: it is the oldest version that the example supports.
  const [cargo, rustc, rustdoc] = ['cargo', 'rustc', 'rustdoc'].map((name) =>
    existsSync(`/usr/bin/${name}`) ? `/usr/bin/${name}` : name,
  )
  const tools = { CARGO_TARGET_DIR: join(folder, 'rust'), RUSTC: rustc, RUSTDOC: rustdoc, RUSTFLAGS: '-D warnings' }
  const env = { ...environment(), ...tools }
  check(`Rust: tests, with ${output(rustc, ['--version']).trim()}`, () =>
    output(cargo, ['test', '--offline', '--jobs', '2'], { cwd: join(examples, 'rust'), env }),
  )
}

function checkAmalgamation() {
  const parent = join(folder, 'amalgamation')
  const sources = join(parent, 'hmmu')
  run('node', ['scripts/amalgamate.mjs', sources])
  checkHeader('amalgamation', parent)
  for (const compiler of COMPILERS) {
    check(`amalgamation: hmmu.c without warnings, ${compiler}`, () => {
      const object = join(parent, `${compiler}.o`)
      output(compiler, ['-std=c11', '-O2', ...warnings, '-c', '-o', object, join(sources, 'hmmu.c')])
      onlyApi(output('nm', ['-g', '--defined-only', object]))
    })
    check(`amalgamation: an embedding program, ${compiler}`, () => {
      const program = join(parent, `migrate-${compiler}`)
      const files = [join(examples, 'c/migrate.c'), join(parent, `${compiler}.o`)]
      output(compiler, ['-std=c11', ...warnings, `-I${parent}`, '-o', program, ...files])
      same(output(program, []), text(examples, 'c/migrate.expected'))
    })
  }
  check('amalgamation: a program in C++', () => {
    const input = '#include <hmmu/hmmu.h>\n#include <cstdio>\nint main() { std::puts(hmmu_version()); }\n'
    const program = join(parent, 'version')
    output('g++', [...warnings, `-I${parent}`, '-o', program, '-xc++', '-', '-xnone', join(parent, 'gcc.o')], { input })
    same(output(program, []), version)
  })
  check('amalgamation: C tests', () => {
    const build = join(folder, 'amalgamation-tests')
    const options = ['-B', build, `-DHMMU_AMALGAMATION=${parent}`]
    const printed = output('node', ['scripts/test/c.mjs', ...options], { cwd: root })
    if (!/100% tests passed, 0 tests failed out of \d\d/.test(printed)) throw new Error(printed)
  })
}

/** The code of docs/embedding.md, by the words after the backquotes. cargo tests the code in Rust. */
function checkDocument() {
  const fences = [...text(root, 'docs/embedding.md').matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
  const at = (info) => fences.findIndex((fence) => fence[1] === info)
  const code = (info) => fences[at(info)][2]
  const shown = (info) => fences[at(info) + 1][2]
  const place = join(folder, 'document')
  rmSync(place, { recursive: true, force: true })
  mkdirSync(place)
  symlinkSync(join(root, 'native'), join(place, 'native'))
  symlinkSync(join(folder, 'amalgamation'), join(place, 'build-amalgamation'))

  check('docs/embedding.md: C', () => {
    const program = join(place, 'program')
    const options = ['-std=c11', ...warnings, '-Ibuild-amalgamation', '-xc', '-', '-xnone', 'build-amalgamation/gcc.o']
    output('gcc', [...options, '-o', program], { cwd: place, input: code('c program') })
    same(output(program, []), shown('c program'))
  })
  check('docs/embedding.md: Python', () => {
    const env = { HMMU_LIBRARY: join(libraries, 'libhmmu.so'), PYTHONDONTWRITEBYTECODE: '1' }
    same(output('python3', ['-'], { cwd: join(examples, 'python'), env, input: code('python') }), shown('python'))
  })
  check('docs/embedding.md: WebAssembly', () => {
    writeFileSync(join(place, 'mine.c'), code('c wasm'))
    output('sh', ['-ec', code('sh wasm')], { cwd: place })
    const module = new WebAssembly.Module(readFileSync(join(place, 'mine.wasm')))
    const { exports } = new WebAssembly.Instance(module) // It imports nothing.
    exports._initialize()
    same(String(exports.complaints()), '0')
  })
}

// Any Rust will do; Debian's is installed if there is none.
const hasCargo = spawnSync('cargo', ['--version']).status === 0
const needed = [
  ...['lld-14', 'libclang-rt-14-dev-wasm32', 'wasi-libc'],
  ...['gcc', 'g++', 'clang-14', 'cmake', 'make', 'pkg-config', 'python3', 'libcmocka-dev'],
]
needPackages([...needed, ...(hasCargo ? [] : ['cargo', 'rustc'])])
mkdirSync(folder, { recursive: true })
installLibrary()
checkLibraries()
checkHeader('installation', includes)
checkC()
checkPython()
checkRust()
checkAmalgamation()
checkDocument()
summary()
