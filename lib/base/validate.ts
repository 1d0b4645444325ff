// SPDX-License-Identifier: GPL-2.0-only
//
// Checks of arguments. A failure is an HmmuError HMMU_INVALID_ARGUMENT that names the argument, the allowed values and
// the given value. The addon gets only checked arguments.

import { HmmuError } from './errors'
import { inspect } from './host'
import { didYouMean } from './suggest'

/** Bytes of a page. */
export const PAGE_SIZE = 4096

/** Pages of a 47-bit address space, more than any range can have. */
export const MOST_PAGES = 2 ** 35

/** Characters of a wrong value that an error shows. */
const MOST_SHOWN = 200

/** An HMMU_INVALID_ARGUMENT about argument `name`. */
export function invalid(name: string, allowed: string, value: unknown): HmmuError {
  return new HmmuError('HMMU_INVALID_ARGUMENT', `${name} must be ${allowed}, not ${show(value)}`)
}

/** A value in a few words. One that can show itself may have any length, and may throw instead. */
function show(value: unknown): string {
  try {
    const text = inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 40, maxArrayLength: 3 })
    return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text
  } catch {
    return `a value of type ${typeof value}`
  }
}

/** @throws HmmuError unless value is an integer from min to max, both included */
export function integer(name: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  throw invalid(name, `an integer from ${min} to ${max}`, value)
}

/** An address: any byte of 53 bits. The machine checks whether it is mapped. */
export function address(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw invalid('address', 'an integer from 0 to 2^53 - 1', value)
}

export function pageCount(value: unknown): number {
  return integer('pages', value, 0, MOST_PAGES)
}

export function boolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw invalid(name, 'true or false', value)
}

/** The number behind one of the names of a table. */
export function oneOf<Name extends string>(
  name: string,
  value: unknown,
  table: Readonly<Record<Name, number>>,
): number {
  if (typeof value === 'string' && Object.hasOwn(table, value)) return table[value as Name]
  const names = Object.keys(table).map((key) => `'${key}'`)
  throw invalid(name, `one of ${names.join(', ')}`, value)
}

/** An object of options that has no other properties than those known. */
export function options<T extends object>(name: string, value: T | undefined, known: readonly (keyof T & string)[]): T {
  if (value === undefined) return {} as T
  if (typeof value !== 'object' || value === null) throw invalid(name, 'an object', value)
  // A loop over all properties takes less time than a list of its own ones, and is nearly always enough.
  for (const key in value) if (!known.includes(key as never)) return checkOwn(name, value, known)
  return value
}

function checkOwn<T extends object>(name: string, value: T, known: readonly string[]): T {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      throw new HmmuError(
        'HMMU_INVALID_ARGUMENT',
        `${name} has no property '${key}'; there are: ${known.map((word) => `'${word}'`).join(', ')}${didYouMean(key, known)}`,
      )
    }
  }
  return value
}

const typedArray = Object.getPrototypeOf(Uint8Array.prototype)

/** The name of a typed array's kind, undefined for any other value: nothing else has what this looks at. */
const kindOf: ((this: unknown) => string | undefined) | undefined = Object.getOwnPropertyDescriptor(
  typedArray,
  Symbol.toStringTag,
)?.get

interface TypedArrays {
  Uint8Array: Uint8Array
  BigUint64Array: BigUint64Array
}

/** Whether a value is a typed array of a kind, whatever it says of itself. */
export function isTyped<Kind extends keyof TypedArrays>(kind: Kind, value: unknown): value is TypedArrays[Kind] {
  return kindOf?.call(value) === kind
}

export function isTypedArray(value: unknown): boolean {
  return kindOf?.call(value) !== undefined
}

const sharedLength = Object.getOwnPropertyDescriptor(globalThis.SharedArrayBuffer?.prototype ?? {}, 'byteLength')?.get

/** Whether other threads may see the memory. */
export function isShared(buffer: ArrayBufferLike): boolean {
  try {
    return sharedLength !== undefined && sharedLength.call(buffer) >= 0
  } catch {
    return false
  }
}

/** A property as typed arrays themselves have it: an object can have another one of that name, and so can its class. */
function intrinsic<T>(name: 'buffer' | 'byteOffset' | 'length'): (array: ArrayBufferView) => T {
  const get: (() => T) | undefined = Object.getOwnPropertyDescriptor(typedArray, name)?.get
  return (array) => get?.call(array) as T
}

const bufferOf = intrinsic<ArrayBufferLike>('buffer')
const byteOffsetOf = intrinsic<number>('byteOffset')

/** The true length of a typed array, even if the array overrides it; 0 if its memory is gone. */
export const lengthOf: (array: ArrayBufferView) => number = intrinsic('length')

/** The bytes of a Uint8Array, as a plain one without overridden properties; empty if its memory is gone. */
export function bytes(value: unknown): Uint8Array {
  if (!isTyped('Uint8Array', value)) throw invalid('bytes', 'a Uint8Array', value)
  const length = lengthOf(value)
  return length === 0 ? new Uint8Array() : new Uint8Array(bufferOf(value), byteOffsetOf(value), length)
}

/**
 * The bytes of a Uint8Array that is to be filled, as {@link bytes} has them. Memory that other threads see, or that is gone, is
 * refused: who asks for bytes would not get them.
 */
export function writable(name: string, value: unknown): Uint8Array {
  if (!isTyped('Uint8Array', value)) throw invalid(name, 'a Uint8Array', value)
  const buffer = bufferOf(value)
  if (isShared(buffer)) throw invalid(name, 'a Uint8Array whose memory is not shared', value)
  try {
    // This throws if the array does not lie within its memory any more, which looks like an empty array otherwise.
    Uint8Array.prototype.keys.call(value)
    return new Uint8Array(buffer, byteOffsetOf(value), lengthOf(value))
  } catch {
    throw invalid(name, 'a Uint8Array whose memory is there', value)
  }
}

/** Zeroed memory of the host. */
export function allocate(length: number): Uint8Array {
  try {
    return new Uint8Array(length)
  } catch (cause) {
    throw new HmmuError('HMMU_HOST_MEMORY', `the host has no memory for ${length} bytes`, { cause })
  }
}

/** Guards the constructors of classes that only the library makes. */
export function requireInternal(ours: boolean, where: string): void {
  if (!ours) throw new HmmuError('HMMU_INVALID_ARGUMENT', `this class has no public constructor; ${where}`)
}

/** @param allowed what the value should be, in words */
export function iterable<T>(name: string, allowed: string, value: Iterable<T>): Iterable<T> {
  if (typeof value === 'object' && value !== null && Symbol.iterator in value) return value
  throw invalid(name, allowed, value)
}

export function callable(name: string, value: unknown): void {
  if (typeof value !== 'function') throw invalid(name, 'a function', value)
}

/** The caller goes on when a callback returns, so a promise would come too late. */
export function synchronous(name: string, returned: unknown): void {
  if (typeof returned === 'object' && returned !== null && 'then' in returned) {
    // Its rejection would be nobody's.
    Promise.resolve(returned).catch(() => {})
    throw new HmmuError('HMMU_INVALID_ARGUMENT', `${name} must not be asynchronous, it returned a promise`)
  }
}
