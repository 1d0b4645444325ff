// SPDX-License-Identifier: GPL-2.0-only

import { memo } from 'preact/compat'
import { lookUp } from '../../../lib/base/look-up'
import type { Book } from '../../../lib/view/book'
import { type History, isBand, isInRow, type Mark, rowName, type Span } from '../../../lib/view/histories'
import type { PageKey } from '../../../lib/view/pages'
import { frameName } from '../../../lib/view/state'
import { BandName, BandStops } from './band'
import { extent, fitted, isShown, type Layout, middleOf, widthOf } from './score-layout'

/** Narrower bars have neither round ends nor a text: those of a kind are one path. */
const NARROW = 5

/** Bars of all rows. */
export const ScoreBars = memo(({ book, layout }: { book: Book; layout: Layout }) => (
  <>
    {layout.rows.map(({ row, y }) =>
      isBand(row) ? (
        <BandStops key={row.at} band={row} layout={layout} y={y} />
      ) : (
        <RowBars key={`${row.at} ${row.runs[0]!.first}`} {...{ book, layout, row, y }} />
      ),
    )}
  </>
))

interface Placed extends Span {
  readonly x: number
  readonly end: number
}

function RowBars({ book, layout, row, y }: { book: Book; layout: Layout; row: History; y: number }) {
  const bars = row.spans.flatMap((span): Placed[] => {
    const [x, end] = extent(layout, span.from, span.to) ?? [0, 0]
    return end > x && span.kind !== 'nomap' ? [{ ...span, x, end }] : []
  })
  const isNarrow = ({ x, end }: Placed): boolean => end - x < NARROW
  return (
    <g>
      {narrowPaths(bars.filter(isNarrow), y, layout.rowHeight).map(([kind, path]) => (
        <path key={kind} class={kind === 'none' ? 'bar-none' : `kind-${kind}`} d={path} />
      ))}
      {bars
        .filter((bar) => !isNarrow(bar))
        .map((bar) => (
          <Bar key={bar.from} {...{ book, layout, bar, y }} isSingle={row.count === 1} />
        ))}
    </g>
  )
}

function narrowPaths(bars: readonly Placed[], y: number, rowHeight: number): [kind: string, path: string][] {
  const paths = new Map<string, string[]>()
  for (const { kind, x, end } of bars) {
    const [place, width] = [x.toFixed(1), (end - x).toFixed(1)]
    const path =
      kind === 'none'
        ? `M${place} ${y + rowHeight / 2}h${width}`
        : `M${place} ${y + 1}h${width}v${rowHeight - 2}h-${width}z`
    const own = paths.get(kind)
    if (own) own.push(path)
    else paths.set(kind, [path])
  }
  return [...paths].map(([kind, list]) => [kind, list.join('')])
}

/** Names of rows; that of the followed page's is bold. */
export function RowNames({ layout, followed }: { layout: Layout; followed: PageKey | undefined }) {
  return (
    <>
      {layout.rows.map(({ row, y }) =>
        isBand(row) ? (
          <BandName key={row.at} band={row} layout={layout} y={y} isOn={isInRow(row, followed)} />
        ) : (
          <text
            key={`${row.at} ${row.runs[0]!.first}`}
            class={isInRow(row, followed) ? 'row-name on' : 'row-name'}
            x={layout.left - 8}
            y={y + layout.rowHeight / 2 + 4}
          >
            {rowName(row)}
          </text>
        ),
      )}
    </>
  )
}

const NAMES: Record<string, string> = { sys: 'RAM', huge: 'huge page', dev: 'device', zero: 'zero', hzero: 'zero' }

interface BarProps {
  book: Book
  layout: Layout
  bar: Placed
  y: number
  isSingle: boolean
}

function Bar({ book, layout, bar, y, isSingle }: BarProps) {
  const { rowHeight } = layout
  const { kind } = bar
  const x = bar.x + 0.5
  const width = Math.max(1, bar.end - bar.x - 1)
  const middle = y + rowHeight / 2
  if (kind === 'none') return <line class="bar-none" x1={x} x2={x + width} y1={middle} y2={middle} />
  const round = kind === 'dev' ? rowHeight / 2 : 0
  const text = fitted(barText(book, bar, isSingle, width), width - 6, 6)
  return (
    <>
      <rect class={`kind-${kind}`} x={x} y={y + 1} width={width} height={rowHeight - 2} rx={round} />
      {text && !text.endsWith('…') && (
        <text class={`bar-text on-${kind}`} x={x + (round ? 8 : 5)} y={middle + 4}>
          {text}
        </text>
      )}
    </>
  )
}

/** "RAM #6", "#6" if there is less room; of more pages only the kind. */
function barText({ recording }: Book, { kind, pfn }: Span, isSingle: boolean, width: number): string {
  if (kind === 'mig') return ''
  const name = lookUp(NAMES, kind) ?? kind
  if (!isSingle || pfn === undefined) return name
  return width > 90 ? `${name} ${frameName(recording, pfn)}` : frameName(recording, pfn)
}

/** ✕ where pages gave up, over everything else. */
export const ScoreMarks = memo(({ layout }: { layout: Layout }) => (
  <>
    {layout.rows.map(({ row, y }) =>
      isBand(row)
        ? null
        : row.marks
            .filter(({ step }) => isShown(layout, middleOf(layout, step)))
            .map((mark) => (
              <StopMark key={`${row.runs[0]!.first} ${row.at} ${mark.step}`} {...{ row, mark, layout, y }} />
            )),
    )}
  </>
))

function StopMark({ row, mark, layout, y }: { row: History; mark: Mark; layout: Layout; y: number }) {
  const { rowHeight } = layout
  const x = middleOf(layout, mark.step)
  const middle = y + rowHeight / 2
  const textWidth = mark.why.length * 5.6 + 8
  const isNamed = widthOf(layout, mark.step) > 16 && textWidth + 12 < roomBehind(layout, row, mark.step) - x
  return (
    <g class="stop-mark" data-term={`whys:${mark.why}`}>
      <circle cx={x} cy={middle} r="6.5" />
      <path d={`M${x - 2.6} ${middle - 2.6}l5.2 5.2m0-5.2l-5.2 5.2`} />
      {isNamed && (
        <>
          <rect x={x + 9} y={y + 2.5} width={textWidth} height={rowHeight - 5} />
          <text x={x + 12} y={middle + 4}>
            {mark.why}
          </text>
        </>
      )}
    </g>
  )
}

/** Where the bar of a step ends. */
function roomBehind(layout: Layout, row: History, step: number): number {
  const bar = row.spans.find(({ from, to }) => from <= step && step <= to)
  return (bar && extent(layout, bar.from, bar.to)?.[1]) ?? 0
}
