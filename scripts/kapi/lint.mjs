// SPDX-License-Identifier: GPL-2.0-only
//
// Checks native/kapi with clang-tidy, 20 s: npm run lint:kapi. The database of npm run lint:c has only what the addon has.
import { spawnSync } from 'node:child_process'
import { root, run } from '../lib/run.mjs'

const build = `${root}/build-lint-kapi`
run('cmake', ['-B', build, '-DCMAKE_C_COMPILER=clang-14'], { stdio: ['ignore', 'ignore', 'inherit'] })
const args = ['-quiet', '-p', build, 'native/kapi/(host|log|task|lib|mm|fs|run|program|live|library)/']
const { status, stdout, error } = spawnSync('run-clang-tidy-14', args, { cwd: root, encoding: 'utf8' })
if (status !== 0) {
  console.log(error ? error.message : stdout)
  process.exit(1)
}
