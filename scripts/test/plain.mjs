// SPDX-License-Identifier: GPL-2.0-only
//
// Builds the core without its shortcuts (HMMU_PLAIN), runs the C tests on it, and checks that it does what the core with
// shortcuts does: every drill has the transcript that is kept, and ends with equal hashes of its machines.
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { program } from 'commander'
import { emulatorDrills, root, run } from '../lib/run.mjs'

const PLAIN = `${root}/build-plain-addon/Release/hmmu.node`

/** The hash of each machine when it ends, by drill. Prints one line a drill, for the parent. */
function printHashes() {
  const require = createRequire(import.meta.url)
  const { Machine } = require('../../dist')
  const { findDrillFiles, listDrills, profileOf, runSource } = require('../../dist/drill')
  const { dispose } = Machine.prototype
  let hashes = []
  Machine.prototype.dispose = function () {
    if (!this.disposed) hashes.push(this.hash().toString(16))
    dispose.call(this)
  }
  for (const [path, sources] of listDrills(emulatorDrills.flatMap(findDrillFiles))) {
    for (const source of sources) {
      hashes = []
      runSource(source, { profile: profileOf(path) })
      console.log(`${path} ${source.name}: ${hashes.join(' ')}`)
    }
  }
}

/** The hashes of all drills on the addon at a path. */
async function hashesOf(binding) {
  const env = { ...process.env, HMMU_BACKEND: 'native', HMMU_BINDING: binding }
  const options = { cwd: root, env, encoding: 'utf8', maxBuffer: 1 << 28 }
  const { stdout } = await promisify(execFile)('node', ['scripts/test/plain.mjs', '--hashes'], options)
  return stdout.trim().split('\n')
}

if (program.option('--hashes', 'only print the hashes of the machines').parse().opts().hashes) {
  printHashes()
} else {
  run('node', ['scripts/test/c.mjs', '-B', 'build-plain', '-DHMMU_PLAIN=ON'])
  run('npx', ['cmake-js', 'compile', '--out', 'build-plain-addon', '--CDHMMU_PLAIN=ON', '--silent'])
  run('node', ['dist/cli/main.js', 'drill', 'check', ...emulatorDrills, '--verify'], {
    env: { ...process.env, HMMU_BINDING: PLAIN },
  })
  const [fast, plain] = await Promise.all([`${root}/build/Release/hmmu.node`, PLAIN].map(hashesOf))
  const different = plain.filter((line, i) => line !== fast[i])
  for (const line of different) console.error(`another hash without shortcuts: ${line}`)
  const machines = plain.flatMap((line) => line.match(/[0-9a-f]+(?= |$)/g) ?? []).length
  console.log(`${plain.length} drills without shortcuts, ${different.length} of them with other hashes`)
  if (machines < plain.length || plain.length !== fast.length || different.length > 0) process.exitCode = 1
}
