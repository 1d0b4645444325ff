// SPDX-License-Identifier: GPL-2.0-only
//
// The lens: 40 pages of a band, one row each, and the steps around one.

import { useMemo } from 'preact/hooks'
import { type LensBar, lensBars, lensPages } from '../../../lib/view/band'
import { shownPage } from '../../../lib/view/pages'
import type { RegionChanges } from '../../../lib/view/region-changes'
import { endOf } from '../../../lib/view/runs'

interface Props {
  region: RegionChanges
  /** The page and the step in the middle. */
  page: number
  step: number
  n: number
  followed: number | undefined
  /** Where the band is in the window, and the place of the page and the step in it. */
  box: DOMRect
  x: number
  y: number
}

const ROW = 6
const COLUMN = 9
/** Steps on either side. */
const AROUND = 14
const GUTTER = 40
const HEAD = 24
const FOOT = 18
const WIDTH = GUTTER + (2 * AROUND + 1) * COLUMN + 8
const EVERY = 10

export function Lens({ region, page, step, n, followed, box, x, y }: Props) {
  const pages = lensPages(region.pages, page)
  const from = Math.max(0, Math.min(region.lastStep - 2 * AROUND, step - AROUND))
  const to = Math.min(region.lastStep, from + 2 * AROUND)
  const bars = useMemo(() => lensBars(region, pages, from, to), [region, pages.first, from, to])
  const kind = bars.find((bar) => bar.page === page && bar.from <= step && step <= bar.to)?.kind ?? 'nothing'
  const rowOf = (index: number): number => HEAD + (index - pages.first) * ROW
  const columnOf = (index: number): number => GUTTER + (index - from) * COLUMN
  const height = HEAD + pages.count * ROW + FOOT
  const name = shownPage({ at: region.at, index: page })
  const marks = Array.from({ length: pages.count }, (_, i) => pages.first + i).filter((i) => i % EVERY === 0)
  return (
    <svg
      class="lens"
      role="img"
      aria-label={`Pages ${pages.first} to ${endOf(pages) - 1} in steps ${from} to ${to}. ${name} in step ${step}: ${kind}.`}
      width={WIDTH}
      height={height}
      style={placeOf(box, x, y, height)}
    >
      <text class="lens-name" x="8" y="16">
        {name} · step {step} · {kind}
      </text>
      {n >= from && n <= to && (
        <rect class="lens-column" x={columnOf(n)} y={HEAD} width={COLUMN} height={pages.count * ROW} />
      )}
      {pathsOf(bars, rowOf, columnOf).map(([each, path]) => (
        <path key={each} class={`solid-${each}`} d={path} />
      ))}
      {marks.map((index) => (
        <text key={index} class="lens-page" x={GUTTER - 5} y={rowOf(index) + ROW}>
          {index}
        </text>
      ))}
      {followed !== undefined && followed >= pages.first && followed < endOf(pages) && (
        <path class="lens-followed" d={`M${GUTTER - 3} ${rowOf(followed)}v${ROW}`} />
      )}
      <rect
        class="outline"
        x={GUTTER - 0.5}
        y={rowOf(page) - 0.5}
        width={(to - from + 1) * COLUMN + 1}
        height={ROW + 1}
      />
      <text class="lens-page start" x={GUTTER} y={height - 6}>
        {from}
      </text>
      <text class="lens-page" x={columnOf(to) + COLUMN} y={height - 6}>
        {to}
      </text>
    </svg>
  )
}

/** Beside the place that it shows, within the window. */
function placeOf(box: DOMRect, x: number, y: number, height: number): Record<string, string> {
  const right = box.left + x + 20
  const left = right + WIDTH > innerWidth - 8 ? box.left + x - 20 - WIDTH : right
  const top = Math.max(8, Math.min(innerHeight - height - 8, box.top + y - height / 2))
  return { left: `${Math.max(8, left)}px`, top: `${top}px` }
}

/** One path a kind. */
function pathsOf(
  bars: readonly LensBar[],
  rowOf: (page: number) => number,
  columnOf: (step: number) => number,
): [kind: string, path: string][] {
  const paths = new Map<string, string>()
  for (const { page, kind, from, to } of bars) {
    const width = (to - from + 1) * COLUMN - 1
    const path = `M${columnOf(from)} ${rowOf(page) + 0.5}h${width}v${ROW - 1}h-${width}z`
    paths.set(kind, (paths.get(kind) ?? '') + path)
  }
  return [...paths]
}
