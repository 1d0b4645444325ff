// SPDX-License-Identifier: GPL-2.0-only
//
// What a user in TypeScript writes; it is compiled, not run. The errors that are expected tell that types are no `any`.
import {
  type Driver,
  HmmuError,
  type HmmuErrorCode,
  Machine,
  type MigrationResult,
  type PageEntry,
  type WhyName,
} from 'hmmu'
import { type ExpectedEntry, type HmmuMatchers, matchers } from 'hmmu/jest'

const driver: Driver = {
  allocAndCopy(entries, device) {
    for (const entry of entries) if (entry.migrate) device.moveToDevice(entry)
  },
}

export function reasons(): Map<number, WhyName> {
  using machine = new Machine({ devicePages: 8 })
  const process_ = machine.process()
  const result: MigrationResult = process_.migrate(process_.map({ pages: 4 }), driver)
  return new Map(result.entries.map(({ index, why }) => [index, why]))
}

export function codeOf(error: unknown): HmmuErrorCode | undefined {
  return error instanceof HmmuError ? error.code : undefined
}

export const writable = (entries: readonly PageEntry[]): boolean => entries.every(({ write }) => write)

export const expected: ExpectedEntry = { kind: 'dev', flags: ['swapbacked'] }
export const extend = (expect: { extend(all: typeof matchers): void }) => expect.extend(matchers)
export function balanced<R>(all: HmmuMatchers<R>): R {
  return all.toBeBalanced()
}

// @ts-expect-error There is no such kind.
export const wrong: ExpectedEntry = { kind: 'device' }
// @ts-expect-error A number is meant.
new Machine({ devicePages: '8' })
