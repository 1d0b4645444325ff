// SPDX-License-Identifier: GPL-2.0-only
//
// Fuzzes the C core and the drill language:
//
//   node scripts/fuzz/native.mjs [--time SECONDS] [--jobs N] [--target machine|stops|drill]
//
// machine: native/fuzz/fuzz_machine.c under libFuzzer, with AddressSanitizer and UndefinedBehaviorSanitizer. Its
//   corpus stays in build-fuzz/corpus from run to run. Failures are in build-fuzz/failures, each with the shortest
//   program that fails alike.
// stops: native/fuzz/fuzz_stops.c, calls that stop in their middle, in build-fuzz-stops. AddressSanitizer has no stacks for them.
// drill: native/fuzz/fuzz_drill.mjs.
//
// Each target runs for the given time, by default 60 seconds. Ends with the number of executions, and the line that
// counts targets.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import cliProgress from 'cli-progress'
import { Option, program } from 'commander'
import { needPackages } from '../lib/debian.mjs'
import { wholeNumber } from '../lib/options.mjs'
import { root, run } from '../lib/run.mjs'

const clang = 'clang-14'

/** What libFuzzer runs. */
const machine = {
  name: 'machine',
  folder: `${root}/build-fuzz`,
  sanitizers: 'address,undefined',
  makeSeeds: (corpus) => run('node', ['native/fuzz/seeds.mjs', corpus]),
}
const stops = {
  name: 'stops',
  folder: `${root}/build-fuzz-stops`,
  sanitizers: 'undefined',
  makeSeeds: (corpus) => run(`${root}/build-fuzz-stops/seeds_stops`, ['0', '500', '--to', corpus]),
}
const targets = { machine: () => fuzzCore(machine), stops: () => fuzzCore(stops), drill }
const {
  time: seconds,
  jobs,
  target,
} = program
  .option('--time <seconds>', 'how long each target runs', wholeNumber(1), 60)
  .option('--jobs <n>', 'how many fuzzers of the core at a time', wholeNumber(1), 1)
  .addOption(new Option('--target <name>', 'only this one').choices(Object.keys(targets)))
  .parse()
  .opts()

const failuresOf = ({ folder }) => `${folder}/failures`

function build({ name, folder, sanitizers, makeSeeds }) {
  needPackages([clang, 'libclang-rt-14-dev', 'cmake'])
  const settings = [`-DCMAKE_C_COMPILER=${clang}`, `-DHMMU_SANITIZE=${sanitizers}`, '--log-level=WARNING']
  run('cmake', ['-S', `${root}/native/fuzz`, '-B', folder, ...settings])
  const wanted = [`fuzz_${name}`, `replay_${name}`, ...(name === 'stops' ? ['seeds_stops'] : [])]
  run('cmake', ['--build', folder, '--parallel', '2', '--target', ...wanted])
  for (const part of ['corpus', 'failures']) mkdirSync(`${folder}/${part}`, { recursive: true })
  makeSeeds(`${folder}/corpus`)
}

/** libFuzzer's lines during a run and at its end. */
const PROGRESS = /^#(\d+)\s.*cov: (\d+)/
const EXECUTED = /^stat::number_of_executed_units: (\d+)/

/** One run of libFuzzer, until the time is over or a program fails. Resolves to the number of executions. */
function fuzz(fuzzed, left, onProgress) {
  const { name, folder } = fuzzed
  const options = ['-max_len=2400', '-timeout=25', '-rss_limit_mb=3000', '-print_final_stats=1', '-reload=30']
  const places = [`-artifact_prefix=${failuresOf(fuzzed)}/`, `${folder}/corpus`]
  const child = spawn(`${folder}/fuzz_${name}`, [...options, `-max_total_time=${Math.ceil(left)}`, ...places], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let executed = 0
  createInterface({ input: child.stderr }).on('line', (line) => {
    const [, runs, coverage] = PROGRESS.exec(line) ?? []
    if (runs) onProgress(Number(runs), Number(coverage))
    executed = Number(EXECUTED.exec(line)?.[1] ?? executed)
  })
  return new Promise((resolve) => child.on('close', () => resolve(executed)))
}

/** Starts libFuzzer again and again until the time is over: it ends with the first program that fails. */
async function fuzzOn(fuzzed, end, onProgress) {
  const failures = failuresOf(fuzzed)
  let before = 0
  for (let left = seconds; left > 0; left = (end - Date.now()) / 1000) {
    before += await fuzz(fuzzed, left, (runs, coverage) => onProgress(before + runs, coverage))
    // A failing program in the corpus would end every run. libFuzzer names programs by their hash, failing ones, too.
    for (const name of readdirSync(failures))
      rmSync(`${fuzzed.folder}/corpus/${name.replace(/^\w+-/, '')}`, { force: true })
  }
  return before
}

async function fuzzCore(fuzzed) {
  build(fuzzed)
  const failures = failuresOf(fuzzed)
  const known = new Set(readdirSync(failures))
  const found = () => readdirSync(failures).filter((name) => !known.has(name) && !name.endsWith('.min'))
  const began = Date.now()
  const seen = { runs: [], coverage: 0 }
  const bar = new cliProgress.SingleBar({
    format: '{bar} {value}/{total} s, {runs} executions, coverage {coverage}, {failed} failed',
    // Without a terminal, print a line from time to time.
    noTTYOutput: true,
    notTTYSchedule: 60_000,
  })
  const told = () => ({ runs: sum(seen.runs), coverage: seen.coverage, failed: found().length })
  bar.start(seconds, 0, told())
  const timer = setInterval(() => bar.update(Math.round((Date.now() - began) / 1000), told()), 1000)
  const executed = await Promise.all(
    Array.from({ length: jobs }, (_, job) =>
      fuzzOn(fuzzed, began + seconds * 1000, (runs, coverage) => {
        seen.runs[job] = runs
        seen.coverage = Math.max(seen.coverage, coverage)
      }),
    ),
  )
  clearInterval(timer)
  bar.update(seconds, told())
  bar.stop()
  for (const name of found()) explain(fuzzed, name)
  console.log(`${sum(executed)} executions, ${found().length} failures`)
  return found().length
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0)

/** The shortest program that fails alike, as calls. */
function explain(fuzzed, name) {
  const file = `${failuresOf(fuzzed)}/${name}`
  const replay = `${fuzzed.folder}/replay_${fuzzed.name}`
  console.log(`\n${file}`)
  if (existsSync(file)) spawnSync('node', ['native/fuzz/minimize.mjs', file, replay], { cwd: root, stdio: 'inherit' })
}

function drill() {
  const { status } = spawnSync('node', ['native/fuzz/fuzz_drill.mjs', '--time', String(seconds)], {
    cwd: root,
    stdio: 'inherit',
  })
  return status
}

const wanted = target === undefined ? Object.keys(targets) : [target]
let failed = 0
for (const name of wanted) {
  console.log(`=== ${name}`)
  if ((await targets[name]()) !== 0) failed++
}
console.log(`${wanted.length - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
