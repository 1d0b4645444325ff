// SPDX-License-Identifier: GPL-2.0-only
//
// The long form of test/faults: node scripts/test/faults.mjs [--jobs N] [--per-command N|all] [FOLDER…]
//
// Reruns all drills and lets the 1st, 2nd, 3rd … passage of each injection site fail: only that passage, and that
// passage with all later ones. By default it takes the first eight passages of each command and the last one, which
// takes minutes. `--per-command all` takes every passage, which takes hours. test/faults does the work. Each job is a
// process of its own, so that a crash is a finding like others. Ends with the number of injected failures, and the line
// that counts drills.
import { spawn, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { delimiter } from 'node:path'
import { createInterface } from 'node:readline'
import cliProgress from 'cli-progress'
import { program } from 'commander'
import { wholeNumber } from '../lib/options.mjs'
import { emulatorDrills, root, run } from '../lib/run.mjs'

const passages = (text) => (text === 'all' ? text : wholeNumber(1)(text))
program
  .argument('[folder...]', 'drills', emulatorDrills)
  .option('--jobs <n>', 'how many processes', wholeNumber(1), availableParallelism())
  .option('--per-command <n>', 'how many passages of a command, or `all`', passages, 8)
  .parse()
const { jobs, perCommand } = program.opts()
const folders = program.processedArgs[0].join(delimiter)
const sweep = `${root}/build-faults/test/faults/main.js`
const env = { HMMU_BINDING: `${root}/build/Release/hmmu.node`, ...process.env }

const totals = { drills: 0, passed: 0, injected: 0, failures: [] }
const bar = new cliProgress.SingleBar({
  format: '{bar} {value}/{total} drills, {injected} failures injected, {failed} drills failed',
  // Without a terminal, print a line from time to time.
  noTTYOutput: true,
  notTTYSchedule: 60_000,
})
const told = () => ({ injected: totals.injected, failed: totals.failures.length })

function fail(drill, problems) {
  totals.failures.push({ drill, problems })
}

/** Sweeps every `jobs`th drill, from a given one on. After a crash of the process, goes on with the next drill. */
async function job(first) {
  let at = { drill: undefined, index: first }
  const child = spawn('node', [sweep, folders, String(first), String(jobs), String(perCommand)], {
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

/** Runs a crashed drill again, to find the fault. */
function crashingFault(index) {
  const args = [sweep, folders, String(index), '1000000', String(perCommand), 'trace']
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
