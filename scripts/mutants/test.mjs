#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
//
// Tests whether the tests notice faults. Builds each fault of test/mutants, and each question for a quirk turned round, and runs
// the suites on it, the cheapest first, until one fails. If no suite notices a mutant, a test is missing.
//   node scripts/mutants/test.mjs [--only NAME]… [--share I/N] [--suite NAME]… [--all] [--jobs N] [--json FILE] [--list]
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import { SingleBar } from 'cli-progress'
import Table from 'cli-table3'
import { InvalidArgumentError, program } from 'commander'
import { wholeNumber } from '../lib/options.mjs'
import { complaints, listMutants, mutate } from './list.mjs'
import { partsOf, runSuite, suites, timeSuite } from './suites.mjs'
import { Tree } from './tree.mjs'

const repeated = (value, before) => [...(before ?? []), value]

function suiteName(name, before) {
  if (!(name in suites)) throw new InvalidArgumentError(`there are ${Object.keys(suites).join(', ')}`)
  return repeated(name, before)
}

/** Part `i` of `n` parts that are equally large. */
function share(text) {
  const [i, n] = text.split('/').map(Number)
  if (Number.isSafeInteger(n) && Number.isSafeInteger(i) && i >= 1 && i <= n) return { i, n }
  throw new InvalidArgumentError('expected a part and the number of parts, such as 1/8')
}

function parseOptions() {
  program
    .name('test-mutants')
    .description('Builds mutants of the sources one after the other and tells which suite notices each.')
    .option('--only <part>', 'only mutants whose name or file contains this; repeat it for more', repeated)
    .option('--share <i/n>', 'only every nth of them, from the ith on', share)
    .option('--suite <name>', 'only this suite; repeat it for more', suiteName)
    .option('--all', 'give each mutant to all suites, to see which of them notice it')
    .option('--jobs <n>', 'how many at a time', wholeNumber(1), availableParallelism())
    .option('--json <file>', 'write what was found there, too')
    .option('--list', 'only list the mutants; fails where one does not fit its source any more')
    .parse()
  return program.opts()
}

/** Runs the suites on a mutant. `notices` has the message of each suite; `error`: the mutant could not be built. */
async function tryMutant(tree, mutant, { all, suite: names = Object.keys(suites) }) {
  const notices = {}
  const stale = new Set(partsOf(mutant.file))
  try {
    tree.write(mutant.file, mutate(mutant))
    if (stale.delete('javascript')) await tree.build('javascript')
    for (const name of names) {
      const suite = suites[name]
      if (!suite.sees(mutant.file)) continue
      if (stale.delete(suite.needs)) await tree.build(suite.needs)
      const notice = await runSuite(tree, suite)
      if (notice !== undefined) notices[name] = notice
      if (notice !== undefined && !all) break
    }
    return { ...mutant, notices }
  } catch (error) {
    return { ...mutant, notices, error: error.message }
  } finally {
    tree.restore(mutant.file)
    if (mutant.file.startsWith('lib/')) await tree.build('javascript')
  }
}

const caught = ({ notices, error }) => error === undefined && Object.keys(notices).length > 0

/** Without a fault every suite has to pass; otherwise its results on mutants mean nothing. */
async function checkUnchanged(tree, { suite: names = Object.keys(suites) }) {
  await tree.prepare()
  for (const suite of names.map((name) => suites[name])) {
    const notice = await timeSuite(tree, suite)
    if (notice !== undefined) throw new Error(`${suite.title} fails without any fault: ${notice}`)
  }
}

async function tryAll(mutants, options) {
  const { jobs, json } = options
  const format = '[{bar}] {value}/{total} mutants, {survived} survived | {name}'
  // Without a terminal, print a line from time to time.
  const bar = new SingleBar({
    format,
    hideCursor: true,
    clearOnComplete: true,
    noTTYOutput: true,
    notTTYSchedule: 60_000,
  })
  const told = { survived: 0, name: '' }
  const results = []
  const queue = [...mutants]
  const job = async (number) => {
    const tree = new Tree(number)
    if (number > 0) await tree.prepare()
    for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
      bar.update(results.length, { ...told, name: mutant.name })
      const result = await tryMutant(tree, mutant, options)
      results.push(result)
      if (!caught(result)) told.survived += 1
      save(results, json)
      bar.update(results.length, told)
    }
  }
  await checkUnchanged(new Tree(0), options)
  bar.start(mutants.length, 0, told)
  await Promise.all(Array.from({ length: Math.min(jobs, mutants.length) }, (_, number) => job(number)))
  bar.stop()
  return results
}

/** The findings so far. */
function save(results, file) {
  if (file === undefined) return
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)
}

const short = (text) => (text.length > 70 ? `${text.slice(0, 69)}…` : text)

function printTable(results) {
  const columns = Object.entries(suites)
  const table = new Table({ head: ['mutant', ...columns.map(([, { title }]) => title), 'first notice'] })
  for (const { name, notices, error } of [...results].sort((a, b) => a.name.localeCompare(b.name))) {
    const marks = columns.map(([suite]) => (suite in notices ? 'x' : ''))
    const first = error?.split('\n')[0] ?? Object.values(notices)[0] ?? 'SURVIVED'
    table.push([name, ...marks, short(first)])
  }
  const sums = columns.map(([suite]) => results.filter(({ notices }) => suite in notices).length)
  table.push([`${results.length} mutants`, ...sums, ''])
  console.log(table.toString())
}

const options = parseOptions()
const wanted = ({ name, file }) => options.only?.some((part) => name.includes(part) || file.includes(part)) ?? true
const { i, n } = options.share ?? { i: 1, n: 1 }
const mutants = listMutants()
  .filter(wanted)
  .filter((_, index) => index % n === i - 1)
const wrong = complaints(mutants)
if (wrong.length > 0) console.error(wrong.join('\n'))
if (options.list) for (const { name, file, means } of mutants) console.log(`${file}: ${name}: ${means}`)
if (wrong.length > 0 || mutants.length === 0) process.exit(1)
if (options.list) process.exit()

const results = await tryAll(mutants, options)
printTable(results)
for (const { name, error } of results) if (error) console.log(`\n${name} could not be built:\n${error}`)
const passed = results.filter(caught).length
console.log(`${passed} passed, ${results.length - passed} failed`)
process.exitCode = passed === results.length ? 0 : 1
