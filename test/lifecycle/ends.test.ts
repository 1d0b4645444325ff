// SPDX-License-Identifier: GPL-2.0-only
//
// Worker threads, and machines that are open when a thread or a process ends. These tests run the built library.

import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'

const library = JSON.stringify(join(__dirname, '../../dist'))

const prelude = `
  const { Machine } = require(${library})
  const { parentPort, workerData } = require('node:worker_threads')
  const machine = new Machine({ ramPages: 4096, devicePages: 64 })
  const a = machine.process()
  const buf = a.map({ pages: 16 })
  for (let i = 0; i < 16; i++) a.tryStore(buf.pageAddress(i), i + 1)
  machine.drainPagevecs()
  const moveAll = (entries, driver) => { for (const entry of entries) driver.moveToDevice(entry) }
`

function start(body: string, workerData?: unknown): Worker {
  return new Worker(prelude + body, { eval: true, workerData })
}

/** Runs a program in a process of its own, so that a crash does not end the test. */
function run(body: string, ...flags: string[]): { status: number | null; signal: string | null; output: string } {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...flags, '-e', prelude + body], {
    encoding: 'utf8',
  })
  return { status, signal, output: stdout + stderr }
}

test('machines of several threads do not know of each other', async () => {
  const body = `
    let moved = 0
    for (let i = 0; i < 50; i++) {
      moved += a.migrate(buf, { allocAndCopy: moveAll }).moved
      for (let k = 0; k < 16; k++) a.tryStore(buf.pageAddress(k), workerData)
    }
    machine.drainPagevecs()
    parentPort.postMessage({ moved, byte: buf.read(0, 1)[0], complaints: machine.verify() })
  `
  const workers = [1, 2, 3].map((id) => start(body, id))
  const answers = await Promise.all(workers.map((worker) => once(worker, 'message')))
  expect(answers.map(([answer]) => answer)).toEqual([1, 2, 3].map((byte) => ({ moved: 16 * 50, byte, complaints: [] })))
  await Promise.all(workers.map((worker) => worker.terminate()))
})

test('a throw in a worker reaches its caller there', async () => {
  const worker = start(`
    try {
      a.migrate(buf, { allocAndCopy() { throw new Error('boom') } })
    } catch (error) {
      parentPort.postMessage([error.message, error instanceof Error, machine.verify()])
    }
  `)
  const [answer] = await once(worker, 'message')
  expect(answer).toEqual(['boom', true, []])
  await worker.terminate()
})

test('a worker may end with a machine and a migration open', async () => {
  const worker = start(`
    const migration = a.beginMigration(buf, { allocAndCopy: moveAll })
    migration.runTo('unmap')
    process.exit(7)
  `)
  const [code] = await once(worker, 'exit')
  expect(code).toBe(7)
})

test('a worker may be terminated within a callback', async () => {
  const worker = start(`
    a.migrate(buf, { allocAndCopy() { parentPort.postMessage('in'); for (;;); } })
  `)
  await once(worker, 'message')
  expect(await worker.terminate()).toBe(1)
})

test('a worker may be terminated within a fault handler within a callback', async () => {
  const worker = start(`
    a.migrate(buf.range(0))
    machine.onDeviceFault(() => { parentPort.postMessage('in'); for (;;); })
    a.migrate(buf.range(1), { allocAndCopy() { a.newTask().load(buf.address, 1) } })
  `)
  await once(worker, 'message')
  expect(await worker.terminate()).toBe(1)
})

test('a worker may be terminated between the steps of a migration, with copies and a waiting task', async () => {
  const worker = start(`
    const kept = [machine.fork(), Machine.restore(machine.snapshot())]
    const migration = a.beginMigration(buf, { allocAndCopy: moveAll })
    migration.runTo('pages')
    const outcome = a.newTask().tryLoad(buf.address).outcome
    parentPort.postMessage([outcome, kept.length])
    for (;;);
  `)
  const [answer] = await once(worker, 'message')
  expect(answer).toEqual(['blocked', 2])
  expect(await worker.terminate()).toBe(1)
})

test('a worker may be terminated at any moment of its calls', async () => {
  for (let i = 0; i < 8; i++) {
    const worker = start(`
      parentPort.postMessage('in')
      machine.onDeviceFault(({ task, address }) =>
        task.migrate({ start: address, pages: 1 }, { to: 'system' }).moved === 1)
      for (;;) {
        a.migrate(buf, { allocAndCopy: moveAll })
        buf.read(0, 3 * 4096)
        new Machine({ ramPages: 64 }).process().map().write(0, Uint8Array.of(1))
      }
    `)
    await once(worker, 'message')
    await new Promise((resolve) => setTimeout(resolve, i * 3))
    expect(await worker.terminate()).toBe(1)
  }
})

test('an error that nobody catches ends a worker, not the process', async () => {
  const worker = start(`a.migrate(buf, { allocAndCopy() { throw new Error('boom') } })`)
  const [error] = await once(worker, 'error')
  expect(error.message).toBe('boom')
})

test.each([
  ['with a machine open', ''],
  ['with copies open', `globalThis.kept = [machine.fork(), Machine.restore(machine.snapshot())]`],
  ['from within a fault handler', `a.migrate(buf); machine.onDeviceFault(() => process.exit(0)); buf.read(0, 1)`],
  [
    'from within a callback in a callback',
    `a.migrate(buf.range(0)); machine.onDeviceFault(() => process.exit(0))
     a.migrate(buf.range(1), { allocAndCopy() { a.newTask().load(buf.address, 1) } })`,
  ],
  ['while it ends', `process.on('exit', () => { a.migrate(buf); machine.fork(); machine.dispose() })`],
  ['with a migration open', `a.beginMigration(buf, { allocAndCopy: moveAll }).runTo('alloc_and_copy')`],
  ['from within a callback', `a.migrate(buf, { allocAndCopy() { process.exit(0) } })`],
  ['with a result that outlives its machine', `globalThis.kept = a.migrate(buf).src; machine.dispose()`],
])('a process may end %s', (_, body) => {
  expect(run(body)).toEqual({ status: 0, signal: null, output: '' })
})

test('an exception that nobody catches passes through a callback', () => {
  const { status, output } = run(`a.migrate(buf, { allocAndCopy() { throw new Error('boom') } })`)
  expect(status).toBe(1)
  expect(output).toContain('Error: boom')
})

test('machines that are forgotten are freed, those with a migration open, too', () => {
  const { status, output } = run(
    `
    const settle = () => new Promise((done) => setImmediate(done))
    async function main() {
      for (let i = 0; i < 100; i++) {
        const forgotten = new Machine({ ramPages: 65536 })
        const p = forgotten.process()
        const range = p.map({ pages: 4096 })
        range.write(0, new Uint8Array(4096 * 4096).fill(1))
        forgotten.onDeviceFault(() => forgotten !== undefined)
        const migration = p.beginMigration(range, { allocAndCopy() { return migration && undefined } })
        migration.runTo('collect')
        if (i % 5 === 4) {
          gc()
          await settle()
          await settle()
        }
      }
      console.log(process.memoryUsage().rss < 800e6 ? 'small' : 'large')
    }
    main()
    `,
    '--expose-gc',
  )
  expect({ status, output }).toEqual({ status: 0, output: 'small\n' })
})

test('an addon can be loaded by many threads, one after the other', async () => {
  for (let i = 0; i < 5; i++) {
    const worker = start('parentPort.postMessage(a.migrate(buf).moved)')
    const [moved] = await once(worker, 'message')
    expect(moved).toBe(16)
    await worker.terminate()
  }
})
