// SPDX-License-Identifier: GPL-2.0-only
//
// Compiles what users in TypeScript write, in a project without @types/node. The declarations are checked too.
import assert from 'node:assert/strict'
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { output, same } from '../lib/output.mjs'
import { copiedProject, install, NODES, nodeOf, ROUND_TRIP, tarball, tool, withVersion } from './projects.mjs'

/** The oldest one that has `using`, and the newest of each major version. */
const VERSIONS = ['5.2.2', '5.9.3', '6.0.3', '7.0.2']

const STRICT = ['--strict', '--exactOptionalPropertyTypes', '--target', 'ES2022']
const NODE16 = ['--module', 'Node16', '--moduleResolution', 'Node16']

const folder = copiedProject('typescript')

before(() => {
  install(folder, [tarball])
  cpSync(join(folder, 'consumer.ts'), join(folder, 'consumer.mts'))
  cpSync(join(folder, 'consumer.ts'), join(folder, 'consumer.cts'))
})

test('the types of Node.js are not installed', () => {
  assert.ok(!existsSync(join(folder, 'node_modules/@types')))
})

for (const version of VERSIONS) {
  const compile = (...args) => {
    output(process.execPath, [join(tool('typescript', version), 'bin/tsc'), ...args], { cwd: folder })
  }
  const checkOnly = [...STRICT, '--noEmit']
  test(`TypeScript ${version}, Node16, an ES module and CommonJS`, () =>
    compile(...checkOnly, ...NODE16, 'consumer.mts', 'consumer.cts'))
  test(`TypeScript ${version}, Bundler`, () =>
    compile(...checkOnly, '--module', 'ESNext', '--moduleResolution', 'Bundler', 'consumer.ts'))
  // Until 6 the default target was too old for BigInt.
  if (Number.parseInt(version, 10) >= 6) {
    test(`TypeScript ${version}, default settings`, () => compile('--noEmit', 'consumer.ts'))
  }
  test(`TypeScript ${version}, compiled for Node.js ${NODES[0]}`, () => {
    compile(...STRICT, ...NODE16, '--outDir', version, 'run.mts')
    same(output(nodeOf(NODES[0]), [`${version}/run.mjs`], { cwd: folder }), ROUND_TRIP)
  })
}

test('hmmu/jest in Jest and in TypeScript', async (t) => {
  const cwd = copiedProject('jest')
  install(cwd, [tarball, ...['jest', '@types/jest', '@jest/globals', 'typescript', '@types/node'].map(withVersion)])
  await t.test('Jest', () => {
    output('npx', ['jest'], { cwd })
  })
  // Jest's own declarations need those of Node.js.
  await t.test('TypeScript', () => {
    output('npx', ['tsc', ...STRICT, ...NODE16, '--noEmit', '--types', 'node,jest', 'types.ts'], { cwd })
  })
})
