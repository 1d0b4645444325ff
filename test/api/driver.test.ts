// SPDX-License-Identifier: GPL-2.0-only

import { type CustomDriver, type DriverContext, type MigrationEntries, PageFlag, PfnFlag } from '../../lib'
import { balance, codeOf, errorOf, firstBytes, kinds, letters, makeBuffer, makeMachine } from './helpers'

const moveAll = (entries: MigrationEntries, driver: DriverContext) => {
  for (const entry of entries) driver.moveToDevice(entry)
}

describe('entries', () => {
  test('show the words, decoded', () => {
    const { machine, a, buf } = makeBuffer(3, 2)
    a.migrate(buf.range(1))
    const seen: unknown[] = []
    a.migrate(buf, {
      allocAndCopy(entries) {
        expect(entries.length).toBe(3)
        for (const { index, address, migrate, valid, empty, locked, write, device, pfn, destination } of entries) {
          seen.push([index, address, migrate, valid, empty, locked, write, device, pfn, destination])
        }
        expect(entries.at(0).src).toBe(entries.src[0])
        expect(Number(entries.at(0).src >> 6n)).toBe(entries.at(0).pfn)
        expect(codeOf(() => entries.at(3))).toBe('HMMU_INVALID_ARGUMENT')
      },
    })
    const [first] = a.dump(buf)
    expect(seen).toEqual([
      [0, buf.pageAddress(0), true, true, false, true, true, false, first!.pfn, undefined],
      [1, buf.pageAddress(1), true, true, false, true, true, true, machine.deviceBase, undefined],
      [2, buf.pageAddress(2), true, false, true, false, false, false, undefined, undefined],
    ])
  })

  test('can be gone over with a single object', () => {
    const { a, buf } = makeBuffer(3)
    a.migrate(buf, {
      allocAndCopy(entries, driver) {
        const objects = new Set()
        for (const entry of entries.scan()) {
          objects.add(entry)
          if (entry.index !== 1) driver.moveToDevice(entry)
        }
        expect(objects.size).toBe(1)
      },
    })
    expect(kinds(buf)).toEqual(['dev', 'sys', 'dev'])
  })

  test('can be decided on by the bare words', () => {
    const { machine, a, buf } = makeBuffer(2)
    const result = a.migrate(buf, {
      allocAndCopy({ src, dst }, driver) {
        for (let i = 0; i < src.length; i++) {
          const page = driver.allocDevicePage()!
          driver.copyPage(page, Number(src[i]! >> 6n))
          expect(driver.lock(page)).toBe(true)
          dst[i] = (BigInt(page) << 6n) | BigInt(PfnFlag.VALID | PfnFlag.LOCKED | PfnFlag.DEVICE)
        }
      },
    })
    expect(result.moved).toBe(2)
    expect(machine.counters().deviceFree).toBe(62)
    expect(firstBytes(buf)).toEqual([1, 2])
    machine.drainPagevecs()
  })
})

describe('what a driver can do', () => {
  test('allocate, copy, zero, lock, place', () => {
    const { machine, a, buf } = makeBuffer(2)
    a.migrate(buf)
    const result = a.migrate(buf, {
      allocAndCopy(entries, driver) {
        const page = driver.allocSystemPage()!
        driver.copyPage(page, entries.at(0).pfn!)
        expect(driver.lock(page)).toBe(true)
        expect(driver.lock(page)).toBe(false)
        expect(machine.page(page).flags & PageFlag.LOCKED).toBe(PageFlag.LOCKED)
        driver.unlock(page)
        expect(driver.lock(page)).toBe(true)
        driver.setDestination(entries.at(0), page)
        expect(entries.at(0).destination).toBe(page)
        const spare = driver.allocSystemPage()!
        driver.zeroPage(spare)
        driver.put(spare)
        driver.setError(entries.at(1))
        expect(entries.at(1).error).toBe(true)
      },
    })
    expect(result.entries.map((entry) => entry.why)).toEqual(['none', 'driver_error'])
    expect(kinds(buf)).toEqual(['sys', 'dev'])
    expect(firstBytes(buf)).toEqual([1, 2])
    machine.drainPagevecs()
  })

  test('moveToSystem and moveToDevice only move what is elsewhere', () => {
    const { machine, a, buf } = makeBuffer(3, 2)
    a.migrate(buf.range(1))
    const answers: boolean[] = []
    a.migrate(buf, {
      allocAndCopy(entries, driver) {
        for (const entry of entries) answers.push(driver.moveToSystem(entry))
      },
    })
    a.migrate(buf, {
      allocAndCopy(entries, driver) {
        for (const entry of entries) answers.push(driver.moveToDevice(entry))
        answers.push(driver.moveToDevice(entries.at(0)))
      },
    })
    expect(answers.slice(0, 3)).toEqual([false, true, true])
    expect(answers.slice(3, 6)).toEqual([true, true, true])
    machine.drainPagevecs()
  })

  test('run out of pages', () => {
    const { a, buf } = makeBuffer(1, 1, { devicePages: 0 })
    a.migrate(buf, {
      allocAndCopy(entries, driver) {
        expect(driver.allocDevicePage()).toBeUndefined()
        expect(driver.moveToDevice(entries.at(0))).toBe(false)
      },
    })
  })

  test('make no use of entries of another migration, or of what is none', () => {
    const { a, buf } = makeBuffer(2)
    const { entries } = a.migrate(buf.range(0))
    a.migrate(buf.range(1), {
      allocAndCopy(_, driver) {
        expect(codeOf(() => driver.moveToDevice(entries[0]!))).toBe('HMMU_INVALID_ARGUMENT')
        expect(codeOf(() => driver.setError({ index: 0 } as never))).toBe('HMMU_INVALID_ARGUMENT')
        expect(codeOf(() => driver.put(2 ** 33))).toBe('HMMU_INVALID_ARGUMENT')
        expect(codeOf(() => driver.put(1.5))).toBe('HMMU_INVALID_ARGUMENT')
      },
    })
  })
})

describe('a throw', () => {
  const boom = new Error('boom')
  const partly: CustomDriver['allocAndCopy'] = (entries, driver) => {
    driver.moveToDevice(entries.at(0))
    driver.allocSystemPage()
    driver.lock(driver.allocDevicePage()!)
    throw boom
  }

  test.each([0, 2, 4])(
    'in allocAndCopy, %i of 4 pages there: all is undone and the caller gets what was thrown',
    (touched) => {
      const { machine, a, buf } = makeBuffer(4, touched)
      const before = balance(machine)
      expect(() => a.migrate(buf, { allocAndCopy: partly })).toThrow(boom)
      machine.drainPagevecs()
      expect(balance(machine)).toEqual(before)
      expect(kinds(buf)).toEqual([...Array(touched).fill('sys'), ...Array(4 - touched).fill('none')])
      expect(machine.verify()).toEqual([])
      expect(a.migrate(buf).moved).toBe(4)
    },
  )

  test('in finalizeAndMap', () => {
    const { machine, a, buf } = makeBuffer(4, 3)
    const finalizeAndMap = () => {
      throw boom
    }
    expect(() => a.migrate(buf, { allocAndCopy: moveAll, finalizeAndMap })).toThrow(boom)
    machine.drainPagevecs()
    expect(machine.verify()).toEqual([])
    expect(firstBytes(buf)).toEqual([1, 2, 3, 0])
    expect(a.migrate(buf, { to: 'device' }).callbacksRan).toBe(true)
  })

  test.each([undefined, null, 0, 'text', Symbol('s'), { any: 'object' }])('of %p arrives as it is', (thrown) => {
    const { a, buf } = makeBuffer(1)
    let caught: unknown = 'nothing'
    try {
      a.migrate(buf, {
        allocAndCopy() {
          throw thrown
        },
      })
    } catch (error) {
      caught = error
    }
    expect(caught).toBe(thrown)
  })

  test('of an error that says "blocked" still ends a migration in steps', () => {
    const { machine, a, buf } = makeBuffer(1)
    const task = a.newTask()
    const other = a.newTask()
    const migration = task.beginMigration(buf, {
      allocAndCopy() {
        other.load(buf.address, 1)
      },
    })
    expect(codeOf(() => migration.finish())).toBe('HMMU_BLOCKED')
    expect(migration.stage).toBe('done')
    expect(codeOf(() => migration.finish())).toBe('HMMU_BLOCKED')
    expect(other.load(buf.address, 1)[0]).toBe(1)
    machine.drainPagevecs()
  })

  test('in a device fault handler reaches the one who touched the page', () => {
    const { machine, a, buf } = makeBuffer(2)
    a.migrate(buf)
    machine.onDeviceFault(() => {
      throw boom
    })
    expect(() => buf.read(0, 1)).toThrow(boom)
    expect(() => a.tryLoad(buf.address)).toThrow(boom)
    expect(() => a.tryStore(buf.address, 1)).toThrow(boom)
    expect(() => a.pin(buf.address)).toThrow(boom)
    expect(machine.verify()).toEqual([])
    machine.onDeviceFault(undefined)
    expect(firstBytes(buf)).toEqual([1, 2])
    machine.drainPagevecs()
  })

  test('through several layers of callbacks', () => {
    const { machine, a, buf } = makeBuffer(2)
    a.migrate(buf.range(0))
    machine.onDeviceFault(({ task, address }) => {
      task.migrate(
        { start: address, pages: 1 },
        {
          allocAndCopy() {
            throw boom
          },
        },
      )
      return true
    })
    const outer = () =>
      a.migrate(buf.range(1), {
        allocAndCopy() {
          a.newTask().load(buf.address, 1)
        },
      })
    expect(outer).toThrow(boom)
    machine.drainPagevecs()
    expect(kinds(buf)).toEqual(['dev', 'sys'])
  })

  test('by endless recursion is a RangeError', () => {
    const { machine, a, buf } = makeBuffer(1)
    a.migrate(buf)
    machine.onDeviceFault(() => a.newTask().tryLoad(buf.address).outcome === 'ok')
    expect(() => a.tryLoad(buf.address)).toThrow()
    expect(machine.verify()).toEqual([])
  })
})

describe('a device fault handler', () => {
  test('migrates the page back', () => {
    const { machine, a, buf } = makeBuffer(2)
    a.migrate(buf)
    const faults: unknown[] = []
    machine.onDeviceFault(({ task, address, pfn }) => {
      faults.push([task, address, pfn])
      return task.migrate({ start: address, pages: 1 }, { to: 'system' }).moved === 1
    })
    expect(buf.read(4096, 1)[0]).toBe(2)
    expect(faults).toEqual([[a.mainTask, buf.pageAddress(1), machine.deviceBase + 1]])
    expect(kinds(buf)).toEqual(['dev', 'sys'])
    machine.drainPagevecs()
  })

  test('that says no makes a SIGBUS', () => {
    const { machine, a, buf } = makeBuffer(1)
    a.migrate(buf)
    machine.onDeviceFault(() => false)
    expect(a.tryLoad(buf.address).outcome).toBe('SIGBUS')
    expect(codeOf(() => buf.read(0, 1))).toBe('HMMU_SIGBUS')
    expect(kinds(buf)).toEqual(['dev'])
  })

  test('that says nothing is an error', () => {
    const { machine, a, buf } = makeBuffer(1)
    a.migrate(buf)
    machine.onDeviceFault((() => undefined) as never)
    expect(codeOf(() => buf.read(0, 1))).toBe('HMMU_INVALID_ARGUMENT')
    expect(codeOf(() => machine.onDeviceFault(7 as never))).toBe('HMMU_INVALID_ARGUMENT')
  })

  test('may take the bytes away that are being stored', () => {
    const { machine, a, buf } = makeBuffer(2)
    a.migrate(buf)
    const bytes = new Uint8Array(4096).fill(7)
    machine.onDeviceFault(({ task, address }) => {
      if (bytes.length > 0) structuredClone(bytes, { transfer: [bytes.buffer] })
      return task.migrate({ start: address, pages: 1 }, { to: 'system' }).moved === 1
    })
    a.store(buf.address + 2048, bytes)
    expect(buf.read(4095, 2)).toEqual(Uint8Array.of(7, 7))
    machine.drainPagevecs()
  })
})

describe('the rules', () => {
  test('a page where src has no MIGRATE is dropped', () => {
    const { machine, a, buf } = makeBuffer(2)
    const hold = a.hold(buf.address)
    const result = a.migrate(buf, {
      allocAndCopy(entries, driver) {
        const page = driver.allocDevicePage()!
        driver.lock(page)
        driver.setDestination(entries.at(0), page)
      },
    })
    expect(result.entries.map((entry) => entry.why)).toEqual(['page_locked', 'no_page'])
    machine.release(hold)
    machine.drainPagevecs()
    expect(machine.counters().deviceFree).toBe(64)
  })

  test('words that are changed behind the back of a migration do no harm', () => {
    const { machine, a, buf } = makeBuffer(4, 3)
    const migration = a.newTask().beginMigration(buf, { allocAndCopy: moveAll })
    let step = 0n
    try {
      while (migration.step()) {
        const i = Number(step++ % 4n)
        migration.src[i] = 0xffff_ffff_ffff_ffffn ^ step
        migration.dst[i] = step << 6n
      }
      migration.finish()
    } catch (error) {
      expect(error).toMatchObject({ code: 'HMMU_DRIVER_RULE' })
    }
    machine.drainPagevecs()
    expect(machine.verify()).toEqual([])
    expect(firstBytes(buf)).toEqual([1, 2, 3, 0])
    machine.drainPagevecs()
  })
})

describe('callbacks', () => {
  test('can use the machine', () => {
    const { machine, a, buf } = makeBuffer(2)
    const seen: string[] = []
    const result = a.migrate(buf, {
      allocAndCopy(entries, driver) {
        seen.push(...kinds(buf))
        const b = machine.process()
        const other = b.map({ pages: 1 })
        other.write(0, Uint8Array.of(5))
        machine.drainPagevecs()
        expect(b.migrate(other).moved).toBe(1)
        moveAll(entries, driver)
      },
      finalizeAndMap() {
        seen.push(...kinds(buf))
      },
    })
    expect(result.moved).toBe(2)
    expect(seen).toEqual(['mig', 'mig', 'mig', 'mig'])
  })

  test('can not dispose of the machine, nor end their own migration or process', () => {
    const { machine, a, buf } = makeBuffer(1)
    const task = a.newTask()
    const codes: string[] = []
    const migration = task.beginMigration(buf, {
      allocAndCopy() {
        codes.push(codeOf(() => machine.dispose()))
        codes.push(codeOf(() => migration.step()))
        codes.push(codeOf(() => migration.finish()))
        codes.push(codeOf(() => migration.abandon()))
        codes.push(codeOf(() => a.exit()))
        codes.push(codeOf(() => task.destroy()))
      },
    })
    migration.finish()
    expect(codes).toEqual(Array(6).fill('HMMU_BUSY'))
    expect(machine.disposed).toBe(false)
  })

  test('are not asynchronous', () => {
    const { machine, a, buf } = makeBuffer(1)
    const before = balance(machine)
    const error = errorOf(() => a.migrate(buf, { async allocAndCopy() {} }))
    expect(error).toMatchObject({ code: 'HMMU_INVALID_ARGUMENT', message: expect.stringContaining('asynchronous') })
    machine.drainPagevecs()
    expect(balance(machine)).toEqual(before)
  })

  test('keep their "this"', () => {
    const { a, buf } = makeBuffer(1)
    class Counting {
      calls = 0
      allocAndCopy() {
        this.calls++
      }
      finalizeAndMap() {
        this.calls++
      }
    }
    const driver = new Counting()
    a.migrate(buf, driver)
    expect(driver.calls).toBe(2)
  })

  test('see in finalizeAndMap what has moved', () => {
    const { machine, a, buf } = makeBuffer(3)
    const pin = a.pin(buf.address)
    let final: string[] = []
    a.migrate(buf, {
      allocAndCopy: (entries, driver) => driver.moveToDevice(entries.at(1)),
      finalizeAndMap: ({ src }) => {
        final = letters(src)
      },
    } as CustomDriver)
    expect(final.map((flags) => flags.includes('M'))).toEqual([false, true, false])
    machine.unpin(pin)
    machine.drainPagevecs()
  })

  test.each([
    ['nothing', undefined],
    ['a number', 7],
    ['neither "to" nor allocAndCopy', {}],
    ['an unknown target', { to: 'disk' }],
    ['an unknown property', { to: 'device', skipp: [1] }],
    ['a skip that is no list', { to: 'device', skip: 3 }],
    ['a skip of something else', { to: 'device', skip: ['x'] }],
    ['an error of negative index', { to: 'device', error: [-1] }],
    ['an allocAndCopy that is no function', { allocAndCopy: 5 }],
    ['a finalizeAndMap that is no function', { allocAndCopy() {}, finalizeAndMap: 5 }],
  ])('a driver that is %s is refused', (_, driver) => {
    const { a, buf } = makeBuffer(1)
    const expected = driver === undefined ? 'nothing' : 'HMMU_INVALID_ARGUMENT'
    let code = 'nothing'
    try {
      a.mainTask.migrate(buf, driver as never)
    } catch (error) {
      code = (error as { code: string }).code
    }
    expect(code).toBe(expected)
  })

  test('work with a machine that was only made for a moment', () => {
    for (let i = 0; i < 20; i++) {
      const machine = makeMachine({ ramPages: 256 })
      machine.onDeviceFault(() => false)
    }
  })
})
