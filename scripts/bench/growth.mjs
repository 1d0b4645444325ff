// SPDX-License-Identifier: GPL-2.0-only
//
// npm run bench:growth: does something grow faster than its input? Counts the instructions of operations on ever more pages,
// mappings, processes, sharers, files …, and what drills of ever more lines take in TypeScript. Fits an exponent to each,
// and fails if one is above 1.1.
import { readFileSync, writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { needPackages } from '../lib/debian.mjs'
import { root } from '../lib/run.mjs'
import { buildBench } from './build.mjs'
import { countInstructions } from './callgrind.mjs'
import { costOf, fitAll, isOfOne, MOST } from './fit.mjs'
import { shownFits } from './growth-shown.mjs'
import { digits, grouped } from './results.mjs'
import { countSteps } from './steps.mjs'
import { table } from './tables.mjs'

const FILE = `${root}/bench/growth.json`
/** In `linux-4.14`, a page on the device that several processes have does not come back. */
const PROFILES = ['linux-4.14-fixed', 'linux-6.12']

/** How often an operation on one of n is done, at places far from each other: as in bench/growth.h. */
const PLACES = 16

function command() {
  return new Command('npm run bench:growth --')
    .description('fail if the cost of an operation grows faster than its input')
    .option('--only <crowd>', 'count one part only: cuts, mappings, processes … ("crowds" in bench/growth.c)')
    .option('--all', 'show all operations, not only those that grow too fast')
    .option('--records <file>', 'take the counts from a file instead of counting')
    .option('--update', 'write bench/growth.json, for npm run bench:docs')
}

/** What a file has, or what is counted. */
async function recordsOf(asked) {
  const records = asked.records ? read(asked.records) : await count(asked)
  if (records.length > 0) return records
  return asks.error(
    asked.only
      ? `error: no part is called '${asked.only}'; "crowds" in bench/growth.c has the names`
      : 'error: there are no counts',
  )
}

function read(file) {
  try {
    const records = JSON.parse(readFileSync(file, 'utf8'))
    if (Array.isArray(records)) return records
  } catch (cause) {
    return asks.error(`error: ${file} can't be read: ${cause.message}`)
  }
  return asks.error(`error: ${file} has no list of counts`)
}

/** Of all profiles at the same time. */
async function count({ only }) {
  needPackages(['valgrind'])
  const program = buildBench()
  const part = only ? ['--only', only] : []
  const runs = PROFILES.map((profile) => countInstructions(program, ['--growth', ...part, '--profile', profile]))
  const steps = only ? [] : await countSteps()
  return [...(await Promise.all(runs)).flat().map(recordOf), ...steps]
}

function recordOf({ op, state, pages, processes, profile, instructions }) {
  const shared = processes > 1 ? ` of ${processes} processes` : ''
  const cost = isOfOne(op) ? instructions / PLACES : instructions
  return { what: `${state}${shared}, ${profile}`, op, n: pages, cost }
}

function show(fits) {
  const rows = fits.map(({ what, op, points, exponent }) => {
    const [first, last] = [points[0], points.at(-1)]
    const sizes = `${grouped(first.n)} to ${grouped(last.n)}`
    const costs = [first, last].map((point) => digits(costOf(point, op)))
    return [`${what}: ${op}`, exponent.toFixed(2), sizes, ...costs]
  })
  console.log(table(['operation', 'exponent', 'n', 'each, first', 'each, last'], rows))
}

/** Keeps what the documentation shows. */
function update() {
  const kept = shownFits(fits).map(({ title, op, points, exponent }) => ({ title, op, exponent, points }))
  writeFileSync(FILE, `${JSON.stringify(kept, null, 2)}\n`)
}

const asks = command().parse()
const asked = asks.opts()
const fits = fitAll(await recordsOf(asked))
const tooFast = fits.filter(({ exponent }) => !(exponent <= MOST))
if (asked.all) show(fits)
if (asked.update) update()
if (tooFast.length > 0) {
  console.log(`These grow faster than n to the power of ${MOST}:`)
  show(tooFast)
  process.exitCode = 1
}
console.log(`${fits.length} operations, ${tooFast.length} grow too fast`)
