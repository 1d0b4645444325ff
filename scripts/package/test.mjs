// SPDX-License-Identifier: GPL-2.0-only
//
// Makes the npm package and uses it as others will: node scripts/package/test.mjs [--keep]
//
// The tarball is looked through, installed into empty projects by each client, used with each supported version of
// Node.js, compiled against, and built from source. Ends with the line that counts the checks. --keep leaves the
// temporary folder.
import { spawnSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { check, output, same, summary } from '../lib/checks.mjs'
import { needPackages } from '../lib/debian.mjs'
import { root } from '../lib/run.mjs'
import { checkArm64 } from './arm64.mjs'
import { checkClients } from './clients.mjs'
import { complaintsAbout } from './contents.mjs'
import { copiedProject, install, NODES, nodeOf, ROUND_TRIP, temporary, withVersion } from './projects.mjs'
import { checkJest, checkTypes } from './types.mjs'

const unpacked = join(temporary, 'package')

/** The tarball, and the files in it. */
function pack() {
  output('npm', ['run', 'build:package', '--', '--pack-destination', temporary], { cwd: root })
  const tarball = join(temporary, readdirSync(temporary).find((name) => name.endsWith('.tgz')) ?? 'no tarball')
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
  const folder = copiedProject('consumer')
  install(folder, [tarball])
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
  check('another operating system: WebAssembly', () => {
    const options = ['--require', './as-another-system.cjs']
    same(output(process.execPath, [...options, 'where.cjs'], { cwd: folder }), 'dist/hmmu.wasm')
    same(output(process.execPath, [...options, 'commonjs.cjs'], { cwd: folder }), ROUND_TRIP)
    output(process.execPath, [...options, hmmu, 'doctor'], { cwd: folder })
  })
  checkSource(folder)
}

/** Last, as what is built is preferred from then on. */
function checkSource(folder) {
  check('build from source', () => {
    install(folder, [withVersion('node-addon-api')])
    output('npm', ['explore', 'hmmu', '--', 'npm', 'run', 'build:addon'], { cwd: folder, env: { JOBS: '2' } })
    same(output(process.execPath, ['where.cjs'], { cwd: folder }), 'native/build/Release/hmmu.node')
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

needPackages(['qemu-user-static'])
try {
  check('npm pack in the repository refuses', () => {
    const { status, stderr } = spawnSync('npm', ['pack', '--pack-destination', temporary], {
      cwd: root,
      encoding: 'utf8',
    })
    if (status === 0 || !stderr.includes('npm run build:package')) throw new Error(`exit code ${status}: ${stderr}`)
  })
  const packed = pack()
  checkTarball(packed)
  checkClients(packed)
  checkTypes(packed)
  checkJest(packed)
  checkRuns(packed)
  checkArm64(packed)
} finally {
  if (process.argv.includes('--keep')) console.log(temporary)
  else rmSync(temporary, { recursive: true, force: true })
}
summary()
