// SPDX-License-Identifier: GPL-2.0-only
//
// Builds libhmmu and runs the C tests: node scripts/test/c.mjs [CMAKE-OPTION…]
//
// Options go to cmake: `-B build-clang -DCMAKE_C_COMPILER=clang-14` uses another compiler and another folder. If CI is
// set, cmake and cmocka must be installed; otherwise missing tools are reported, and the tests that need them left out.
import { spawnSync } from 'node:child_process'
import { root, run } from '../lib/run.mjs'

const ci = Boolean(process.env.CI)
const options = process.argv.slice(2)
const at = options.indexOf('-B')
const folder = at < 0 ? 'build-c' : options.splice(at, 2)[1]

if (spawnSync('cmake', ['--version']).error) {
  console.log('cmake was not found (Debian: cmake): the C tests are LEFT OUT')
  process.exit(ci ? 1 : 0)
}

run('cmake', [
  '-S',
  root,
  '-B',
  folder,
  `-DHMMU_REQUIRE_CMOCKA=${ci ? 'ON' : 'OFF'}`,
  '--log-level=WARNING',
  ...options,
])
run('cmake', ['--build', folder, '--parallel', '2'])
run('ctest', ['--test-dir', folder, '--output-on-failure', '--no-tests=error'])
