// SPDX-License-Identifier: GPL-2.0-only
//
// Runs the C tests, the fuzzer's seeds, all drills and the Jest suite with AddressSanitizer (leak detection included)
// and UndefinedBehaviorSanitizer, and the C tests in valgrind: node scripts/test/asan.mjs [STEP…]
//
// The steps are c, seeds, drills, jest and valgrind; by default all of them. Ends with the line that counts them.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { Argument, program } from 'commander'
import { cTests } from '../lib/c-tests.mjs'
import { needPackages } from '../lib/debian.mjs'
import { emulatorDrills, root, run } from '../lib/run.mjs'

const sanitize = 'address,undefined'
const addon = `${root}/build-asan/Release/hmmu.node`
const reports = `${root}/build-asan/reports`

/** Runs a command; returns whether it succeeded. */
function succeeds(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } })
  if (error) console.error(`${command}: ${error.message}`)
  return status === 0
}

const libasan = () => execFileSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim()

/** Environment in which node loads the addon with sanitizers: their library has to come before all others. */
function instrumented() {
  return {
    LD_PRELOAD: libasan(),
    HMMU_BINDING: addon,
    // Node itself leaks when a process is ended from within a call. So leaks do not make the process fail; the report
    // is searched for leaks of the addon.
    ASAN_OPTIONS: `detect_leaks=1:detect_stack_use_after_return=1:log_path=${reports}/report`,
    LSAN_OPTIONS: 'exitcode=0',
    UBSAN_OPTIONS: `print_stacktrace=1:log_path=${reports}/report`,
  }
}

/** Runs node with the instrumented addon; returns whether it succeeded, and no report concerns the addon. */
function succeedsInstrumented(args) {
  rmSync(reports, { recursive: true, force: true })
  mkdirSync(reports, { recursive: true })
  const ended = succeeds('node', args, instrumented())
  const ours = readdirSync(reports).flatMap((name) => concerns(readFileSync(`${reports}/${name}`, 'utf8')))
  for (const report of ours) console.error(report)
  console.log(`${ours.length} reports of sanitizers`)
  return ended && ours.length === 0
}

/** The relevant parts of a report: all errors other than leaks, and leaks of memory that the addon allocated. */
function concerns(report) {
  const leaks = report.split(/\n(?=Direct leak|Indirect leak)/)
  const others = report.includes('LeakSanitizer') && !report.includes('ERROR: AddressSanitizer') ? [] : [report]
  return [...others, ...leaks.filter((leak) => /^(Direct|Indirect) leak/.test(leak) && leak.includes('hmmu.node'))]
}

let built = false
function buildAddon() {
  if (built) return
  const options = ['compile', '--out', 'build-asan', `--CDHMMU_SANITIZE=${sanitize}`]
  run('npx', ['cmake-js', ...options])
  run('npm', ['run', 'build:ts'])
  built = true
}

function c() {
  return succeeds('node', [
    'scripts/test/c.mjs',
    '-B',
    'build-sanitize',
    `-DHMMU_SANITIZE=${sanitize}`,
    '-DCMAKE_BUILD_TYPE=Debug',
  ])
}

/** Programs of fuzz_machine, by gcc's sanitizers. */
function seeds() {
  const folder = `${root}/build-fuzz-gcc`
  run('npm', ['run', 'build:ts'])
  run('cmake', ['-S', 'native/fuzz', '-B', folder, '-DCMAKE_C_COMPILER=gcc', '--log-level=WARNING'])
  run('cmake', ['--build', folder, '--parallel', '2', '--target', 'replay_machine'])
  run('node', ['native/fuzz/seeds.mjs', `${folder}/seeds`])
  return succeeds(
    `${folder}/replay_machine`,
    readdirSync(`${folder}/seeds`).map((name) => `${folder}/seeds/${name}`),
  )
}

function drills() {
  buildAddon()
  return succeedsInstrumented(['dist/cli/main.js', 'drill', 'check', ...emulatorDrills, '--verify'])
}

/** Suites whose calls stop in their middle, on stacks of their own. AddressSanitizer knows one stack for each thread. */
const WITH_STACKS = 'test/explore/(explore|judges|memcg|museum|truncate)[.]test'

function jest() {
  buildAddon()
  // A worker of Jest can end before it has looked for leaks.
  const options = ['--runInBand', '--testTimeout', '120000', '--testPathIgnorePatterns', WITH_STACKS]
  return succeedsInstrumented(['node_modules/jest/bin/jest.js', ...options])
}

/** Valgrind gives a process 128 GiB of addresses: too few for the largest machine, and for so many copies of one. Hundreds of
 * programs take it too long. */
const NOT_IN_VALGRIND = ['test_copies_amid', 'test_machine', 'seeds_stops']

function valgrind() {
  run('node', ['scripts/test/c.mjs'])
  const tests = [...cTests(`${root}/build-c`)]
    .filter(([name]) => !NOT_IN_VALGRIND.includes(name))
    .map(([, test]) => test)
  const options = ['--quiet', '--leak-check=full', '--errors-for-leak-kinds=definite,possible', '--error-exitcode=99']
  // When a test fails on purpose, cmocka jumps out of it. Valgrind must ignore that.
  return tests.map((test) => succeeds('valgrind', [...options, ...test])).every(Boolean) && tests.length > 0
}

const steps = { c, seeds, drills, jest, valgrind }
const names = Object.keys(steps)
const step = new Argument('[step...]', 'only these').choices(names).default(names)
const [wanted] = program.addArgument(step).parse().processedArgs
needPackages(['gcc', 'g++', 'cmake', 'libcmocka-dev', 'valgrind'])

const failed = wanted.filter((name) => {
  console.log(`\n=== ${name}`)
  return !steps[name]()
})
if (failed.length > 0) console.log(`\nfailed: ${failed.join(', ')}`)
console.log(`${wanted.length - failed.length} passed, ${failed.length} failed`)
process.exitCode = failed.length > 0 ? 1 : 0
