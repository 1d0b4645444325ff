// SPDX-License-Identifier: GPL-2.0-only

import { memo } from 'preact/compat'
import type { Book } from '../../../lib/view/book'
import { type History, isBand, isInRow, type Mark, rowName, type Span } from '../../../lib/view/histories'
import type { PageKey } from '../../../lib/view/pages'
import { frameName } from '../../../lib/view/state'
import { BandName, BandPicture } from './band'
import { fitted, type Layout, middleOf } from './score-layout'

/** Bars and names of all rows. */
export const ScoreBars = memo(({ book, layout }: { book: Book; layout: Layout }) => (
  <>
    {layout.rows.map(({ row, y }) =>
      isBand(row) ? (
        <g key={row.at}>
          <BandName band={row} layout={layout} y={y} />
          <BandPicture band={row} layout={layout} y={y} />
        </g>
      ) : (
        <g key={`${row.at} ${row.runs[0]!.first}`}>
          {row.spans.map((span) => (
            <Bar key={span.from} {...{ book, layout, span, y }} isSingle={row.count === 1} />
          ))}
        </g>
      ),
    )}
  </>
))

/** Names of rows; that of the followed page's is bold. */
export function RowNames({ layout, followed }: { layout: Layout; followed: PageKey | undefined }) {
  return (
    <>
      {layout.rows.map(({ row, y }) =>
        isBand(row) ? null : (
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
  span: Span
  y: number
  isSingle: boolean
}

function Bar({ book, layout, span, y, isSingle }: BarProps) {
  const { rowHeight, edges } = layout
  const { kind } = span
  const x = edges[span.from]! + 0.5
  const width = Math.max(1, edges[span.to + 1]! - edges[span.from]! - 1)
  const middle = y + rowHeight / 2
  if (kind === 'nomap') return null
  if (kind === 'none') return <line class="bar-none" x1={x} x2={x + width} y1={middle} y2={middle} />
  const round = kind === 'dev' ? rowHeight / 2 : 0
  const text = fitted(barText(book, span, isSingle, width), width - 6, 6)
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
  const name = NAMES[kind] ?? kind
  if (!isSingle || pfn === undefined) return name
  return width > 90 ? `${name} ${frameName(recording, pfn)}` : frameName(recording, pfn)
}

/** ✕ where pages gave up, over everything else. */
export const ScoreMarks = memo(({ layout }: { layout: Layout }) => (
  <>
    {layout.rows.map(({ row, y }) =>
      isBand(row)
        ? null
        : row.marks.map((mark) => (
            <StopMark key={`${row.runs[0]!.first} ${row.at} ${mark.step}`} {...{ row, mark, layout, y }} />
          )),
    )}
  </>
))

function StopMark({ row, mark, layout, y }: { row: History; mark: Mark; layout: Layout; y: number }) {
  const { rowHeight, edges } = layout
  const x = middleOf(layout, mark.step)
  const middle = y + rowHeight / 2
  const bar = row.spans.find(({ from, to }) => from <= mark.step && mark.step <= to)
  const room = bar ? edges[bar.to + 1]! - x : 0
  const textWidth = mark.why.length * 5.6 + 8
  const isShown = edges[mark.step + 1]! - edges[mark.step]! > 16 && textWidth + 12 < room
  return (
    <g class="stop-mark" data-term={`whys:${mark.why}`}>
      <circle cx={x} cy={middle} r="6.5" />
      <path d={`M${x - 2.6} ${middle - 2.6}l5.2 5.2m0-5.2l-5.2 5.2`} />
      {isShown && (
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
