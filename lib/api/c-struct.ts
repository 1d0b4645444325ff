// SPDX-License-Identifier: GPL-2.0-only
//
// What drivers and their users share: structures of C, and numbers of ioctls.

import { HmmuError } from '../base/errors'
import { bytes as checkBytes, integer, invalid, oneOf } from '../base/validate'

/** The type of a field: `'u64'` is `__u64`, `'s32'` is `__s32`. */
export type CType = 'u8' | 's8' | 'u16' | 's16' | 'u32' | 's32' | 'u64' | 's64'

/** Bytes of each type. */
const SIZES: Readonly<Record<CType, number>> = { u8: 1, s8: 1, u16: 2, s16: 2, u32: 4, s32: 4, u64: 8, s64: 8 }

/** Where a field is. */
interface Place {
  readonly size: number
  readonly signed: boolean
  readonly offset: number
}

/**
 * A structure of C, laid out as compilers of 64-bit Linux do: each field at a multiple of its size, little endian.
 *
 * @example
 * ```ts
 * const Range = new CStruct({ address: 'u64', pages: 'u64', done: 'u64' })
 * const bytes = Range.encode({ address: buf.start, pages: buf.pages })
 * file.ioctl(ioctlNumber('rw', 't', 1, Range.size), bytes)
 * Range.decode(bytes).done
 * ```
 */
export class CStruct<Name extends string> {
  /** Bytes of it. */
  readonly size: number
  readonly #places: ReadonlyMap<Name, Place>

  /** @param fields the types of its fields, in their order */
  constructor(fields: Readonly<Record<Name, CType>>) {
    if (typeof fields !== 'object' || fields === null) throw invalid('fields', 'an object', fields)
    const places = new Map<Name, Place>()
    let end = 0
    let most = 1
    for (const [name, type] of Object.entries(fields) as [Name, CType][]) {
      const size = oneOf(`the type of ${name}`, type, SIZES)
      const offset = Math.ceil(end / size) * size
      places.set(name, { size, signed: type.startsWith('s'), offset })
      end = offset + size
      most = Math.max(most, size)
    }
    this.#places = places
    this.size = Math.ceil(end / most) * most
  }

  /** Its bytes; fields without a value are 0. */
  encode(values?: Readonly<Partial<Record<Name, number | bigint>>>): Uint8Array {
    const bytes = new Uint8Array(this.size)
    for (const [name, value] of Object.entries(values ?? {}) as [Name, number | bigint | undefined][]) {
      const place = this.#places.get(name)
      if (place === undefined)
        throw new HmmuError(
          'HMMU_INVALID_ARGUMENT',
          `the structure has no field '${name}'; there are: ${[...this.#places.keys()].join(', ')}`,
        )
      if (value !== undefined) write(bytes, name, place, value)
    }
    return bytes
  }

  /**
   * The values of its fields.
   * @throws HmmuError HMMU_INVALID_ARGUMENT: there are too few bytes, or a value is none that a number can have
   */
  decode(bytes: Uint8Array): Record<Name, number> {
    const given = checkBytes(bytes)
    integer('the length of bytes', given.length, this.size, Number.MAX_SAFE_INTEGER)
    const entries = [...this.#places].map(([name, place]) => [name, read(given, name, place)])
    return Object.fromEntries(entries) as Record<Name, number>
  }
}

function write(bytes: Uint8Array, name: string, { size, signed, offset }: Place, value: number | bigint): void {
  const bits = BigInt(8 * size)
  const least = signed ? -(2n ** (bits - 1n)) : 0n
  const most = least + 2n ** bits - 1n
  const isInteger = typeof value === 'bigint' || Number.isSafeInteger(value)
  if (!isInteger || BigInt(value) < least || BigInt(value) > most)
    throw invalid(`the field ${name}`, `an integer from ${least} to ${most}`, value)
  const raw = BigInt.asUintN(64, BigInt(value))
  for (let i = 0; i < size; i++) bytes[offset + i] = Number((raw >> BigInt(8 * i)) & 255n)
}

function read(bytes: Uint8Array, name: string, { size, signed, offset }: Place): number {
  let raw = 0n
  for (let i = 0; i < size; i++) raw |= BigInt(bytes[offset + i] ?? 0) << BigInt(8 * i)
  const value = Number(signed ? BigInt.asIntN(8 * size, raw) : raw)
  if (Number.isSafeInteger(value)) return value
  throw new HmmuError('HMMU_INVALID_ARGUMENT', `the field ${name} has 2^53 or more: take it from the bytes`)
}

const DIRECTIONS = { none: 0, w: 1, r: 2, rw: 3 } as const

/**
 * The number of an ioctl, as the macros of `linux/ioctl.h` make it: `_IO`, `_IOW`, `_IOR` and `_IOWR`.
 * @param direction `'none'`; `'w'`: the program writes, and the driver reads; `'r'`; or `'rw'`
 * @param type a character, or a number from 0 to 255
 * @param number 0 … 255
 * @param size bytes of the argument, 0 … 16383, see {@link CStruct.size}
 */
export function ioctlNumber(
  direction: 'none' | 'r' | 'w' | 'rw',
  type: string | number,
  number: number,
  size = 0,
): number {
  const bits = oneOf('direction', direction, DIRECTIONS)
  const letter = typeof type === 'string' && type.length === 1 ? type.charCodeAt(0) : type
  const low = (integer('type', letter, 0, 255) << 8) | integer('number', number, 0, 255)
  return bits * 2 ** 30 + integer('size', size, 0, 2 ** 14 - 1) * 2 ** 16 + low
}
