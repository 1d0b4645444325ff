// SPDX-License-Identifier: GPL-2.0-only
//
// Drivers that break the rules. Each gets an error with the rule and the entry. The migration is undone, and the
// machine stays usable.

import {
  type CustomDriver,
  type DriverContext,
  HmmuError,
  type Machine,
  type Mapping,
  type MigrationEntries,
  PfnFlag,
  type Process,
  type RuleName,
  type Task,
} from '../../lib'
import { balance, codeOf, errorOf, firstBytes, kinds, makeBuffer } from '../api/helpers'

const { VALID, LOCKED, DEVICE, MIGRATE, WRITE, ERROR } = PfnFlag
const word = (pfn: number, flags: number = VALID | LOCKED) => (BigInt(pfn) << 6n) | BigInt(flags)
/** A device page as it should be: allocated and locked. */
const good = (driver: DriverContext) => {
  const page = driver.allocDevicePage()!
  driver.lock(page)
  return page
}
/** Writes the word of entry 1. */
const put = (words: BigUint64Array, value: bigint): void => {
  words[1] = value
}
const DEVICE_WORD = VALID | LOCKED | DEVICE

interface Scene {
  readonly machine: Machine
  readonly a: Process
  readonly buf: Mapping
}
type Breach = (entries: MigrationEntries, driver: DriverContext, scene: Scene) => void

/** Faults in entry 1 of three. Entry 0 is right, entry 2 is a hole. */
const breaches: [what: string, rule: RuleName, breach: Breach][] = [
  ['a page number that no page has', 'dst_no_such_page', ({ dst }) => put(dst, word(2 ** 31))],
  ['page 0', 'dst_no_such_page', ({ dst }) => put(dst, word(0))],
  ['the zero page', 'dst_no_such_page', ({ dst }) => put(dst, word(1))],
  [
    'the page behind the last one',
    'dst_no_such_page',
    ({ dst }, _, { machine }) => put(dst, word(machine.deviceBase + 64)),
  ],
  ['a number of 58 bits', 'dst_no_such_page', ({ dst }) => put(dst, 2n ** 64n - 64n + BigInt(DEVICE_WORD))],
  [
    'a free device page',
    'dst_free_page',
    ({ dst }, _, { machine }) => put(dst, word(machine.deviceBase + 9, DEVICE_WORD)),
  ],
  ['a free frame', 'dst_free_page', ({ dst }, _, { machine }) => put(dst, word(machine.deviceBase - 1))],
  [
    'a page table',
    'dst_free_page',
    ({ dst }, _, { a, buf }) => put(dst, word(Number((a.walk(buf.address)[3]! >> 12n) & 0xffffffn))),
  ],
  [
    'a page of another process',
    'dst_free_page',
    ({ dst }, _, { machine }) => {
      const other = machine.process().map()
      other.write(0, Uint8Array.of(1))
      dst[1] = word(other.dump()[0]!.pfn)
    },
  ],
  ['its own source', 'dst_is_source', (entries) => put(entries.dst, word(entries.at(1).pfn!))],
  ["another entry's source", 'dst_is_source', (entries) => put(entries.dst, word(entries.at(0).pfn!))],
  ['a page that is used twice', 'dst_twice', ({ dst }) => put(dst, dst[0]!)],
  [
    'a page that is not locked',
    'dst_not_locked',
    (entries, driver) => driver.setDestination(entries.at(1), driver.allocDevicePage()!),
  ],
  [
    'a page that was unlocked again',
    'dst_not_locked',
    (entries, driver) => {
      const page = good(driver)
      driver.setDestination(entries.at(1), page)
      driver.unlock(page)
    },
  ],
  ['a locked page without LOCKED', 'dst_not_locked', ({ dst }, driver) => put(dst, word(good(driver), VALID | DEVICE))],
  ['a device page without DEVICE', 'dst_kind', ({ dst }, driver) => put(dst, word(good(driver)))],
  [
    'a system page with DEVICE',
    'dst_kind',
    ({ dst }, driver) => {
      const page = driver.allocSystemPage()!
      driver.lock(page)
      dst[1] = word(page, DEVICE_WORD)
    },
  ],
  [
    'a page that was freed in the callback',
    'dst_free_page',
    (entries, driver) => {
      const page = good(driver)
      driver.setDestination(entries.at(1), page)
      driver.unlock(page)
      driver.put(page)
    },
  ],
  [
    'a page that was freed, and taken by somebody else',
    'dst_free_page',
    (entries, driver, { machine }) => {
      const page = driver.allocSystemPage()!
      driver.lock(page)
      driver.setDestination(entries.at(1), page)
      driver.unlock(page)
      driver.put(page)
      machine
        .process()
        .map({ pages: 8 })
        .write(0, new Uint8Array(8 * 4096).fill(1))
    },
  ],
  [
    'the destination of another migration',
    'dst_in_use',
    ({ dst }, _, { machine }) => {
      const other = machine.process().map()
      other.write(0, Uint8Array.of(1))
      const migration = other.process.beginMigration(other, { to: 'device' })
      migration.runTo('alloc_and_copy')
      dst[1] = migration.dst[0]!
    },
  ],
  ['VALID with ERROR', 'dst_flags', ({ dst }, driver) => put(dst, word(good(driver), DEVICE_WORD | ERROR))],
  ['a page number without VALID', 'dst_flags', ({ dst }) => put(dst, 77n << 6n)],
  ['MIGRATE cleared in src', 'src_changed', ({ src }) => put(src, src[1]! & ~BigInt(MIGRATE))],
  ['WRITE changed in src', 'src_changed', ({ src }) => put(src, src[1]! ^ BigInt(WRITE))],
  ['another page in src', 'src_changed', ({ src }) => put(src, src[1]! + 64n)],
  ['src of another entry', 'src_changed', ({ src }) => put(src, src[0]!)],
]

const ways: [string, (scene: Scene, driver: CustomDriver) => unknown][] = [
  ['in one call', ({ a, buf }, driver) => a.migrate(buf, driver)],
  [
    'in steps',
    ({ a, buf }, driver) => {
      const migration = a.beginMigration(buf, driver)
      while (migration.step());
      return migration.finish()
    },
  ],
]

describe.each(ways)('a driver %s that leaves', (_, migrate) => {
  test.each(breaches)('%s breaks the rule %s', (_what, rule, breach) => {
    const scene = makeBuffer(3, 2)
    const { machine, a, buf } = scene
    const run = (part: Breach): HmmuError =>
      errorOf(() =>
        migrate(scene, {
          allocAndCopy(entries, driver) {
            driver.moveToDevice(entries.at(0))
            part(entries, driver, scene)
          },
        }),
      )
    const error = run(breach)
    expect(error).toMatchObject({
      code: 'HMMU_DRIVER_RULE',
      rule,
      index: 1,
      address: buf.pageAddress(1),
      errno: 'EINVAL',
    })
    expect(machine.verify()).toEqual([])
    expect(firstBytes(buf.process.mapping(buf.range(0, 2)))).toEqual([1, 2])
    expect(kinds(buf)).toEqual(['sys', 'sys', 'none'])
    machine.drainPagevecs()
    expect(a.migrate(buf).moved).toBe(3)
  })
})

describe.each(ways)('pages of a driver %s', (_, migrate) => {
  test('that it has lost all go when it breaks a rule or throws', () => {
    const scene = makeBuffer(3, 2)
    const { machine } = scene
    const before = balance(machine)
    const lose: Breach = (entries, driver) => {
      driver.moveToDevice(entries.at(0)) // overwritten below
      driver.allocSystemPage()
      entries.dst[0] = 0n
    }
    const last: Breach[] = [
      ({ dst }) => put(dst, word(2 ** 31)),
      () => {
        throw new Error('boom')
      },
    ]
    for (const end of last) {
      const allocAndCopy: CustomDriver['allocAndCopy'] = (entries, driver) => {
        lose(entries, driver, scene)
        end(entries, driver, scene)
      }
      expect(() => migrate(scene, { allocAndCopy })).toThrow()
      machine.drainPagevecs()
      expect(balance(machine)).toEqual(before)
    }
  })
})

describe.each(ways)('finalizeAndMap %s', (_, migrate) => {
  const later: [string, RuleName, Breach][] = [
    ['dst', 'dst_changed', ({ dst }) => put(dst, 0n)],
    ['src', 'src_changed', ({ src }) => put(src, src[1]! ^ BigInt(MIGRATE))],
  ]

  test.each(later)('that changes %s breaks the rule %s', (_what, rule, breach) => {
    const scene = makeBuffer(3, 2)
    const { machine, buf } = scene
    const error = errorOf(() =>
      migrate(scene, {
        allocAndCopy(entries, driver) {
          for (const entry of entries) driver.moveToDevice(entry)
        },
        finalizeAndMap: (entries, driver) => breach(entries, driver, scene),
      }),
    )
    expect(error).toMatchObject({ code: 'HMMU_DRIVER_RULE', rule, index: 1 })
    machine.drainPagevecs()
    expect(machine.verify()).toEqual([])
    expect(firstBytes(buf)).toEqual([1, 2, 0])
    machine.drainPagevecs()
  })
})

const twice = (outcome: string) => [outcome, outcome]

describe.each(ways)('a callback %s', (_, migrate) => {
  const boom = new Error('boom')
  const stages: [string, CustomDriver][] = [
    [
      'allocAndCopy, before it did anything',
      {
        allocAndCopy() {
          throw boom
        },
      },
    ],
    [
      'allocAndCopy, half done',
      {
        allocAndCopy(entries, driver) {
          driver.moveToDevice(entries.at(0))
          driver.lock(driver.allocSystemPage()!)
          throw boom
        },
      },
    ],
    [
      'allocAndCopy, when all was done',
      {
        allocAndCopy(entries, driver) {
          for (const entry of entries) driver.moveToDevice(entry)
          throw boom
        },
      },
    ],
    [
      'finalizeAndMap',
      {
        allocAndCopy(entries, driver) {
          for (const entry of entries) driver.moveToDevice(entry)
        },
        finalizeAndMap() {
          throw boom
        },
      },
    ],
  ]

  test.each(stages)('may throw in %s', (_stage, driver) => {
    const scene = makeBuffer(3, 2)
    const { machine, a, buf } = scene
    expect(() => migrate(scene, driver)).toThrow(boom)
    expect(machine.verify()).toEqual([])
    expect(firstBytes(buf)).toEqual([1, 2, 0])
    machine.drainPagevecs()
    expect(a.migrate(buf, { to: 'device' }).moved).toBe(3)
    expect(machine.counters().deviceFree).toBe(61)
  })

  /**
   * Calls of the callbacks, and their outcome in allocAndCopy and finalizeAndMap: an error, or the result if allowed.
   */
  const calls: [string, (scene: Scene & { tasks: Task[] }) => unknown, unknown[]][] = [
    ['migrate() of the same range, which fills the hole', ({ a, buf }) => a.newTask().migrate(buf).moved, [1, 0]],
    ['migrate() of the same range by the same task', ({ a, buf }) => a.migrate(buf).moved, [1, 0]],
    [
      'migrate() of other pages',
      ({ machine }) => {
        const other = machine.process().map({ pages: 2 })
        return other.process.migrate(other).moved
      },
      [2, 2],
    ],
    ['unmap() of the range by the same task', ({ buf }) => buf.unmap(), twice('EDEADLK')],
    ['unmap() of the range by another task', ({ tasks, buf }) => tasks[0]!.unmap(buf), twice('HMMU_BLOCKED')],
    ['protect() of the range', ({ buf }) => buf.protect('r'), twice('EDEADLK')],
    ['fork() of the process', ({ a }) => a.fork(), twice('EDEADLK')],
    ['a load from the range by the same task', ({ a, buf }) => a.tryLoad(buf.address), twice('EDEADLK')],
    ['a store to it', ({ a, buf }) => a.tryStore(buf.address, 1), twice('EDEADLK')],
    ['write() of the mapping', ({ buf }) => buf.write(0, Uint8Array.of(1)), twice('EDEADLK')],
    ['pin() of a page of it', ({ a, buf }) => a.pin(buf.address), twice('EDEADLK')],
    ['a load from it by another task', ({ tasks, buf }) => tasks[0]!.tryLoad(buf.address).outcome, twice('blocked')],
    ['exit() of the process', ({ a }) => a.exit(), twice('HMMU_BUSY')],
    [
      'destroy() of a task that waits',
      ({ tasks, buf }) => {
        tasks[1]!.tryLoad(buf.address)
        tasks[1]!.destroy()
      },
      twice('HMMU_BUSY'),
    ],
    ['dispose() of the machine', ({ machine }) => machine.dispose(), twice('HMMU_BUSY')],
    ['snapshot()', ({ machine }) => machine.snapshot(), twice('HMMU_BUSY')],
    ['fork() of the machine', ({ machine }) => machine.fork(), twice('HMMU_BUSY')],
    ['verify()', ({ machine }) => machine.verify(), [[], []]],
  ]

  test.each(calls)('may call %s', (_what, call, expected) => {
    const made = makeBuffer(3, 2)
    const scene = { ...made, tasks: [made.a.newTask(), made.a.newTask()] }
    const { machine, buf } = scene
    const seen: unknown[] = []
    const attempt = () => {
      try {
        seen.push(call(scene))
      } catch (error) {
        if (!(error instanceof HmmuError)) throw error
        seen.push(error.code === 'HMMU_SYSCALL' ? error.errno : error.code)
      }
      expect(machine.verify()).toEqual([])
    }
    migrate(scene, {
      allocAndCopy(entries, driver) {
        attempt()
        for (const entry of entries) driver.moveToDevice(entry)
      },
      finalizeAndMap: attempt,
    })
    expect(seen).toEqual(expected)
    expect(machine.disposed).toBe(false)
    expect(machine.verify()).toEqual([])
    for (const task of scene.a.tasks) task.cancel()
    expect(firstBytes(buf)).toEqual([1, 2, 0])
    machine.drainPagevecs()
  })

  test('may nest migrations, each in the callback of the one before', () => {
    const scene = makeBuffer(3, 2)
    const { machine, a } = scene
    const ranges = Array.from({ length: 8 }, () => a.map({ pages: 1 }))
    const nest = (depth: number): CustomDriver => ({
      allocAndCopy(entries, driver) {
        if (depth < ranges.length) expect(a.migrate(ranges[depth]!, nest(depth + 1)).moved).toBe(1)
        for (const entry of entries) driver.moveToDevice(entry)
      },
    })
    expect(migrate(scene, nest(0))).toMatchObject({ moved: 3 })
    expect(machine.counters().deviceFree).toBe(64 - 3 - 8)
  })
})

describe('a device fault handler', () => {
  function onDevice() {
    const { machine, a, buf } = makeBuffer(2)
    a.migrate(buf)
    return { machine, a, buf }
  }

  test('that returns true and brings nothing back breaks the rule fault_no_progress', () => {
    const { machine, a, buf } = onDevice()
    machine.onDeviceFault(() => true)
    expect(errorOf(() => buf.read(0, 1))).toMatchObject({ code: 'HMMU_DRIVER_RULE', rule: 'fault_no_progress' })
    expect(codeOf(() => a.tryStore(buf.address, 1))).toBe('HMMU_DRIVER_RULE')
    expect(machine.verify()).toEqual([])
  })

  test('can not dispose of the machine, end the process, or the task that faults', () => {
    const { machine, a, buf } = onDevice()
    const task = a.newTask()
    const codes: string[] = []
    machine.onDeviceFault(() => {
      codes.push(codeOf(() => machine.dispose()))
      codes.push(codeOf(() => a.exit()))
      codes.push(codeOf(() => task.destroy()))
      return false
    })
    expect(task.tryLoad(buf.address).outcome).toBe('SIGBUS')
    expect(codes).toEqual(['HMMU_BUSY', 'HMMU_BUSY', 'HMMU_BUSY'])
  })

  test('may take itself away, and put another in its place', () => {
    const { machine, a, buf } = onDevice()
    const seen: string[] = []
    machine.onDeviceFault(() => {
      seen.push('first')
      machine.onDeviceFault(() => {
        seen.push('second')
        return false
      })
      return false
    })
    expect(a.tryLoad(buf.address).outcome).toBe('SIGBUS')
    expect(a.tryLoad(buf.address).outcome).toBe('SIGBUS')
    machine.onDeviceFault(undefined)
    expect(firstBytes(buf)).toEqual([1, 2])
    expect(seen).toEqual(['first', 'second'])
    machine.drainPagevecs()
  })

  test('that unmaps the page that is faulted waits for mmap_sem, as the kernel would', () => {
    const { machine, a, buf } = onDevice()
    const other = a.newTask()
    const codes: string[] = []
    machine.onDeviceFault(() => {
      codes.push(codeOf(() => other.unmap(buf)))
      return false
    })
    expect(a.tryLoad(buf.address).outcome).toBe('SIGBUS')
    expect(codes).toEqual(['HMMU_BLOCKED'])
    other.unmap(buf)
    expect(kinds(buf)).toEqual(['nomap', 'nomap'])
    expect(machine.verify()).toEqual([])
  })
})
