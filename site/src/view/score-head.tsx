// SPDX-License-Identifier: GPL-2.0-only

import { memo } from 'preact/compat'
import { useMemo } from 'preact/hooks'
import type { Book } from '../../../lib/view/book'
import { commandHeadings, type Heading, stageHeadings, verbOf } from '../../../lib/view/columns'
import { extent, fitted, isShown, type Layout, middleOf, widthOf } from './score-layout'

/** From this width on, a command has its whole text; below, its verb. */
const WHOLE_TEXT = 170

/** Narrower columns have neither a border nor a text. */
const LEAST_WIDTH = 6

interface Placed extends Heading {
  readonly x: number
  readonly end: number
}

/** Commands over their steps, stages of migrations below, and arrows where another task comes in. */
export function ScoreHead({ book, layout, n }: { book: Book; layout: Layout; n: number }) {
  const headings = useMemo(() => [commandHeadings(book.recording), stageHeadings(book.recording)], [book])
  const [commands, stages] = useMemo(() => headings.map((list) => placed(layout, list)), [headings, layout])
  return (
    <>
      {commands!.map((heading) => (
        <Command key={heading.from} heading={heading} height={layout.height} isOn={isIn(heading, n)} />
      ))}
      {stages!.map((heading) => (
        <Stage key={heading.from} heading={heading} isOn={isIn(heading, n)} />
      ))}
      <Turns book={book} layout={layout} />
    </>
  )
}

const isIn = ({ from, to }: Heading, n: number): boolean => from <= n && n <= to

/** Headings that are shown and wide enough. */
function placed(layout: Layout, headings: readonly Heading[]): Placed[] {
  return headings.flatMap((heading) => {
    const [x, end] = extent(layout, heading.from, heading.to) ?? [0, 0]
    return end - x < LEAST_WIDTH ? [] : [{ ...heading, x, end }]
  })
}

interface CommandProps {
  heading: Placed
  height: number
  isOn: boolean
}

const Command = memo(({ heading: { x, end, text }, height, isOn }: CommandProps) => {
  const width = end - x
  return (
    <>
      <line class="border" x1={x} x2={x} y1="4" y2={height} />
      <text class={isOn ? 'command on' : 'command'} x={x + 3} y="14">
        {width > WHOLE_TEXT ? fitted(text, width, 6) : fitted(verbOf(text), width - 3, 5.2)}
      </text>
    </>
  )
})

const Stage = memo(({ heading: { x, end, text }, isOn }: { heading: Placed; isOn: boolean }) => (
  <g class={isOn ? 'stage on' : 'stage'}>
    <line x1={x + 1} x2={end - 1} y1="33.5" y2="33.5" />
    <text x={x + 2} y="29">
      {fitted(text, end - x, 5.2)}
    </text>
  </g>
))

/** ↓ where another task comes in, ↳ where it goes on, "ret" where migrate_vma() returns. */
const Turns = memo(({ book, layout }: { book: Book; layout: Layout }) => (
  <>
    {book.recording.steps.map(({ n, kind, stage, task }) => {
      if (stage !== undefined || (kind !== 'resume' && kind !== 'end' && task === undefined)) return null
      const x = middleOf(layout, n)
      const width = widthOf(layout, n)
      if (width < LEAST_WIDTH || !isShown(layout, x)) return null
      if (kind === 'end') {
        return (
          <text key={n} class="ret" x={x - width / 2 + 3} y="29">
            {fitted('ret', width)}
          </text>
        )
      }
      if (kind === 'resume') return <path key={n} class="turn" d={`M${x - 4} 21v5h7m-3-3l3 3-3 3`} />
      return <path key={n} class="turn" d={`M${x} 19v9m-3-3l3 3 3-3`} />
    })}
  </>
))
