// SPDX-License-Identifier: GPL-2.0-only

import type { MapCommand } from '../../lib/drill/ast'
import { FIRST_ADDRESS, placeRegion, regionEnd } from '../../lib/drill/layout'
import { parseDrill } from '../../lib/drill/parse'

const MIB = 2 ** 20

function map(options: string): MapCommand {
  const text = `A map buf ${options}`
  return parseDrill({ name: 'x', file: 'x', firstLine: 1, text }).commands[0] as MapCommand
}

//      2 MiB      2 MiB      2 MiB
//  |----------|----------|----------|
//        |buf|    2 MiB free   |two|        by default 1 MiB above a boundary
//  |buf|                 |two|              at2m, hugetlb: on it
test('regions go upward, at least 2 MiB apart, 1 MiB above a boundary or on it', () => {
  for (const first of ['anon 1', 'anon 256', 'anon 257', 'anon 1024', 'anon 3 at2m', 'hugetlb 512']) {
    const one = placeRegion(map(first), undefined)
    expect(one.address).toBeGreaterThanOrEqual(FIRST_ADDRESS)
    for (const second of ['anon 1', 'shmem 5 at2m', 'hugetlb 512', 'special 2']) {
      const command = map(second)
      const two = placeRegion(command, regionEnd(one))
      const offset = command.at2m || command.kind === 'hugetlb' ? 0 : MIB
      expect(two.address % (2 * MIB)).toBe(offset)
      expect(two.address - regionEnd(one)).toBeGreaterThanOrEqual(2 * MIB)
      expect(two.address - regionEnd(one)).toBeLessThan(5 * MIB)
    }
  }
})

test('page 256 of a region starts a new page table', () => {
  const region = placeRegion(map('anon 600'), undefined)
  expect((region.address + 256 * 4096) % (2 * MIB)).toBe(0)
})
