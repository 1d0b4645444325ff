// SPDX-License-Identifier: GPL-2.0-only

import { fitting, parseWidth, widthAfter } from '../../site/src/view/gap-width'

test('the column of the drill leaves the machine its room', () => {
  expect([fitting(100, 1600), fitting(300.4, 1600), fitting(2000, 1600)]).toEqual([240, 300, 450])
  expect(fitting(300, 1200)).toBe(240)
})

test('keys make it wider and narrower', () => {
  const after = (key: string) => widthAfter(key, 300, 1600)
  expect(['ArrowLeft', 'ArrowRight', 'Home', 'End', 'a'].map(after)).toEqual([284, 316, 240, 450, undefined])
})

test('what was kept is a number of pixels, or nothing', () => {
  expect(['300', null, '', '-1', '1e3', '999999', 'x', ' 3'].map(parseWidth)).toEqual([
    300,
    ...Array(7).fill(undefined),
  ])
})
