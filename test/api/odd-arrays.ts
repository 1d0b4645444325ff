// SPDX-License-Identifier: GPL-2.0-only
//
// Arrays of bytes that are not what they look like, and the bytes that each of them really has.

/** A typed array that says something else about itself than it is. */
function lying(array: Uint8Array, lies: object): Uint8Array {
  return Object.defineProperties(array, Object.getOwnPropertyDescriptors(lies))
}

class Longer extends Uint8Array {
  override get length(): number {
    return 64
  }
  override get byteLength(): number {
    return 64
  }
}

class Shorter extends Uint8Array {
  override get length(): number {
    return 1
  }
  override get byteOffset(): number {
    return 2
  }
}

class Elsewhere extends Uint8Array {
  override get buffer(): ArrayBuffer {
    return new ArrayBuffer(4096)
  }
}

/** Buffers that can be resized are newer than the types of the language that the tests are compiled with. */
interface Resizable extends ArrayBuffer {
  resize(length: number): void
}
const ResizableBuffer = ArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => Resizable

function resized(length: number, view: (buffer: Resizable) => Uint8Array): Uint8Array {
  const buffer = new ResizableBuffer(8, { maxByteLength: 16 })
  const array = view(buffer)
  new Uint8Array(buffer).set([1, 2, 3, 4, 5, 6, 7, 8])
  buffer.resize(length)
  return array
}

function detached(): Uint8Array {
  const array = Uint8Array.of(1, 2, 3)
  structuredClone(array.buffer, { transfer: [array.buffer] })
  return array
}

function shared(): Uint8Array {
  const array = new Uint8Array(new SharedArrayBuffer(4))
  array.set([1, 2, 3, 4])
  return array
}

/** [what it is, makes it, its bytes] */
export const oddArrays: readonly (readonly [string, () => Uint8Array, readonly number[]])[] = [
  ['of a class that says it is longer', () => new Longer([1, 2, 3]), [1, 2, 3]],
  ['of a class that says it is shorter', () => new Shorter([1, 2, 3]), [1, 2, 3]],
  ['of a class that says its memory is elsewhere', () => new Elsewhere([1, 2, 3]), [1, 2, 3]],
  ['with a length of its own', () => lying(Uint8Array.of(1, 2, 3), { length: 4096, byteLength: 4096 }), [1, 2, 3]],
  ['with a negative length', () => lying(Uint8Array.of(1, 2, 3), { length: -1 }), [1, 2, 3]],
  ['with an offset of its own', () => lying(Uint8Array.of(1, 2, 3), { byteOffset: 1 }), [1, 2, 3]],
  ['with a buffer of its own', () => lying(Uint8Array.of(1, 2, 3), { buffer: undefined }), [1, 2, 3]],
  ['a part of a Buffer', () => Buffer.from([0, 1, 2, 3, 9]).subarray(1, 4), [1, 2, 3]],
  ['in shared memory', shared, [1, 2, 3, 4]],
  ['in memory that grew', () => resized(12, (buffer) => new Uint8Array(buffer)), [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0]],
  ['in memory that shrank', () => resized(3, (buffer) => new Uint8Array(buffer)), [1, 2, 3]],
  ['in memory that shrank below it', () => resized(3, (buffer) => new Uint8Array(buffer, 2, 4)), []],
  ['whose memory is gone', detached, []],
]
