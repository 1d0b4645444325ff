// SPDX-License-Identifier: GPL-2.0-only
//
// The WebAssembly module itself, and the conditions under which it is loaded. These tests run the built library.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { adapterBytes } from '../../lib/wasm/host'

const root = join(__dirname, '../..')
const api = globalThis as unknown as {
  WebAssembly: {
    Module: { new (bytes: Uint8Array): object; imports(m: object): object[]; exports(m: object): object[] }
  }
}
const { Module } = api.WebAssembly

const folder = mkdtempSync(join(tmpdir(), 'hmmu-wasm-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The output of a program that loads the library from a folder, with an environment of its own. */
function run(dist: string, env: Record<string, string>, body = 'console.log(JSON.stringify(addonInfo))'): string {
  const program = `
    const { addonInfo, Machine } = require(${JSON.stringify(dist)})
    ${body}`
  const inherited = { ...process.env, HMMU_BACKEND: '', HMMU_BINDING: '' }
  return execFileSync(process.execPath, ['-e', program], { encoding: 'utf8', env: { ...inherited, ...env } })
}

test('it imports nothing', () => {
  expect(Module.imports(new Module(readFileSync(join(root, 'dist/hmmu.wasm'))))).toEqual([])
})

test('the module that lets it call JavaScript imports and exports the same', () => {
  const module = new Module(adapterBytes())
  const names = ['migration', 'pageFault', 'pageFree', 'invalidate', 'intervalInvalidate', 'searchProgress', 'clock']
  const functions = names.map((name) => ({
    name,
    kind: 'function',
  }))
  expect(Module.imports(module)).toEqual(functions.map((each) => ({ module: 'host', ...each })))
  expect(Module.exports(module)).toEqual(functions)
})

test('HMMU_BACKEND chooses', () => {
  const dist = join(root, 'dist')
  expect(JSON.parse(run(dist, { HMMU_BACKEND: 'wasm' }))).toMatchObject({ backend: 'wasm', failures: [] })
  expect(JSON.parse(run(dist, { HMMU_BACKEND: 'native' }))).toMatchObject({ backend: 'native' })
  expect(JSON.parse(run(dist, {}))).toMatchObject({ backend: 'native' })
  const print = `try { require(${JSON.stringify(dist)}) } catch (error) { console.log(error.code, error.message) }`
  const env = { ...process.env, HMMU_BACKEND: 'turtle' }
  const output = execFileSync(process.execPath, ['-e', print], { encoding: 'utf8', env })
  expect(output).toMatch(/^HMMU_NO_ADDON HMMU_BACKEND must be native, wasm, or not set, not turtle/)
})

test('it stands in for a native addon that is not there', () => {
  const dist = join(folder, 'dist')
  cpSync(join(root, 'dist'), dist, { recursive: true })
  // The library's dependencies, which npm installs beside it.
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const info = JSON.parse(run(dist, {}))
  expect(info).toMatchObject({ backend: 'wasm', path: join(dist, 'hmmu.wasm') })
  expect(info.failures[0]).toMatch(/hmmu\.node: no such file$/)
  const body = `
    const machine = new Machine()
    const a = machine.process()
    console.log(a.migrate(a.map({ pages: 3 })).moved, machine.verify())`
  expect(run(dist, {}, body)).toBe('3 []\n')
})

test('a thousand machines, one after the other and many at once', () => {
  const body = `
    let sum = 0
    const kept = []
    for (let i = 0; i < 1000; i++) {
      const machine = new Machine({ ramPages: 256 + i % 3, devicePages: 16 })
      const a = machine.process()
      const buf = a.map({ pages: 4 })
      buf.write(0, Uint8Array.of(i))
      sum += a.migrate(buf).moved + buf.read(0, 1)[0] + machine.verify().length
      if (i % 50) machine.dispose()
      else kept.push(machine)
    }
    console.log(sum, kept.every((machine) => machine.verify().length === 0))`
  const bytes = Array.from({ length: 1000 }, (_, i) => i & 0xff)
  const sum = bytes.reduce((all, byte) => all + byte, 0)
  expect(run(join(root, 'dist'), { HMMU_BACKEND: 'wasm' }, body)).toBe(`${4000 + sum} true\n`)
})

test('a machine of more than 2 GiB: addresses of the module are not negative', () => {
  const body = `
    const machine = new Machine({ ramPages: 700000, devicePages: 16 })
    const a = machine.process()
    const buf = a.map({ pages: 4 })
    buf.write(0, Uint8Array.of(7))
    const result = a.migrate(buf)
    const copy = Machine.restore(machine.snapshot())
    console.log(result.moved, [...result.entries].length, machine.processes.length, a.tasks.length)
    console.log(machine.pages().length === copy.pages().length, machine.leaks().length, a.tables().length)
    console.log(machine.hash() === copy.hash(), [...buf.read(0, 2)], machine.verify(), copy.verify())`
  expect(run(join(root, 'dist'), { HMMU_BACKEND: 'wasm' }, body)).toMatch(
    /^4 4 1 1\ntrue \d+ 4\ntrue \[ 7, 0 \] \[\] \[\]\n$/,
  )
})
