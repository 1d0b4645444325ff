// SPDX-License-Identifier: GPL-2.0-only
//
// The timeline: one row a history, one column a step. Overview, scrubber and answer at once.

import { memo } from 'preact/compat'
import { useId, useMemo, useRef } from 'preact/hooks'
import type { Book } from '../../../lib/view/book'
import { firstPage, isBand, isInRow, type ScoreRow } from '../../../lib/view/histories'
import type { PageKey } from '../../../lib/view/pages'
import { placeOfStep, sentenceOf } from '../../../lib/view/sentence'
import { plain } from '../../../lib/view/words'
import type { Fold } from '../../../lib/view/zoom'
import { useActions } from './actions'
import { BandArea } from './band'
import { RowNames, ScoreBars, ScoreMarks } from './score-bars'
import { FoldMarks } from './score-folds'
import { ScoreHead } from './score-head'
import { type Columns, HEAD, isShown, type Layout, layoutOf, middleOfColumn, stepAt } from './score-layout'
import { ScoreTasks, TaskNames } from './score-tasks'

interface Props {
  book: Book
  n: number
  width: number
  left: number
  columns: Columns
  /** The column of the step: of two scores, that of the first. */
  column: number
  folds: Folds
  followed: PageKey | undefined
  /** The column of the first step that differs from another profile. */
  difference?: number | undefined
  /** Only one of two scores is in the order of tabs. */
  isMain: boolean
  /** Shows the followed page and its neighbours enlarged. */
  lens: boolean
  onColumn: (column: number) => void
  onZoom: (factor: number, place: number) => void
  onPan: (share: number) => void
}

export interface Folds {
  readonly all: readonly Fold[]
  isOpen(fold: Fold): boolean
  toggle(fold: Fold): void
}

export function Score(props: Props) {
  const { book, n, width, left, columns, column, folds, followed, difference, isMain } = props
  const layout = useMemo(() => layoutOf(book, width, left, columns), [book, width, left, columns])
  const clip = useId()
  if (book.last === 0) return <p class="score empty">This drill has no command.</p>
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
      {...usePointer(layout, props)}
    >
      <Column layout={layout} column={column} />
      <svg {...size(layout)} aria-hidden="true">
        <Clip id={clip} layout={layout} />
        <ScoreHead book={book} layout={layout} n={n} />
        <g clip-path={`url(#${clip})`}>
          <ScoreBars book={book} layout={layout} />
          <ScoreTasks book={book} layout={layout} />
        </g>
        <RowNames layout={layout} followed={followed} />
        <TaskNames book={book} layout={layout} />
        <Followed book={book} layout={layout} followed={followed} />
      </svg>
      {layout.rows.map(
        ({ row, y }) => isBand(row) && <BandArea key={row.at} {...props} band={row} layout={layout} y={y} />,
      )}
      <Playhead layout={layout} column={column} />
      <svg {...size(layout)} class="over" aria-hidden="true">
        <ScoreMarks layout={layout} />
        {book.recording.failure !== undefined && <Failure layout={layout} />}
        {difference !== undefined && <Difference layout={layout} column={difference} />}
        <Names layout={layout} />
        {isMain && <FoldMarks layout={layout} folds={folds} />}
      </svg>
    </div>
  )
}

const size = ({ width, height }: Layout) => ({ height: height + 2, viewBox: `0 0 ${width} ${height + 2}` })

/** A press or a drag goes to the column there; the wheel with Ctrl zooms, sideways it pans. */
function usePointer(layout: Layout, { onColumn, onZoom, onPan }: Props) {
  const isDown = useRef(false)
  const { left, right } = layout
  const placeOf = (event: MouseEvent): number =>
    event.clientX - (event.currentTarget as Element).getBoundingClientRect().left
  const scrub = (event: PointerEvent): void => onColumn(layout.ofStep[stepAt(layout, placeOf(event))]!)
  return {
    onPointerDown: (event: PointerEvent) => {
      if (placeOf(event) < left || event.button > 0) return
      isDown.current = true
      ;(event.currentTarget as Element).setPointerCapture(event.pointerId)
      scrub(event)
    },
    onPointerMove: (event: PointerEvent) => isDown.current && scrub(event),
    onPointerUp: () => {
      isDown.current = false
    },
    onPointerCancel: () => {
      isDown.current = false
    },
    onWheel: (event: WheelEvent) => {
      const { ctrlKey, shiftKey, deltaX, deltaY } = event
      const sideways = shiftKey ? deltaX || deltaY : deltaX
      if (ctrlKey)
        onZoom(Math.exp(Math.max(-100, Math.min(100, deltaY)) / 200), (placeOf(event) - left) / (right - left))
      else if (Math.abs(sideways) > Math.abs(shiftKey ? 0 : deltaY)) onPan(sideways / (right - left))
      else return
      event.preventDefault()
    },
  }
}

/** What bars are cut to: the columns that are shown, without those that the recording has no step for. */
const Clip = memo(({ id, layout }: { id: string; layout: Layout }) => {
  const { edges, ofStep, left, right, height } = layout
  const parts: [from: number, to: number][] = []
  for (const column of ofStep) {
    const last = parts.at(-1)
    if (last && last[1] === column) last[1] = column + 1
    else parts.push([column, column + 1])
  }
  return (
    <clipPath id={id}>
      {parts.map(([from, to]) => {
        const [x, end] = [Math.max(left, edges[from]!), Math.min(right, edges[to]!)]
        return end > x && <rect key={from} x={x} width={end - x} y="0" height={height} />
      })}
    </clipPath>
  )
})

/** The column of the step, and the playhead, are layers of their own: a step draws no bar again. */
function Column({ layout: { edges, height, left, right }, column }: { layout: Layout; column: number }) {
  const x = Math.max(left, Math.min(right, edges[column]!))
  const end = Math.max(x, Math.min(right, Math.max(edges[column + 1]!, edges[column]! + 2)))
  return (
    <div
      class="column"
      style={{ height: `${height}px`, width: '1px', transform: `translateX(${x}px) scaleX(${end - x})` }}
    />
  )
}

function Playhead({ layout, column }: { layout: Layout; column: number }) {
  const x = middleOfColumn(layout, column)
  return (
    <svg
      class="playhead"
      width="10"
      height={layout.height}
      style={{ transform: `translateX(${x - 5}px)`, visibility: isShown(layout, x) ? 'visible' : 'hidden' }}
      aria-hidden="true"
    >
      <path d="M0 36h10v4l-5 5-5-5z" />
      <line x1="5" x2="5" y1="44" y2={layout.height} />
    </svg>
  )
}

function Difference({ layout, column }: { layout: Layout; column: number }) {
  const x = middleOfColumn(layout, column)
  if (!isShown(layout, x)) return null
  return (
    <path class="difference" d={`M${x - 5} ${layout.height}l5-7 5 7z`}>
      <title>first difference</title>
    </path>
  )
}

/** The drill could not go on. */
function Failure({ layout }: { layout: Layout }) {
  const x = layout.edges[layout.ofStep.at(-1)! + 1]!
  return isShown(layout, x - 1) ? <line class="failure" x1={x} x2={x} y1="4" y2={layout.height} /> : null
}

/** The outline of the followed page's row. */
function Followed({ book, layout, followed }: { book: Book; layout: Layout; followed: PageKey | undefined }) {
  const i = followed ? book.rows.findIndex((row) => isInRow(row, followed)) : -1
  const placed = layout.rows[i]
  if (!placed || isBand(placed.row)) return null
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
