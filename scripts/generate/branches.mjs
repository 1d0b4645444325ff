#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
//
// Finds by gcov which drills reach each branch of migrate_vma(), and fills in "drills" of
// test/conformance/branches-*.json, one for each kernel. There each branch names the piece of code that runs for this branch
// only, and the C test that reaches it. Fails if the C test does not. `--check` measures only the drills and tests that are
// listed. Needs build-coverage, which npm run coverage makes.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { program } from 'commander'
import { cTests } from '../lib/c-tests.mjs'
import { countsIn, lineCounts } from '../lib/gcov.mjs'
import { root } from '../lib/run.mjs'

const KERNELS = ['linux-4.14', 'linux-6.12']
const ADDON = join(root, 'build-coverage/addon')
const C_TESTS = join(root, 'build-coverage/c')
/** The maximum number of drills named for a branch. */
const NAMED = 3

const dataOf = (kernel) => join(root, `test/conformance/branches-${kernel}.json`)
const drillsOf = (kernel) => join(root, 'test/conformance', kernel)

/** The number of the last line of a branch's piece of code. */
function lineOf({ file, code }) {
  const source = readFileSync(join(root, 'native/core', file), 'utf8')
  const at = source.indexOf(code)
  if (at < 0 || source.indexOf(code, at + 1) >= 0) throw new Error(`${file}: this has to stand there once: ${code}`)
  return source.slice(0, at + code.length).split('\n').length
}

/** Runs a command whose core counts; resolves to the branches (by their index) that it reached. */
function reached(branches, build, command, args, env = {}) {
  for (const name of countsIn(build)) rmSync(name)
  const { status, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', env: { ...process.env, ...env } })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`)
  const lines = lineCounts(countsIn(build))
  return new Set([...branches.keys()].filter((i) => lines.get(`${branches[i].file}:${lineOf(branches[i])}`) > 0))
}

const byDrill = (branches, kernel) => (name) =>
  reached(
    branches,
    ADDON,
    process.execPath,
    ['dist/cli/main.js', 'drill', 'run', join(drillsOf(kernel), `${name}.drill`)],
    {
      HMMU_BINDING: join(ADDON, 'Release/hmmu.node'),
    },
  )
const cTestsHere = cTests(C_TESTS)
const byTest = (branches) => (name) => {
  const [command, ...args] = cTestsHere.get(name)
  return reached(branches, C_TESTS, command, args)
}

/** Measures each name once. */
function measured(names, measure) {
  return new Map([...new Set(names)].map((name) => [name, measure(name)]))
}

function update(branches, kernel) {
  const names = readdirSync(drillsOf(kernel))
    .filter((file) => file.endsWith('.drill'))
    .map((file) => file.slice(0, -'.drill'.length))
    .sort()
  const drills = measured(names, byDrill(branches, kernel))
  for (const [i, branch] of branches.entries()) {
    // A drill that reaches few branches is the more specific for this branch.
    const reaching = names.filter((name) => drills.get(name).has(i))
    reaching.sort((a, b) => drills.get(a).size - drills.get(b).size)
    branch.drills = branch.note === undefined ? reaching.slice(0, NAMED) : []
  }
  writeFileSync(dataOf(kernel), `${JSON.stringify(branches, null, 2)}\n`)
}

function check(branches, kernel) {
  const drills = measured(
    branches.flatMap((branch) => branch.drills),
    byDrill(branches, kernel),
  )
  const tests = measured(
    branches.flatMap(({ test = [] }) => test),
    byTest(branches),
  )
  let failed = 0
  for (const [i, { stage, branch, drills: named, test }] of branches.entries()) {
    const missed = named.filter((name) => !drills.get(name).has(i))
    if (test !== undefined && !tests.get(test).has(i)) missed.push(test)
    if (missed.length === 0) continue
    console.log(`${stage}, ${branch}: not reached by ${missed.join(', ')}`)
    failed += 1
  }
  console.log(`${kernel}: ${branches.length - failed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}

if (!existsSync(ADDON)) throw new Error('build-coverage is not there: npm run coverage makes it')
const { check: onlyCheck } = program.option('--check', 'measure only what is listed').parse().opts()
for (const kernel of KERNELS) {
  const branches = JSON.parse(readFileSync(dataOf(kernel), 'utf8'))
  if (!onlyCheck) update(branches, kernel)
  check(branches, kernel)
}
