// SPDX-License-Identifier: GPL-2.0-only
//
// Machines leave no memory behind, in whatever way they end. Each way runs in a process of its own. That process must
// not be larger after many machines than after some. Each machine takes more than a megabyte.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const library = JSON.stringify(join(__dirname, '../../dist'))

/** The growth that the process may have. A sanitizer keeps freed memory for a while. */
const MOST_GROWTH = process.env.ASAN_OPTIONS === undefined ? 60e6 : 500e6
const WARM_UP = 30
const ROUNDS = 100

const program = (body: string) => `
  const { Machine } = require(${library})
  const settle = () => new Promise((done) => setImmediate(done))
  const collect = async () => { for (let i = 0; i < 3; i++) { gc(); await settle() } }
  const moveAll = (entries, driver) => { for (const entry of entries) driver.moveToDevice(entry) }
  function make() {
    const machine = new Machine({ ramPages: 4096, devicePages: 64 })
    const a = machine.process()
    const buf = a.map({ pages: 256 })
    buf.write(0, new Uint8Array(256 * 4096).fill(1))
    machine.onDeviceFault(() => machine !== undefined)
    return { machine, a, buf }
  }
  function round() { ${body} }
  async function rounds(count) {
    for (let i = 0; i < count; i++) {
      round()
      if (i % 20 === 19) await collect()
    }
    await collect()
    const { rss, external } = process.memoryUsage()
    return { rss, external }
  }
  async function main() {
    const before = await rounds(${WARM_UP})
    const after = await rounds(${ROUNDS})
    console.log(JSON.stringify({ rss: after.rss - before.rss, external: after.external - before.external }))
  }
  main()
`

test.each([
  ['are disposed of', 'make().machine.dispose()'],
  ['are forgotten', 'make()'],
  [
    'are disposed of with a migration open',
    "const { machine, a, buf } = make(); a.beginMigration(buf).runTo('unmap'); machine.dispose()",
  ],
  ['are forgotten with a migration open', "const { a, buf } = make(); a.beginMigration(buf).runTo('alloc_and_copy')"],
  [
    'were copied',
    'const { machine } = make(); machine.fork(); Machine.restore(machine.snapshot()).dispose(); machine.dispose()',
  ],
  [
    'have results and entries that stay',
    'const { machine, a, buf } = make(); const kept = a.migrate(buf); machine.dispose(); kept.entries.length',
  ],
  [
    'saw a callback throw',
    'const { machine, a, buf } = make(); try { a.migrate(buf, { allocAndCopy(e, d) { moveAll(e, d); throw Error() } }) } catch {}',
  ],
  [
    'saw a rule broken',
    'const { machine, a, buf } = make(); try { a.migrate(buf, { allocAndCopy({ dst }) { dst[0] = 77n } }) } catch {}',
  ],
  [
    'could not be made',
    'try { Machine.restore(new Uint8Array(1e6)) } catch {} try { new Machine({ ramPages: 1 }) } catch {}',
  ],
])('machines that %s', (_, body) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '-e', program(body)], {
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const { rss, external } = JSON.parse(stdout)
  expect(rss).toBeLessThan(MOST_GROWTH)
  expect(external).toBeLessThan(4e6)
})

/** How many full collections a program of its own sees while it makes 20 machines. */
function fullCollections(body: string): number {
  const watching = `
    const { constants, PerformanceObserver } = require('node:perf_hooks')
    const { Machine } = require(${library})
    const settle = () => new Promise((done) => setImmediate(done))
    let full = 0
    new PerformanceObserver((list) => {
      for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) full++
    }).observe({ entryTypes: ['gc'] })
    const kept = []
    const bytes = new Uint8Array(4096 * 4096).fill(1)
    async function main() {
      for (let i = 0; i < 20; i++) {
        ${body}
        await settle()
      }
      console.log(full)
    }
    main()`
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', watching], { encoding: 'utf8' })
  expect(stderr).toBe('')
  return Number(stdout)
}

// In WebAssembly the garbage collector sees to the memory of instances itself.
const ofTheAddon = process.env.HMMU_BACKEND === 'wasm' ? test.skip : test

ofTheAddon('machines of 64 GiB that use nothing are no reason to collect garbage', () => {
  expect(fullCollections('kept.push(new Machine({ ramPages: 2 ** 24, devicePages: 2 ** 20 }))')).toBe(0)
})

ofTheAddon('memory that machines have used is a reason to collect garbage', () => {
  expect(fullCollections('new Machine().process().map({ pages: 4096 }).write(0, bytes)')).toBeGreaterThan(0)
})
