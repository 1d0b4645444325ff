// SPDX-License-Identifier: GPL-2.0-only
//
// The counts of `npm run bench:kernel`, and the emulator's beside them.
import { root } from '../lib/run.mjs'
import { digits, grouped } from './results.mjs'

export const KERNEL_FILE = `${root}/bench/kernel.json`
const PROFILE = 'linux-6.12'
const SIZES = [1, 512, 4096]

/** Title, operation as in bench/instructions.json, and how many pages the kernel copies or clears for each. */
const OPERATIONS = [
  ['anonymous write fault', 'fault.write, pages', 1],
  ['read fault (zero page)', 'fault.read, zero', 0],
  ['write fault after fork (copy)', 'fault.cow, pages', 1],
  ['migrate to device', 'migrate.to-device, pages', 1],
  ['migrate back', 'migrate.back, pages', 1],
  ['CPU read fault on a device page', 'fault.device-read, pages', 1],
  ['CPU write fault on a device page', 'fault.device-write, pages', 1],
  ['migrate an empty range to device', 'migrate.to-device, empty', 1],
  ['migrate zero pages to device', 'migrate.to-device, zero', 1],
  ['migrate huge pages to device (split)', 'migrate.to-device, huge', 1],
  ['migrate pages of 2 processes', 'migrate.to-device, shared of 2 processes', 1],
  ['migrate pages of 16 processes', 'migrate.to-device, shared of 16 processes', 1],
  ['mprotect to read-only', 'mprotect, pages', 0],
  ['munmap', 'munmap, pages', 0],
  ['munmap of device pages', 'munmap.device, pages', 0],
  ['fork', 'fork, pages', 0],
  ['exit', 'exit, pages', 0],
]

/** What is measured besides the operation: the loop of accesses, and the rest of a process. */
const overheadOf = (op) => (op.startsWith('fault') ? 'loop, overhead' : ['fork', 'exit'].includes(op) ? op : undefined)

/** From one run to the next, the rest of an exit changes by more than some pages cost. */
const isNoise = (op, pages) => op === 'exit' && pages < 512

const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1]

function keyOf({ op, state, pages, processes }) {
  return `${op}, ${state}${processes > 1 ? ` of ${processes} processes` : ''}, ${pages}`
}

/** The median of each operation's runs, without what is measured besides; keys as in bench/instructions.json. */
export function medians(records) {
  const runs = new Map(records.map((record) => [keyOf(record), []]))
  for (const record of records) runs.get(keyOf(record)).push(record)
  const count = (key) => middle(runs.get(key).map(({ instructions }) => instructions))
  const own = ({ op, pages }, all) => {
    const besides = overheadOf(op)
    if (besides === undefined) return all
    return all - count(besides === op ? `${op}, pages, 0` : `${besides}, ${pages}`)
  }
  const kept = [...runs].filter(
    ([, [{ op, pages, state }]]) => pages > 0 && state !== 'overhead' && !isNoise(op, pages),
  )
  const counts = kept.map(([key, [record]]) => [key, own(record, count(key))])
  return { ...Object.fromEntries(counts), 'copy of a page': count('copy-page, overhead, 1') }
}

/** A row for each operation: the emulator, the kernel, and the kernel without copying and clearing, by size. */
export function besideKernel(emulator, kernel) {
  const rows = OPERATIONS.map(([title, key, copies]) => [
    title,
    ...SIZES.flatMap((pages) => {
      const ours = emulator[`${key}, ${pages}, ${PROFILE}`]
      const linux = kernel[`${key}, ${pages}`]
      return [ours, linux === undefined ? undefined : linux - copies * pages * kernel['copy of a page']].map((count) =>
        digits(count === undefined ? undefined : count / pages),
      )
    }),
  ])
  return { head: ['instructions a page', ...SIZES.flatMap((pages) => [grouped(pages), 'Linux'])], rows }
}
