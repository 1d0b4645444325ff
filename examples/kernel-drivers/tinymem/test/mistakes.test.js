// SPDX-License-Identifier: GPL-2.0-only
//
// What the checks say of mistakes: the driver is built with one, and a report names its line.
const { execFileSync } = require('node:child_process')
const { copyFileSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { CStruct, ioctlNumber, Machine } = require('hmmu')

const FOLDER = join(__dirname, '..')
const Request = new CStruct({ address: 'u64', pages: 'u64', result: 'u64' })

/** Builds the driver with a text of its source replaced. Returns the library. */
function buildWith(name, from, to) {
  const source = readFileSync(join(FOLDER, 'driver/tinymem.c'), 'utf8')
  expect(source.split(from)).toHaveLength(2)
  const folder = join(FOLDER, 'build', name)
  mkdirSync(folder, { recursive: true })
  copyFileSync(join(FOLDER, 'driver/tinymem.h'), join(folder, 'tinymem.h'))
  writeFileSync(join(folder, 'tinymem.c'), source.replace(from, to))
  execFileSync('npx', ['hmmu', 'driver', 'build', 'tinymem.c', '--out', 'out'], { cwd: folder, stdio: 'ignore' })
  return join(folder, 'out/tinymem.so')
}

/** A page moves to the device and comes back; then the module goes, as far as it can. Returns all reports. */
function reportsOf(library) {
  const machine = new Machine({ profile: 'linux-6.12', ramPages: 1024, devicePages: 64 })
  const driver = machine.loadDriver(library)
  const process = machine.process()
  const file = driver.open(process, 'tinymem')
  const buf = process.map({ pages: 1 })
  buf.write(0, Uint8Array.of(1))
  try {
    const request = Request.encode({ address: buf.address, pages: 1 })
    file.ioctl(ioctlNumber('rw', 't', 1, Request.size), request)
    buf.read(0, 1)
    process.exit()
    driver.unload()
  } catch {
    // A mistake can make a later call fail.
  }
  const { reports } = driver
  machine.dispose()
  return reports
}

test.each([
  ['memory that may be reclaimed under the lock of invalidations', 'lock-order', 'GFP_ATOMIC)', 'GFP_KERNEL)'],
  ['mmap_lock is not given up', 'lock-at-return', 'mmap_read_unlock(mm);', ''],
  ['a page without a lock in dst', 'bad-call', 'lock_page(to);', ''],
])(
  '%s',
  (name, check, from, to) => {
    const reports = reportsOf(buildWith(name.replaceAll(' ', '-'), from, to))
    expect(reports.map((report) => report.check)).toContain(check)
    for (const report of reports) expect(report).toMatchObject({ file: 'tinymem.c', line: expect.any(Number) })
  },
  60_000,
)
