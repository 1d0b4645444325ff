#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
//
// Fills in the tables of README.md, ARCHITECTURE.md and docs/*.md from the lists in native/include/hmmu/hmmu_defs.h and
// native/kapi/kapi.h,
// and the table of branches from test/conformance/branches-*.json. A table is between "<!-- table HMMU_LIST -->" (or
// "<!-- table branches_4_14 -->") and "<!-- end -->". `--check` writes nothing and exits with 1 if a table is stale.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { program } from 'commander'
import { root } from '../lib/run.mjs'
import { kapiPath, parseDefs, readDefs } from './defs.mjs'

const code = (text) => `\`${text}\``
const name = { 'in TypeScript': (item) => code(item.name.toLowerCase()) }
const word = { 'in TypeScript': (item) => code(item.args[1]) }
const bit = { bit: (item) => item.args[0], name: (item) => code(item.name) }
const camel = (text) => text.toLowerCase().replace(/_(\w)/g, (_, letter) => letter.toUpperCase())
const text = { meaning: (item) => item.text }
/** A text with its names of C as code: functions, and words with an underscore. */
const marked = (item) => item.text.replace(/\b\w+\(\)|\b\w+_\w+\b/g, code)

/** A mask of HMMU_IN_*, by the name of one or as a number. */
function maskOf(name, { constants }) {
  const mask = constants.get(name) ?? name
  if (typeof mask !== 'number') throw new Error(`${name} is not defined`)
  return mask
}

/** The profiles that have quirks, in the order of the kernels. */
const PROFILES_WITH_QUIRKS = ['hmm-v25', 'linux-4.14', 'linux-6.12']

/** Whether a quirk is on in a profile: a cell of the profile's column. */
function stateIn(profile, quirk, defs) {
  const { args } = defs.lists.get('HMMU_PROFILES').items.find(({ args }) => args[1] === profile)
  return maskOf(args[3], defs) & maskOf(quirk.args[1], defs) ? 'on' : '—'
}

const explained = JSON.parse(readFileSync(join(root, 'test/conformance/quirks.json'), 'utf8'))
const branchesOf = (kernel) => JSON.parse(readFileSync(join(root, `test/conformance/branches-${kernel}.json`), 'utf8'))
const branches = { branches_4_14: branchesOf('linux-4.14'), branches_6_12: branchesOf('linux-6.12') }
/** How many drills of a kernel a quirk changes. */
function drillsOf(profile, quirk) {
  const quirksOfDrills = Object.values(explained[profile])
  return quirksOfDrills.filter((quirks) => quirks.includes(quirk.args[2])).length || '—'
}

/** Columns of each list: the heading, and the function that makes an item's cell. */
const columns = {
  HMMU_PFN_FLAGS: { ...bit, ...text },
  HMMU_PAGE_FLAGS: { ...bit, ...text },
  HMMU_ENTRY_KINDS: { ...word, ...text },
  HMMU_ENTRY_BITS: { ...bit, ...text },
  HMMU_MAP_KINDS: { ...word, ...text },
  HMMU_ADVICES: { ...word, ...text },
  HMMU_MREMAPS: { ...bit, ...text },
  HMMU_PINS: { ...bit, ...text },
  HMMU_UFFDS: { ...bit, ...text },
  HMMU_RESTORES: { ...bit, ...text },
  HMMU_SELECTS: { ...word, ...text },
  HMMU_DEVICE_KINDS: { ...word, ...text },
  HMMU_STAGES: { ...name, ...text },
  HMMU_WHYS: { ...name, ...text },
  HMMU_WAITS: { ...name, ...text },
  HMMU_SWITCH_POINTS: { point: (item) => code(item.args[1]), 'what stops there': (item) => item.text },
  HMMU_EVENTS: { ...name, ...text },
  HMMU_TASK_CALLS: { 'in TypeScript': (item) => code(camel(item.name)), ...text },
  HMMU_LRU_LISTS: { ...name, ...text },
  HMMU_HOLDERS: { ...name, ...text },
  HMMU_PAGEVECS: { ...name, ...text },
  HMMU_NOTIFIES: { ...name, ...text },
  HMMU_ERRORS: { code: (item) => code(`HMMU_${item.name}`), ...text },
  HMMU_RULES: { ...name, 'the rule': (item) => item.text },
  HMMU_QUIRKS: {
    quirk: (item) => code(item.args[2]),
    ...Object.fromEntries(
      PROFILES_WITH_QUIRKS.map((profile) => [code(profile), (item, defs) => stateIn(profile, item, defs)]),
    ),
    'what ended it': (item) => item.text,
    'drills of 4.14': (item) => drillsOf('linux-4.14', item),
    'drills of 6.12': (item) => drillsOf('linux-6.12', item),
  },
  HMMU_PROFILES: { profile: (item) => code(item.args[1]), ...text },
  HMMU_ACTIONS: { ...word, ...text },
  HMMU_JUDGES: { judge: (item) => code(item.args[1]), 'what it finds': (item) => item.text },
  HMMU_INJECTIONS: { ...name, ...text },
  HMMU_SPANS: { ...name, ...text },
  HMMU_STATS: { 'in TypeScript': (item) => code(camel(item.name)), ...text },
  HMMU_PROBES: { probe: (item) => code(item.name), arguments: (item) => item.args[0], ...text },
  KAPI_CHECKS: { report: (item) => code(item.args[0]), 'what it means': marked },
  KAPI_FAULTS: { fault: (item) => code(item.args[0]), 'what happens': marked },
  HMMU_COUNTERS: { 'in TypeScript': (item) => code(camel(item.name)), ...text },
}

/** Items that say "nothing happened" and so are left out. */
const omitted = new Set(['HMMU_ERRORS OK', 'HMMU_RULES NONE', 'HMMU_NOTIFIES NONE'])

function draw(shape, items, defs) {
  const cells = [
    Object.keys(shape),
    Object.keys(shape).map(() => '---'),
    ...items.map((item) => Object.values(shape).map((cell) => cell(item, defs))),
  ]
  return cells.map((row) => `| ${row.join(' | ')} |\n`).join('')
}

const museum = JSON.parse(readFileSync(join(root, 'test/explore/museum.json'), 'utf8'))
const exhibits = Object.entries(museum).map(([file, exhibit]) => ({ file, ...exhibit }))
const orders = ({ orders, hasCycles }) => {
  const [digits, power] = orders.toExponential(1).split('e+')
  const number = orders < 1e6 ? String(orders) : `${digits} × 10^${power}`
  return hasCycles ? `≥ ${number}` : number
}
const cellOf = (profile) => (row) => {
  const counts = row.profiles[profile]
  if (counts === undefined) return '—'
  const found = counts.findings.map((judge) => `**${judge}**`)
  return [`${counts.states} / ${orders(counts)} / ${counts.outcomes}`, ...found].join(' ')
}
/** Columns of the museum's table; each row is a drill. */
const museumColumns = {
  drill: ({ file }) => code(file.replace('.drill', '')),
  tasks: ({ tasks }) => tasks,
  options: ({ options }) => (options ? code(options) : ''),
  ...Object.fromEntries(
    ['linux-4.14', 'linux-4.14-fixed', 'linux-6.12', 'linux-6.12-fixed'].map((p) => [p, cellOf(p)]),
  ),
}
const wayColumns = {
  '': ([way]) => way,
  states: ([, { states }]) => states.toLocaleString('en'),
  steps: ([, { steps }]) => steps.toLocaleString('en'),
  orders: ([, counts]) => orders(counts),
  outcomes: ([, { outcomes }]) => outcomes,
}
const tables = {
  museum: () =>
    draw(
      museumColumns,
      exhibits.filter(({ ways }) => !ways),
    ),
  ways: () =>
    draw(
      wayColumns,
      exhibits.flatMap(({ ways }) => Object.entries(ways ?? {})),
    ),
}

function table(macro, defs) {
  if (tables[macro]) return tables[macro]()
  if (branches[macro]) return draw(branchColumns, branches[macro])
  const list = defs.lists.get(macro)
  if (!list) throw new Error(`there is no list ${macro}`)
  const shape = columns[macro]
  if (!shape) throw new Error(`${macro}: say in generate/docs.mjs what columns its table has`)
  const items = list.items.filter((item) => !omitted.has(`${macro} ${item.name}`))
  return draw(shape, items, defs)
}

const codes = (names, otherwise) => (names.length > 0 ? names.map(code).join(', ') : otherwise)

/** Columns of a table of branches; each row is one of test/conformance/branches-*.json. */
const branchColumns = {
  stage: (row) => row.stage,
  branch: (row) => row.branch,
  'drills (of all that reach it, the most particular)': ({ drills, note }) => note ?? codes(drills, '—'),
  'C test': ({ test }) => (test === undefined ? '—' : code(test)),
}

const files = ['README.md', 'ARCHITECTURE.md', ...readdirSync(join(root, 'docs')).map((file) => `docs/${file}`)]
const defs = readDefs()
for (const [macro, list] of parseDefs(readFileSync(kapiPath, 'utf8')).lists) defs.lists.set(macro, list)
const { check } = program.option('--check', 'only look').parse().opts()

for (const file of files.filter((file) => file.endsWith('.md'))) {
  const path = join(root, file)
  const before = readFileSync(path, 'utf8')
  const after = before.replace(
    /(<!-- table (\w+) -->\n)(?:(?!<!--)[\s\S])*(<!-- end -->)/g,
    (_, head, macro, tail) => `${head}\n${table(macro, defs)}\n${tail}`,
  )
  if (after === before) continue
  if (check) {
    console.error(`${relative(root, path)} is stale: run "npm run generate"`)
    process.exitCode = 1
  } else {
    writeFileSync(path, after)
  }
}
