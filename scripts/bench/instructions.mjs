// SPDX-License-Identifier: GPL-2.0-only
//
// npm run bench:instructions: counts the instructions of libhmmu's operations, by callgrind. Counts are equal in every
// run, unlike times. bench/instructions.json keeps them, and --check fails if one has grown by more than 3 %.
import { readFileSync, writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { needPackages } from '../lib/debian.mjs'
import { root } from '../lib/run.mjs'
import { buildBench, toolchain } from './build.mjs'
import { countInstructions } from './callgrind.mjs'
import { digits } from './results.mjs'
import { table } from './tables.mjs'

const FILE = `${root}/bench/instructions.json`
const MAY_GROW = 1.03

/** Targets, in instructions a page on a machine without contents: operation, title, target. */
const TARGETS = [
  ['migrate.to-device', 'migrate to device, built-in driver', 400],
  ['migrate.back', 'migrate back, built-in driver', 400],
  ['fault.write', 'anonymous write fault', 450],
  ['fault.cow', 'write fault after fork (copy)', 850],
  ['fault.device-read', 'CPU fault on a device page, built-in handler', 1700],
  ['munmap', 'munmap of mapped pages', 80],
]
/** The costs of the other kernel: operation, title, target. */
const OTHER = 'linux-6.12'
const OTHERS = [
  ['migrate.to-device', 'migrate to device, Linux 6.12', 400],
  ['migrate.back', 'migrate back, Linux 6.12', 400],
  ['fault.device-read', 'CPU fault on a device page, Linux 6.12', 2300],
  ['fault.write', 'anonymous write fault, Linux 6.12', ''],
  ['fork', 'fork, Linux 4.14', '', 'linux-4.14'],
  ['fork', 'fork, Linux 6.12', ''],
  ['munmap', 'munmap of mapped pages, Linux 6.12', ''],
]
const TARGET_SIZES = [512, 4096, 65536, 1048576]

/** "migrate.to-device, pages, 512, with contents"; "migrate.to-device, pages, 512, stage COLLECT"; of another kernel than
 * Linux 4.14 "fork, pages, 512, linux-6.12" */
function keyOf({ op, state, stage, pages, processes, contents, profile }) {
  const shared = processes > 1 ? ` of ${processes} processes` : ''
  return `${op}, ${state}${shared}, ${pages}${profile === 'linux-4.14' ? '' : `, ${profile}`}${contents ? ', with contents' : ''}${stage ? `, stage ${stage}` : ''}`
}

function options() {
  return new Command('npm run bench:instructions --')
    .description('count instructions')
    .option('--check', 'compare with bench/instructions.json; fail where one has grown by more than 3 %')
    .option('--update', 'write bench/instructions.json')
    .option('--functions <text>', 'show where the instructions of the operations with this text in their name go')
    .option('--json', 'print JSON')
    .option('--max-pages <n>', 'leave larger sizes out, or go up to 1048576 (default: 65536)')
    .parse()
    .opts()
}

const perPage = (record) => digits(record && record.instructions / record.pages)

function readKept() {
  return JSON.parse(readFileSync(FILE, 'utf8'))
}

/** The changes, as rows; sets the exit code if a count grew too much. */
function check(records) {
  const kept = readKept()
  const here = toolchain()
  if (kept.toolchain !== here) {
    console.log(`LEFT OUT: ${here} is at hand, and the counts that are kept were made with ${kept.toolchain}`)
    return
  }
  const complaints = records.flatMap((record) => {
    const before = kept.instructions[keyOf(record)]
    if (before === undefined) return [`new: ${keyOf(record)}: npm run bench:instructions -- --update`]
    if (record.instructions <= before * MAY_GROW) return []
    const growth = (100 * (record.instructions / before - 1)).toFixed(1)
    return [`grown by ${growth} %: ${keyOf(record)}: from ${before} to ${record.instructions}`]
  })
  const keys = new Set(records.map(keyOf))
  complaints.push(
    ...Object.keys(kept.instructions)
      .filter((key) => !keys.has(key))
      .map((key) => `gone: ${key}`),
  )
  const shrunk = records.filter((record) => record.instructions * MAY_GROW < kept.instructions[keyOf(record)]).length
  console.log(complaints.join('\n'))
  showTargets(records)
  console.log(`${records.length} counts, ${complaints.length} complaints, ${shrunk} lower by more than 3 %`)
  if (complaints.length > 0) process.exitCode = 1
}

function update(records) {
  const instructions = Object.fromEntries(records.map((record) => [keyOf(record), record.instructions]))
  writeFileSync(FILE, `${JSON.stringify({ toolchain: toolchain(), instructions }, null, 2)}\n`)
  console.log(`${FILE}: ${records.length} counts`)
}

function showFunctions(records, text) {
  const found = records.filter((each) => keyOf(each).includes(text))
  if (found.length === 0) {
    console.error(`error: no operation has '${text}' in its name; bench/instructions.json has the names`)
    process.exitCode = 1
  }
  for (const record of found) {
    const { pages, functions } = record
    const rows = functions.slice(0, 25).map(([name, count]) => [name, digits(count / pages)])
    console.log(`${keyOf(record)}\n${table(['function', 'a page'], [['(all)', perPage(record)], ...rows])}`)
  }
}

/** Results against targets, size by size: the cost of a page must not depend on the number of pages. */
function showTargets(records) {
  const cost = (op, pages, profile = 'linux-4.14') =>
    records.find(
      (each) =>
        each.op === op &&
        each.state === 'pages' &&
        !each.stage &&
        !each.contents &&
        each.pages === pages &&
        each.profile === profile,
    )
  const sizes = TARGET_SIZES.filter((pages) => cost('munmap', pages))
  const rows = [
    ...TARGETS.map(([op, title, target]) => [title, target, ...sizes.map((pages) => perPage(cost(op, pages)))]),
    ...OTHERS.map(([op, title, target, profile = OTHER]) => [
      title,
      target,
      ...sizes.map((pages) => perPage(cost(op, pages, profile))),
    ]),
  ]
  console.log(
    table(['instructions a page, without contents', 'target', ...sizes.map((pages) => `${pages} pages`)], rows),
  )
  const explored = records.filter((each) => each.op === 'explore').map((each) => [each.profile, perPage(each)])
  console.log(table(['a search through two migrations and three accesses', 'instructions a state'], explored))
}

function show(records) {
  const rows = records.map((record) => [keyOf(record), digits(record.instructions), perPage(record)])
  console.log(table(['operation, memory, pages', 'instructions', 'a page'], rows))
  showTargets(records)
}

needPackages(['valgrind'])
const asked = options()
const program = buildBench()
const sizes = asked.maxPages ? ['--max-pages', asked.maxPages] : []
const counts = [sizes, [...sizes, '--profile', OTHER]].map((more) => countInstructions(program, more))
const records = (await Promise.all(counts)).flat()
if (asked.update) update(records)
else if (asked.check) check(records)
else if (asked.functions) showFunctions(records, asked.functions)
else if (asked.json) console.log(JSON.stringify({ toolchain: toolchain(), records }, null, 1))
else show(records)
