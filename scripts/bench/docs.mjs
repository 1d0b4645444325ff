// SPDX-License-Identifier: GPL-2.0-only
//
// npm run bench:docs [TIMES.json]: fills in the tables of docs/performance.md, which are between "<!-- bench NAME -->"
// and "<!-- end -->", and draws its plots. Instructions come from bench/instructions.json (npm run bench:instructions
// -- --update) and bench/growth.json (npm run bench:growth -- --update), times from bench/times.json. TIMES.json (npm run
// bench -- --json TIMES.json) replaces the latter.
import { readFileSync, writeFileSync } from 'node:fs'
import { program } from 'commander'
import { root } from '../lib/run.mjs'
import { besideKernel, KERNEL_FILE } from './beside-kernel.mjs'
import { costOf } from './fit.mjs'
import { drawCost, drawGrowth, drawStages } from './plots.mjs'
import { digits, grouped, perPage, ratio, SIZES, STAGES, singleCalls } from './results.mjs'

const DOCUMENT = `${root}/docs/performance.md`
const TIMES = `${root}/bench/times.json`
/** Sizes of the runs that are shown, in pages. */
const PAGES = 4096
const MIB_256 = 65536

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

const [times] = program.argument('[file]', 'times to take over').parse().args
if (times) writeFileSync(TIMES, `${JSON.stringify(readJson(times))}\n`)
const { host, date, results } = readJson(TIMES)
const { instructions, toolchain } = readJson(`${root}/bench/instructions.json`)
const kernel = readJson(KERNEL_FILE)

const counted = (key, pages = PAGES) => {
  const value = instructions[key.replace('PAGES', pages)]
  return value === undefined ? undefined : value / pages
}
const stageCount = (op, stage) => counted(`${op}, pages, PAGES, stage ${stage}`)
const within = (value, target) => (value === undefined || target === undefined ? '–' : value <= target ? 'yes' : 'no')
const markdown = (head, rows) =>
  [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('')

/** Operation, key, target, Linux 4.14.5: instructions a page. */
const TARGETS = [
  ['migrate to device', 'migrate.to-device, pages, PAGES', 400, 3270],
  ['migrate back', 'migrate.back, pages, PAGES', 400, 2770],
  ['anonymous write fault', 'fault.write, pages, PAGES', 450],
  ['read fault (zero page)', 'fault.read, zero, PAGES', 370],
  ['write fault after fork (copy)', 'fault.cow, pages, PAGES', 850],
  ['CPU read fault on a device page', 'fault.device-read, pages, PAGES', 1700, 4400],
  ['CPU write fault on a device page', 'fault.device-write, pages, PAGES', undefined, 5100],
  ['munmap', 'munmap, pages, PAGES', 80],
]

function targets() {
  const rows = TARGETS.map(([name, key, target, linux]) => [
    name,
    digits(counted(key, 1)),
    digits(counted(key, 512)),
    digits(counted(key)),
    target === undefined ? '–' : grouped(target),
    within(counted(key, 512), target),
    digits(linux),
  ])
  return markdown(['instructions a page', '1 page', '512', '4,096', 'target', 'met', 'Linux 4.14.5'], rows)
}

/** On a machine of Linux 6.12. */
const TARGETS_6_12 = [
  ['migrate to device', 'migrate.to-device, pages', 400],
  ['migrate back', 'migrate.back, pages', 400],
  ['CPU read fault on a device page', 'fault.device-read, pages', 2300],
]

function targets612() {
  const rows = TARGETS_6_12.map(([name, op, target]) => {
    const [one, few, many] = [1, 512, 4096].map((pages) => counted(`${op}, ${pages}, linux-6.12`, pages))
    return [name, digits(one), digits(few), digits(many), grouped(target), within(few, target)]
  })
  return markdown(['instructions a page', '1 page', '512', '4,096', 'target', 'met'], rows)
}

function besideLinux() {
  const { head, rows } = besideKernel(instructions, kernel.instructions)
  return markdown(head, rows)
}

function stages() {
  const rows = STAGES.map((stage) => [
    `\`${stage.toLowerCase()}\``,
    ...['migrate.to-device', 'migrate.back'].flatMap((op) => [
      digits(stageCount(op, stage)),
      digits(perPage(results, { op, stage, pages: 512 })),
      digits(perPage(results, { op, stage, pages: MIB_256 })),
    ]),
  ])
  const head = ['stage', 'to device: instructions', 'ns, 512 pages', 'ns, 65,536', 'back: instructions']
  return markdown([...head, 'ns, 512 pages', 'ns, 65,536'], rows)
}

const COSTS = [
  ['anonymous write fault', { op: 'fault.write' }],
  ['migrate to device', { op: 'migrate.to-device' }],
  ['migrate back', { op: 'migrate.back' }],
  ['CPU read fault on a device page', { op: 'fault.device-read' }],
  ['munmap', { op: 'munmap' }],
  ['fork', { op: 'fork' }],
]

function costs() {
  const rows = COSTS.map(([name, wanted]) => [
    name,
    ...SIZES.map((pages) => digits(perPage(results, { ...wanted, pages }))),
  ])
  return markdown(['ns a page', ...SIZES.map(grouped)], rows)
}

/** Targets that are quotients or times: what, value, target. */
function ratios() {
  const largest = SIZES.findLast((pages) => perPage(results, { op: 'migrate.to-device', pages }) !== undefined)
  const create = results.find(
    ({ via, op, state, contents }) => via === 'c' && op === 'create' && state === '64 GiB' && contents,
  )
  const dispose = results.find(({ op, state }) => op === 'create and dispose' && state === '64 GiB')
  const copied = (op) => perPage(results, { op, pages: MIB_256, contents: true })
  const counts = (op) => ratio(counted(`${op}, pages, PAGES`, MIB_256), counted(`${op}, pages, PAGES`, 512))
  const flat = (op) => ratio(perPage(results, { op, pages: largest }), perPage(results, { op, pages: 512 }))
  const typescript = (op, contents, driver = 'typescript') => {
    const measured = { op, pages: 512, contents }
    return ratio(perPage(results, { ...measured, via: 'typescript', driver }), perPage(results, measured))
  }
  const single = (name) =>
    ratio(singleCalls(results, 'typescript', false)?.[name], singleCalls(results, 'c', false)?.[name])
  const rows = [
    [
      '256 MiB with contents to device, in memcpy() of the same pages',
      ratio(copied('migrate.to-device'), copied('memcpy')),
      1.25,
    ],
    ['256 MiB with contents back, in memcpy()', ratio(copied('migrate.back'), copied('memcpy')), 1.25],
    ['migrate to device: instructions a page, 65,536 pages against 512', counts('migrate.to-device'), 1.3],
    ['migrate back: instructions a page, 65,536 pages against 512', counts('migrate.back'), 1.3],
    [`migrate to device: time a page, ${grouped(largest)} pages against 512`, flat('migrate.to-device'), 1.3],
    [`migrate back: time a page, ${grouped(largest)} pages against 512`, flat('migrate.back'), 1.3],
    ['512 pages, driver in TypeScript against C: with contents, to device', typescript('migrate.to-device', true), 1.6],
    ['512 pages, driver in TypeScript against C: with contents, back', typescript('migrate.back', true), 1.6],
    ['512 pages, driver in TypeScript against C: without contents, to device', typescript('migrate.to-device', false)],
    ['512 pages, driver in TypeScript against C: without contents, back', typescript('migrate.back', false)],
    ['the same with moveAll(): without contents, to device', typescript('migrate.to-device', false, 'moveAll'), 1.6],
    ['the same with moveAll(): without contents, back', typescript('migrate.back', false, 'moveAll'), 1.6],
    ['migrate() of one page, in TypeScript against C: without contents', single('migrate'), 4],
    ['a device fault with a handler of its own, in TypeScript against C: without contents', single('fault'), 4],
    ['making a machine with 64 GiB of RAM and of device memory, in C, in ms', create && create.best / 1e6, 1],
    ['making one and disposing of it, in TypeScript, in ms', dispose && dispose.best / 1e6],
  ].map(([what, value, target]) => [what, digits(value), target ? `≤ ${target}` : '–', within(value, target)])
  return markdown(['what', 'measured', 'target', 'met'], rows)
}

/** Drivers of migrations that TypeScript begins, by their names in the results. */
const WAYS = { c: 'built-in driver', typescript: 'driver in TypeScript', moveAll: 'moveAll() in TypeScript' }

/** What migrations cost that TypeScript begins, and how many times what they cost in C with the built-in driver. */
function typescript() {
  const ways = new Set(
    results.filter(({ via, op }) => via === 'typescript' && op === 'migrate.back').map((each) => each.driver),
  )
  const measured = (wanted) =>
    SIZES.map((pages) => {
      const here = perPage(results, { via: 'typescript', ...wanted, pages })
      const times = ratio(here, perPage(results, { ...wanted, driver: 'c', pages }))
      return times === undefined ? '–' : `${digits(here)} (${times.toFixed(1)})`
    })
  const rows = [true, false].flatMap((contents) =>
    ['migrate.to-device', 'migrate.back'].flatMap((op) =>
      [...ways].map((driver) => [
        `${op === 'migrate.back' ? 'back' : 'to device'}, ${contents ? 'with' : 'without'} contents, ${WAYS[driver] ?? driver}`,
        ...measured({ op, contents, driver }),
      ]),
    ),
  )
  return markdown(['ns a page (times C)', ...SIZES.map(grouped)], rows)
}

const grown = readJson(`${root}/bench/growth.json`)

function growth() {
  const rows = grown.map(({ title, op, exponent, points }) => {
    const [first, last] = [points[0], points.at(-1)]
    return [
      title,
      `${grouped(first.n)} to ${grouped(last.n)}`,
      digits(costOf(first, op)),
      digits(costOf(last, op)),
      exponent.toFixed(2),
    ]
  })
  return markdown(['operation', 'n', 'instructions for each, first', 'last', 'exponent'], rows)
}

const about = () =>
  `Times: ${host.cpu}, Linux ${host.kernel}, ${host.toolchain}, ${date}. Instructions: ${toolchain}. The kernel: ${kernel.versions}.\n`

const parts = { about, targets, targets612, kernel: besideLinux, stages, costs, growth, ratios, typescript }
const before = readFileSync(DOCUMENT, 'utf8')
const after = before.replace(
  /(<!-- bench (\w+) -->\n)(?:(?!<!--)[\s\S])*(<!-- end -->)/g,
  (_, head, name, tail) => `${head}\n${parts[name]()}\n${tail}`,
)
writeFileSync(DOCUMENT, after)
const costPoints = COSTS.flatMap(([operation, { op }]) =>
  [1, 512, 4096, MIB_256]
    .map((pages) => ({ operation, pages, instructions: counted(`${op}, pages, PAGES`, pages) }))
    .filter((point) => point.instructions !== undefined),
)
writeFileSync(`${root}/docs/performance-cost.svg`, await drawCost(costPoints))
/** There are so many colours. */
const PLOTTED = 7
const growthPoints = grown
  .slice(0, PLOTTED)
  .flatMap(({ title, op, points }) =>
    points.map((point) => ({ operation: title.replaceAll('`', ''), n: point.n, cost: costOf(point, op) })),
  )
writeFileSync(`${root}/docs/performance-growth.svg`, await drawGrowth(growthPoints))
const stagePoints = [
  ['to device', 'migrate.to-device'],
  ['back', 'migrate.back'],
].flatMap(([direction, op]) =>
  STAGES.map((stage, order) => ({
    direction,
    order,
    stage: stage.toLowerCase(),
    instructions: stageCount(op, stage) ?? 0,
  })),
)
writeFileSync(`${root}/docs/performance-stages.svg`, await drawStages(stagePoints))
