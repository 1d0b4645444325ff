// SPDX-License-Identifier: GPL-2.0-only
//
// Explores the drills of test/explore/ in each profile, as their line "# hmmu explore …" says, and writes test/explore/museum.json, of which
// scripts/generate/docs.mjs makes the tables of docs/museum.md and docs/explore.md. Prints how long each took, which is not written.
//
//   node scripts/generate/museum.mjs            (needs npm run build; then npm run generate)

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { readDrills } = require('../../dist/drill')
const { exploreDrill } = require('../../dist/explore')

const PROFILES = ['linux-4.14', 'linux-4.14-fixed', 'linux-6.12', 'linux-6.12-fixed']
const folder = new URL('../../test/explore/', import.meta.url).pathname

/** The drill of the table in docs/explore.md, and how it is explored there. */
const LARGE = 'large/two-migrations-three-accesses.drill'
const WAYS = {
  'without switching points': { points: [] },
  'with faults on device pages in steps': {},
  'the same with `--all-twins`': { allTwins: true },
}

function optionsOf(file) {
  const [, line = ''] = /^# hmmu explore (.*)$/m.exec(readFileSync(folder + file, 'utf8')) ?? []
  const optionOf = (option) => new RegExp(`--${option} (\\S+)`).exec(line)?.[1]
  return {
    points: optionOf('points')?.split(','),
    handlerRetries: line.includes('--handler-retries') || undefined,
    kernel: optionOf('profile'),
    line,
  }
}

function countsOf({ states, steps, schedules, hasCycles, outcomes, findings }) {
  const judges = [...new Set(findings.map(({ judge }) => judge))].sort()
  return { states, steps, orders: schedules, hasCycles, outcomes: outcomes.length, findings: judges }
}

function explored(file, options) {
  const begin = performance.now()
  const { tasks, ...counts } = exploreDrill(readDrills(folder + file)[0], options)
  return { tasks: tasks.length, counts: countsOf(counts), ms: performance.now() - begin }
}

const museum = {}
const files = readdirSync(folder).filter((file) => file.endsWith('.drill'))
for (const file of files) {
  const { points, handlerRetries, kernel, line } = optionsOf(file)
  const profiles = PROFILES.filter((name) => kernel === undefined || name.startsWith(kernel))
  const results = profiles.map((profile) => explored(file, { points, handlerRetries, profile }))
  museum[file] = {
    tasks: results[0].tasks,
    options: line.replace(/ ?--profile \S+/, ''),
    profiles: Object.fromEntries(profiles.map((profile, i) => [profile, results[i].counts])),
  }
  console.log(`${file}: ${results.map(({ ms }) => ms.toFixed(1)).join(' + ')} ms`)
}
const ways = Object.entries(WAYS).map(([way, options]) => [way, explored(LARGE, { profile: 'linux-4.14', ...options })])
for (const [way, { ms }] of ways) console.log(`${LARGE} ${way}: ${ms.toFixed(0)} ms`)
museum[LARGE] = { tasks: 3, ways: Object.fromEntries(ways.map(([way, { counts }]) => [way, counts])), profiles: {} }
writeFileSync(`${folder}museum.json`, `${JSON.stringify(museum, null, 2)}\n`)
