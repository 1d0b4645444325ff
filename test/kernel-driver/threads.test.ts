// SPDX-License-Identifier: GPL-2.0-only
//
// Drivers in several threads of JavaScript, and members of their classes called with garbage.

import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { DriverFile, HmmuError, KernelDriver } from '../../lib'
import { buildProbe, machineFor, Probe, probe, runsDrivers } from './built'

const DIST = join(__dirname, '../../dist')

/** Loads the library in a worker of its own, calls it, and unloads it. */
const SCRIPT = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { Machine, ioctlNumber } = require(workerData.dist)
  const results = []
  for (let i = 0; i < 20; i++) {
    const machine = new Machine({ profile: 'linux-6.12', ramPages: 256, devicePages: 64 })
    const driver = machine.loadDriver(workerData.library)
    const process = machine.process()
    const file = driver.open(process, 'probe')
    for (let k = 0; k < 20; k++) file.ioctl(ioctlNumber('none', 'p', 5))
    driver.run()
    results.push(file.ioctl(ioctlNumber('none', 'p', 6)), file.ioctl(ioctlNumber('none', 'p', 10)))
    if (i % 2) machine.dispose()
    else process.exit(), driver.unload(), machine.dispose()
  }
  parentPort.postMessage(results)`

;(runsDrivers ? describe : describe.skip)('drivers', () => {
  let library: string
  beforeAll(() => {
    library = buildProbe('threads')
  }, 300_000)

  test('run in several workers at once', async () => {
    const run = () =>
      new Promise<number[]>((resolve, reject) => {
        const worker = new Worker(SCRIPT, { eval: true, workerData: { dist: DIST, library } })
        worker.on('message', resolve)
        worker.on('error', reject)
      })
    const all = await Promise.all([run(), run(), run()])
    for (const results of all) expect(results).toEqual(Array.from({ length: 20 }, () => [20, 1]).flat())
  })

  test('a worker can end in the middle', async () => {
    const script = SCRIPT.replace('parentPort.postMessage(results)', '').replace(
      'i < 20; i++',
      '; i++, parentPort.postMessage(i)',
    )
    const worker = new Worker(script, { eval: true, workerData: { dist: DIST, library } })
    await new Promise((resolve) => worker.once('message', resolve))
    await worker.terminate()
  })

  test('garbage is refused by an HmmuError', () => {
    using machine = machineFor()
    const driver = machine.loadDriver(library)
    const process = machine.process()
    const file = driver.open(process, 'probe')
    const garbage = fc.oneof(
      fc.constantFrom<unknown>(undefined, null, '', 'probe', {}, [], Symbol('s'), process, machine, file, driver),
      fc.integer(),
      fc.double(),
      fc.bigInt(),
      fc.uint8Array({ maxLength: 64 }),
      fc.anything(),
    )
    // BUG() and waits for ever have tests of their own.
    const deadly: readonly number[] = [Probe.bug, Probe.waitForEver, Probe.lockPage, Probe.leak].map((n) => 0x7000 + n)
    const calls: ((args: unknown[]) => unknown)[] = [
      (args) => driver.open(...(args as [never, never])),
      (args) => driver.inject(...(args as [never, never, never])),
      (args) => driver.injectionPasses(...(args as [never])),
      (args) => (deadly.includes(args[0] as number) ? 0 : file.ioctl(...(args as [never, never, never]))),
      (args) => machine.loadDriver(...(args as [never, never])),
      (args) => new (KernelDriver as never as new (...args: unknown[]) => unknown)(...args),
      (args) => new (DriverFile as never as new (...args: unknown[]) => unknown)(...args),
    ]
    const property = fc.property(fc.nat(calls.length - 1), fc.array(garbage, { maxLength: 4 }), (which, args) => {
      try {
        calls[which]!(args)
      } catch (error) {
        if (!(error instanceof HmmuError)) throw error
      }
    })
    fc.assert(property, { numRuns: 500, seed: 1 })
    expect(machine.verify()).toEqual([])
    expect(file.ioctl(probe('worked'))).toBe(0)
  })
})
