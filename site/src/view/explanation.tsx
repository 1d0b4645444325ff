// SPDX-License-Identifier: GPL-2.0-only

import { useEffect, useRef, useState } from 'preact/hooks'
import type { Terms } from '../record/types'
import { type Explained, explain } from './explanations'

interface Shown extends Explained {
  left: number
  top: number
}

const DELAY = 300
const WIDTH = 310
/** At most: a title and three lines. Letters take two lines each. */
const HEIGHT = 84
const LETTER_HEIGHT = 36

/** The explanation of the term under the pointer after 300 ms, or of the one with the focus at once. */
export function Explanation({ terms }: { terms: Terms }) {
  const [shown, setShown] = useState<Shown | undefined>()
  const timer = useRef(0)
  useEffect(() => {
    const show = (target: Element | null): void => {
      const what = target && saidOf(target, terms)
      setShown(what ? { ...what, ...placeOf(target, what.letters?.length) } : undefined)
    }
    const find = (event: Event): Element | null => (event.target as Element).closest('[data-term], [data-says]')
    const over = (event: Event): void => {
      clearTimeout(timer.current)
      const target = find(event)
      if (target) timer.current = setTimeout(() => show(target), DELAY) as unknown as number
      else setShown(undefined)
    }
    const focus = (event: Event): void => show(find(event))
    const key = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') setShown(undefined)
    }
    const listeners = [
      ['pointerover', over],
      ['focusin', focus],
      ['focusout', () => setShown(undefined)],
      ['keydown', key],
    ] as [string, (event: Event) => void][]
    for (const [name, listener] of listeners) document.addEventListener(name, listener)
    return () => {
      clearTimeout(timer.current)
      for (const [name, listener] of listeners) document.removeEventListener(name, listener)
    }
  }, [terms])
  return (
    <div
      id="explanation"
      role="tooltip"
      hidden={!shown}
      style={shown && { left: `${shown.left}px`, top: `${shown.top}px` }}
    >
      <b>{shown?.title}</b>
      {shown?.text}
      {shown?.letters?.map(({ letter, name, text }) => (
        <span class="letter" key={letter}>
          <code>{letter}</code> {name}. {text}
        </span>
      ))}
    </div>
  )
}

function saidOf(target: Element, terms: Terms): Explained | undefined {
  const says = target.getAttribute('data-says')
  if (says !== null) return { title: target.textContent ?? '', text: says }
  return explain(terms, target.getAttribute('data-term')!)
}

/** Below the term, never over its row. */
function placeOf(target: Element, letters = 0): { left: number; top: number } {
  const { left, bottom, top } = target.getBoundingClientRect()
  const height = HEIGHT + letters * LETTER_HEIGHT
  const isLow = bottom > innerHeight - height - 6
  return { left: Math.max(8, Math.min(innerWidth - WIDTH, left)), top: isLow ? top - height : bottom + 6 }
}
