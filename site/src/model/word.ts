// SPDX-License-Identifier: GPL-2.0-only
//
// The word of an entry, field by field.

import type { Recording } from '../record/types'
import { type EntryRun, frameName } from './state'

export interface Field {
  readonly name: string
  readonly value: string
  /** What the field says; shown on hover. */
  readonly explanation: string
  readonly isZero: boolean
}

const bit = (raw: bigint, n: number): number => Number((raw >> BigInt(n)) & 1n)

const bitField = (raw: bigint, name: string, n: number, explanation: string): Field => ({
  name,
  value: `${bit(raw, n)}`,
  explanation: `Bit ${n}: ${explanation}`,
  isZero: bit(raw, n) === 0,
})

const SWAP_TYPES: Record<number, string> = {
  28: 'migration, read',
  29: 'migration, write',
  30: 'device, write',
  31: 'device, read',
}

export function fieldsOf(recording: Recording, { raw = 0n, kind, pfn }: EntryRun): Field[] {
  if (raw & 1n) return presentFields(recording, raw)
  if (raw === 0n) return [{ name: 'all bits', value: '0', explanation: 'The entry is empty.', isZero: true }]
  return swapFields(recording, raw, kind, pfn)
}

function presentFields(recording: Recording, raw: bigint): Field[] {
  const pfn = Number((raw >> 12n) & 0xff_ffff_ffffn)
  return [
    bitField(raw, 'NX', 63, 'no execution.'),
    { name: 'pfn', value: frameName(recording, pfn), explanation: 'Bits 12–51: the page frame.', isZero: false },
    bitField(raw, 'SD', 11, 'soft-dirty.'),
    bitField(raw, 'PSE', 7, 'a huge page (pmd only).'),
    bitField(raw, 'D', 6, 'dirty.'),
    bitField(raw, 'A', 5, 'accessed.'),
    bitField(raw, 'U', 2, 'user.'),
    bitField(raw, 'W', 1, 'writable.'),
    bitField(raw, 'P', 0, 'present.'),
  ]
}

function swapFields(recording: Recording, raw: bigint, kind: string, pfn: number | undefined): Field[] {
  const type = Number((raw >> 9n) & 31n)
  const offset = raw >> 14n
  const known = SWAP_TYPES[type]
  return [
    {
      name: pfn === undefined ? 'offset' : 'offset = pfn',
      value: pfn === undefined ? `${offset}` : frameName(recording, pfn),
      explanation: 'Bits 14–63: the page frame of a migration or device entry, the slot of a swap entry.',
      isZero: false,
    },
    {
      name: 'swap type',
      value: `${type} ${known ?? kind}`,
      explanation: 'Bits 9–13: the type of an entry of the swap format.',
      isZero: false,
    },
    bitField(raw, 'SD', 1, 'soft-dirty, of an entry of the swap format.'),
    bitField(raw, 'P', 0, 'present.'),
  ]
}

/** Sixteen digits: the zeros that lead, and the rest. */
export function digitsOf(raw: bigint): { zeros: string; rest: string } {
  const digits = raw.toString(16).padStart(16, '0')
  const zeros = /^0*/.exec(digits)![0]
  return { zeros, rest: digits.slice(zeros.length) }
}
