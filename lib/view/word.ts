// SPDX-License-Identifier: GPL-2.0-only
//
// The word of an entry, field by field.

import type { Profile } from '../base/defs.generated'
import { kernelOf } from '../base/kernel'
import { lookUp } from '../base/look-up'
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

/** Kinds of entries of the swap format, as their types are named. */
const SWAP_KINDS: Record<string, string> = {
  mig: 'migration',
  dev: 'device',
  excl: 'device-exclusive',
  swap: 'swap',
  marker: 'marker',
}
const READ_OR_WRITE = ['mig', 'dev', 'excl']

export function fieldsOf(recording: Recording, entry: EntryRun): Field[] {
  const { raw = 0n } = entry
  if (raw & 1n) return presentFields(recording, raw)
  if (raw === 0n) return [{ name: 'all bits', value: '0', explanation: 'The entry is empty.', isZero: true }]
  return swapFields(recording, entry, raw)
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

/**
 * Linux 4.14 has the type in bits 9 to 13 and the offset above. Since 4.18 the type is on top and the offset, inverted,
 * between: a word that a CPU speculates with points at no memory (L1TF).
 */
function swapFields(recording: Recording, { kind, bits, pfn }: EntryRun, raw: bigint): Field[] {
  const isOld = kernelOf(recording.profile as Profile) === 'linux-4.14'
  const type = isOld ? (raw >> 9n) & 31n : raw >> 59n
  const offset = isOld ? raw >> 14n : (~raw >> 9n) & (2n ** 50n - 1n)
  const access = READ_OR_WRITE.includes(kind) ? `, ${bits?.startsWith('w') ? 'write' : 'read'}` : ''
  const offsetField: Field = {
    name: `${isOld ? '' : '~'}offset${pfn === undefined ? '' : isOld ? ' = pfn' : ': pfn'}`,
    value: pfn === undefined ? `${offset}` : frameName(recording, pfn),
    explanation: isOld
      ? 'Bits 14–63: the page frame of a migration or device entry, the slot of a swap entry.'
      : 'Bits 9–58, inverted: the page frame of a migration or device entry, the slot of a swap entry.',
    isZero: false,
  }
  const typeField: Field = {
    name: 'swap type',
    value: `${type} ${lookUp(SWAP_KINDS, kind) ?? kind}${access}`,
    explanation: `Bits ${isOld ? '9–13' : '59–63'}: the type of an entry of the swap format.`,
    isZero: false,
  }
  return [
    ...(isOld ? [offsetField, typeField] : [typeField, offsetField]),
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
