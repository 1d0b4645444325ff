#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
//
// Plays random sequences of commands on the machine and on the reference model, for a given time: of all kernels in
// turn, or of one. The addon must be built.
//   node scripts/fuzz/model.mjs [--seed N] [--time SECONDS] [--runs N] [--length N] [--profile NAME] [--out FOLDER] [--fail-fast]

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { SingleBar } from 'cli-progress'
import { Option, program } from 'commander'
import fc from 'fast-check'
import ts from 'typescript'
import { wholeNumber } from '../lib/options.mjs'
import { root } from '../lib/run.mjs'

/** Sequences between two looks at the clock. Each batch has a seed of its own. */
const BATCH = 20
const DEFAULT_SECONDS = 60

/** Lets require() load TypeScript. Types are checked elsewhere. */
function loadTypeScript() {
  const require = createRequire(import.meta.url)
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true }
  require.extensions['.ts'] = (module, fileName) => {
    const text = readFileSync(fileName, 'utf8')
    module._compile(ts.transpileModule(text, { compilerOptions, fileName }).outputText, fileName)
  }
  return require
}

function parseOptions() {
  program
    .name('fuzz-model')
    .description(
      `Random sequences of commands on the machine and on the reference model (by default for ${DEFAULT_SECONDS} s).`,
    )
    .option('--seed <n>', 'where to begin; the same seed gives the same sequences', wholeNumber(0))
    .option('--time <seconds>', 'stop after this time', wholeNumber(0))
    .option('--runs <n>', 'stop after this many sequences', wholeNumber(0))
    .option('--length <n>', 'most commands of a sequence', wholeNumber(0), 60)
    .addOption(
      new Option('--profile <name>', 'only this kernel, or this kernel with a limit of memory').choices(
        subjects.map(({ name }) => name),
      ),
    )
    .option('--out <folder>', 'write the drills that show a failure there, too')
    .option('--fail-fast', 'stop at the first failure, as it was found and not made shorter')
    .parse()
  const {
    seed = Date.now() % 2 ** 31,
    time,
    runs = Number.POSITIVE_INFINITY,
    length,
    profile,
    out,
    failFast = false,
  } = program.opts()
  const seconds = time ?? (runs === Number.POSITIVE_INFINITY ? DEFAULT_SECONDS : Number.POSITIVE_INFINITY)
  return { seed, seconds, runs, length, profile, out, failFast }
}

/** A progress bar on a terminal, nothing elsewhere. */
function makeBar({ seconds, runs }) {
  const timed = seconds !== Number.POSITIVE_INFINITY
  const format = `{bar} {percentage}% | ${timed ? '{value}/{total} s | ' : ''}{passed} passed, {failed} failed`
  const bar = new SingleBar({ format, clearOnComplete: true, hideCursor: true, noTTYOutput: false })
  if (process.stderr.isTTY) bar.start(timed ? seconds : runs, 0, { passed: 0, failed: 0 })
  return (elapsed, done, counts) => bar.update(Math.floor(timed ? elapsed : done), counts)
}

function report(details, { seed, length, profile, out }, failed) {
  const text = details.errorInstance?.message ?? String(details.errorInstance)
  const again = `npm run fuzz:model -- --profile ${profile} --seed ${seed} --runs ${BATCH} --length ${length}`
  console.log(`\n${text}# found by: ${again}\n`)
  if (out === undefined) return
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, `failure-${failed}.drill`), text.slice(text.indexOf('#')))
}

const require = loadTypeScript()
const { sequences } = require(join(root, 'test/property/sequences.ts'))
const subjects = Object.values(require(join(root, 'test/property/kernels.ts')))
const options = parseOptions()
const properties = subjects
  .filter(({ name }) => [undefined, name].includes(options.profile))
  .map((subject) => ({ profile: subject.name, property: sequences(subject, options.length) }))
const show = makeBar(options)
const counts = { passed: 0, failed: 0 }
const begin = performance.now()
const elapsed = () => (performance.now() - begin) / 1000

console.log(`seed ${options.seed}`)
for (let i = 0, done = 0; elapsed() < options.seconds && done < options.runs; i++) {
  const { profile, property } = properties[i % properties.length]
  const seed = options.seed + i
  const numRuns = Math.min(BATCH, options.runs - done)
  const details = fc.check(property, { seed, numRuns, endOnFailure: options.failFast })
  done += details.numRuns
  counts.passed += details.numRuns - (details.failed ? 1 : 0)
  counts.failed += details.failed ? 1 : 0
  if (details.failed) report(details, { ...options, profile, seed }, counts.failed)
  show(elapsed(), done, counts)
  if (details.failed && options.failFast) break
}
process.stdout.write('')
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.failed === 0 ? 0 : 1
