// SPDX-License-Identifier: GPL-2.0-only

import { memo } from 'preact/compat'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { Book } from '../../../lib/view/book'
import { type Line, linesOf } from '../../../lib/view/transcript'
import { useActions } from './actions'

/** What the kernel printed, line by line; lines still to come are faint. */
export function Transcript({ book, n }: { book: Book; n: number }) {
  const lines = useMemo(() => linesOf(book.recording), [book])
  const current = book.recording.steps[n]?.line ?? -1
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => {
    const line = list.current?.querySelector<HTMLElement>('[aria-current]')
    if (line) scrollTo(list.current!, line)
  }, [current])
  return (
    <ol class="transcript" aria-label="Transcript" ref={list}>
      {lines.map((line, i) => (
        <TranscriptLine key={i} line={line} isCurrent={i === current} isLater={line.step > n && i !== current} />
      ))}
    </ol>
  )
}

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
