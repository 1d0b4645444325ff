// SPDX-License-Identifier: GPL-2.0-only
//
// npm run coverage: measures by gcov and gcovr (Debian: gcovr) how much of the core the C tests, the drills and the API
// tests reach. Fails below the limits. build-coverage/html/index.html shows every line.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { drillFolders, root, run } from './run.mjs'

const FOLDER = `${root}/build-coverage`
const LIMITS = { migrateLines: 95, migrateBranches: 90, coreLines: 90 }

const percent = (covered, total) => (total === 0 ? 100 : (100 * covered) / total)

/** Builds and runs everything that counts. */
function measure() {
  run('cmake', ['-S', '.', '-B', `${FOLDER}/c`, '-DHMMU_COVERAGE=ON', '-DHMMU_REQUIRE_CMOCKA=ON'], { stdio: 'ignore' })
  run('cmake', ['--build', `${FOLDER}/c`, '-j2'], { stdio: 'ignore' })
  run('ctest', ['--test-dir', `${FOLDER}/c`, '--output-on-failure'])
  run('npx', ['cmake-js', 'compile', '--out', `${FOLDER}/addon`, '--CDHMMU_COVERAGE=ON'], { stdio: 'ignore' })
  const env = { ...process.env, HMMU_BINDING: `${FOLDER}/addon/Release/hmmu.node` }
  run('node', ['dist/cli/main.js', 'drill', 'check', ...drillFolders, '--verify'], { env })
  run('npx', ['jest', 'test/api'], { env })
}

function report() {
  mkdirSync(`${FOLDER}/html`, { recursive: true })
  const args = ['-r', '.', '--filter', 'native/core/', '--exclude-throw-branches', '--exclude-unreachable-branches']
  const outputs = ['--json-summary', `${FOLDER}/summary.json`, '--html-details', `${FOLDER}/html/index.html`]
  execFileSync('gcovr', [...args, ...outputs, `${FOLDER}/c`, `${FOLDER}/addon`], { cwd: root, stdio: 'inherit' })
  return JSON.parse(readFileSync(`${FOLDER}/summary.json`, 'utf8'))
}

function sum(files) {
  const total = { line_covered: 0, line_total: 0, branch_covered: 0, branch_total: 0 }
  for (const file of files) for (const key of Object.keys(total)) total[key] += file[key]
  return {
    lines: percent(total.line_covered, total.line_total),
    branches: percent(total.branch_covered, total.branch_total),
  }
}

rmSync(FOLDER, { recursive: true, force: true })
measure()
const { files } = report()
const migrate = sum(files.filter(({ filename }) => /\/core\/migrate\//.test(filename)))
const core = sum(files)
for (const file of files) {
  const { lines, branches } = sum([file])
  console.log(
    `${file.filename.padEnd(36)} lines ${lines.toFixed(1).padStart(5)} %  branches ${branches.toFixed(1).padStart(5)} %`,
  )
}
const results = [
  ['migrate, lines', migrate.lines, LIMITS.migrateLines],
  ['migrate, branches', migrate.branches, LIMITS.migrateBranches],
  ['the core, lines', core.lines, LIMITS.coreLines],
]
for (const [what, value, limit] of results) {
  console.log(`${value >= limit ? 'ok    ' : 'BELOW '} ${what}: ${value.toFixed(1)} % (limit ${limit} %)`)
}
const failed = results.filter(([, value, limit]) => value < limit).length
console.log(`${results.length - failed} passed, ${failed} failed`)
if (failed > 0) process.exit(1)
run('node', ['scripts/branches.mjs', '--check'])
