// SPDX-License-Identifier: GPL-2.0-only

import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Book } from '../../../lib/view/book'
import { find } from '../../../lib/view/find'
import type { PageKey } from '../../../lib/view/pages'
import { useActions } from './actions'

interface Props {
  book: Book
  n: number
  followed: PageKey | undefined
  onClose(): void
}

/** A field for a page, frame, step or text. Enter goes there, or says what is not there; Esc closes. */
export function Find({ book, n, followed, onClose }: Props) {
  const { go, follow } = useActions()
  const field = useRef<HTMLInputElement>(null)
  const [said, setSaid] = useState('')
  // Before the next key, which belongs to the field.
  useLayoutEffect(() => {
    const before = document.activeElement
    field.current!.focus()
    return () => before instanceof HTMLElement && before.focus({ preventScroll: true })
  }, [])
  const look = (): void => {
    const { step, page, note, problem } = find(book, n, followed, field.current!.value)
    if (page) follow(page)
    if (step !== undefined) go(step)
    setSaid(problem ?? note ?? '')
    if (problem !== undefined || note !== undefined) return
    // The next key belongs to the page, also if it comes before the field has gone.
    field.current!.blur()
    onClose()
  }
  return (
    <search>
      <form
        class="find"
        onSubmit={(event) => {
          event.preventDefault()
          look()
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          event.preventDefault()
          event.stopPropagation()
          onClose()
        }}
      >
        <label>
          Find <input ref={field} type="text" maxLength={200} placeholder="buf[3], #6, 0x…, 11 or text" />
        </label>
        <button type="submit">Go</button>
        <button type="button" aria-label="Close the field" onClick={onClose}>
          ✕
        </button>
        <span role="status">{said}</span>
      </form>
    </search>
  )
}
