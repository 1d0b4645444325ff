// SPDX-License-Identifier: GPL-2.0-only
//
// The results of `npm run bench` as tables.
import Table from 'cli-table3'
import { digits, find, grouped, perPage, ratio, SIZES, STAGES, singleCalls } from './results.mjs'

/** Operations in the order in which they are shown: title, properties. */
const OPERATIONS = [
  ['anonymous write fault', { op: 'fault.write' }],
  ['read fault (zero page)', { op: 'fault.read', state: 'zero' }],
  ['migrate to device', { op: 'migrate.to-device' }],
  ['migrate back', { op: 'migrate.back' }],
  ['CPU read fault on a device page', { op: 'fault.device-read' }],
  ['CPU write fault on a device page', { op: 'fault.device-write' }],
  ['migrate an empty range to device', { op: 'migrate.to-device', state: 'empty' }],
  ['migrate zero pages to device', { op: 'migrate.to-device', state: 'zero' }],
  ['migrate huge pages to device (split)', { op: 'migrate.to-device', state: 'huge' }],
  ['migrate pages of 2 processes', { op: 'migrate.to-device', state: 'shared', processes: 2 }],
  ['migrate pages of 16 processes', { op: 'migrate.to-device', state: 'shared', processes: 16 }],
  ['fork', { op: 'fork' }],
  ['write fault after fork (copy)', { op: 'fault.cow' }],
  ['exit', { op: 'exit' }],
  ['munmap', { op: 'munmap' }],
  ['munmap of device pages', { op: 'munmap.device' }],
]
const WITH_CONTENTS = [
  ['memcpy of the same pages', { op: 'memcpy' }],
  ['clearing the same pages', { op: 'clear' }],
  ['snapshot', { op: 'snapshot' }],
  ['restore', { op: 'restore' }],
  ['clone', { op: 'clone' }],
]
const HOST = [
  ['memcpy', { op: 'host.memcpy' }],
  ['anonymous first touch', { op: 'host.first-touch' }],
  ['MADV_COLLAPSE', { op: 'host.collapse' }],
  ['fork', { op: 'host.fork' }],
  ['munmap', { op: 'host.munmap' }],
]

const NO_RULES = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' }

export function table(head, rows) {
  const colAligns = head.map((_, i) => (i === 0 ? 'left' : 'right'))
  const made = new Table({ head, colAligns, chars: NO_RULES, style: { head: [], border: [] } })
  made.push(...rows)
  return made.toString()
}

/** Nanoseconds a page, with a column for each size. Rows without measurements are left out. */
function bySize(results, title, operations, sizes, more) {
  const rows = operations
    .map(([name, wanted]) => [name, ...sizes.map((pages) => perPage(results, { ...more, ...wanted, pages }))])
    .filter(([, ...values]) => values.some((value) => value !== undefined))
    .map(([name, ...values]) => [name, ...values.map(digits)])
  return `${title}\n${table(['ns a page', ...sizes.map(grouped)], rows)}`
}

function stageTable(results, op, contents, sizes) {
  const rows = STAGES.map((stage) => [
    stage.toLowerCase(),
    ...sizes.map((pages) => digits(perPage(results, { op, stage, pages, contents }))),
  ])
  const title = `${op}, stage by stage, ${contents ? 'with' : 'without'} contents`
  return `${title}\n${table(['ns a page', ...sizes.map(grouped)], rows)}`
}

/** How much slower than the C path, at each size. */
function typescriptTable(results, sizes) {
  const ways = [
    ['driver in C, with contents', { driver: 'c', contents: true }],
    ['driver in C, without contents', { driver: 'c', contents: false }],
    ['driver in TypeScript, with contents', { driver: 'typescript', contents: true }],
    ['driver in TypeScript, without contents', { driver: 'typescript', contents: false }],
    ['driver in TypeScript, moveAll(), with contents', { driver: 'moveAll', contents: true }],
    ['driver in TypeScript, moveAll(), without contents', { driver: 'moveAll', contents: false }],
  ]
  const rows = ['migrate.to-device', 'migrate.back'].flatMap((op) =>
    ways.map(([name, wanted]) => [
      `${op}: ${name}`,
      ...sizes.map((pages) => {
        const here = perPage(results, { via: 'typescript', op, pages, ...wanted })
        const times = ratio(here, perPage(results, { op, pages, contents: wanted.contents }))
        return times === undefined ? '–' : `${digits(here)} (${times.toFixed(2)} ×)`
      }),
    ]),
  )
  return `through TypeScript: ns a page (how many times the C path with its driver in C)\n${table(['', ...sizes.map(grouped)], rows)}`
}

/** A thousand calls were timed together; of the faults the way there is taken off. */
function singlesTable(results) {
  const rows = [true, false].map((contents) => {
    const [c, here] = ['c', 'typescript'].map((via) => singleCalls(results, via, contents))
    const cell = (of, name) => (of?.[name] === undefined ? '–' : digits(of[name]))
    const times = (name) => {
      const value = ratio(here?.[name], c?.[name])
      return value === undefined ? '' : ` (${value.toFixed(1)} ×)`
    }
    const title = contents ? 'with contents' : 'without contents'
    return [
      title,
      cell(c, 'migrate'),
      cell(here, 'migrate') + times('migrate'),
      cell(c, 'fault'),
      cell(here, 'fault') + times('fault'),
    ]
  })
  const head = ['ns a call, one page', 'migrate: C', 'TypeScript', 'device fault, own handler: C', 'TypeScript']
  return `single calls\n${table(head, rows)}`
}

function other(results) {
  const made = [
    [
      'machine with 64 GiB of RAM and of device memory: create',
      find(results, { op: 'create', state: '64 GiB', contents: true }),
    ],
    ['… destroy', find(results, { op: 'destroy', state: '64 GiB', contents: true })],
    [
      '… create and dispose of, in TypeScript',
      find(results, { via: 'typescript', op: 'create and dispose', state: '64 GiB', contents: true }),
    ],
  ]
  const rows = made.filter(([, record]) => record).map(([name, record]) => [name, `${digits(record.best / 1000)} µs`])
  const drill = results.find((record) => record.op === 'drill')
  if (drill) rows.push(['drills run', `${digits((drill.pages * 1e9) / drill.median)} a second`])
  return table(['other', ''], rows)
}

/** All tables. */
export function tables({ host, results }) {
  const sizes = SIZES.filter((pages) => find(results, { op: 'migrate.to-device', pages }))
  const parts = [
    `${host.cpu}, Linux ${host.kernel}, Node ${host.node}, ${host.toolchain}. Times are the best of each series.`,
    bySize(results, 'C path, without contents', OPERATIONS, sizes, {}),
    bySize(results, 'C path, with contents', [...OPERATIONS, ...WITH_CONTENTS], sizes, { contents: true }),
    ...['migrate.to-device', 'migrate.back'].flatMap((op) =>
      [false, true].map((contents) => stageTable(results, op, contents, sizes)),
    ),
    bySize(results, "the host's own kernel", HOST, [512, 65536], { state: 'host', contents: true }),
    other(results),
  ]
  if (results.some(({ via }) => via === 'typescript'))
    parts.splice(-1, 0, typescriptTable(results, sizes), singlesTable(results))
  return parts.join('\n\n')
}
