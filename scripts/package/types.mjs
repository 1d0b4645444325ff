// SPDX-License-Identifier: GPL-2.0-only
//
// Compiles what users in TypeScript write, in a project without @types/node. The declarations are checked too.
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { check, output, same } from '../lib/checks.mjs'
import { copiedProject, install, NODES, nodeOf, ROUND_TRIP, tool, withVersion } from './projects.mjs'

/** The oldest one that has `using`, and the newest of each major version. */
const VERSIONS = ['5.2.2', '5.9.3', '6.0.3', '7.0.2']

const STRICT = ['--strict', '--exactOptionalPropertyTypes', '--target', 'ES2022']
const NODE16 = ['--module', 'Node16', '--moduleResolution', 'Node16']

export function checkTypes({ tarball }) {
  const folder = copiedProject('typescript')
  install(folder, [tarball])
  cpSync(join(folder, 'consumer.ts'), join(folder, 'consumer.mts'))
  cpSync(join(folder, 'consumer.ts'), join(folder, 'consumer.cts'))
  check('the types of Node.js are not installed', () => {
    if (existsSync(join(folder, 'node_modules/@types'))) throw new Error('node_modules/@types is there')
  })
  for (const version of VERSIONS) {
    const compile = (...args) => {
      output(process.execPath, [join(tool('typescript', version), 'bin/tsc'), ...args], { cwd: folder })
    }
    const checkOnly = [...STRICT, '--noEmit']
    check(`TypeScript ${version}, Node16, an ES module and CommonJS`, () =>
      compile(...checkOnly, ...NODE16, 'consumer.mts', 'consumer.cts'),
    )
    check(`TypeScript ${version}, Bundler`, () =>
      compile(...checkOnly, '--module', 'ESNext', '--moduleResolution', 'Bundler', 'consumer.ts'),
    )
    // Until 6 the default target was too old for BigInt.
    if (Number.parseInt(version, 10) >= 6) {
      check(`TypeScript ${version}, default settings`, () => compile('--noEmit', 'consumer.ts'))
    }
    check(`TypeScript ${version}, compiled for Node.js ${NODES[0]}`, () => {
      compile(...STRICT, ...NODE16, '--outDir', version, 'run.mts')
      same(output(nodeOf(NODES[0]), [`${version}/run.mjs`], { cwd: folder }), ROUND_TRIP)
    })
  }
}

export function checkJest({ tarball }) {
  const folder = copiedProject('jest')
  install(folder, [tarball, ...['jest', '@types/jest', '@jest/globals', 'typescript', '@types/node'].map(withVersion)])
  check('hmmu/jest in Jest', () => output('npx', ['jest'], { cwd: folder }))
  check('hmmu/jest in TypeScript', () => {
    // Jest's own declarations need those of Node.js.
    output('npx', ['tsc', ...STRICT, ...NODE16, '--noEmit', '--types', 'node,jest', 'types.ts'], { cwd: folder })
  })
}
