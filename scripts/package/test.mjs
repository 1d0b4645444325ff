// SPDX-License-Identifier: GPL-2.0-only
//
// Makes the npm package and uses it as others will: node scripts/package/test.mjs [--keep]
//
// The tarball is looked through, installed into empty projects by each client, used with each supported version of
// Node.js, compiled against, and built from source, by the tests in this folder. --keep leaves the temporary folder.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { program } from 'commander'
import { needPackages } from '../lib/debian.mjs'
import { output } from '../lib/output.mjs'
import { root, run } from '../lib/run.mjs'

const { keep } = program.option('--keep', 'leave the temporary folder, and tell its name').parse().opts()
const folder = mkdtempSync(join(tmpdir(), 'hmmu-package-'))
const here = join(root, 'scripts/package')

needPackages(['qemu-user-static'])
process.on('exit', () => {
  if (keep) console.log(folder)
  else rmSync(folder, { recursive: true, force: true })
})
output('npm', ['run', 'build:package', '--', '--pack-destination', folder], { cwd: root })
const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'no tarball'
const files = readdirSync(here).filter((name) => name.endsWith('.test.mjs'))
const options = ['--test', '--test-concurrency=2', '--test-reporter=spec']
run('node', [...options, ...files.map((name) => join(here, name))], {
  env: { ...process.env, HMMU_TARBALL: join(folder, tarball) },
})
