// SPDX-License-Identifier: GPL-2.0-only
//
// What all who make steps need.

import { type Machine, type WhyName, whyNames } from '../api'
import { type Changes, changes, type MigrationEntryView, type Migrations, migrationChanges } from './delta'
import { NOTHING, type View } from './look'
import type { Setup, Step } from './types'

/** Longer migrations are recorded by stage, and without the reasons of their entries at the end. */
export const MOST_ENTRIES = 64

/** A moment of a machine. */
export interface Moment {
  readonly view: View
  readonly migrations: Migrations
}

export const NO_MOMENT: Moment = { view: NOTHING, migrations: new Map() }

/** What differs between two moments, as parts of a step. */
export function changesSince(before: Moment, after: Moment): Changes & Pick<Step, 'migrations'> {
  const migrations = migrationChanges(before.migrations, after.migrations)
  return { ...changes(before.view, after.view), ...(migrations.length > 0 && { migrations }) }
}

/** The whole machine as the parts of a step. */
export const wholeOf = (moment: Moment): Changes & Pick<Step, 'migrations' | 'full'> => ({
  full: true,
  ...changesSince(NO_MOMENT, moment),
})

export function setupOf(machine: Machine): Setup {
  const { ramPages, devicePages, coherentPages } = machine.counters()
  const { deviceBase, cpus, quirks } = machine
  const coherent = coherentPages > 0 && { coherentBase: deviceBase + devicePages }
  return { ramPages, devicePages, deviceBase, ...coherent, cpus, quirks }
}

const LETTERS = ['V', 'M', 'L', 'W', 'D', 'E']
const VALID = 1n

function wordView(word: bigint): { flags: string; pfn: number | undefined } {
  const flags = LETTERS.filter((_, bit) => (word >> BigInt(bit)) & 1n).join('') || '-'
  return { flags, pfn: word & VALID ? Number(word >> 6n) : undefined }
}

/** The entries of a migration in the words of a record. */
export function wordsOf(src: BigUint64Array, dst: BigUint64Array, whys: readonly string[]): MigrationEntryView[] {
  return Array.from(src, (word, i): MigrationEntryView => {
    const [from, to] = [wordView(word), wordView(dst[i] ?? 0n)]
    return {
      src: from.flags,
      dst: to.flags,
      why: whys[i] ?? 'none',
      ...(from.pfn !== undefined && { srcPfn: from.pfn }),
      ...(to.pfn !== undefined && { dstPfn: to.pfn }),
    }
  })
}

/** Names of reasons by their numbers. */
export const whysOf = (numbers: Uint8Array): WhyName[] => Array.from(numbers, (why) => whyNames[why] ?? 'none')
