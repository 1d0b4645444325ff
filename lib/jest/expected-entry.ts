// SPDX-License-Identifier: GPL-2.0-only
//
// What is expected of a page's entry, property by property.

import { inspect } from 'node:util'
import { type PageEntry, pageFlagNames } from '../api/records'
import { type EntryKind, PageFlag } from '../base/defs.generated'
import { HmmuError } from '../base/errors'
import { oneOf, options } from '../base/validate'

/** Something like `expect.any(Number)`, which decides by itself what it equals. */
export interface Asymmetric {
  /** Whether it equals another value. */
  asymmetricMatch(other: unknown): boolean
}

/** A value, or something that decides what it equals. */
export type Expected<T> = T | Asymmetric

/** A page flag by name, in lower case: `'lru'`, `'swapbacked'`. */
export type PageFlagName = Lowercase<keyof typeof PageFlag>

/** Properties of a {@link PageEntry}: one at least. What is not named may be anything. */
export interface ExpectedEntry {
  /** {@link PageEntry.kind} */
  readonly kind?: Expected<EntryKind>
  /** {@link PageEntry.write} */
  readonly write?: Expected<boolean>
  /** {@link PageEntry.dirty} */
  readonly dirty?: Expected<boolean>
  /** {@link PageEntry.accessed} */
  readonly accessed?: Expected<boolean>
  /** {@link PageEntry.softDirty} */
  readonly softDirty?: Expected<boolean>
  /** {@link PageEntry.uffdWp} */
  readonly uffdWp?: Expected<boolean>
  /** {@link PageEntry.exclusive} */
  readonly exclusive?: Expected<boolean>
  /** {@link PageEntry.device} */
  readonly device?: Expected<boolean>
  /** {@link PageEntry.coherent} */
  readonly coherent?: Expected<boolean>
  /** {@link PageEntry.pfn} */
  readonly pfn?: Expected<number>
  /** {@link PageEntry.allocId} */
  readonly allocId?: Expected<number>
  /** {@link PageEntry.refCount} */
  readonly refCount?: Expected<number>
  /** {@link PageEntry.mapCount} */
  readonly mapCount?: Expected<number>
  /** {@link PageEntry.swapUsers} */
  readonly swapUsers?: Expected<number>
  /** Page flags that have to be set. */
  readonly flags?: readonly PageFlagName[]
  /** Page flags that have to be clear. */
  readonly withoutFlags?: readonly PageFlagName[]
}

const plain = [
  'kind',
  'write',
  'dirty',
  'accessed',
  'softDirty',
  'uffdWp',
  'exclusive',
  'device',
  'coherent',
  'pfn',
  'allocId',
  'refCount',
  'mapCount',
  'swapUsers',
] as const
const known = [...plain, 'flags', 'withoutFlags'] as const
const flagValues = Object.fromEntries(
  Object.entries(PageFlag).map(([name, bit]) => [name.toLowerCase(), bit]),
) as Record<PageFlagName, number>

/** @throws HmmuError HMMU_INVALID_ARGUMENT: not such an object, a name that nothing has, or nothing that is expected */
export function checkExpectedEntry(expected: ExpectedEntry): void {
  options('the expected entry', expected, known)
  if (Object.keys(expected ?? {}).length === 0) {
    throw new HmmuError('HMMU_INVALID_ARGUMENT', `the expected entry must have one at least of ${known.join(', ')}`)
  }
  for (const name of [...(expected.flags ?? []), ...(expected.withoutFlags ?? [])]) oneOf('page flag', name, flagValues)
}

/** In what an entry differs from what is expected; nothing if it matches. */
export function differences(
  entry: PageEntry,
  expected: ExpectedEntry,
  equals: (a: unknown, b: unknown) => boolean,
): string[] {
  const named = plain.filter((name) => name in expected && !equals(entry[name], expected[name]))
  const texts = named.map((name) => `${name} is ${inspect(entry[name])}, not ${inspect(expected[name])}`)
  const set = pageFlagNames(entry.flags)
  const missing = (expected.flags ?? []).filter((name) => !set.includes(name))
  const unwanted = (expected.withoutFlags ?? []).filter((name) => set.includes(name))
  if (missing.length > 0) texts.push(`flags without ${missing.join(', ')}`)
  if (unwanted.length > 0) texts.push(`flags with ${unwanted.join(', ')}`)
  return texts
}
