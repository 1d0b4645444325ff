// SPDX-License-Identifier: GPL-2.0-only
//
// Measures the TypeScript API with tinybench: the operations of the C program, with a driver in C and with drivers in
// TypeScript, and drills.
import { Bench } from 'tinybench'
import { findDrillFiles, parseDrill, readDrills, runDrill } from '../dist/drill/index.js'
import { Machine } from '../dist/index.js'
import { root } from '../scripts/lib/run.mjs'

const SIZES = [1, 16, 512, 65536, 1048576]

/** A driver as the documentation recommends. */
const copyingDriver = (device) => ({
  allocAndCopy(entries, driver) {
    for (const entry of entries.scan()) {
      if (device) driver.moveToDevice(entry)
      else driver.moveToSystem(entry)
    }
  },
})

/** The same by one call. */
const movingDriver = (device) => ({
  allocAndCopy(entries, driver) {
    driver.moveAll(entries, { to: device ? 'device' : 'system' })
  },
})

const DRIVERS = [
  { driver: 'c', make: (device) => ({ to: device ? 'device' : 'system' }) },
  { driver: 'typescript', make: copyingDriver },
  { driver: 'moveAll', make: movingDriver },
].flatMap((driver) => [true, false].map((contents) => ({ ...driver, contents })))

const ns = (milliseconds) => Math.round(milliseconds * 1e6)

/** Runs one bench and turns its tasks into records. */
async function records(bench, describe) {
  await bench.run()
  return bench.tasks.map((task) => {
    if (task.result.state !== 'completed') throw task.result.error ?? new Error(`${task.name}: ${task.result.state}`)
    const { min, p50, samplesCount } = task.result.latency
    return { ...describe(task.name), best: ns(min), median: ns(p50), runs: samplesCount }
  })
}

function makeBench(pages, quick) {
  const large = pages >= 65536
  const time = quick ? 20 : 150
  return new Bench({
    time,
    iterations: large ? 3 : 10,
    warmupTime: large ? 0 : time / 4,
    warmupIterations: large ? 1 : 5,
  })
}

async function withMachine(pages, contents, measure) {
  const machine = new Machine({ ramPages: pages + (pages >> 7) + 8192, devicePages: pages, contents })
  try {
    return await measure(machine.process())
  } finally {
    machine.dispose()
  }
}

/** Measures each of the two directions; the other direction runs in between, outside of the measurement. */
function migrations(process, pages, quick, { driver, contents, make }) {
  const buffer = process.map({ pages })
  for (let i = 0; i < pages; i++) process.mainTask.tryStore(buffer.pageAddress(i), 1)
  const [there, back] = [make(true), make(false)]
  const toDevice = () => process.migrate(buffer, there)
  const toSystem = () => process.migrate(buffer, back)
  const bench = makeBench(pages, quick)
  bench.add('migrate.to-device', toDevice, { afterEach: toSystem })
  bench.add('migrate.back', toSystem, { beforeEach: toDevice })
  return records(bench, (op) => ({ op, state: 'pages', stage: '', pages, processes: 1, contents, driver }))
}

function faults(process, pages, quick) {
  const task = process.mainTask
  let buffer
  const touch = () => {
    for (let i = 0; i < pages; i++) task.tryStore(buffer.pageAddress(i), 1)
  }
  const map = () => {
    buffer = process.map({ pages })
  }
  const onDevice = () => {
    map()
    touch()
    process.migrate(buffer, { to: 'device' })
  }
  const unmap = () => buffer.unmap()
  const bench = makeBench(pages, quick)
  bench.add('fault.write', touch, { beforeEach: map, afterEach: unmap })
  bench.add('fault.device-write', touch, { beforeEach: onDevice, afterEach: unmap })
  return records(bench, (op) => ({ op, state: 'pages', stage: '', pages, processes: 1, contents: true, driver: 'c' }))
}

/** As op_round_trips() and op_device_faults() of the C program. */
const SINGLE_CALLS = 1000

/** Single pages: there and back, and back by a load whose fault a handler in TypeScript handles. */
function singles(process, quick, contents) {
  const { machine, mainTask: task } = process
  const buffer = process.map()
  task.tryStore(buffer.address, 1)
  const there = { to: 'device' }
  const back = { to: 'system' }
  const handler = ({ task, address }) => task.migrate({ start: address, pages: 1 }, back).moved === 1
  const bench = makeBench(1, quick)
  bench.add('round-trips', () => {
    for (let i = 0; i < SINGLE_CALLS; i++) {
      process.migrate(buffer, there)
      process.migrate(buffer, back)
    }
  })
  const faults = () => {
    for (let i = 0; i < SINGLE_CALLS; i++) {
      process.migrate(buffer, there)
      task.tryLoad(buffer.address)
    }
  }
  const handle = () => machine.onDeviceFault(handler)
  const dontHandle = () => machine.onDeviceFault(undefined)
  bench.add('device-faults', faults, { beforeAll: handle, afterAll: dontHandle })
  return records(bench, (op) => ({ op, state: 'pages', stage: '', pages: 1, processes: 1, contents, driver: 'c' }))
}

function creation(quick) {
  const bench = makeBench(1, quick)
  bench.add('create and dispose', () => new Machine({ ramPages: 2 ** 24, devicePages: 2 ** 24 }).dispose())
  return records(bench, (op) => ({ op, state: '64 GiB', stage: '', pages: 1, processes: 1, contents: true }))
}

/** Makes and disposes of one machine a drill. Parsing is not counted. */
function drills(quick) {
  const all = findDrillFiles(`${root}/test/conformance/linux-4.14`)
    .flatMap(readDrills)
    .map((source) => parseDrill(source))
  const step = Math.max(1, Math.floor(all.length / (quick ? 40 : 400)))
  const some = all.filter((_, i) => i % step === 0)
  const bench = makeBench(1, quick)
  bench.add('drill', () => {
    for (const drill of some) runDrill(drill)
  })
  return records(bench, (op) => ({
    op,
    state: `${some.length} drills`,
    stage: '',
    pages: some.length,
    processes: 1,
    contents: true,
  }))
}

/** All measurements, as records of the C program's shape. */
export async function measureTypeScript({ quick, maxPages, onResult }) {
  const results = []
  const add = (more) => {
    results.push(...more.map((record) => ({ via: 'typescript', ...record })))
    onResult?.()
  }
  for (const pages of SIZES.filter((size) => size <= maxPages)) {
    for (const driver of DRIVERS)
      add(await withMachine(pages, driver.contents, (process) => migrations(process, pages, quick, driver)))
    if (pages <= 65536) add(await withMachine(pages, true, (process) => faults(process, pages, quick)))
  }
  for (const contents of [true, false])
    add(await withMachine(1, contents, (process) => singles(process, quick, contents)))
  add(await creation(quick))
  add(await drills(quick))
  return results
}
