// SPDX-License-Identifier: GPL-2.0-only
//
// Drivers of Linux 6.12 from their own, unmodified source on the emulator: npm run test:kapi [-- BUILD_FOLDER]
//
// Takes the sources from Debian's package linux-source-6.12, compiles them against native/kapi, and runs its tests; then
// Linux's own hmm-tests.c as a user program, `hmmu driver`, and machine.loadDriver() of the built package.
import { join, resolve } from 'node:path'
import { root, run } from '../lib/run.mjs'
import { buildTests } from './build.mjs'
import { runHmmTests } from './hmm-tests.mjs'

const build = resolve(process.argv[2] ?? join(root, 'build-kapi'))
buildTests(build)
run('ctest', ['--test-dir', build, '-L', 'kapi', '-j2', '--output-on-failure'])
if (process.arch === 'x64' && !runHmmTests(join(build, 'hmm_tests'))) process.exitCode = 1

const tests = ['command', 'library'].map((name) => join(root, `scripts/kapi/${name}.test.mjs`))
run('node', ['--test', '--test-reporter=dot', ...tests], {
  env: { ...process.env, HMMU_KAPI_BUILD: build },
})
