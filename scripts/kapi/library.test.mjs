// SPDX-License-Identifier: GPL-2.0-only
//
// Linux's own lib/test_hmm.c, unmodified, as a device of a machine of TypeScript. npm run test:kapi runs it; it needs the built
// package, and the build folder in HMMU_KAPI_BUILD.
import { strict as assert } from 'node:assert'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../lib/run.mjs'

const { addonInfo, CStruct, ioctlNumber, Machine } = createRequire(import.meta.url)(join(root, 'dist'))
const LIBRARY = join(process.env.HMMU_KAPI_BUILD ?? join(root, 'build-kapi'), 'test_hmm_library.so')
const PAGES = 256

/** lib/test_hmm_uapi.h */
const Command = new CStruct({ addr: 'u64', ptr: 'u64', npages: 'u64', cpages: 'u64', faults: 'u64' })
const [READ, WRITE, TO_DEVICE, TO_SYSTEM, SNAPSHOT] = [0, 1, 2, 3, 4].map((n) =>
  ioctlNumber('rw', 'H', n, Command.size),
)

/** Runs a test with the driver, a process and its memory: page i begins with i + 1. Everything has to be in order afterwards. */
function withDriver(body) {
  assert.equal(addonInfo.backend, 'native')
  const machine = new Machine({ profile: 'linux-6.12', devicePages: 2 ** 18 })
  const driver = machine.loadDriver(LIBRARY)
  const process = machine.process()
  const file = driver.open(process, 'hmm_dmirror0')
  const buf = process.map({ pages: PAGES })
  const mirror = process.map({ pages: PAGES })
  for (let i = 0; i < PAGES; i++) buf.write(i * 4096, Uint8Array.of(i % 255, 7))
  const ask = (command, pages = PAGES) => {
    const bytes = Command.encode({ addr: buf.address, ptr: mirror.address, npages: pages })
    file.ioctl(command, bytes)
    return Command.decode(bytes)
  }
  body({ machine, driver, process, file, buf, mirror, ask })
  for (const { pid } of machine.processes) machine.processes.find((one) => one.pid === pid)?.exit()
  assert.deepEqual(driver.unload(), [])
  assert.deepEqual(driver.reports, [])
  assert.deepEqual(machine.verify(), [])
  machine.dispose()
}

const onDevice = (buf) => buf.dump().filter(({ kind }) => kind === 'dev').length

test('pages move to the device, which the driver reads; the CPU brings them back', () =>
  withDriver(({ buf, mirror, ask }) => {
    assert.equal(ask(TO_DEVICE).cpages, PAGES)
    assert.equal(onDevice(buf), PAGES)
    for (let i = 0; i < PAGES; i++) assert.deepEqual([...mirror.read(i * 4096, 2)], [i % 255, 7])
    for (let i = 0; i < PAGES; i++) assert.deepEqual([...buf.read(i * 4096, 2)], [i % 255, 7])
    assert.equal(onDevice(buf), 0)
  }))

test('the device reads and writes by its mirror, and the driver migrates back', () =>
  withDriver(({ buf, mirror, ask }) => {
    mirror.write(0, new Uint8Array(PAGES * 4096).fill(5))
    assert.equal(ask(WRITE).cpages, PAGES)
    assert.deepEqual([...buf.read(17 * 4096, 2)], [5, 5])
    ask(TO_DEVICE)
    ask(TO_SYSTEM)
    assert.equal(onDevice(buf), 0)
    assert.equal(ask(READ).cpages, PAGES)
    assert.deepEqual([...mirror.read(200 * 4096, 2)], [5, 5])
  }))

test('fork, and munmap() of pages on the device', () =>
  withDriver(({ process, buf, ask }) => {
    ask(TO_DEVICE)
    const child = process.fork()
    child.store(buf.address, Uint8Array.of(99))
    assert.equal(process.load(buf.address, 1)[0], 0)
    assert.equal(child.load(buf.address, 1)[0], 99)
    process.unmap(buf)
    assert.equal(child.load(buf.address + 3 * 4096, 1)[0], 3)
    child.exit()
  }))

test('errors have their errno', () =>
  withDriver(({ file, buf, process, ask }) => {
    assert.throws(() => file.ioctl(ioctlNumber('none', 'H', 99)), { errno: 'EFAULT' })
    assert.throws(() => file.ioctl(ioctlNumber('none', 'H', 99), Command.encode()), { errno: 'EINVAL' })
    process.unmap(buf)
    assert.throws(() => ask(TO_DEVICE), { errno: 'EINVAL' })
    assert.throws(() => ask(SNAPSHOT, 2 ** 40), { name: 'HmmuError' })
  }))

test('each allocation of a migration fails in turn', () =>
  withDriver(({ driver, buf, ask }) => {
    for (let nth = 1, more = true; more; nth++) {
      const before = driver.injectionPasses('allocation')
      driver.inject('allocation', nth)
      try {
        ask(TO_DEVICE, 8)
      } catch (error) {
        // The driver then reads pages by its table, which lacks those that have not moved.
        assert.ok(['ENOMEM', 'ENOENT'].includes(error.errno), error)
      }
      more = driver.injectionPasses('allocation') - before >= nth
      driver.inject('allocation', 0)
      for (let i = 0; i < 8; i++) assert.deepEqual([...buf.read(i * 4096, 2)], [i % 255, 7])
    }
  }))
