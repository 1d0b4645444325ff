// SPDX-License-Identifier: GPL-2.0-only
//
// The driver's C code, driven by Jest. Each test has a machine of its own.
const { join } = require('node:path')
const { CStruct, HmmuError, ioctlNumber, Machine } = require('hmmu')

const LIBRARY = join(__dirname, '../build/tinymem.so')

// driver/tinymem.h
const Request = new CStruct({ address: 'u64', pages: 'u64', result: 'u64' })
const MIGRATE = ioctlNumber('rw', 't', 1, Request.size)
const READ = ioctlNumber('rw', 't', 2, Request.size)

let machine
let driver
let process
let file

beforeEach(() => {
  machine = new Machine({ profile: 'linux-6.12', ramPages: 1024, devicePages: 64 })
  driver = machine.loadDriver(LIBRARY, { params: { pages: 8 } })
  process = machine.process()
  file = driver.open(process, 'tinymem')
})

// Whatever a test does: nothing is left, and no check has noticed a mistake.
afterEach(() => {
  if (!driver.loaded) return
  process.exit()
  expect(driver.unload()).toEqual([])
  expect(driver.reports).toEqual([])
  expect(machine.verify()).toEqual([])
  machine.dispose()
})

/** Memory whose pages begin with 1, 2, 3 … */
function memory(pages) {
  const buf = process.map({ pages })
  for (let i = 0; i < pages; i++) buf.write(i * 4096, Uint8Array.of(i + 1))
  return buf
}

function ask(command, address, pages = 0) {
  const bytes = Request.encode({ address, pages })
  file.ioctl(command, bytes)
  return Request.decode(bytes).result
}

const migrate = (buf) => ask(MIGRATE, buf.address, buf.pages)
const kinds = (buf) => buf.dump().map(({ kind }) => kind)
const numbers = (buf) => Array.from({ length: buf.pages }, (_, i) => buf.read(i * 4096, 1)[0])

/** The errno of a call that fails; undefined if it does not. */
function errnoOf(call) {
  try {
    call()
  } catch (error) {
    if (error instanceof HmmuError && error.errno) return error.errno
    throw error
  }
  return undefined
}

test('pages move to the device, and the CPU brings them back', () => {
  const buf = memory(4)
  expect(migrate(buf)).toBe(4)
  expect(kinds(buf)).toEqual(['dev', 'dev', 'dev', 'dev'])
  expect(numbers(buf)).toEqual([1, 2, 3, 4])
  expect(kinds(buf)).toEqual(['sys', 'sys', 'sys', 'sys'])
})

test('a hole gets a page of zeros', () => {
  const buf = process.map({ pages: 2 })
  expect(migrate(buf)).toBe(2)
  expect(numbers(buf)).toEqual([0, 0])
})

test('pages beyond the memory of the device stay', () => {
  const buf = memory(12)
  expect(migrate(buf)).toBe(8)
  expect(kinds(buf).filter((kind) => kind === 'dev')).toHaveLength(8)
  expect(numbers(buf)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
})

test('the device reads what it has, until the page is gone from it', () => {
  const buf = memory(2)
  expect(errnoOf(() => ask(READ, buf.address))).toBe('EFAULT')
  migrate(buf)
  expect(ask(READ, buf.address)).toBe(1)
  expect(ask(READ, buf.address + 4096)).toBe(2)
  buf.read(0, 1)
  expect(errnoOf(() => ask(READ, buf.address))).toBe('EFAULT')
  process.unmap(buf)
  expect(errnoOf(() => ask(READ, buf.address + 4096))).toBe('EFAULT')
  expect(machine.devices.at(-1).free).toBe(8)
})

test('a child shares the pages, and copies on write', () => {
  const buf = memory(1)
  migrate(buf)
  const child = process.fork()
  child.store(buf.address, Uint8Array.of(9))
  expect([...process.load(buf.address, 1), ...child.load(buf.address, 1)]).toEqual([1, 9])
  child.exit()
})

test('bad requests', () => {
  const buf = memory(1)
  expect(errnoOf(() => ask(MIGRATE, buf.address + 1, 1))).toBe('EINVAL')
  expect(errnoOf(() => ask(MIGRATE, 0x10000, 1))).toBe('EINVAL')
  expect(errnoOf(() => ask(READ, buf.address + 4))).toBe('EINVAL')
  expect(errnoOf(() => file.ioctl(MIGRATE, 0x10000))).toBe('EFAULT')
  expect(errnoOf(() => file.ioctl(ioctlNumber('none', 't', 99)))).toBe('ENOTTY')
})

test('each allocation fails in turn: no call loses or spoils anything', () => {
  for (let nth = 1; ; nth++) {
    const buf = memory(4)
    const before = driver.injectionPasses('allocation')
    driver.inject('allocation', nth)
    const errno = errnoOf(() => migrate(buf))
    // Without a page for the way back a touch is a bus error. The next one succeeds.
    for (let i = 0; i < 4; i++) {
      try {
        buf.read(i * 4096, 1)
      } catch (error) {
        expect(error.code).toBe('HMMU_SIGBUS')
      }
    }
    expect(numbers(buf)).toEqual([1, 2, 3, 4])
    process.unmap(buf)
    expect([undefined, 'ENOMEM']).toContain(errno)
    expect(machine.verify()).toEqual([])
    if (driver.injectionPasses('allocation') - before < nth) break
  }
  driver.inject('allocation', 0)
})

test('each allocation of open() fails in turn', () => {
  for (let nth = 1; ; nth++) {
    driver.inject('allocation', nth)
    const errno = errnoOf(() => driver.open(process, 'tinymem').close())
    if (errno === undefined) break
    expect(errno).toBe('ENOMEM')
  }
  driver.inject('allocation', 0)
})

test('pages that are on the device when the module goes come back', () => {
  const buf = memory(3)
  migrate(buf)
  file.close()
  expect(driver.unload()).toEqual([])
  expect(kinds(buf)).toEqual(['sys', 'sys', 'sys'])
  expect(numbers(buf)).toEqual([1, 2, 3])
  expect(machine.verify()).toEqual([])
  machine.dispose()
})

test('a file that is open keeps the module', () => {
  expect(() => driver.unload()).toThrow(expect.objectContaining({ code: 'HMMU_BUSY' }))
})
