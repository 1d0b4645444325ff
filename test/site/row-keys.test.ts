// SPDX-License-Identifier: GPL-2.0-only

import { isRowKey, moveInRows } from '../../site/src/view/row-keys'

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

test('Home and End belong to the steps; with Ctrl to the rows', () => {
  const press = (key: string, held: object = {}) =>
    isRowKey({ key, altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, ...held })
  expect(['Home', 'End'].map((key) => press(key))).toEqual([false, false])
  expect(['Home', 'End'].map((key) => press(key, { ctrlKey: true }))).toEqual([true, true])
  expect(press('Home', { ctrlKey: true, shiftKey: true })).toBe(false)
  expect(press('ArrowDown')).toBe(true)
  expect(['ctrlKey', 'altKey', 'shiftKey', 'metaKey'].map((held) => press('ArrowDown', { [held]: true }))).toEqual(
    Array(4).fill(false),
  )
})
