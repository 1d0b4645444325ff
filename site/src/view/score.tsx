// SPDX-License-Identifier: GPL-2.0-only
//
// The timeline: one row a history, one column a step. Overview, scrubber and answer at once.

import { memo } from 'preact/compat'
import { useMemo, useRef } from 'preact/hooks'
import type { Book } from '../../../lib/view/book'
import { columnAt } from '../../../lib/view/columns'
import { firstPage, isInRow, type ScoreRow } from '../../../lib/view/histories'
import type { PageKey } from '../../../lib/view/pages'
import { placeOfStep, sentenceOf } from '../../../lib/view/sentence'
import { plain } from '../../../lib/view/words'
import { useActions } from './actions'
import { RowNames, ScoreBars, ScoreMarks } from './score-bars'
import { ScoreHead } from './score-head'
import { HEAD, type Layout, layoutOf, middleOf } from './score-layout'
import { ScoreTasks } from './score-tasks'

interface Props {
  book: Book
  n: number
  width: number
  left: number
  /** Edges of the columns, from 0 to 1. */
  columns: Float64Array
  followed: PageKey | undefined
  /** The first step that differs from another profile. */
  difference?: number | undefined
  /** Only one of two scores is in the order of tabs. */
  isMain: boolean
  onStep: (n: number) => void
}

export function Score({ book, n, width, left, columns, followed, difference, isMain, onStep }: Props) {
  const layout = useMemo(() => layoutOf(book, width, left, columns), [book, width, left, columns])
  const isDown = useRef(false)
  const scrub = (event: PointerEvent): void => {
    const x = event.clientX - (event.currentTarget as Element).getBoundingClientRect().left
    if (x < left) return
    onStep(columnAt(layout.edges, x))
  }
  return (
    <div
      class="score"
      role="slider"
      tabIndex={isMain ? 0 : -1}
      aria-label={`Step, ${book.recording.profile}`}
      aria-valuemin={0}
      aria-valuemax={book.last}
      aria-valuenow={n}
      aria-valuetext={`Step ${n}, ${placeOfStep(book.moment(n))}: ${plain(sentenceOf(book, n))}`}
      onPointerDown={(event) => {
        isDown.current = true
        scrub(event)
      }}
      onPointerMove={(event) => isDown.current && event.buttons > 0 && scrub(event)}
      onPointerUp={() => {
        isDown.current = false
      }}
    >
      <Column layout={layout} n={n} />
      <svg {...size(layout)} aria-hidden="true">
        <ScoreHead book={book} layout={layout} n={n} />
        <ScoreBars book={book} layout={layout} />
        <RowNames layout={layout} followed={followed} />
        <Followed book={book} layout={layout} followed={followed} />
        <ScoreTasks book={book} layout={layout} />
      </svg>
      <Playhead layout={layout} n={n} />
      <svg {...size(layout)} class="over" aria-hidden="true">
        <ScoreMarks layout={layout} />
        {book.recording.failure !== undefined && <Failure layout={layout} />}
        {difference !== undefined && <Difference layout={layout} n={difference} />}
        <Names layout={layout} />
      </svg>
    </div>
  )
}

const size = ({ width, height }: Layout) => ({ height: height + 2, viewBox: `0 0 ${width} ${height + 2}` })

/** The column of the step, and the playhead, are layers of their own: a step draws no bar again. */
function Column({ layout: { edges, height }, n }: { layout: Layout; n: number }) {
  const width = Math.max(2, edges[n + 1]! - edges[n]!)
  return (
    <div
      class="column"
      style={{ height: `${height}px`, width: '1px', transform: `translateX(${edges[n]}px) scaleX(${width})` }}
    />
  )
}

function Playhead({ layout, n }: { layout: Layout; n: number }) {
  return (
    <svg
      class="playhead"
      width="10"
      height={layout.height}
      style={{ transform: `translateX(${middleOf(layout, n) - 5}px)` }}
      aria-hidden="true"
    >
      <path d="M0 36h10v4l-5 5-5-5z" />
      <line x1="5" x2="5" y1="44" y2={layout.height} />
    </svg>
  )
}

function Difference({ layout, n }: { layout: Layout; n: number }) {
  return (
    <path class="difference" d={`M${middleOf(layout, n) - 5} ${layout.height}l5-7 5 7z`}>
      <title>first difference</title>
    </path>
  )
}

/** The drill could not go on. */
function Failure({ layout: { edges, height } }: { layout: Layout }) {
  const x = edges.at(-1)!
  return <line class="failure" x1={x} x2={x} y1="4" y2={height} />
}

/** The outline of the followed page's row, and its name in bold. */
function Followed({ book, layout, followed }: { book: Book; layout: Layout; followed: PageKey | undefined }) {
  const i = followed ? book.rows.findIndex((row) => isInRow(row, followed)) : -1
  const placed = layout.rows[i]
  if (!placed || 'histories' in placed.row) return null
  const { left, width, rowHeight } = layout
  return (
    <rect class="outline" x={left - 1} y={placed.y - 1} width={width - left - 4} height={rowHeight + 2}>
      <title>followed</title>
    </rect>
  )
}

/** Places in the gutter where a click follows a row's first page. */
const Names = memo(({ layout }: { layout: Layout }) => (
  <>
    {layout.rows.map(({ row, y }, i) => (
      <NameArea
        key={i}
        row={row}
        y={y}
        height={(layout.rows[i + 1]?.y ?? layout.tasksAt) - y}
        width={layout.left - 2}
      />
    ))}
  </>
))

function NameArea({ row, y, width, height }: { row: ScoreRow; y: number; width: number; height: number }) {
  const { follow } = useActions()
  return (
    <rect
      class="name-area"
      x="0"
      y={Math.max(y, HEAD) - 1}
      width={width}
      height={height}
      onPointerDown={(event) => {
        event.stopPropagation()
        follow(firstPage(row))
      }}
    />
  )
}
