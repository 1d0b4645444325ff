// SPDX-License-Identifier: GPL-2.0-only

import type { StatsNode } from '../../lib'
import { flameGraph } from '../../lib/trace'

function node(span: StatsNode['span'], cycles: number, children: StatsNode[] = []): StatsNode {
  const selfCycles = cycles - children.reduce((sum, child) => sum + child.cycles, 0)
  return { span, runs: 1, entries: 4, cycles, selfCycles, children }
}

/** Each box: name, x, width, y. */
function boxes(svg: string): [string, number, number, number][] {
  const found = svg.matchAll(/<title>(\w+):[^<]*<\/title><rect class="box" x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g)
  return [...found].map(([, name = '', x, y, width]) => [name, Number(x), Number(width), Number(y)])
}

test('boxes are as wide as their cycles, and stand on the box that they are a part of', () => {
  const svg = flameGraph([node('migrate', 300, [node('collect', 150), node('pages', 75)]), node('fork', 100)], 'a & b')
  expect(boxes(svg)).toEqual([
    ['all', 0, 1200, 88],
    ['migrate', 0, 900, 66],
    ['collect', 0, 450, 44],
    ['pages', 450, 225, 44],
    ['fork', 900, 300, 66],
  ])
  expect(svg).toContain('a &#38; b')
  expect(svg).toContain('<title>collect: 150 cycles, 1 runs, 4 entries, 38 cycles each, 37.5 %</title>')
  expect(svg).toContain('Widths are cycles')
})

test('without cycles the widths are entries; what is too narrow to be seen is left out', () => {
  expect(flameGraph([node('fork', 0), node('exit', 0)], '')).toContain('Widths are entries')
  expect(boxes(flameGraph([node('fork', 0), node('exit', 0)], '')).map(([, , width]) => width)).toEqual([
    1200, 600, 600,
  ])
  expect(boxes(flameGraph([node('fork', 1_000_000), node('exit', 1)], '')).map(([name]) => name)).toEqual([
    'all',
    'fork',
  ])
})

test('of nothing there is nothing to see', () => {
  expect(boxes(flameGraph([], 'nothing'))).toEqual([])
})
