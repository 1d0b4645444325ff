// SPDX-License-Identifier: GPL-2.0-only
//
// Of an array of bytes the machine takes the bytes that are there, whatever the array says about itself.

import { Machine } from '../../lib'
import { codeOf, makeBuffer } from './helpers'
import { oddArrays } from './odd-arrays'

const PAGE = 4096

/** A page with these bytes in front of a filling. */
function page(bytes: readonly number[], filling: number, at = 0): Uint8Array {
  const all = new Uint8Array(PAGE).fill(filling)
  all.set(bytes, at)
  return all
}

describe.each(oddArrays)('an array %s', (_, make, bytes) => {
  test('is stored as it is', () => {
    const { a, buf } = makeBuffer(2)
    buf.write(0, new Uint8Array(2 * PAGE).fill(0xee))
    buf.write(0, make())
    a.store(buf.pageAddress(1), make())
    expect(buf.read()).toEqual(Uint8Array.of(...page(bytes, 0xee), ...page(bytes, 0xee)))
  })

  test('fits where its bytes fit', () => {
    const { buf } = makeBuffer(1)
    const start = PAGE - bytes.length
    buf.write(0, new Uint8Array(PAGE).fill(0xee))
    buf.write(start, make())
    expect(buf.read()).toEqual(page(bytes, 0xee, start))
    if (bytes.length > 0) expect(codeOf(() => buf.write(start + 1, make()))).toBe('HMMU_INVALID_ARGUMENT')
  })

  test('is written to a page as it is', () => {
    const { machine, buf } = makeBuffer(1)
    const { pfn } = buf.dump()[0]!
    machine.writePage(pfn, new Uint8Array(PAGE).fill(0xee))
    machine.writePage(pfn, make(), PAGE - bytes.length)
    expect(machine.pageData(pfn)).toEqual(page(bytes, 0xee, PAGE - bytes.length))
  })

  test('is no snapshot', () => {
    expect(codeOf(() => Machine.restore(make()))).toBe('HMMU_SNAPSHOT')
  })
})

test('a snapshot in an array that says something else is restored', () => {
  const { machine } = makeBuffer(2)
  const snapshot = Object.defineProperty(machine.snapshot(), 'length', { value: 8 })
  const restored = Machine.restore(snapshot)
  expect(restored.hash()).toBe(machine.hash())
  restored.dispose()
})
