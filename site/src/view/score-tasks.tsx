// SPDX-License-Identifier: GPL-2.0-only

import { memo } from 'preact/compat'
import type { Book } from '../../../lib/view/book'
import { frameName } from '../../../lib/view/state'
import type { WaitSpan } from '../../../lib/view/waits'
import { extent, type Layout } from './score-layout'

/** Tasks that waited: dotted red while they wait, thin red when they could go on, black when they run. */
export const ScoreTasks = memo(({ book, layout }: { book: Book; layout: Layout }) => (
  <>
    {book.tasks.map(({ task, spans }, i) => (
      <g key={task}>
        {spans.map((span) => (
          <Wait key={span.from} {...{ book, layout, span, y: heightOf(layout, i) }} />
        ))}
      </g>
    ))}
  </>
))

export const TaskNames = memo(({ book, layout }: { book: Book; layout: Layout }) => (
  <>
    {book.tasks.map(({ task }, i) => (
      <text key={task} class="row-name muted" x={layout.left - 8} y={heightOf(layout, i) + layout.rowHeight / 2 + 4}>
        {task}
      </text>
    ))}
  </>
))

const heightOf = ({ tasksAt, rowHeight }: Layout, i: number): number => tasksAt + i * (rowHeight + 1)

function Wait({ book, layout, span, y }: { book: Book; layout: Layout; span: WaitSpan; y: number }) {
  const place = extent(layout, span.from, span.to)
  if (!place) return null
  const [x, end] = [place[0] + 0.5, place[1] - 0.5]
  const middle = y + layout.rowHeight / 2
  if (!span.waits) return <line class="runs" x1={x} x2={end} y1={middle} y2={middle} />
  const text = `waits for ${span.pfn === undefined ? span.wait : frameName(book.recording, span.pfn)}`
  return (
    <>
      <line class={span.ready ? 'could-go-on' : 'waits'} x1={x} x2={end} y1={middle} y2={middle} />
      {!span.ready && end - x > text.length * 5.4 + 16 && (
        <>
          <rect class="wait-ground" x={x + 4} y={y + 3} width={text.length * 5.4 + 6} height={layout.rowHeight - 6} />
          <text class="wait-text" x={x + 7} y={middle + 4}>
            {text}
          </text>
        </>
      )}
    </>
  )
}
