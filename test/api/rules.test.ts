// SPDX-License-Identifier: GPL-2.0-only
//
// What an error says of a driver that broke a rule: what is wrong, with which entry.

import { type DriverContext, type MigrationEntries, PfnFlag, type RuleName, ruleNames, ruleTexts } from '../../lib'
import { errorOf, makeBuffer } from './helpers'

type Callback = (entries: MigrationEntries, driver: DriverContext) => void

const { VALID, LOCKED, DEVICE, ERROR } = PfnFlag
const word = (pfn: number, flags: number) => (BigInt(pfn) << 6n) | BigInt(flags | VALID)

/** A device page, and whatever is missing of what a destination needs. */
const page = (driver: DriverContext) => driver.allocDevicePage() ?? 0

const breaches: readonly (readonly [RuleName, string | RegExp, Callback])[] = [
  [
    'src_changed',
    /^entry 1: src was 0x[0-9a-f]+, and the driver made it 0x0$/,
    (entries) => {
      entries.src[1] = 0n
    },
  ],
  [
    'dst_flags',
    'entry 0: dst is 0x140: a page without VALID',
    (entries) => {
      entries.dst[0] = 5n << 6n
    },
  ],
  [
    'dst_flags',
    /^entry 0: dst is 0x[0-9a-f]+: both VALID and ERROR$/,
    (entries, driver) => {
      driver.moveToDevice(entries.at(0))
      entries.dst[0]! |= BigInt(ERROR)
    },
  ],
  [
    'dst_no_such_page',
    'entry 1: there is no page 999999 for drivers (pfns are 2 to 10303)',
    (entries) => {
      entries.dst[1] = word(999999, LOCKED)
    },
  ],
  [
    'dst_free_page',
    'entry 0: page D5 was not allocated by the driver, or is put',
    (entries, { machine }) => {
      entries.dst[0] = word(machine.deviceBase + 5, LOCKED | DEVICE)
    },
  ],
  ['dst_not_locked', 'entry 0: page D0 is not locked', (all, driver) => driver.setDestination(all.at(0), page(driver))],
  [
    'dst_not_locked',
    'entry 0: page D0 is locked, but dst has no LOCKED',
    (entries, driver) => {
      driver.moveToDevice(entries.at(0))
      entries.dst[0]! &= ~BigInt(LOCKED)
    },
  ],
  [
    'dst_kind',
    'entry 0: page D0 is a device page, but dst has no DEVICE',
    (entries, driver) => {
      driver.moveToDevice(entries.at(0))
      entries.dst[0]! &= ~BigInt(DEVICE)
    },
  ],
  [
    'dst_kind',
    /^entry 0: page #\d+ is no device page, but dst has DEVICE$/,
    (entries, driver) => {
      const ram = driver.allocSystemPage() ?? 0
      driver.lock(ram)
      entries.dst[0] = word(ram, LOCKED | DEVICE)
    },
  ],
  [
    'dst_twice',
    'entry 2: page D0 is in dst of entry 1 already',
    (entries, driver) => {
      driver.moveToDevice(entries.at(1))
      entries.dst[2] = entries.dst[1]!
    },
  ],
  [
    'dst_is_source',
    /^entry 0: page #\d+ is the source of entry 2$/,
    (entries) => {
      entries.dst[0] = word(entries.at(2).pfn ?? 0, LOCKED)
    },
  ],
]

test.each(breaches)('%s: %s', (rule, message, allocAndCopy) => {
  const { a, buf } = makeBuffer(3)
  const error = errorOf(() => a.migrate(buf, { allocAndCopy }))
  expect(error).toMatchObject({ code: 'HMMU_DRIVER_RULE', rule, message: expect.stringMatching(exactly(message)) })
})

function exactly(message: string | RegExp): RegExp {
  return typeof message === 'string' ? new RegExp(`^${message.replace(/[()]/g, '\\$&')}$`) : message
}

test('dst_in_use: a page of another migration', () => {
  const { a, buf } = makeBuffer(3)
  const other = a.mainTask.beginMigration(buf.range(2), { to: 'device' })
  other.runTo('alloc_and_copy')
  const taken = other.dst[0]!
  const error = errorOf(() =>
    a.newTask().migrate(buf.range(0), {
      allocAndCopy(entries) {
        entries.dst[0] = taken
      },
    }),
  )
  expect(error.message).toBe('entry 0: page D0 is a destination of another migration')
  other.abandon()
})

test('dst_changed', () => {
  const { a, buf } = makeBuffer(1)
  const error = errorOf(() =>
    a.migrate(buf, {
      allocAndCopy: (entries, driver) => void driver.moveToDevice(entries.at(0)),
      finalizeAndMap(entries) {
        entries.dst[0] = 0n
      },
    }),
  )
  expect(error.message).toMatch(/^entry 0: dst was 0x[0-9a-f]+, and the driver made it 0x0$/)
})

test('the rules themselves say what must be', () => {
  for (const name of ruleNames.filter((each) => each !== 'none')) {
    expect([name, ruleTexts[name]]).toEqual([name, expect.stringMatching(/ must /)])
  }
})
