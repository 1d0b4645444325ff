// SPDX-License-Identifier: GPL-2.0-only

import { moveInRows } from '../../site/src/view/row-keys'

test('keys go from row to row, and not beyond the first and the last', () => {
  expect(moveInRows('ArrowDown', 3, 10)).toBe(4)
  expect(moveInRows('ArrowUp', 0, 10)).toBe(0)
  expect(moveInRows('PageDown', 0, 100)).toBe(20)
  expect(moveInRows('PageDown', 95, 100)).toBe(99)
  expect(moveInRows('PageUp', 5, 100)).toBe(0)
  expect(moveInRows('Home', 50, 100)).toBe(0)
  expect(moveInRows('End', 50, 100)).toBe(99)
  expect(moveInRows('Enter', 50, 100)).toBeUndefined()
})
