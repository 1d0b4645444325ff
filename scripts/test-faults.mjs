// SPDX-License-Identifier: GPL-2.0-only
//
// Failure at every place, the long form: node scripts/test-faults.mjs [--jobs N] [--per-command N|all] [FOLDER]
//
// Reruns all drills, failing the 1st, 2nd, 3rd … passage of each injection site until none fails, once and from then
// on: of each command the first eight passages and the last one, which takes minutes, or with `--per-command all`
// every single one, which takes hours. test/faults does the work; each job is a process of its own, so that a crash
// is a finding like others. Ends with the number of failures injected, and the line that counts drills.
import { spawn, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import cliProgress from 'cli-progress'
import { root, run } from './run.mjs'

const { values, positionals } = parseArgs({
  options: { jobs: { type: 'string' }, 'per-command': { type: 'string', default: '8' } },
  allowPositionals: true,
})
const jobs = Number(values.jobs ?? availableParallelism())
const folder = positionals[0] ?? `${root}/test/conformance`
const program = `${root}/build-faults/test/faults/main.js`
const env = { HMMU_BINDING: `${root}/build/Release/hmmu.node`, ...process.env }

const perCommand = values['per-command']
if (!(jobs >= 1) || !(perCommand === 'all' || Number(perCommand) >= 1)) {
  console.error('--jobs takes a number of processes, --per-command a number of passages or `all`; each is 1 or more')
  process.exit(2)
}

const totals = { drills: 0, passed: 0, injected: 0, failures: [] }
const bar = new cliProgress.SingleBar({
  format: '{bar} {value}/{total} drills, {injected} failures injected, {failed} drills failed',
  // Without a terminal a line now and then.
  noTTYOutput: true,
  notTTYSchedule: 60_000,
})
const told = () => ({ injected: totals.injected, failed: totals.failures.length })

function fail(drill, problems) {
  totals.failures.push({ drill, problems })
}

/** Sweeps drills from one on, every `jobs`th; goes on behind one that crashes the process. */
async function job(first) {
  let at = { drill: undefined, index: first }
  const child = spawn('node', [program, folder, String(first), String(jobs), perCommand], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line)
    if (message.drills) bar.setTotal(message.drills)
    else if (message.drill) at = message
    else finish(at.drill, message)
  }
  const code =
    child.exitCode ??
    child.signalCode ??
    (await new Promise((resolve) => child.on('close', (c, signal) => resolve(c ?? signal))))
  if (code === 0) return
  if (at.drill === undefined) throw new Error(`a job ended with ${code} before its first drill`)
  fail(at.drill, [`ended with ${code}, ${crashingFault(at.index)}`])
  bar.increment(told())
  await job(at.index + jobs)
}

function finish(drill, { injected, problems }) {
  totals.injected += injected
  if (problems.length > 0) fail(drill, problems)
  else totals.passed++
  bar.increment(told())
}

/** Runs a drill that crashed once more, to see with which fault. */
function crashingFault(index) {
  const args = [program, folder, String(index), '1000000', perCommand, 'trace']
  const { stdout } = spawnSync('node', args, { env, encoding: 'utf8', maxBuffer: 2 ** 28 })
  return `the last run: ${stdout.trim().split('\n').at(-1)}`
}

run('npx', ['tsc', '-p', 'test/faults/tsconfig.json'])
bar.start(1, 0, told())
await Promise.all(Array.from({ length: jobs }, (_, first) => job(first)))
bar.stop()
for (const { drill, problems } of totals.failures) {
  console.log(`\n${drill}: ${problems.length} problems\n  ${problems.slice(0, 10).join('\n  ')}`)
}
console.log(`${totals.injected} failures injected`)
console.log(`${totals.passed} passed, ${totals.failures.length} failed`)
process.exitCode = totals.failures.length > 0 ? 1 : 0
