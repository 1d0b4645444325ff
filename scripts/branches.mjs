#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
//
// Which drill reaches each branch of migrate_vma(), by gcov: fills in "drills" of test/conformance/branches.json,
// where each branch names the piece of code that only it runs, and the C test that reaches it, too. Fails where it is not so;
// `--check` measures only what stands there. Needs build-coverage, which npm run coverage makes.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './run.mjs'

const DATA = join(root, 'test/conformance/branches.json')
const DRILLS = join(root, 'test/conformance/linux-4.14')
const ADDON = join(root, 'build-coverage/addon')
const C_TESTS = join(root, 'build-coverage/c')
const OBJECTS = 'CMakeFiles/hmmu_static.dir/native/core'
/** Most drills that are named for a branch. */
const NAMED = 3

const branches = JSON.parse(readFileSync(DATA, 'utf8'))
const files = [...new Set(branches.map(({ file }) => file))]

/** The number of the last line of a branch's piece of code. */
function lineOf({ file, code }) {
  const source = readFileSync(join(root, 'native/core', file), 'utf8')
  const at = source.indexOf(code)
  if (at < 0 || source.indexOf(code, at + 1) >= 0) throw new Error(`${file}: this has to stand there once: ${code}`)
  return source.slice(0, at + code.length).split('\n').length
}

/** The lines of a source file that were run, from the counts which a program left beside its objects. */
function executedLines(build, file) {
  const counts = join(build, OBJECTS, `${file}.gcda`)
  if (!existsSync(counts)) return new Set()
  const output = execFileSync('gcov', ['--json-format', '--stdout', counts], { cwd: build, encoding: 'utf8' })
  const { files: sources } = JSON.parse(output.split('\n')[0])
  const source = sources.find(({ file: path }) => path.endsWith(`native/core/${file}`))
  return new Set(source?.lines.filter(({ count }) => count > 0).map(({ line_number: line }) => line))
}

/** Runs a command whose core counts; resolves to the branches (by their index) that it reached. */
function reached(build, command, args, env = {}) {
  for (const file of files) rmSync(join(build, OBJECTS, `${file}.gcda`), { force: true })
  const { status, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', env: { ...process.env, ...env } })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`)
  const lines = new Map(files.map((file) => [file, executedLines(build, file)]))
  return new Set([...branches.keys()].filter((i) => lines.get(branches[i].file).has(lineOf(branches[i]))))
}

const byDrill = (name) =>
  reached(ADDON, process.execPath, ['dist/cli/main.js', 'drill', 'run', join(DRILLS, `${name}.drill`)], {
    HMMU_BINDING: join(ADDON, 'Release/hmmu.node'),
  })
const byTest = (name) => reached(C_TESTS, join(C_TESTS, name), [])

/** Measures each name once. */
function measured(names, measure) {
  return new Map([...new Set(names)].map((name) => [name, measure(name)]))
}

function update() {
  const names = readdirSync(DRILLS)
    .filter((file) => file.endsWith('.drill'))
    .map((file) => file.slice(0, -'.drill'.length))
    .sort()
  const drills = measured(names, byDrill)
  for (const [i, branch] of branches.entries()) {
    // Those that reach the fewest branches are the most about this one.
    const reaching = names.filter((name) => drills.get(name).has(i))
    reaching.sort((a, b) => drills.get(a).size - drills.get(b).size)
    branch.drills = reaching.slice(0, NAMED)
  }
  writeFileSync(DATA, `${JSON.stringify(branches, null, 2)}\n`)
}

function check() {
  const drills = measured(
    branches.flatMap((branch) => branch.drills),
    byDrill,
  )
  const tests = measured(
    branches.flatMap(({ test = [] }) => test),
    byTest,
  )
  let failed = 0
  for (const [i, { stage, branch, drills: named, test }] of branches.entries()) {
    const missed = named.filter((name) => !drills.get(name).has(i))
    if (test !== undefined && !tests.get(test).has(i)) missed.push(test)
    if (missed.length === 0) continue
    console.log(`${stage}, ${branch}: not reached by ${missed.join(', ')}`)
    failed += 1
  }
  console.log(`${branches.length - failed} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : 0
}

if (!existsSync(ADDON)) throw new Error('build-coverage is not there: npm run coverage makes it')
if (!process.argv.includes('--check')) update()
check()
