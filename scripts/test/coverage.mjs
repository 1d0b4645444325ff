// SPDX-License-Identifier: GPL-2.0-only
//
// npm run coverage: measures by gcov and gcovr (Debian: gcovr) how much of the core the C tests, the drills and the API
// tests reach, of each kernel by itself. Fails below the limits. build-coverage/html/index.html shows every line;
// build-coverage/missed.txt lists those of each kernel that nothing reaches.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import Table from 'cli-table3'
import { countsIn, functionsOf, lineCounts } from '../lib/gcov.mjs'
import { emulatorDrills, root, run } from '../lib/run.mjs'

const FOLDER = `${root}/build-coverage`
const KERNELS = ['4_14', '6_12']
/** The percentage of lines that have to be reached, of migrate/ and of each other floor. */
const LIMIT = (floor) => (floor === 'migrate' ? 95 : 90)
/** Not a part of any kernel. */
const COMMON = ['host', 'kernel']

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

/** The lines of one kernel by floor: how many there are, and which nothing reaches. */
function floorsOf(kernel) {
  const floors = new Map()
  for (const [line, count] of lineCounts(countsIn(FOLDER, kernel), functionsOf(kernel))) {
    const floor = line.split('/')[0]
    if (COMMON.includes(floor)) continue
    if (!floors.has(floor)) floors.set(floor, { lines: 0, missed: [] })
    floors.get(floor).lines += 1
    if (count === 0) floors.get(floor).missed.push(line)
  }
  return floors
}

/** Prints what is reached of each kernel. Fails if a floor of some kernel is below its limit. */
function checkKernels() {
  const table = new Table({ head: ['kernel', 'floor', 'lines', 'reached', 'limit'], style: { head: [], border: [] } })
  const missed = []
  let failed = 0
  for (const kernel of KERNELS) {
    for (const [floor, found] of floorsOf(kernel)) {
      const reached = 100 * (1 - found.missed.length / found.lines)
      table.push([kernel, floor, found.lines, `${reached.toFixed(1)} %`, `${LIMIT(floor)} %`])
      missed.push(...found.missed.map((line) => `${kernel} ${line}\n`))
      if (reached < LIMIT(floor)) failed += 1
    }
  }
  writeFileSync(`${FOLDER}/missed.txt`, missed.join(''))
  console.log(table.toString())
  if (failed === 0 && table.length > 0) return
  console.log(`${failed} floors are below their limit; ${FOLDER}/missed.txt lists the lines`)
  process.exit(1)
}

rmSync(FOLDER, { recursive: true, force: true })
measure()
mkdirSync(`${FOLDER}/html`)
gcovr('native/core/', ['--html-details', `${FOLDER}/html/index.html`, '--txt', '-', '--fail-under-branch', '85'])
gcovr('native/core/migrate/', ['--print-summary', '--fail-under-branch', '93'])
checkKernels()
run('node', ['scripts/generate/branches.mjs', '--check'])
