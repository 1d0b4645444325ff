// SPDX-License-Identifier: GPL-2.0-only
//
// Packs the npm package and uses it as others will: node scripts/test-package.mjs [--keep]
//
// The tarball is looked through, installed into empty projects without running scripts, used with each supported version
// of Node.js, compiled against, and built from source. Ends with the line that counts the checks. --keep leaves the
// temporary folder.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { check, output, same, summary } from './checks.mjs'
import { complaintsAbout } from './package-contents.mjs'
import { root } from './run.mjs'

/** Versions of Node.js that the package is used with; others than the one that runs this come from npm. */
const NODES = ['20.20.2', '22.23.3', '24.21.0']
const ROUND_TRIP = '{"moved":1,"there":"dev","byte":90,"complaints":[]}'

const temporary = mkdtempSync(join(tmpdir(), 'hmmu-package-'))
const unpacked = join(temporary, 'package')

/** The version of a package that this repository uses: npm has it in its cache. */
function withVersion(name) {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'))
  return `${name}@${version}`
}

const install = (cwd, packages) =>
  output('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', ...packages], { cwd })

/** A project of its own: a copy of a folder in test/package, with packages installed. */
function project(name, packages) {
  const folder = join(temporary, name)
  cpSync(join(root, 'test/package', name), folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }))
  install(folder, packages)
  return folder
}

/** The executable of a version of Node.js. */
function nodeOf(version) {
  if (process.versions.node.split('.')[0] === version.split('.')[0]) return process.execPath
  const folder = join(temporary, `node-${version}`)
  const name = `node-${process.platform}-${process.arch}`
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }))
  install(folder, [`${name}@${version}`])
  return join(folder, 'node_modules', name, 'bin/node')
}

/** The tarball, and the files in it. */
function pack() {
  const options = ['--json', '--silent', '--pack-destination', temporary]
  const [{ filename }] = JSON.parse(output('npm', ['pack', ...options], { cwd: root }).replace(/^[^[]*/, ''))
  const tarball = join(temporary, filename)
  output('tar', ['-xzf', tarball], { cwd: temporary })
  const entries = readdirSync(unpacked, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return { tarball, files: entries.map(({ parentPath, name }) => relative(unpacked, join(parentPath, name))) }
}

function checkTarball({ tarball, files }) {
  check('contents', () => {
    const complaints = complaintsAbout(unpacked, files)
    if (complaints.length > 0) throw new Error(complaints.join('\n'))
  })
  check('publint', () => output('npx', ['publint', 'run', tarball, '--strict'], { cwd: root }))
  check('are the types wrong', () => output('npx', ['attw', tarball, '--profile', 'node16'], { cwd: root }))
}

function checkRuns({ tarball }) {
  const folder = project('consumer', [tarball])
  const hmmu = join(folder, 'node_modules/.bin/hmmu')
  const prebuilt = `prebuilds/${process.platform}-${process.arch}/hmmu.node`
  check('npx hmmu demo', () => output('npx', ['hmmu', 'demo'], { cwd: folder }))
  for (const version of NODES) {
    const node = nodeOf(version)
    const prints = (file, env) => output(node, [file], { cwd: folder, env })
    check(`Node.js ${version}: the addon is the prebuilt one`, () => same(prints('where.cjs'), prebuilt))
    check(`Node.js ${version}: require()`, () => same(prints('commonjs.cjs'), ROUND_TRIP))
    check(`Node.js ${version}: import`, () => same(prints('module.mjs'), ROUND_TRIP))
    check(`Node.js ${version}: worker threads`, () => same(prints('workers.mjs'), ROUND_TRIP))
    check(`Node.js ${version}: hmmu doctor`, () => output(node, [hmmu, 'doctor'], { cwd: folder }))
    check(`Node.js ${version}: WebAssembly`, () => same(prints('commonjs.cjs', { HMMU_BACKEND: 'wasm' }), ROUND_TRIP))
  }
  checkSource(folder)
}

/** Last, as what is built is preferred from then on. */
function checkSource(folder) {
  check('build from source', () => {
    install(folder, [withVersion('node-addon-api')])
    output('npm', ['explore', 'hmmu', '--', 'npm', 'run', 'build:addon'], { cwd: folder, env: { JOBS: '2' } })
    same(output(process.execPath, ['where.cjs'], { cwd: folder }), 'build/Release/hmmu.node')
    same(output(process.execPath, ['commonjs.cjs'], { cwd: folder }), ROUND_TRIP)
  })
  check('libhmmu from the sources in it', () => {
    const build = join(temporary, 'libhmmu')
    const options = ['-DCMAKE_BUILD_TYPE=Debug', '--log-level=ERROR'] // compiles faster
    output('cmake', ['-S', 'node_modules/hmmu', '-B', build, ...options], { cwd: folder })
    output('cmake', ['--build', build, '--parallel', '2'], { cwd: folder })
    output('cmake', ['--install', build, '--prefix', join(temporary, 'prefix')], { cwd: folder })
  })
}

/** TypeScript in a project that has nothing but the types of Node.js. Declarations are checked, too. */
function checkTypes({ tarball }) {
  const folder = project('typescript', [tarball, withVersion('typescript'), withVersion('@types/node')])
  const compile = (file, module, moduleResolution) => {
    const options = [
      '--strict',
      '--exactOptionalPropertyTypes',
      '--skipLibCheck',
      'false',
      '--noEmit',
      '--types',
      'node',
    ]
    const target = ['--target', 'ES2022', '--lib', 'ES2022,ESNext.Disposable']
    const modules = ['--module', module, '--moduleResolution', moduleResolution]
    output('npx', ['tsc', ...options, ...target, ...modules, file], { cwd: folder })
  }
  cpSync(join(folder, 'consumer.ts'), join(folder, 'consumer.mts'))
  cpSync(join(folder, 'consumer.ts'), join(folder, 'consumer.cts'))
  check('TypeScript, Node16, an ES module', () => compile('consumer.mts', 'Node16', 'Node16'))
  check('TypeScript, Node16, CommonJS', () => compile('consumer.cts', 'Node16', 'Node16'))
  check('TypeScript, Bundler', () => compile('consumer.ts', 'ESNext', 'Bundler'))
}

function checkJest({ tarball }) {
  const packages = ['jest', '@types/jest', '@jest/globals', 'typescript', '@types/node'].map(withVersion)
  const folder = project('jest', [tarball, ...packages])
  check('hmmu/jest in Jest', () => output('npx', ['jest'], { cwd: folder }))
  check('hmmu/jest in TypeScript', () => {
    const target = [
      '--strict',
      '--noEmit',
      '--target',
      'ES2022',
      '--lib',
      'ES2022,ESNext.Disposable',
      '--types',
      'node,jest',
    ]
    output('npx', ['tsc', ...target, '--module', 'Node16', '--skipLibCheck', 'false', 'types.ts'], { cwd: folder })
  })
}

try {
  const packed = pack()
  checkTarball(packed)
  checkTypes(packed)
  checkJest(packed)
  checkRuns(packed)
} finally {
  if (process.argv.includes('--keep')) console.log(temporary)
  else rmSync(temporary, { recursive: true, force: true })
}
summary()
