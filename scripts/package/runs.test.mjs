// SPDX-License-Identifier: GPL-2.0-only
//
// Uses the npm package with each supported version of Node.js, and builds it from source.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { output, same } from '../lib/output.mjs'
import { copiedProject, install, NODES, nodeOf, ROUND_TRIP, tarball, temporary, withVersion } from './projects.mjs'

const folder = copiedProject('consumer')
const hmmu = join(folder, 'node_modules/.bin/hmmu')

before(() => install(folder, [tarball]))

test('npx hmmu demo', () => {
  output('npx', ['hmmu', 'demo'], { cwd: folder })
})

for (const version of NODES) {
  const prints = (args, env) => output(nodeOf(version), args, { cwd: folder, env })
  const prebuilt = `prebuilds/${process.platform}-${process.arch}/hmmu.node`
  test(`Node.js ${version}: the addon is the prebuilt one`, () => same(prints(['where.cjs']), prebuilt))
  test(`Node.js ${version}: require()`, () => same(prints(['commonjs.cjs']), ROUND_TRIP))
  test(`Node.js ${version}: import`, () => same(prints(['module.mjs']), ROUND_TRIP))
  test(`Node.js ${version}: worker threads`, () => same(prints(['workers.mjs']), ROUND_TRIP))
  test(`Node.js ${version}: hmmu doctor`, () => {
    prints([hmmu, 'doctor'])
  })
  test(`Node.js ${version}: WebAssembly`, () => {
    same(prints(['commonjs.cjs'], { HMMU_BACKEND: 'wasm' }), ROUND_TRIP)
  })
}

test('another operating system: WebAssembly', () => {
  const elsewhere = (...args) => {
    return output(process.execPath, ['--require', './as-another-system.cjs', ...args], { cwd: folder })
  }
  same(elsewhere('where.cjs'), 'dist/hmmu.wasm')
  same(elsewhere('commonjs.cjs'), ROUND_TRIP)
  elsewhere(hmmu, 'doctor')
})

test('npx hmmu driver run: a driver from its own source', () => {
  const driver = 'node_modules/hmmu/examples/kernel-drivers/tinymem/driver/tinymem.c'
  const script = ['struct range address:u64 pages:u64 done:u64', 'ioctl MIGRATE _IOWR t 1 range']
  script.push('A map memory anon 4', 'A store memory u32 1 step 1', 'A open dev tinymem')
  script.push('A ioctl dev MIGRATE address=memory pages=4 expect 0 done=4', 'A kind memory expect dev')
  script.push('A load memory u32 expect 1 step 1', 'A kind memory expect sys')
  writeFileSync(join(folder, 'tinymem.ioctl'), `${script.join('\n')}\n`)
  const args = ['hmmu', 'driver', 'run', driver, '--ioctl-script', 'tinymem.ioctl']
  const printed = output('npx', args, { cwd: folder, env: { XDG_CACHE_HOME: join(temporary, 'cache') } })
  assert.match(printed, /^ {2}0 done=4$/m)
})

// Last, as what is built is preferred from then on.
test('build from source', () => {
  install(folder, [withVersion('node-addon-api')])
  output('npm', ['explore', 'hmmu', '--', 'npm', 'run', 'build:addon'], { cwd: folder, env: { JOBS: '2' } })
  same(output(process.execPath, ['where.cjs'], { cwd: folder }), 'native/build/Release/hmmu.node')
  same(output(process.execPath, ['commonjs.cjs'], { cwd: folder }), ROUND_TRIP)
})

test('libhmmu from the sources in it', () => {
  const build = join(temporary, 'libhmmu')
  const options = ['-DCMAKE_BUILD_TYPE=Debug', '--log-level=ERROR'] // compiles faster
  output('cmake', ['-S', 'node_modules/hmmu', '-B', build, ...options], { cwd: folder })
  output('cmake', ['--build', build, '--parallel', '2'], { cwd: folder })
  output('cmake', ['--install', build, '--prefix', join(temporary, 'prefix')], { cwd: folder })
})
