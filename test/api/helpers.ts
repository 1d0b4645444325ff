// SPDX-License-Identifier: GPL-2.0-only
//
// Machines for tests: each is verified after its test, and disposed of.

import { HmmuError, Machine, type MachineOptions, type Mapping, PfnFlag, type Process } from '../../lib'

const machines: Machine[] = []

/** A small machine that is verified after the test. */
export function makeMachine(options: MachineOptions = {}): Machine {
  const machine = new Machine({ ramPages: 8192, devicePages: 64, ...options })
  machines.push(machine)
  return machine
}

afterEach(() => {
  const complaints = machines.splice(0).flatMap((machine) => {
    if (machine.disposed) return []
    const found = machine.verify()
    machine.dispose()
    return found
  })
  expect(complaints).toEqual([])
})

/** A machine with one process and one writable anonymous mapping, of which the first `touched` pages are written. */
export function makeBuffer(
  pages: number,
  touched = pages,
  options: MachineOptions = {},
): { machine: Machine; a: Process; buf: Mapping } {
  const machine = makeMachine(options)
  const a = machine.process()
  const buf = a.map({ pages })
  for (let i = 0; i < touched; i++) a.tryStore(buf.pageAddress(i), i + 1)
  machine.drainPagevecs()
  return { machine, a, buf }
}

/** The HmmuError that a function throws; fails if it throws nothing, or anything else. */
export function errorOf(call: () => unknown): HmmuError {
  try {
    call()
  } catch (error) {
    if (error instanceof HmmuError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** The code of the HmmuError that a function throws. */
export function codeOf(call: () => unknown): string {
  return errorOf(call).code
}

/** The first byte of each page. */
export function firstBytes(mapping: Mapping): number[] {
  return Array.from({ length: mapping.pages }, (_, i) => mapping.read(i * 4096, 1)[0] ?? -1)
}

/** The kinds of the entries of a mapping. */
export function kinds(mapping: Mapping): string[] {
  return mapping.dump().map((entry) => entry.kind)
}

/** The flags of words as letters. */
export function letters(words: BigUint64Array): string[] {
  return Array.from(words, (word) =>
    Object.entries(PfnFlag)
      .map(([name, bit]) => (Number(word & 63n) & bit ? name.charAt(0) : ''))
      .join(''),
  )
}

/** The state that must be unchanged after an undone operation. */
export function balance(machine: Machine): Record<string, unknown> {
  const { ramFree, deviceFree, lruInactiveAnon, lruActiveAnon } = machine.counters()
  const charged = machine.memcgCharged
  const rss = machine.processes.map((process) => process.counters().anon)
  return { ramFree, deviceFree, lru: lruInactiveAnon + lruActiveAnon, charged, rss }
}
