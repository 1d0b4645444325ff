// SPDX-License-Identifier: GPL-2.0-only
//
// machine.loadDriver(): files, parameters, calls, what is left, and files that are hostile.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addonInfo, CStruct, HmmuError, ioctlNumber, type KernelDriver, Machine } from '../../lib'
import { buildProbe, buildTinymem, machineFor, probe, runsDrivers } from './built'

const Request = new CStruct({ address: 'u64', pages: 'u64', result: 'u64' })
const MIGRATE = ioctlNumber('rw', 't', 1, Request.size)

const failing = (code: string, text: RegExp | string = /./, errno?: string) =>
  expect.objectContaining({ code, message: expect.stringMatching(text), ...(errno && { errno }) })

if (!runsDrivers) {
  test('drivers are refused', () => {
    using machine = machineFor()
    expect(() => machine.loadDriver(__filename)).toThrow(failing('HMMU_UNSUPPORTED', /native addon/))
    expect(machine.driver).toBeUndefined()
  })
}

;(runsDrivers ? describe : describe.skip)('a driver', () => {
  let tinymem: string
  let library: string
  let scratch: string
  let machine: Machine

  beforeAll(() => {
    tinymem = buildTinymem('load')
    library = buildProbe('load')
    scratch = mkdtempSync(join(tmpdir(), 'hmmu-test-'))
  }, 300_000)
  afterAll(() => rmSync(scratch, { recursive: true }))
  beforeEach(() => {
    machine = machineFor()
  })
  afterEach(() => machine.dispose())

  /** All that is loaded is gone, and nothing is out of balance. */
  function unloaded(driver: KernelDriver): void {
    expect(driver.unload()).toEqual([])
    expect(machine.verify()).toEqual([])
    expect(machine.driver).toBeUndefined()
  }

  test('is loaded, opened, called, closed and unloaded', () => {
    const driver = machine.loadDriver(tinymem, { params: { pages: 4 } })
    expect(machine.driver).toBe(driver)
    expect(driver).toMatchObject({ loaded: true, path: tinymem, machine, files: [] })
    expect(driver.log).toEqual(['tinymem: 4 pages'])
    expect(machine.devices.at(-1)).toMatchObject({ pages: 4, free: 4 })

    const process = machine.process()
    const buf = process.map({ pages: 2 })
    buf.write(0, Uint8Array.of(7))
    const file = driver.open(process, '/dev/tinymem')
    expect(driver.files).toEqual([file])
    const bytes = Request.encode({ address: buf.address, pages: 2 })
    expect(file.ioctl(MIGRATE, bytes)).toBe(0)
    expect(Request.decode(bytes)).toEqual({ address: buf.address, pages: 2, result: 2 })
    expect(buf.dump().map(({ kind }) => kind)).toEqual(['dev', 'dev'])
    expect(machine.verify()).toEqual([])
    expect(buf.read(0, 1)).toEqual(Uint8Array.of(7))
    expect(buf.dump().map(({ kind }) => kind)).toEqual(['sys', 'dev'])

    file.close()
    file.close()
    expect(file.isOpen).toBe(false)
    expect(() => file.ioctl(MIGRATE, bytes)).toThrow(failing('HMMU_SYSCALL', /closed/, 'EBADF'))
    unloaded(driver)
    expect(buf.dump().map(({ kind }) => kind)).toEqual(['sys', 'sys'])
    expect(driver.loaded).toBe(false)
    expect(() => driver.open(process, 'tinymem')).toThrow(failing('HMMU_SYSCALL', /unloaded/, 'ENODEV'))
    expect(() => driver.unload()).toThrow(failing('HMMU_SYSCALL', /unloaded/, 'ENODEV'))
  })

  test('an ioctl takes bytes in the memory of the caller, too', () => {
    const driver = machine.loadDriver(tinymem)
    const process = machine.process()
    const buf = process.map({ pages: 2 })
    const file = driver.open(process, 'tinymem')
    process.store(buf.address, Request.encode({ address: buf.address + 4096, pages: 1 }))
    file.ioctl(MIGRATE, buf.address)
    expect(Request.decode(process.load(buf.address, Request.size)).result).toBe(1)
    expect(() => file.ioctl(MIGRATE, 4096)).toThrow(failing('HMMU_SYSCALL', 'returns -14', 'EFAULT'))
    // A driver that copies more than there is gets a fault, and nothing of the host's memory.
    expect(() => file.ioctl(MIGRATE, new Uint8Array(8))).toThrow(failing('HMMU_SYSCALL', 'returns -14', 'EFAULT'))
    const words = new BigUint64Array([BigInt(buf.address), 1n, 0n])
    file.ioctl(MIGRATE, words)
    expect(words[2]).toBe(1n)
  })

  test('errors of its calls have the errno', () => {
    const driver = machine.loadDriver(library, { params: { level: -3 } })
    const process = machine.process()
    expect(() => driver.open(process, 'nothing')).toThrow(failing('HMMU_SYSCALL', /no device 'nothing'/, 'ENOENT'))
    const file = driver.open(process, 'probe')
    const second = driver.open(process, 'probe')
    expect(file.ioctl(probe('opened'))).toBe(2)
    expect(() => file.ioctl(probe('fail'), 22)).toThrow(failing('HMMU_SYSCALL', 'returns -22', 'EINVAL'))
    expect(() => file.ioctl(probe('level'))).toThrow(failing('HMMU_SYSCALL', 'returns -3', 'ESRCH'))
    expect(() => file.ioctl(ioctlNumber('none', 'p', 99))).toThrow(failing('HMMU_SYSCALL', '-25', 'ENOTTY'))
    second.close()
    // Its release() returns -EIO, and a kernel does not look at that.
    file.close()
    expect(file.isOpen).toBe(false)
    unloaded(driver)
  })

  test('parameters', () => {
    const load = (params: Record<string, number | bigint | boolean>) => machine.loadDriver(library, { params })
    expect(() => load({ levle: 1 })).toThrow(
      failing('HMMU_INVALID_ARGUMENT', /no parameter 'levle'; there are: .*level/),
    )
    expect(() => load({ level: 1.5 })).toThrow(failing('HMMU_INVALID_ARGUMENT', /the parameter level must be/))
    expect(() => load({ refuse: true })).toThrow(failing('HMMU_SYSCALL', /module_init\(\).* -19/, 'ENODEV'))
    expect(machine.driver).toBeUndefined()
    const driver = load({ level: 12n })
    expect(driver.open(machine.process(), 'probe').ioctl(probe('level'))).toBe(12)
  })

  test('options and machines that do not fit', () => {
    const load = (options: object) => machine.loadDriver(library, options)
    expect(() => load({ parms: {} })).toThrow(failing('HMMU_INVALID_ARGUMENT', /no property 'parms'/))
    expect(() => load({ seed: -1 })).toThrow(failing('HMMU_INVALID_ARGUMENT', /seed/))
    using old = new Machine()
    expect(() => old.loadDriver(library)).toThrow(failing('HMMU_INVALID_ARGUMENT', /profile 'linux-6.12'/))
    using fixed = machineFor({ profile: 'linux-6.12-fixed' })
    fixed.loadDriver(library)
    const driver = machine.loadDriver(library)
    expect(() => machine.loadDriver(library)).toThrow(failing('HMMU_BUSY', /already/))
    const process = machine.process()
    const file = driver.open(process, 'probe')
    expect(() => file.ioctl(probe('opened'), 0, fixed.process())).toThrow(failing('HMMU_WRONG_MACHINE'))
    expect(() => driver.unload()).toThrow(failing('HMMU_BUSY', /open/))
    machine.dispose()
    expect(() => machine.loadDriver(library)).toThrow(failing('HMMU_DISPOSED'))
    expect(() => driver.open(process, 'probe')).toThrow(failing('HMMU_DISPOSED'))
    expect(file.isOpen).toBe(false)
  })

  test('the quiet option leaves out what is below a warning', () => {
    const loud = machine.loadDriver(library)
    loud.open(machine.process(), 'probe').ioctl(probe('print'), 42)
    expect(loud.log).toEqual(['probe: 42'])
    using other = machineFor()
    const quiet = other.loadDriver(library, { quiet: true })
    quiet.open(other.process(), 'probe').ioctl(probe('print'), 42)
    expect(quiet.log).toEqual([])
  })

  test('machines have libraries of their own, whatever the file', () => {
    using other = machineFor()
    const [one, two] = [machine.loadDriver(library), other.loadDriver(library)]
    const file = one.open(machine.process(), 'probe')
    one.open(machine.process(), 'probe')
    expect(two.open(other.process(), 'probe').ioctl(probe('opened'))).toBe(1)
    expect(file.ioctl(probe('opened'))).toBe(2)
  })

  test('variables are new when it is loaded again, and nothing of the library is left in the process', () => {
    const mapped = () => readFileSync('/proc/self/maps', 'utf8').match(/hmmu-driver-/g)?.length ?? 0
    const before = mapped()
    for (let i = 0; i < 5; i++) {
      const driver = machine.loadDriver(library)
      expect(mapped()).toBeGreaterThan(before)
      const process = machine.process()
      expect(driver.open(process, 'probe').ioctl(probe('opened'))).toBe(1)
      process.exit()
      // release() of the last file returns no error then.
      unloaded(driver)
      expect(mapped()).toBe(before)
    }
  })

  test('the copy of the file is gone when it is loaded', () => {
    const folder = mkdtempSync(join(scratch, 'tmp-'))
    const run = `
      const { Machine } = require(${JSON.stringify(join(__dirname, '../../dist'))})
      const machine = new Machine({ profile: 'linux-6.12', devicePages: 64 })
      machine.loadDriver(${JSON.stringify(library)})
      console.log(require('node:fs').readdirSync(${JSON.stringify(folder)}))`
    const env = { ...process.env, TMPDIR: folder }
    expect(execFileSync(process.execPath, ['-e', run], { encoding: 'utf8', env })).toBe('[]\n')
    expect(() =>
      execFileSync(process.execPath, ['-e', run], { env: { ...env, TMPDIR: '/nowhere' }, stdio: 'pipe' }),
    ).toThrow(/HMMU_DRIVER_FILE/)
  })

  test('a fork shares open files; the last exit closes them', () => {
    const driver = machine.loadDriver(library)
    const process = machine.process()
    const file = driver.open(process, 'probe')
    const child = process.fork()
    process.exit()
    expect(file.isOpen).toBe(true)
    expect(file.ioctl(probe('opened'), 0, child)).toBe(1)
    expect(() => file.ioctl(probe('opened'))).toThrow(failing('HMMU_NO_TASK'))
    child.exit()
    expect(file.isOpen).toBe(false)
    unloaded(driver)
  })

  test('work that was queued runs', () => {
    const driver = machine.loadDriver(library)
    const file = driver.open(machine.process(), 'probe')
    for (let i = 0; i < 3; i++) file.ioctl(probe('queue'))
    driver.run()
    expect(file.ioctl(probe('worked'))).toBe(3)
  })

  test('what it has left is reported, and given back', () => {
    const driver = machine.loadDriver(library)
    const process = machine.process()
    const file = driver.open(process, 'probe')
    file.ioctl(probe('leak'), 100)
    process.exit()
    const [report, ...more] = driver.unload()
    expect(report).toMatchObject({
      check: 'memory-left',
      file: expect.stringMatching(/probe\.c$/),
      text: expect.stringMatching(/^100 bytes/),
    })
    const source = readFileSync(join(__dirname, 'probe.c'), 'utf8').split('\n')
    expect(source[report!.line - 1]).toContain('kmalloc(argument')
    expect(more).toEqual([])
    expect(driver.reports).toEqual([report])
    expect(file.isOpen).toBe(false)
  })

  test('device pages that processes have keep no device of an unloaded driver', () => {
    const driver = machine.loadDriver(tinymem)
    const process = machine.process()
    const buf = process.map()
    buf.write(0, Uint8Array.of(3))
    const file = driver.open(process, 'tinymem')
    file.ioctl(MIGRATE, Request.encode({ address: buf.address, pages: 1 }))
    const device = machine.devices.at(-1)!
    expect(() => device.remove()).toThrow(failing('HMMU_BUSY', /has a driver/))
    expect(() => device.onFault(() => true)).toThrow(failing('HMMU_BUSY', /has a driver/))
    expect(() => device.evict()).toThrow(failing('HMMU_BUSY', /has a driver/))
    expect(() => process.migrate(buf, { to: 'device', device })).toThrow(failing('HMMU_BUSY', /has a driver/))
    file.close()
    unloaded(driver)
    expect(machine.devices).toHaveLength(1)
    expect(buf.read(0, 1)).toEqual(Uint8Array.of(3))
  })

  test('copies of the machine have no driver', () => {
    const driver = machine.loadDriver(tinymem)
    const process = machine.process()
    const buf = process.map()
    buf.write(0, Uint8Array.of(3))
    driver.open(process, 'tinymem').ioctl(MIGRATE, Request.encode({ address: buf.address, pages: 1 }))
    using copy = machine.fork()
    using restored = Machine.restore(machine.snapshot())
    for (const other of [copy, restored]) {
      expect(other.driver).toBeUndefined()
      // The built-in driver handles the fault; it knows no memory of the device but the machine's.
      other.processes[0]!.load(buf.address, 1)
      expect(other.verify()).toEqual([])
    }
    expect(buf.read(0, 1)).toEqual(Uint8Array.of(3))
  })

  test('faults happen by number', () => {
    const driver = machine.loadDriver(library)
    const file = driver.open(machine.process(), 'probe')
    const before = driver.injectionPasses('allocation')
    driver.inject('allocation', 2)
    file.ioctl(probe('queue'))
    expect(() => file.ioctl(probe('queue'))).toThrow(failing('HMMU_SYSCALL', '-12', 'ENOMEM'))
    file.ioctl(probe('queue'))
    expect(driver.injectionPasses('allocation') - before).toBe(3)
    expect(() => driver.inject('nothing' as never, 1)).toThrow(failing('HMMU_INVALID_ARGUMENT', /'allocation'.*'copy'/))
    for (const fault of [
      'allocation',
      'trylock',
      'mmap-lock',
      'page-lock',
      'invalidation',
      'dma-mapping',
      'copy',
    ] as const)
      expect(driver.injectionPasses(fault)).toBeGreaterThanOrEqual(0)
  })

  test('equal runs have equal hashes', () => {
    const hash = () => {
      using fresh = machineFor()
      const driver = fresh.loadDriver(tinymem, { seed: 5 })
      const process = fresh.process()
      const buf = process.map({ pages: 4 })
      driver.open(process, 'tinymem').ioctl(MIGRATE, Request.encode({ address: buf.address, pages: 4 }))
      return fresh.hash()
    }
    expect(hash()).toBe(hash())
  })

  test('a file is not closed in the middle of its own call', () => {
    const driver = machine.loadDriver(tinymem)
    const process = machine.process()
    const buf = process.map({ pages: 1 })
    buf.write(0, Uint8Array.of(7))
    const file = driver.open(process, 'tinymem')
    const errors: unknown[] = []
    process.onInvalidate(() => {
      try {
        file.close()
      } catch (error) {
        errors.push(error)
      }
    })
    expect(file.ioctl(MIGRATE, Request.encode({ address: buf.address, pages: 1 }))).toBe(0)
    expect(errors).toContainEqual(failing('HMMU_BUSY', /has not ended/))
    expect(file.isOpen).toBe(true)
    file.close()
    unloaded(driver)
  })

  test('a machine can go while files are open', () => {
    const driver = machine.loadDriver(library)
    const file = driver.open(machine.process(), 'probe')
    file.ioctl(probe('leak'), 8)
    machine.dispose()
    expect(driver.loaded).toBe(false)
    file.close()
  })

  describe('of a hostile file', () => {
    const write = (name: string, bytes: Uint8Array | string) => {
      const path = join(scratch, name)
      writeFileSync(path, bytes)
      return path
    }
    const refused = (path: unknown, code: string, text: RegExp) => {
      expect(() => machine.loadDriver(path as string)).toThrow(failing(code, text))
      expect(machine.driver).toBeUndefined()
    }

    test('that is none', () => {
      refused(join(scratch, 'nothing.so'), 'HMMU_DRIVER_FILE', /can't be read: ENOENT/)
      refused(scratch, 'HMMU_DRIVER_FILE', /a regular file is needed/)
      const fifo = join(scratch, 'fifo')
      execFileSync('mkfifo', [fifo])
      refused(fifo, 'HMMU_DRIVER_FILE', /a regular file is needed/)
      refused('/dev/zero', 'HMMU_DRIVER_FILE', /a regular file is needed/)
      refused(undefined, 'HMMU_INVALID_ARGUMENT', /path must be/)
      refused('a\0b', 'HMMU_INVALID_ARGUMENT', /path must be/)
      refused(write('empty.so', ''), 'HMMU_DRIVER_FILE', /no shared library/)
      refused(write('text.so', 'x'.repeat(1000)), 'HMMU_DRIVER_FILE', /no shared library/)
    })

    test('that is another library', () => {
      refused(process.execPath, 'HMMU_DRIVER_FILE', /has no drivers/)
      refused(addonInfo.path, 'HMMU_DRIVER_FILE', /./)
    })

    test('that was built with another version', () => {
      const bytes = readFileSync(library)
      bytes.write('9', bytes.indexOf('drivers, ABI ') + 'drivers, ABI '.length)
      refused(write('version.so', bytes), 'HMMU_DRIVER_FILE', /another version of hmmu \(ABI 9.*build it again/)
    })

    test('of which a part is missing', () => {
      const bytes = readFileSync(library)
      for (let i = 1; i < 40; i++)
        refused(write('part.so', bytes.subarray(0, Math.floor((bytes.length * i) / 40))), 'HMMU_DRIVER_FILE', /./)
      refused(write('part.so', bytes.subarray(0, -1)), 'HMMU_DRIVER_FILE', /a part of it is missing/)
    })

    test('whose header is garbage', () => {
      const bytes = readFileSync(library)
      for (const at of [4, 5, 18, 32, 33, 39, 40, 47, 54, 56, 57, 58, 60]) {
        const changed = Buffer.from(bytes)
        changed[at] = 0xff
        const path = write('header.so', changed)
        expect(() => machine.loadDriver(path)).toThrow(failing('HMMU_DRIVER_FILE'))
      }
    })
  })
})

test('a driver that nobody has loaded is undefined', () => {
  using machine = machineFor()
  expect(machine.driver).toBeUndefined()
  expect(new HmmuError('HMMU_DRIVER_FILE', 'text').code).toBe('HMMU_DRIVER_FILE')
})
