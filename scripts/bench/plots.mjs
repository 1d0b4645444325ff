// SPDX-License-Identifier: GPL-2.0-only
//
// The plots of docs/performance.md. They have no background; their colours work on white and on black.
import { parse, View } from 'vega'
import { compile } from 'vega-lite'

const GREY = '#7b8490'
const COLORS = ['#d9822b', '#2f81d6', '#23a094', '#c2475f', '#8a63d2', '#8b9a2b', '#6f7782']

const CONFIG = {
  background: 'transparent',
  font: 'DejaVu Sans, Verdana, sans-serif',
  axis: { labelColor: GREY, titleColor: GREY, domainColor: GREY, tickColor: GREY, gridColor: GREY, gridOpacity: 0.25 },
  legend: { labelColor: GREY, titleColor: GREY, labelFontSize: 12, symbolSize: 120, labelLimit: 320 },
  title: { color: GREY, fontSize: 14, anchor: 'start' },
  view: { stroke: null },
  range: { category: COLORS },
}

async function draw(spec) {
  const compiled = compile({ $schema: 'https://vega.github.io/schema/vega-lite/v6.json', config: CONFIG, ...spec }).spec
  const svg = await new View(parse(compiled), { renderer: 'none' }).toSVG()
  return `${svg}\n`
}

/** A line for each operation, both axes logarithmic. `x` and `y` are `{ field, axis }`; points have both fields and `operation`. */
function drawLines(title, points, { x, y }) {
  const operations = [...new Set(points.map(({ operation }) => operation))]
  const operation = { field: 'operation', type: 'nominal', sort: operations, legend: { title: null } }
  return draw({
    title,
    width: 560,
    height: 320,
    data: { values: points },
    mark: { type: 'line', point: { size: 50, filled: true }, strokeWidth: 2 },
    encoding: {
      x: { field: x.field, type: 'quantitative', scale: { type: 'log', base: 2 }, axis: { format: ',d', ...x.axis } },
      y: {
        field: y.field,
        type: 'quantitative',
        scale: { type: 'log' },
        axis: { format: ',~r', tickCount: 6, ...y.axis },
      },
      color: operation,
      shape: operation,
    },
  })
}

/** Instructions a page against the number of pages: `{ operation, pages, instructions }`. */
export function drawCost(points) {
  const sizes = [...new Set(points.map(({ pages }) => pages))]
  return drawLines('Instructions a page against size, without contents', points, {
    x: { field: 'pages', axis: { title: 'pages of 4 KiB in one call', values: sizes } },
    y: { field: 'instructions', axis: { title: 'instructions a page' } },
  })
}

/** What one more of something costs, against how many there are: `{ operation, n, cost }`. */
export function drawGrowth(points) {
  return drawLines('The cost of each one against their number', points, {
    x: { field: 'n', axis: { title: 'n', values: [250, 500, 1000, 2000, 4000, 8000] } },
    y: { field: 'cost', axis: { title: 'instructions for each of n' } },
  })
}

/** Instructions a page in each stage, as bars: `{ direction, stage, order, instructions }`. */
export function drawStages(points) {
  const stages = [...new Set(points.map(({ stage }) => stage))]
  return draw({
    title: 'Instructions a page by stage, 4,096 pages, without contents',
    width: 560,
    height: { step: 56 },
    data: { values: points },
    mark: { type: 'bar', height: 34 },
    encoding: {
      y: { field: 'direction', type: 'nominal', sort: ['to device', 'back'], axis: { title: null, labelFontSize: 12 } },
      x: { field: 'instructions', type: 'quantitative', axis: { title: 'instructions a page', format: ',d' } },
      color: { field: 'stage', type: 'nominal', sort: stages, legend: { title: null } },
      order: { field: 'order', type: 'quantitative' },
    },
  })
}
