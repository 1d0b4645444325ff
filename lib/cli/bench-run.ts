// SPDX-License-Identifier: GPL-2.0-only
//
// The operations of `hmmu bench`, each of which brings the memory into the state that the next one needs.

import { Machine, type Mapping, type Process } from '../index'

export interface BenchOptions {
  readonly contents: boolean
  /** How long each size is repeated, in milliseconds. */
  readonly budget: number
}

/** The best time of an operation on so many pages, in nanoseconds. */
export interface BenchResult {
  readonly operation: string
  readonly pages: number
  readonly best: number
  readonly runs: number
}

interface Memory {
  readonly process: Process
  buffer: Mapping
}

type Operation = readonly [name: string, run: (memory: Memory) => void]

/** These make one call a page, so their times include the way from JavaScript into C and back. */
function touch({ process, buffer }: Memory, write: boolean): void {
  const task = process.mainTask
  for (let page = 0; page < buffer.pages; page++) {
    if (write) task.tryStore(buffer.pageAddress(page), 1)
    else task.tryLoad(buffer.pageAddress(page))
  }
}

const toDevice = ({ process, buffer }: Memory) => process.migrate(buffer, { to: 'device' })

/** In the order of a round; those without a name only prepare. */
const ROUND: readonly Operation[] = [
  ['write fault', (memory) => touch(memory, true)],
  ['migrate to device', toDevice],
  ['migrate back', ({ process, buffer }) => process.migrate(buffer, { to: 'system' })],
  ['', toDevice],
  ['CPU fault on a device page', (memory) => touch(memory, false)],
  ['fork and exit', ({ process }) => process.fork().exit()],
  ['munmap', ({ buffer }) => buffer.unmap()],
]

/** The names of the operations. */
export const operationNames = ROUND.map(([name]) => name).filter((name) => name !== '')

function makeMachine(pages: number, contents: boolean): Machine {
  return new Machine({ ramPages: 2 * pages + 8192, devicePages: pages, contents })
}

function round(memory: Memory, pages: number, note: (name: string, ns: number) => void): void {
  memory.buffer = memory.process.map({ pages })
  for (const [name, run] of ROUND) {
    const start = process.hrtime.bigint()
    run(memory)
    note(name, Number(process.hrtime.bigint() - start))
  }
}

/** Measures all operations on a number of pages: the first round only warms up. */
export function measure(pages: number, { contents, budget }: BenchOptions): BenchResult[] {
  using machine = makeMachine(pages, contents)
  const process_ = machine.process()
  const memory: Memory = { process: process_, buffer: process_.map({ pages: 1 }) }
  const best = new Map<string, number>(operationNames.map((name) => [name, Infinity]))
  round(memory, pages, () => {})
  const end = performance.now() + budget
  let runs = 0
  do {
    round(memory, pages, (name, ns) => best.set(name, Math.min(best.get(name) ?? Infinity, ns)))
    runs++
  } while (performance.now() < end)
  return operationNames.map((operation) => ({ operation, pages, best: best.get(operation) ?? Infinity, runs }))
}

/** Rounds of all operations with statistics. */
export function profile(pages: number, { contents, budget }: BenchOptions) {
  using machine = makeMachine(pages, contents)
  const process_ = machine.process()
  const memory: Memory = { process: process_, buffer: process_.map({ pages: 1 }) }
  round(memory, pages, () => {})
  machine.recordStats()
  const end = performance.now() + budget
  do round(memory, pages, () => {})
  while (performance.now() < end)
  return machine.stats()
}
