// SPDX-License-Identifier: GPL-2.0-only

import { FIRST_ADDRESS, placeRegion, regionEnd } from '../../lib/drill/layout'

const MIB = 2 ** 20

//      2 MiB      2 MiB      2 MiB
//  |----------|----------|----------|
//        |buf|    2 MiB free   |two|        by default 1 MiB above a boundary
//  |buf|                 |two|              on it
test('regions go upward, at least 2 MiB apart, 1 MiB above a boundary or on it', () => {
  const places = [1, 256, 257, 512, 1024].flatMap((pages) => [true, false].map((onBoundary) => ({ pages, onBoundary })))
  for (const first of places) {
    const one = placeRegion('one', first.pages, undefined, first.onBoundary)
    expect(one.address).toBeGreaterThanOrEqual(FIRST_ADDRESS)
    for (const { pages, onBoundary } of places) {
      const two = placeRegion('two', pages, regionEnd(one), onBoundary)
      expect(two).toMatchObject({ name: 'two', pages })
      expect(two.address % (2 * MIB)).toBe(onBoundary ? 0 : MIB)
      expect(two.address - regionEnd(one)).toBeGreaterThanOrEqual(2 * MIB)
      expect(two.address - regionEnd(one)).toBeLessThan(5 * MIB)
    }
  }
})

test('page 256 of a region starts a new page table', () => {
  const region = placeRegion('buf', 600, undefined)
  expect((region.address + 256 * 4096) % (2 * MIB)).toBe(0)
})
