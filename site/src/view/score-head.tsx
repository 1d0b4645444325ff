// SPDX-License-Identifier: GPL-2.0-only

import { memo } from 'preact/compat'
import { useMemo } from 'preact/hooks'
import type { Book } from '../../../lib/view/book'
import { commandHeadings, type Heading, stageHeadings, verbOf } from '../../../lib/view/columns'
import { fitted, type Layout, middleOf } from './score-layout'

/** From this width on, a command has its whole text; below, its verb. */
const WHOLE_TEXT = 170

/** Narrower columns have neither a border nor a text. */
const LEAST_WIDTH = 6

/** Commands over their steps, stages of migrations below, and arrows where another task comes in. */
export function ScoreHead({ book, layout, n }: { book: Book; layout: Layout; n: number }) {
  const commands = useMemo(() => commandHeadings(book.recording), [book])
  const stages = useMemo(() => stageHeadings(book.recording), [book])
  return (
    <>
      {commands.map((heading) => (
        <Command key={heading.from} heading={heading} layout={layout} isOn={isIn(heading, n)} />
      ))}
      {stages.map((heading) => (
        <Stage key={heading.from} heading={heading} layout={layout} isOn={isIn(heading, n)} />
      ))}
      <Turns book={book} layout={layout} />
    </>
  )
}

const isIn = ({ from, to }: Heading, n: number): boolean => from <= n && n <= to

interface HeadingProps {
  heading: Heading
  layout: Layout
  isOn: boolean
}

const Command = memo(({ heading, layout, isOn }: HeadingProps) => {
  const { from, to, text } = heading
  const x = layout.edges[from]!
  const width = layout.edges[to + 1]! - x
  if (width < LEAST_WIDTH) return null
  return (
    <>
      <line class="border" x1={x} x2={x} y1="4" y2={layout.height} />
      <text class={isOn ? 'command on' : 'command'} x={x + 3} y="14">
        {width > WHOLE_TEXT ? fitted(text, width, 6) : fitted(verbOf(text), width - 3, 5.2)}
      </text>
    </>
  )
})

const Stage = memo(({ heading, layout, isOn }: HeadingProps) => {
  const [x, end] = [layout.edges[heading.from]!, layout.edges[heading.to + 1]!]
  return (
    <g class={isOn ? 'stage on' : 'stage'}>
      <line x1={x + 1} x2={end - 1} y1="33.5" y2="33.5" />
      <text x={x + 2} y="29">
        {fitted(heading.text, end - x, 5.2)}
      </text>
    </g>
  )
})

/** ↓ where another task comes in, ↳ where it goes on, "ret" where migrate_vma() returns. */
const Turns = memo(({ book, layout }: { book: Book; layout: Layout }) => (
  <>
    {book.recording.steps.map(({ n, kind, stage, task }) => {
      if (stage !== undefined || (kind !== 'resume' && kind !== 'end' && task === undefined)) return null
      if (layout.edges[n + 1]! - layout.edges[n]! < LEAST_WIDTH) return null
      const x = middleOf(layout, n)
      if (kind === 'end') {
        return (
          <text key={n} class="ret" x={layout.edges[n]! + 3} y="29">
            {fitted('ret', layout.edges[n + 1]! - layout.edges[n]!)}
          </text>
        )
      }
      if (kind === 'resume') return <path key={n} class="turn" d={`M${x - 4} 21v5h7m-3-3l3 3-3 3`} />
      return <path key={n} class="turn" d={`M${x} 19v9m-3-3l3 3 3-3`} />
    })}
  </>
))
