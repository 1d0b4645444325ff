// SPDX-License-Identifier: GPL-2.0-only

import { memo } from 'preact/compat'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { Book } from '../../../lib/view/book'
import type { Line } from '../../../lib/view/transcript'
import { useActions } from './actions'

/** Lines that are drawn together: of a long transcript only the parts that a step changes are drawn anew. */
const PART = 64

/** What the kernel printed, line by line; lines still to come are faint. */
export function Transcript({ book, n }: { book: Book; n: number }) {
  const parts = useMemo(() => partsOf(book.lines), [book])
  const current = book.recording.steps[n]?.line ?? -1
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => {
    const line = list.current?.querySelector<HTMLElement>('[aria-current]')
    if (line) scrollTo(list.current!, line)
  }, [current])
  return (
    <ol class="transcript" aria-label="Transcript" ref={list}>
      {parts.map(({ lines, first, last }, i) => {
        const at = current - i * PART
        return (
          <Lines
            key={i}
            lines={lines}
            current={at >= 0 && at < PART ? at : -1}
            n={Math.max(first - 1, Math.min(n, last))}
          />
        )
      })}
    </ol>
  )
}

interface TranscriptPart {
  readonly lines: readonly Line[]
  /** The steps of its lines. */
  readonly first: number
  readonly last: number
}

function partsOf(lines: readonly Line[]): TranscriptPart[] {
  return Array.from({ length: Math.ceil(lines.length / PART) }, (_, i) => {
    const part = lines.slice(i * PART, (i + 1) * PART)
    const steps = part.map(({ step }) => step)
    return { lines: part, first: Math.min(...steps), last: Math.max(...steps) }
  })
}

interface LinesProps {
  lines: readonly Line[]
  /** Which is the step's; -1: none. */
  current: number
  n: number
}

const Lines = memo(({ lines, current, n }: LinesProps) => (
  <>
    {lines.map((line, i) => (
      <TranscriptLine key={i} line={line} isCurrent={i === current} isLater={line.step > n && i !== current} />
    ))}
  </>
))

interface LineProps {
  line: Line
  isCurrent: boolean
  isLater: boolean
}

const TranscriptLine = memo(({ line, isCurrent, isLater }: LineProps) => {
  const { go } = useActions()
  const kind = `${line.depth === 0 ? 'command' : 'result'}${isLater ? ' later' : ''}`
  return (
    <>
      {line.note !== undefined && <li class={`note${isLater ? ' later' : ''}`}>{line.note}</li>}
      <li class={kind}>
        <button
          type="button"
          style={{ '--depth': line.depth }}
          aria-current={isCurrent ? 'step' : undefined}
          tabIndex={isCurrent ? 0 : -1}
          onClick={() => go(line.step)}
        >
          {line.text}
        </button>
      </li>
    </>
  )
})

/** Scrolls only the list: the page stays where it is. */
function scrollTo(list: HTMLElement, line: HTMLElement): void {
  const { top, bottom } = line.getBoundingClientRect()
  const box = list.getBoundingClientRect()
  if (top < box.top) list.scrollTop += top - box.top
  if (bottom > box.bottom) list.scrollTop += bottom - box.bottom
}
