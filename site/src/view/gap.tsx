// SPDX-License-Identifier: GPL-2.0-only

import { useEffect, useRef, useState } from 'preact/hooks'
import { fitting, LEAST_WIDTH, mostWidth, parseWidth, widthAfter } from './gap-width'

const KEPT = 'hmmu-drill-width'

/** The gap between the drill and the machine: dragged, or moved by arrows. Its place is kept; a double click forgets it. */
export function Gap() {
  const gap = useRef<HTMLHRElement>(null)
  const [width, setWidth] = useState(readWidth)
  const [shown, setShown] = useState(LEAST_WIDTH)
  useEffect(() => {
    showWidth(width)
    setShown(Math.round(widthOf(gap.current!)))
    keepWidth(width)
  }, [width])
  const drag = (event: PointerEvent): void => {
    if (!gap.current!.hasPointerCapture(event.pointerId)) return
    const { left } = gap.current!.parentElement!.getBoundingClientRect()
    setWidth(fitting(event.clientX - left - GAP / 2, innerWidth))
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = event.altKey || event.shiftKey ? undefined : widthAfter(event.key, widthOf(gap.current!), innerWidth)
    if (next === undefined) return
    event.preventDefault()
    setWidth(next)
  }
  return (
    <hr
      class="gap"
      ref={gap}
      tabIndex={0}
      aria-label="Width of the drill"
      aria-orientation="vertical"
      aria-valuenow={shown}
      aria-valuemin={LEAST_WIDTH}
      aria-valuemax={mostWidth(innerWidth)}
      aria-valuetext={`${shown} pixels`}
      onPointerDown={(event) => {
        event.preventDefault()
        gap.current!.setPointerCapture(event.pointerId)
      }}
      onPointerMove={drag}
      onDblClick={() => setWidth(undefined)}
      onKeyDown={onKeyDown}
    />
  )
}

/** Between columns. */
const GAP = 32

/** The gap is in the column that it limits. */
const widthOf = (gap: Element): number => gap.parentElement!.getBoundingClientRect().width

function showWidth(width: number | undefined): void {
  const { style } = document.documentElement
  if (width === undefined) style.removeProperty('--drill-width')
  else style.setProperty('--drill-width', `${fitting(width, innerWidth)}px`)
  // Arrows go from column to column.
  dispatchEvent(new Event('resize'))
}

/** Browsers may forbid a page to keep anything. */
function readWidth(): number | undefined {
  try {
    return parseWidth(localStorage.getItem(KEPT))
  } catch {
    return undefined
  }
}

function keepWidth(width: number | undefined): void {
  try {
    if (width === undefined) localStorage.removeItem(KEPT)
    else localStorage.setItem(KEPT, `${width}`)
  } catch {
    // Then it is as wide as ever, next time.
  }
}
