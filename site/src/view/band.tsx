// SPDX-License-Identifier: GPL-2.0-only
//
// A region with too many histories, on a canvas, and the lens over it.

import { memo } from 'preact/compat'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { bandPicture, bandStops } from '../../../lib/view/band'
import { type Band, rowName } from '../../../lib/view/histories'
import type { PageKey } from '../../../lib/view/pages'
import { number } from '../../../lib/view/words'
import { useActions } from './actions'
import { draw } from './band-pixels'
import { Lens } from './lens'
import { BAND_HEIGHT, isShown, type Layout, middleOf, stepAt } from './score-layout'
import { useThemeChange } from './theme'

interface Props {
  band: Band
  layout: Layout
  y: number
}

export function BandName({ band, layout, y, isOn }: Props & { isOn: boolean }) {
  return (
    <>
      <text class={isOn ? 'row-name on' : 'row-name'} x={layout.left - 8} y={y + 10}>
        {rowName(band)}
      </text>
      <text class="row-note" x={layout.left - 8} y={y + 26}>
        {number(band.histories)} histories
      </text>
    </>
  )
}

const Picture = memo(({ band, layout }: { band: Band; layout: Layout }) => {
  const canvas = useRef<HTMLCanvasElement>(null)
  const picture = useMemo(() => bandPicture(band.changes, BAND_HEIGHT), [band])
  const theme = useThemeChange()
  useEffect(() => draw(canvas.current!, picture, layout), [picture, layout, theme])
  return <canvas ref={canvas} height={BAND_HEIGHT} />
})

interface AreaProps extends Props {
  n: number
  followed: PageKey | undefined
  lens: boolean
}

/** Where the lens looks. */
interface Place {
  readonly page: number
  readonly step: number
}

/** A pointer that moves less between press and release has clicked. */
const CLICK = 3

/** The picture, the followed page on it, and the lens. A click follows a page; a drag goes to a step, as elsewhere. */
export function BandArea({ band, layout, y, n, followed, lens }: AreaProps) {
  const { follow } = useActions()
  const area = useRef<HTMLDivElement>(null)
  const pressed = useRef<{ x: number; y: number } | undefined>(undefined)
  const [pointed, setPointed] = useState<Place | undefined>()
  const own = followed?.at === band.at ? followed.index : undefined
  const placeOf = (event: PointerEvent): Place => {
    const box = area.current!.getBoundingClientRect()
    const share = (event.clientY - box.top) / BAND_HEIGHT
    const page = Math.max(0, Math.min(band.count - 1, Math.floor(share * band.count)))
    return { page, step: stepAt(layout, layout.left + event.clientX - box.left) }
  }
  const shown = pointed ?? (lens && own !== undefined ? { page: own, step: n } : undefined)
  const heightOf = (page: number): number => ((page + 0.5) / band.count) * BAND_HEIGHT
  return (
    <>
      <div
        class="band-area"
        aria-hidden="true"
        ref={area}
        style={{ left: `${layout.left}px`, top: `${y}px`, width: `${layout.right - layout.left}px` }}
        onPointerDown={(event) => {
          pressed.current = { x: event.clientX, y: event.clientY }
          event.stopPropagation()
        }}
        onPointerMove={(event) => {
          const from = pressed.current
          if (from && Math.hypot(event.clientX - from.x, event.clientY - from.y) > CLICK) {
            pressed.current = undefined
            setPointed(undefined)
            handOver(event)
          } else if (event.buttons === 0) setPointed(placeOf(event))
        }}
        onPointerUp={(event) => {
          if (pressed.current) follow({ at: band.at, index: placeOf(event).page })
          pressed.current = undefined
        }}
        onPointerLeave={() => setPointed(undefined)}
      >
        <Picture band={band} layout={layout} />
        {own !== undefined && <div class="here" style={{ top: `${heightOf(own)}px` }} />}
      </div>
      {shown && area.current && (
        <Lens
          region={band.changes}
          page={shown.page}
          step={shown.step}
          n={n}
          followed={own}
          box={area.current.getBoundingClientRect()}
          x={middleOf(layout, shown.step) - layout.left}
          y={heightOf(shown.page)}
        />
      )}
    </>
  )
}

/** Gives a press that became a drag to the score. */
function handOver(event: PointerEvent): void {
  const target = event.currentTarget as Element
  target.parentElement!.dispatchEvent(new PointerEvent('pointerdown', event))
}

/** Reasons, counted under their column. Where one has no room, it has a tick. */
export function BandStops({ band, layout, y }: Props) {
  const stops = useMemo(() => bandStops(band.changes), [band])
  const foot = y + BAND_HEIGHT
  let free = layout.left
  return (
    <>
      {stops.map(({ step, text }) => {
        const x = middleOf(layout, step)
        if (!isShown(layout, x)) return null
        const half = (text.length * 5.6) / 2
        const place = Math.max(layout.left + half, Math.min(layout.right - half, x))
        const hasRoom = place - half > free
        if (hasRoom) free = place + half + 6
        return (
          <g key={step}>
            <path class="band-tick" d={`M${x} ${foot}v4`} />
            {hasRoom && (
              <text class="band-stop" x={place} y={foot + 13}>
                {text}
              </text>
            )}
            <title>{text}</title>
          </g>
        )
      })}
    </>
  )
}
