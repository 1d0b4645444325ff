// SPDX-License-Identifier: GPL-2.0-only
//
// A flame graph of statistics as an SVG. The width of a box is the number of cycles of its spans, inner spans included.
// A tooltip on a box shows its numbers. The graph follows the viewer's colour scheme.

import type { StatsNode } from '../index'

const WIDTH = 1200
const ROW = 22
const TOP = 44
const CHARACTER = 6.7
const NARROWEST = 0.3

const STYLE = `
  text { font: 12px ui-monospace, Consolas, 'DejaVu Sans Mono', monospace; fill: #1a1a1a; }
  .head { font-size: 14px; }
  .paper { fill: #ffffff; }
  rect.box { stroke: #ffffff; stroke-width: 0.5; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #16181c; }
    .head, .note { fill: #e6e6e6; }
    rect.box { stroke: #16181c; }
  }`

/** Colours by kind of span: the frame around all, faults, migrate_vma() and its stages, the driver, other calls. */
const COLORS: Readonly<Record<string, string>> = {
  all: '#c8ccd2',
  page_fault: '#f2a65a',
  device_fault: '#ee7f4b',
  migrate: '#f2d16b',
  alloc_and_copy: '#8fc7e8',
  finalize_and_map: '#8fc7e8',
  fork: '#b7d987',
  munmap: '#b7d987',
  exit: '#b7d987',
}
const STAGE_COLOR = '#f5e3a1'

interface Box {
  readonly name: string
  readonly title: string
  readonly weight: number
  readonly children: readonly Box[]
}

/**
 * The flame graph of {@link MachineStats.tree}. Where the host has no cycles, widths are entries.
 * @param title stands above it
 */
export function flameGraph(tree: readonly StatsNode[], title: string): string {
  const unit = tree.some(({ cycles }) => cycles > 0) ? 'cycles' : 'entries'
  const children = tree.map((node) => box(node, unit))
  const weight = children.reduce((sum, child) => sum + child.weight, 0)
  const all: Box = { name: 'all', title: `all: ${grouped(weight)} ${unit}`, weight, children }
  const height = TOP + depth(all) * ROW + 28
  const shapes = weight > 0 ? draw(all, 0, WIDTH, height - 28 - ROW, weight) : ''
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}"/>`,
    `<text class="head" x="8" y="24">${escaped(title)}</text>`,
    shapes,
    `<text class="note" x="8" y="${height - 9}">Widths are ${unit}, those of the boxes above included.</text>`,
    '</svg>\n',
  ].join('\n')
}

function box(node: StatsNode, unit: 'cycles' | 'entries'): Box {
  const each = node.entries > 0 ? `, ${(node.cycles / node.entries).toFixed(0)} cycles each` : ''
  const title = `${node.span}: ${grouped(node.cycles)} cycles, ${grouped(node.runs)} runs, ${grouped(node.entries)} entries${each}`
  return { name: node.span, title, weight: node[unit], children: node.children.map((child) => box(child, unit)) }
}

const depth = ({ children }: Box): number => 1 + Math.max(0, ...children.map(depth))
const grouped = (value: number) => value.toLocaleString('en-US')
const escaped = (text: string) => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`)

/** A box and the boxes above it, from left to right. Boxes too narrow to be seen are left out. */
function draw(it: Box, x: number, width: number, y: number, total: number): string {
  if (width < NARROWEST) return ''
  let left = x
  const above = it.children.map((child) => {
    const childWidth = it.weight > 0 ? (width * child.weight) / it.weight : 0
    const shape = draw(child, left, childWidth, y - ROW, total)
    left += childWidth
    return shape
  })
  return [shape(it, x, width, y, total), ...above].filter(Boolean).join('\n')
}

function shape({ name, title, weight }: Box, x: number, width: number, y: number, total: number): string {
  const percent = ((100 * weight) / total).toFixed(1)
  const room = Math.floor((width - 8) / CHARACTER)
  const label = room >= name.length + 7 ? `${name} ${percent} %` : name.slice(0, Math.max(0, room))
  const at = (value: number) => value.toFixed(1)
  return (
    `<g><title>${escaped(title)}, ${percent} %</title>` +
    `<rect class="box" x="${at(x)}" y="${y}" width="${at(width)}" height="${ROW}" fill="${COLORS[name] ?? STAGE_COLOR}"/>` +
    `${label.length > 2 ? `<text x="${at(x + 4)}" y="${y + 15}">${label}</text>` : ''}</g>`
  )
}
