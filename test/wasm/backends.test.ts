// SPDX-License-Identifier: GPL-2.0-only
//
// The native addon and WebAssembly side by side: the core must behave alike on both. All drills end with equal states,
// byte for byte, and a snapshot of one backend becomes a machine of the other.

import { join } from 'node:path'
import type { Machine as MachineType } from '../../lib'
import { oddArrays } from '../api/odd-arrays'

interface Library {
  readonly main: typeof import('../../lib')
  readonly drill: typeof import('../../lib/drill')
}

/** Loads the library again, with modules of its own, on one backend. */
function load(backend: 'native' | 'wasm'): Library {
  const { HMMU_BACKEND } = process.env
  process.env.HMMU_BACKEND = backend
  let library: Library | undefined
  jest.isolateModules(() => {
    library = { main: require('../../lib'), drill: require('../../lib/drill') }
  })
  process.env.HMMU_BACKEND = HMMU_BACKEND
  return library!
}

const native = load('native')
const wasm = load('wasm')

test('both are there', () => {
  expect([native, wasm].map(({ main }) => main.addonInfo.backend)).toEqual(['native', 'wasm'])
  expect(native.main.addonInfo.version).toBe(wasm.main.addonInfo.version)
})

/** The hash of the last machine that ended. */
function lastHash({ main }: Library): () => bigint | undefined {
  let hash: bigint | undefined
  const { dispose } = main.Machine.prototype
  jest.spyOn(main.Machine.prototype, 'dispose').mockImplementation(function (this: MachineType) {
    if (!this.disposed) hash = this.hash()
    dispose.call(this)
  })
  return () => hash
}

describe('all drills', () => {
  const folders = ['linux-4.14', 'derived'].map((name) => join(__dirname, '../conformance', name))
  const drills = [...native.drill.listDrills(folders.flatMap(native.drill.findDrillFiles))]
  const hashes = [lastHash(native), lastHash(wasm)] as const

  afterAll(() => jest.restoreAllMocks())

  test.each(drills)('%s: the same transcript, and the same hash at the end', (_, sources) => {
    for (const source of sources) {
      const runs = [native, wasm].map(({ drill }) => drill.runSource(source).transcript)
      expect(runs[1]).toBe(runs[0])
      expect({ drill: source.name, hash: hashes[1]() }).toEqual({ drill: source.name, hash: hashes[0]() })
      expect(hashes[0]()).toBeGreaterThan(0n)
    }
  })
})

/** A machine in the middle of its work. */
function live({ main }: Library): MachineType {
  const machine = new main.Machine({ ramPages: 4096, devicePages: 8, swapPages: 8 })
  const a = machine.process()
  const buf = a.map({ pages: 8 })
  for (let page = 0; page < 6; page++) buf.write(page * 4096, Uint8Array.of(page + 1))
  a.migrate(buf.range(0, 3))
  a.fork()
  a.reclaim(buf.pageAddress(4))
  return machine
}

/** Loads, and one more migration. Loads from device pages of two processes end in SIGBUS. */
function goOn(machine: MachineType): { hash: bigint; loads: unknown[] } {
  const [a] = machine.processes
  const start = a!.mappings()[0]!.start
  const buf = a!.mapping({ start, pages: 8 })
  const loads = Array.from({ length: 8 }, (_, page) => a!.tryLoad(buf.pageAddress(page)))
  a!.migrate(buf)
  return { hash: machine.hash(), loads }
}

test.each([
  ['native', 'WebAssembly', native, wasm],
  ['WebAssembly', 'native', wasm, native],
] as const)('a snapshot of %s goes on in %s', (_, __, from, to) => {
  const original = live(from)
  const bytes = original.snapshot()
  const copy = to.main.Machine.restore(bytes)
  expect(copy.hash()).toBe(original.hash())
  expect(Buffer.compare(copy.snapshot(), bytes)).toBe(0)
  expect(goOn(copy)).toEqual(goOn(original))
  expect(copy.verify()).toEqual([])
})

test.each(oddArrays)('both take of an array %s the same bytes', (_, make) => {
  const hashes = [native, wasm].map(({ main }) => {
    const machine = new main.Machine({ ramPages: 1024 })
    const buf = machine.process().map({ pages: 2 })
    buf.write(0, Uint8Array.of(1))
    buf.write(4090, make())
    machine.writePage(buf.dump()[0]!.pfn, make(), 100)
    return machine.hash()
  })
  expect(hashes[1]).toBe(hashes[0])
})
