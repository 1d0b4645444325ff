// SPDX-License-Identifier: GPL-2.0-only
//
// npm run coverage: measures by gcov and gcovr (Debian: gcovr) how much of the core the C tests, the drills and the API
// tests reach. Fails below the limits. build-coverage/html/index.html shows every line.
import { mkdirSync, rmSync } from 'node:fs'
import { emulatorDrills, root, run } from '../lib/run.mjs'

const FOLDER = `${root}/build-coverage`
const COUNTS = `${FOLDER}/counts.json`

/** Builds and runs everything that counts. */
function measure() {
  run('cmake', ['-S', '.', '-B', `${FOLDER}/c`, '-DHMMU_COVERAGE=ON', '-DHMMU_REQUIRE_CMOCKA=ON'], { stdio: 'ignore' })
  run('cmake', ['--build', `${FOLDER}/c`, '-j2'], { stdio: 'ignore' })
  run('ctest', ['--test-dir', `${FOLDER}/c`, '--output-on-failure'])
  run('npx', ['cmake-js', 'compile', '--out', `${FOLDER}/addon`, '--CDHMMU_COVERAGE=ON'], { stdio: 'ignore' })
  const env = { ...process.env, HMMU_BINDING: `${FOLDER}/addon/Release/hmmu.node` }
  run('node', ['dist/cli/main.js', 'drill', 'check', ...emulatorDrills, '--verify'], { env })
  // A worker of Jest can end before it has written its counts.
  run('npx', ['jest', '--runInBand', 'test/api'], { env })
}

function gcovr(folder, options) {
  const branches = ['--exclude-throw-branches', '--exclude-unreachable-branches']
  run('gcovr', ['--root', '.', '--filter', folder, ...branches, ...options])
}

rmSync(FOLDER, { recursive: true, force: true })
measure()
mkdirSync(`${FOLDER}/html`)
gcovr('native/core/', ['--json', COUNTS, `${FOLDER}/c`, `${FOLDER}/addon`])
const tables = ['--html-details', `${FOLDER}/html/index.html`, '--txt', '-']
gcovr('native/core/', ['-a', COUNTS, ...tables, '--fail-under-line', '95', '--fail-under-branch', '85'])
gcovr('native/core/migrate/', ['-a', COUNTS, '--print-summary', '--fail-under-line', '97', '--fail-under-branch', '93'])
run('node', ['scripts/generate/branches.mjs', '--check'])
