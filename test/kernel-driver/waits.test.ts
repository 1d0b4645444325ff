// SPDX-License-Identifier: GPL-2.0-only
//
// Calls of a driver that wait, that never end, and that come back to JavaScript.

import { CStruct, type DriverFile, ioctlNumber, type KernelDriver, type Machine, type Process } from '../../lib'
import { buildProbe, buildTinymem, machineFor, probe, runsDrivers } from './built'

const Request = new CStruct({ address: 'u64', pages: 'u64', result: 'u64' })
const MIGRATE = ioctlNumber('rw', 't', 1, Request.size)

const failing = (code: string, text: RegExp | string = /./, more: object = {}) =>
  expect.objectContaining({ code, message: expect.stringMatching(text), ...more })

;(runsDrivers ? describe : describe.skip)('a call of a driver', () => {
  let library: string
  let machine: Machine
  let driver: KernelDriver
  let process: Process
  let file: DriverFile

  beforeAll(() => {
    library = buildProbe('waits')
  }, 300_000)
  beforeEach(() => {
    machine = machineFor()
    driver = machine.loadDriver(library)
    process = machine.process()
    file = driver.open(process, 'probe')
  })
  afterEach(() => machine.dispose())

  test('waits for a page lock, and goes on when it is repeated', () => {
    const buf = process.map({ pages: 2 })
    buf.touch([0])
    const hold = process.hold(buf.address)
    const task = process.newTask()
    const call = () => file.ioctl(probe('lockPage'), hold.pfn, task)
    expect(call).toThrow(failing('HMMU_BLOCKED', /waits in the driver for a page lock/, { wait: 'page_lock' }))
    expect(task.state().ready).toBe(false)
    expect(call).toThrow(failing('HMMU_BLOCKED'))
    // The task is in this call; others are not.
    expect(() => task.store(buf.address + 4096, Uint8Array.of(1))).toThrow(
      failing('HMMU_BUSY', /another call of the task/),
    )
    expect(() => task.cancel()).toThrow(failing('HMMU_BUSY'))
    expect(file.ioctl(probe('opened'))).toBe(1)
    process.store(buf.address + 4096, Uint8Array.of(1))
    expect(() => driver.unload()).toThrow(failing('HMMU_BUSY'))
    hold.drop()
    expect(task.state().ready).toBe(true)
    expect(call()).toBe(5)
    expect(task.state()).toMatchObject({ wait: 'nothing', ready: true })
    expect(machine.verify()).toEqual([])
  })

  test('waits in a call of a process, too', () => {
    const buf = process.map()
    buf.touch([0])
    const hold = process.hold(buf.address)
    const call = () => file.ioctl(probe('lockPage'), hold.pfn)
    expect(call).toThrow(failing('HMMU_BLOCKED'))
    expect(() => process.unmap(buf)).toThrow(failing('HMMU_BUSY', /another call/))
    hold.drop()
    expect(call()).toBe(5)
    process.unmap(buf)
  })

  test('is retried by task.retry()', () => {
    const buf = process.map()
    buf.touch([0])
    const hold = process.hold(buf.address)
    const task = process.newTask()
    let turns = 0
    const result = task.retry(
      () => file.ioctl(probe('lockPage'), hold.pfn, task),
      () => {
        turns++
        if (turns === 3) hold.drop()
        return true
      },
    )
    expect([result, turns]).toEqual([5, 3])
  })

  test('waits for ever', () => {
    const task = process.newTask()
    const call = () => file.ioctl(probe('waitForEver'), 0, task)
    expect(call).toThrow(failing('HMMU_SYSCALL', /nothing ends that/, { errno: 'EDEADLK' }))
    expect(driver.reports).toMatchObject([{ check: 'deadlock', file: expect.stringMatching(/probe\.c$/) }])
    expect(() => file.ioctl(probe('opened'), 0, task)).toThrow(failing('HMMU_BUSY'))
    expect(file.ioctl(probe('opened'))).toBe(1)
    expect(machine.verify()).toEqual([])
  })

  test('returns with a lock, which a report names', () => {
    file.ioctl(probe('keepLock'))
    expect(driver.reports).toMatchObject([{ check: 'lock-at-return', line: expect.any(Number) }])
    const task = process.newTask()
    expect(() => file.ioctl(probe('keepLock'), 0, task)).toThrow(failing('HMMU_SYSCALL', /./, { errno: 'EDEADLK' }))
  })

  test('meets a BUG(): the machine is lost, this process and other machines are not', () => {
    using other = machineFor()
    const second = other.loadDriver(library).open(other.process(), 'probe')
    const buf = process.map()
    buf.touch([0])
    expect(() => file.ioctl(probe('bug'), 1)).toThrow(failing('HMMU_SYSCALL', /BUG\(\)/, { errno: 'EIO' }))
    expect(driver.reports).toMatchObject([{ check: 'warn', text: expect.stringContaining('a kernel ends here') }])
    const calls: (() => unknown)[] = [
      () => file.ioctl(probe('opened')),
      () => process.load(buf.address, 1),
      () => process.map(),
      () => process.migrate(buf),
      () => process.exit(),
      () => driver.run(),
      () => driver.unload(),
    ]
    for (const call of calls) expect(call).toThrow(failing('HMMU_SYSCALL', /./, { errno: 'EIO' }))
    expect(second.ioctl(probe('opened'))).toBe(1)
    machine.dispose()
  })

  describe('that comes back to JavaScript', () => {
    /** Memory on a device whose driver is in TypeScript. */
    function onDevice(handler: Parameters<Machine['onDeviceFault']>[0]) {
      const buf = process.map()
      buf.write(0, Uint8Array.of(9, 9, 9, 9, 9))
      process.migrate(buf)
      machine.onDeviceFault(handler)
      return buf
    }

    /** More than the stack of a driver's thread has. */
    const deep = (n: number): number => (n === 0 ? 0 : 1 + deep(n - 1))

    test('runs there on the stack of JavaScript, and can call the machine', () => {
      let depth = 0
      const buf = onDevice(({ task, address, pfn }) => {
        depth = deep(5000)
        JSON.stringify(Array.from({ length: 20_000 }, (_, i) => ({ i })))
        task.migrate({ start: address - (address % 4096), pages: 1 }, { to: 'system', faultPage: pfn })
        return true
      })
      expect(file.ioctl(probe('copy'), buf.address)).toBe(0)
      expect(depth).toBe(5000)
      expect(buf.read(0, 5)).toEqual(Uint8Array.of(4, 3, 2, 1, 9))
      expect(machine.verify()).toEqual([])
    })

    test('can call the driver from there', () => {
      const seen: number[] = []
      const buf = onDevice(({ task, address, pfn }) => {
        seen.push(file.ioctl(probe('opened')), file.ioctl(probe('opened'), 0, task))
        expect(() => driver.unload()).toThrow(failing('HMMU_BUSY'))
        expect(() => machine.dispose()).toThrow(failing('HMMU_BUSY'))
        driver.run()
        task.migrate({ start: address, pages: 1 }, { to: 'system', faultPage: pfn })
        return true
      })
      expect(file.ioctl(probe('copy'), buf.address)).toBe(0)
      expect(seen).toEqual([1, 1])
    })

    test('gets what is thrown there', () => {
      const buf = onDevice(() => {
        throw new RangeError('mine')
      })
      expect(() => file.ioctl(probe('copy'), buf.address)).toThrow(new RangeError('mine'))
      expect(() => process.load(buf.address, 1)).toThrow(new RangeError('mine'))
      machine.onDeviceFault(undefined)
      expect(file.ioctl(probe('copy'), buf.address)).toBe(0)
      expect(machine.verify()).toEqual([])
    })

    test('gets what overflows the stack there', () => {
      const buf = onDevice(() => deep(Number.POSITIVE_INFINITY) === 0)
      expect(() => file.ioctl(probe('copy'), buf.address)).toThrow(RangeError)
      expect(file.ioctl(probe('opened'))).toBe(1)
    })

    test('that ends the kernel from within a callback ends it for good', () => {
      const buf = onDevice(({ task, address }) => {
        expect(() => file.ioctl(probe('bug'), 1)).toThrow(failing('HMMU_SYSCALL', /BUG/, { errno: 'EIO' }))
        expect(() => task.migrate({ start: address, pages: 1 }, { to: 'system' })).toThrow(
          failing('HMMU_SYSCALL', /BUG/),
        )
        return true
      })
      expect(() => file.ioctl(probe('copy'), buf.address)).toThrow(failing('HMMU_SYSCALL', /BUG/, { errno: 'EIO' }))
    })
  })
})

;(runsDrivers ? describe : describe.skip)('notifiers of TypeScript beside those of a driver', () => {
  let tinymem: string
  beforeAll(() => {
    tinymem = buildTinymem('waits')
  }, 300_000)

  test('hear of what the driver does, and throw to its caller', () => {
    using machine = machineFor()
    const driver = machine.loadDriver(tinymem)
    const process = machine.process()
    const buf = process.map({ pages: 2 })
    buf.touch()
    const file = driver.open(process, 'tinymem')
    const told: string[] = []
    process.onInvalidate(({ type, kind }) => told.push(`${type} ${kind ?? ''}`))
    const interval = process.intervalNotifier(buf, {
      invalidate: ({ kind }) => {
        told.push(`interval ${kind}`)
        return true
      },
    })
    const migrate = () => file.ioctl(MIGRATE, Request.encode({ address: buf.address, pages: 2 }))
    migrate()
    expect(told).toContain('interval migrate')
    expect(told).toContain('invalidate_start migrate')
    process.onInvalidate(() => {
      throw new TypeError('mine')
    })
    expect(() => buf.read(0, 1)).toThrow(new TypeError('mine'))
    process.onInvalidate(undefined)
    interval.remove()
    process.exit()
    expect(driver.unload()).toEqual([])
    expect(driver.reports).toEqual([])
    expect(machine.verify()).toEqual([])
  })

  test('work as before when the driver is gone', () => {
    using machine = machineFor()
    const driver = machine.loadDriver(tinymem)
    driver.unload()
    const process = machine.process()
    const buf = process.map()
    buf.touch()
    let told = 0
    process.intervalNotifier(buf, {
      invalidate: () => {
        told++
        return true
      },
    })
    process.unmap(buf)
    expect(told).toBeGreaterThan(0)
  })
})
