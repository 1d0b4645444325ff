// SPDX-License-Identifier: GPL-2.0-only
//
// Structures of C and numbers of ioctls, against a compiler's layout where it is known from the kernel's headers.

import { CStruct, HmmuError, ioctlNumber } from '../../lib'

/** struct hmm_dmirror_cmd of lib/test_hmm_uapi.h: five __u64. */
const Command = new CStruct({ addr: 'u64', ptr: 'u64', npages: 'u64', cpages: 'u64', faults: 'u64' })

test('numbers are those of the kernel', () => {
  // HMM_DMIRROR_READ and HMM_DMIRROR_MIGRATE_TO_DEV
  expect(ioctlNumber('rw', 'H', 0, Command.size)).toBe(0xc0284800)
  expect(ioctlNumber('rw', 'H', 2, Command.size)).toBe(0xc0284802)
  // TCGETS2: _IOR('T', 0x2A, struct termios2); BLKROSET: _IO(0x12, 93); KVM_SET_MSRS-like _IOW
  expect(ioctlNumber('r', 'T', 0x2a, 44)).toBe(0x802c542a)
  expect(ioctlNumber('none', 0x12, 93)).toBe(0x125d)
  expect(ioctlNumber('w', 0xae, 0x89, 8)).toBe(0x4008ae89)
})

test('each field is at a multiple of its size, and the whole of the largest', () => {
  const Mixed = new CStruct({ a: 'u8', b: 'u16', c: 'u8', d: 'u32', e: 's8', f: 's64', g: 'u8' })
  const bytes = Mixed.encode({ a: 1, b: 0x0203, c: 4, d: 0x05060708, e: -1, f: -2n, g: 9 })
  const rows = [0, 8, 16, 24].map((at) => Buffer.from(bytes.subarray(at, at + 8)).toString('hex'))
  expect(rows).toEqual(['0100030204000000', '08070605ff000000', 'feffffffffffffff', '0900000000000000'])
  expect(Mixed.size).toBe(32)
  expect(Mixed.decode(bytes)).toEqual({ a: 1, b: 0x0203, c: 4, d: 0x05060708, e: -1, f: -2, g: 9 })
  expect(Mixed.decode(Mixed.encode())).toEqual({ a: 0, b: 0, c: 0, d: 0, e: 0, f: 0, g: 0 })
  expect(new CStruct({}).size).toBe(0)
})

test('the limits of each type', () => {
  for (const [type, least, most] of [
    ['u8', 0, 255],
    ['s8', -128, 127],
    ['u16', 0, 65535],
    ['s32', -(2 ** 31), 2 ** 31 - 1],
    ['u64', 0, 2n ** 64n - 1n],
    ['s64', -(2n ** 63n), 2n ** 63n - 1n],
  ] as const) {
    const One = new CStruct({ x: type })
    for (const good of [least, most]) expect(One.encode({ x: good })).toHaveLength(One.size)
    for (const bad of [BigInt(least) - 1n, BigInt(most) + 1n, 0.5, Number.NaN])
      expect(() => One.encode({ x: bad })).toThrow(HmmuError)
  }
})

test('what is refused', () => {
  const One = new CStruct({ x: 'u64' })
  const code = 'HMMU_INVALID_ARGUMENT'
  const failing = (text: RegExp) => expect.objectContaining({ code, message: expect.stringMatching(text) })
  expect(() => new CStruct({ x: 'u128' as never })).toThrow(failing(/type of x/))
  expect(() => new CStruct(null as never)).toThrow(failing(/fields/))
  expect(() => One.encode({ y: 1 } as never)).toThrow(failing(/no field 'y'; there are: x/))
  expect(() => One.decode(new Uint8Array(7))).toThrow(failing(/length of bytes/))
  expect(() => One.decode(One.encode({ x: 2n ** 53n }))).toThrow(failing(/2\^53/))
  expect(() => ioctlNumber('x' as never, 'a', 1)).toThrow(failing(/direction/))
  expect(() => ioctlNumber('r', 'ab', 1)).toThrow(failing(/type/))
  expect(() => ioctlNumber('r', 'a', 256)).toThrow(failing(/number/))
  expect(() => ioctlNumber('r', 'a', 1, 2 ** 14)).toThrow(failing(/size/))
})
