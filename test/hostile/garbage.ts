// SPDX-License-Identifier: GPL-2.0-only
//
// Wrong arguments, and some right ones, so that calls get past their first check.

import fc from 'fast-check'
import type { Machine, Mapping, Process, Task } from '../../lib'

/** The surroundings of a call; its arguments may refer to them. */
export interface World {
  readonly machine: Machine
  readonly process: Process
  readonly task: Task
  readonly buf: Mapping
  /** Of another machine. */
  readonly foreign: Mapping
}

/** The exception of getters and traps: it has to reach the caller unchanged. */
export class Thrown extends Error {}

const fail = (): never => {
  throw new Thrown('from an argument')
}
const dispose = ({ machine }: World): void => {
  try {
    machine.dispose()
  } catch {
    // A callback of it is running.
  }
}

/** A typed array whose memory has gone to another thread. */
function detached<T extends Uint8Array | BigUint64Array>(array: T): T {
  structuredClone(array, { transfer: [array.buffer as ArrayBuffer] })
  return array
}

/** A view that was cut off by a resize. Resizable buffers are younger than the types in use here. */
function shrunk(): Uint8Array {
  const Resizable = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer
  const buffer = new Resizable(4096, { maxByteLength: 8192 })
  const view = new Uint8Array(buffer, 8, 100)
  ;(buffer as unknown as { resize(length: number): void }).resize(4)
  return view
}

class Liar extends Uint8Array {
  override get length(): number {
    return 2 ** 40
  }
}

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** All traps throw. */
const trap = () => new Proxy({}, new Proxy({}, { get: () => fail }) as ProxyHandler<object>)

const driver = (body: (world: World) => unknown) => (world: World) => ({ allocAndCopy: () => body(world) })

type Make = (world: World) => unknown

const hostile: Make[] = [
  ...[undefined, null, true, Number.NaN, Number.POSITIVE_INFINITY, -0, -1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 63)],
  ...[0n, -1n, 2n ** 64n, 2n ** 70n, '', '0', 'toString', '__proto__', Symbol('s'), Symbol.iterator, () => 1, /x/],
].map((value) => () => value)

const objects: Make[] = [
  () => detached(new Uint8Array(4096)),
  () => detached(new BigUint64Array(8)),
  shrunk,
  () => new Uint8Array(new SharedArrayBuffer(4096)),
  () => new Uint8Array(new ArrayBuffer(4100), 3, 4097),
  () => new Liar(16),
  () => new Proxy(new Uint8Array(8), {}),
  () => new Float64Array(8),
  () => new DataView(new ArrayBuffer(8)),
  () => new ArrayBuffer(8),
  () => ({ [Symbol.toStringTag]: 'BigUint64Array', length: 100 }),
  () => Object.create(null),
  revoked,
  trap,
  () => ({ get start() { return fail() }, pages: 1 }), // biome-ignore format: a line an item
  () => ({ get pages() { return fail() }, start: 0, get to() { return fail() }, get write() { return fail() } }), // biome-ignore format: a line an item
  (world) => ({ get start() { dispose(world); return world.buf.start }, pages: 1 }), // biome-ignore format: a line an item
  (world) => ({ get pages() { dispose(world); return 1 }, start: world.buf.start, kind: 'pin', pfn: 1 }), // biome-ignore format: a line an item
  (world) => ({ get to() { dispose(world); return 'device' } }), // biome-ignore format: a line an item
  () => ({ valueOf: fail, toString: fail, [Symbol.toPrimitive]: fail }),
  () => ({ get [Symbol.toStringTag]() { return fail() } }), // biome-ignore format: a line an item
  () => ({ [Symbol.iterator]: fail }),
  () => ({ [Symbol.iterator]: () => ({ next: fail }) }),
  () => [1, 'stage', null],
  () => new Set(['stage']),
  ({ foreign }) => foreign,
  ({ foreign }) => foreign.process,
  ({ foreign }) => foreign.process.mainTask,
  ({ foreign }) => foreign.process.machine,
]

const plausible: Make[] = [
  ({ buf }) => buf,
  ({ buf }) => buf.start,
  ({ buf }) => ({ start: buf.start, pages: 2 }),
  ({ buf }) => ({ start: buf.start + 1, pages: 3, src: new BigUint64Array(3), dst: new BigUint64Array(4) }),
  ({ buf }) => ({ start: buf.start, pages: 2, src: detached(new BigUint64Array(2)) }),
  ({ buf }) => ({ start: buf.start, pages: 2, dst: { [Symbol.toStringTag]: 'BigUint64Array', length: 9 } }),
  ({ process }) => process,
  ({ task }) => task,
  ({ machine }) => machine,
  ({ machine }) => machine.deviceBase,
  ...[0, 1, 2, 3, 4, 7, 64, 4096, 4097, 1000].map((value) => () => value),
  ...['rw', 'r', 'none', 'device', 'system', 'frame', 'stage', 'dontneed', 'free', 'pin', 'done'].map(
    (value) => () => value,
  ),
  () => Uint8Array.of(1, 2, 3),
  () => ({ to: 'device' }),
  () => ({ to: 'system', skip: [0], error: new Set([1]) }),
  () => ({ kind: 'pin', pfn: 10 }),
  () => ({ pages: 2 }),
  () => ({ write: true }),
  () => () => true,
  driver(() => undefined),
  driver(dispose),
  driver(fail),
  driver(({ process }) => process.exit()),
  driver(({ buf }) => buf.unmap()),
  driver(({ buf }) => buf.process.migrate(buf)),
]

/** A list of arguments. */
export const garbage: fc.Arbitrary<Make[]> = fc.array(
  fc.oneof(
    fc.constantFrom(...plausible),
    fc.constantFrom(...hostile),
    fc.constantFrom(...objects),
    fc
      .anything({ withBigInt: true, withNullPrototype: true, withTypedArray: true, maxDepth: 1 })
      .map((value) => () => value),
  ),
  { maxLength: 4 },
)
