// SPDX-License-Identifier: GPL-2.0-only
//
// Fuzzes the C core and the drill language: node scripts/fuzz-native.mjs [--time SECONDS] [--jobs N] [--target machine|drill]
//
// machine: native/fuzz/fuzz_machine.c under libFuzzer, with AddressSanitizer and UndefinedBehaviorSanitizer. Its corpus stays in
//   build-fuzz/corpus from run to run; what fails is in build-fuzz/failures, each with the shortest program that fails alike.
// drill: native/fuzz/fuzz_drill.mjs.
// Each gets the time, 60 seconds if nothing is said. Ends with how many executions there were, and the line that counts targets.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import cliProgress from 'cli-progress'
import { needPackages } from './debian.mjs'
import { root, run } from './run.mjs'

const folder = `${root}/build-fuzz`
const failures = `${folder}/failures`
const clang = 'clang-14'

const { values } = parseArgs({
  options: {
    time: { type: 'string', default: '60' },
    jobs: { type: 'string', default: '1' },
    target: { type: 'string' },
  },
})
const seconds = Number(values.time)
if (!(seconds > 0) || !(Number(values.jobs) > 0)) {
  console.error('--time takes seconds and --jobs a number of processes, each more than 0')
  process.exit(2)
}

function build() {
  if (!needPackages([clang, 'libclang-rt-14-dev', 'cmake'])) process.exit(1)
  run('cmake', ['-S', `${root}/native/fuzz`, '-B', folder, `-DCMAKE_C_COMPILER=${clang}`, '--log-level=WARNING'])
  run('cmake', ['--build', folder, '--parallel', '2'])
  for (const name of ['corpus', 'failures']) mkdirSync(`${folder}/${name}`, { recursive: true })
  run('node', ['native/fuzz/seeds.mjs', `${folder}/seeds`])
}

/** What libFuzzer tells of its progress in fork mode: `#N: cov: … exec/s … oom/timeout/crash: A/B/C`. */
const PROGRESS = /^#(\d+): cov: (\d+) .*oom\/timeout\/crash: (\d+)\/(\d+)\/(\d+)/

function fuzz(onProgress) {
  const options = [
    `-fork=${values.jobs}`,
    '-ignore_crashes=1',
    '-ignore_timeouts=1',
    '-ignore_ooms=1',
    '-max_len=2400',
    '-timeout=25',
    '-rss_limit_mb=3000',
    `-max_total_time=${seconds}`,
    `-artifact_prefix=${failures}/`,
  ]
  const child = spawn(`${folder}/fuzz_machine`, [...options, `${folder}/corpus`, `${folder}/seeds`])
  let rest = ''
  const read = (data) => {
    const lines = (rest + data).split('\n')
    rest = lines.pop()
    for (const line of lines) if (PROGRESS.test(line)) onProgress(PROGRESS.exec(line).slice(1).map(Number))
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  return new Promise((resolve) => child.on('close', resolve))
}

async function machine() {
  build()
  const known = new Set(readdirSync(failures))
  const began = Date.now()
  let seen = [0, 0, 0, 0, 0]
  const bar = new cliProgress.SingleBar({
    format: '{bar} {value}/{total} s, {runs} executions, coverage {coverage}, {failed} failed',
  })
  const told = () => ({ runs: seen[0], coverage: seen[1], failed: seen[2] + seen[3] + seen[4] })
  const elapsed = () => Math.min(seconds, Math.round((Date.now() - began) / 1000))
  bar.start(seconds, 0, told())
  const timer = setInterval(() => bar.update(elapsed(), told()), 1000)
  await fuzz((progress) => {
    seen = progress
  })
  clearInterval(timer)
  bar.update(seconds, told())
  bar.stop()
  const found = readdirSync(failures).filter((name) => !known.has(name) && !name.endsWith('.min'))
  found.forEach(explain)
  console.log(`${seen[0]} executions, ${found.length} failures`)
  return found.length
}

/** The shortest program that fails alike, as calls. */
function explain(name) {
  const file = `${failures}/${name}`
  console.log(`\n${file}`)
  if (existsSync(file)) spawnSync('node', ['native/fuzz/minimize.mjs', file], { cwd: root, stdio: 'inherit' })
}

function drill() {
  const { status } = spawnSync('node', ['native/fuzz/fuzz_drill.mjs', '--time', String(seconds)], {
    cwd: root,
    stdio: 'inherit',
  })
  return status
}

const targets = { machine, drill }
const wanted = values.target === undefined ? Object.keys(targets) : [values.target]
if (!wanted.every((name) => name in targets)) {
  console.error(`--target is one of ${Object.keys(targets).join(', ')}`)
  process.exit(2)
}
let failed = 0
for (const name of wanted) {
  console.log(`=== ${name}`)
  if ((await targets[name]()) !== 0) failed++
}
console.log(`${wanted.length - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
