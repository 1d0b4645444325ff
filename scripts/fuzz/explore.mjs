#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
//
// Explores random drills for a given time, on each profile in turn: without quirks there must be no finding, and each finding on a
// kernel must take a quirk. The addon and the command must be built.
//   node scripts/fuzz/explore.mjs [--seed N] [--time SECONDS]

import { spawnSync } from 'node:child_process'
import { program } from 'commander'
import { wholeNumber } from '../lib/options.mjs'
import { root } from '../lib/run.mjs'

const DEFAULT_SECONDS = 300
/** Drills of a batch: those of a kernel with its quirks are explored many times, once something is found. */
const BATCHES = [
  ['linux-6.12-fixed', 2000],
  ['linux-4.14-fixed', 1000],
  ['linux-6.12', 500],
  ['linux-4.14', 100],
]
const MOST_SEED = 2 ** 30
const MIB = 2 ** 20

/** What `hmmu explore` prints about a batch. */
function exploreBatch(profile, programs, seed) {
  const args = ['--random', `${programs}`, '--seed', `${seed}`, '--profile', profile, '--json']
  const { stdout, stderr, status, signal } = spawnSync('node', ['dist/cli/main.js', 'explore', ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 256 * MIB,
  })
  if (stdout !== '') return JSON.parse(stdout)
  console.error(`hmmu explore ${args.join(' ')}: ${signal ?? `exit code ${status}`}\n${stderr}`)
  process.exit(1)
}

/** A finding that no quirk explains. */
function report(profile, { judge, firstSeed, programs, drill, finding }) {
  console.log(`\n${judge} (${profile}) in ${programs} drills, first seed ${firstSeed}: ${finding.sentence}`)
  console.log(`${drill}# ${finding.id}`)
}

program
  .name('fuzz-explore')
  .description(`Random drills, each explored in all orders, on all profiles (by default for ${DEFAULT_SECONDS} s).`)
  .option('--seed <n>', 'where to begin; the same seed gives the same drills', wholeNumber(0))
  .option('--time <seconds>', 'begin no batch after this time', wholeNumber(0), DEFAULT_SECONDS)
  .parse()
const { seed = Date.now() % (MOST_SEED / 2), time } = program.opts()
const begin = performance.now()
const counts = { passed: 0, failed: 0 }
let next = seed

console.log(`seed ${seed}`)
for (let i = 0; i === 0 || performance.now() - begin < time * 1000; i++) {
  const [profile, programs] = BATCHES[i % BATCHES.length]
  const { findings, found, cutOff, states } = exploreBatch(profile, programs, next)
  const unexplained = findings.filter(({ quirks }) => quirks.length === 0)
  for (const finding of unexplained) report(profile, finding)
  const bad = unexplained.reduce((sum, finding) => sum + finding.programs, 0)
  console.log(
    `${profile}: ${programs} drills from seed ${next} on, ${states} states, ${cutOff} cut off, findings in ${found}`,
  )
  counts.failed += Math.min(bad, programs)
  counts.passed += Math.max(programs - bad, 0)
  next = (next + programs) % MOST_SEED
}
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.failed === 0 ? 0 : 1
