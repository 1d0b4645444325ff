// SPDX-License-Identifier: GPL-2.0-only

import { useRef } from 'preact/hooks'
import type { Zoom } from '../../../lib/view/zoom'

interface Props {
  zoom: Zoom
  columns: number
  left: number
  onPan(columns: number): void
}

/** The shown part of a long score, as a thin line above it. A drag moves it. */
export function Shown({ zoom: { from, to }, columns, left, onPan }: Props) {
  const at = useRef<number | undefined>(undefined)
  return (
    <div
      class="shown-part"
      aria-hidden="true"
      style={{ marginLeft: `${left}px` }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        at.current = event.clientX
      }}
      onPointerMove={(event) => {
        if (at.current === undefined) return
        onPan(((event.clientX - at.current) / event.currentTarget.clientWidth) * columns)
        at.current = event.clientX
      }}
      onPointerUp={() => {
        at.current = undefined
      }}
    >
      <div style={{ left: `${(from / columns) * 100}%`, width: `${((to - from) / columns) * 100}%` }} />
    </div>
  )
}
