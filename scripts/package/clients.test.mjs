// SPDX-License-Identifier: GPL-2.0-only
//
// Installs the npm package as users do: by each client, with its defaults, then once more from the lock file alone.
import assert from 'node:assert/strict'
import { copyFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { output, outputs, same } from '../lib/output.mjs'
import { copiedProject, nodeOf, ROUND_TRIP, tarball, temporary, tool } from './projects.mjs'

const npm = { name: 'npm', program: 'bin/npm-cli.js', add: ['install'], again: ['ci'] }
// Caches of their own, as both take a file of the same name and version for the one that they know.
const yarn = { add: ['add', '--cache-folder', join(temporary, 'yarn-cache')], again: ['install', '--frozen-lockfile'] }
const pnpm = { add: ['add', '--store-dir', join(temporary, 'pnpm-store')], again: ['install', '--frozen-lockfile'] }

const CLIENTS = [
  { ...npm, version: '10.9.9', node: '20.20.2' },
  { ...npm, version: '11.19.1', node: '22.23.3' },
  { ...npm, version: '12.2.2', node: '24.21.0' },
  { ...npm, version: '12.2.2', node: '26.12.1' },
  { ...yarn, name: 'yarn', version: '1.22.22', program: 'bin/yarn.js', node: '20.20.2' },
  { ...pnpm, name: 'pnpm', version: '10.34.9', program: 'bin/pnpm.cjs', node: '20.20.2' },
]

/** Words of lines that tell of more than what was installed. */
const CONCERN = /warn|error|script|peer|approve|allow|ignore|gyp|build/i

/** Fails if a client has said more of hmmu than that it is installed. */
function noConcern({ stdout, stderr }) {
  const lines = `${stdout}${stderr}`.replaceAll(temporary, '').split('\n')
  const found = lines.filter((line) => /hmmu/.test(line) && CONCERN.test(line))
  assert.deepEqual(found, [])
}

function installTwice({ name, version, program, node, add, again }) {
  const folder = copiedProject('consumer', `${name}-${version}-${node}-project`)
  const executable = nodeOf(node)
  const client = join(tool(name, version), program)
  const run = (args) => noConcern(outputs(executable, [client, ...args], { cwd: folder }))
  const works = () => {
    same(output(executable, ['where.cjs'], { cwd: folder }), `prebuilds/${process.platform}-${process.arch}/hmmu.node`)
    same(output(executable, ['commonjs.cjs'], { cwd: folder }), ROUND_TRIP)
  }
  copyFileSync(tarball, join(folder, basename(tarball)))
  run([...add, `./${basename(tarball)}`])
  works()
  rmSync(join(folder, 'node_modules'), { recursive: true })
  run(again)
  works()
}

// Each client installs the package, without `--ignore-scripts`.
for (const client of CLIENTS) {
  const { name, version, node, add, again } = client
  test(`${name} ${version} on Node.js ${node}: ${add[0]}, then ${again.join(' ')}`, () => installTwice(client))
}

test('npm lets it be installed for macOS and Windows', () => {
  for (const system of ['--os=darwin', '--os=win32']) {
    const folder = copiedProject('consumer', `for${system}`)
    noConcern(outputs('npm', ['install', system, '--cpu=arm64', tarball], { cwd: folder }))
  }
})
