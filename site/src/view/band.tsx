// SPDX-License-Identifier: GPL-2.0-only
//
// A region with too many histories: y is the page, x the step. Where a line of pixels covers several pages, the rarest
// kind wins, so that a minority does not vanish.

import { useMemo } from 'preact/hooks'
import { type Band, rowName } from '../../../lib/view/histories'
import { number } from '../../../lib/view/words'
import { BAND_HEIGHT, type Layout, middleOf } from './score-layout'

interface Props {
  band: Band
  layout: Layout
  y: number
}

export function BandName({ band, layout, y }: Props) {
  return (
    <>
      <text class="row-name" x={layout.left - 8} y={y + 10}>
        {rowName(band)}
      </text>
      <text class="row-note" x={layout.left - 8} y={y + 26}>
        {number(band.histories.length)} histories
      </text>
    </>
  )
}

interface Cell {
  from: number
  to: number
  line: number
  kind: string
}

const EMPTY = new Set(['none', 'nomap', '-'])

/** One line a pixel; of each line and step the kind that is rarest in that step. */
export function cellsOf(band: Band, steps: number): Cell[] {
  const kinds = Array.from(new Set(band.histories.flatMap(({ spans }) => spans.map(({ kind }) => kind))))
  const counts = kinds.map(() => new Uint32Array(steps))
  const each = (use: (kind: number, step: number, from: number, to: number) => void): void => {
    for (const { spans, runs } of band.histories) {
      for (const { kind, from, to } of spans) {
        if (EMPTY.has(kind)) continue
        const [first, end] = [runs[0]!.first, runs[0]!.first + runs[0]!.count]
        for (let step = from; step <= to; step++) use(kinds.indexOf(kind), step, first, end)
      }
    }
  }
  each((kind, step, first, end) => {
    counts[kind]![step]! += end - first
  })
  const picture = new Int8Array(BAND_HEIGHT * steps).fill(-1)
  each((kind, step, first, end) => {
    const [top, bottom] = [first, end - 1].map((page) => Math.floor((page / band.count) * BAND_HEIGHT)) as [
      number,
      number,
    ]
    for (let line = top; line <= bottom; line++) {
      const before = picture[line * steps + step]!
      if (before < 0 || counts[kind]![step]! < counts[before]![step]!) picture[line * steps + step] = kind
    }
  })
  return runsOfCells(picture, steps, kinds)
}

function runsOfCells(picture: Int8Array, steps: number, kinds: readonly string[]): Cell[] {
  const out: Cell[] = []
  for (let line = 0; line < BAND_HEIGHT; line++) {
    for (let step = 0; step < steps; ) {
      const kind = picture[line * steps + step]!
      let to = step
      while (to + 1 < steps && picture[line * steps + to + 1] === kind) to++
      if (kind >= 0) out.push({ from: step, to, line, kind: kinds[kind]! })
      step = to + 1
    }
  }
  return out
}

/** One path a kind: thousands of elements would make each step slow. */
export function BandPicture({ band, layout, y }: Props) {
  const steps = layout.edges.length - 1
  const cells = useMemo(() => cellsOf(band, steps), [band, steps])
  const paths = useMemo(() => pathsOf(cells, layout, y), [cells, layout, y])
  return (
    <g shape-rendering="crispEdges">
      {paths.map(([kind, path]) => (
        <path key={kind} class={`solid-${kind}`} d={path} />
      ))}
      <BandStops band={band} layout={layout} y={y} />
    </g>
  )
}

function pathsOf(cells: readonly Cell[], { edges }: Layout, y: number): [kind: string, path: string][] {
  const parts = new Map<string, string[]>()
  for (const { from, to, line, kind } of cells) {
    const width = (edges[to + 1]! - edges[from]!).toFixed(1)
    const own = parts.get(kind) ?? []
    own.push(`M${edges[from]!.toFixed(1)} ${y + line}h${width}v1h-${width}z`)
    parts.set(kind, own)
  }
  return [...parts].map(([kind, list]) => [kind, list.join('')])
}

/** Reasons, counted under their column. */
function BandStops({ band, layout, y }: Props) {
  const counts = useMemo(() => {
    const all = new Map<number, { why: string; count: number }>()
    for (const { marks, count } of band.histories) {
      for (const { step, why } of marks) all.set(step, { why, count: (all.get(step)?.count ?? 0) + count })
    }
    return [...all]
  }, [band])
  return (
    <>
      {counts.map(([step, { why, count }]) => (
        <text key={step} class="band-stop" x={middleOf(layout, step)} y={y + BAND_HEIGHT + 12}>
          {number(count)} × {why}
        </text>
      ))}
    </>
  )
}
