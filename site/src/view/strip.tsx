// SPDX-License-Identifier: GPL-2.0-only

import { useRef } from 'preact/hooks'
import { type PageKey, shown } from '../../../lib/view/pages'
import { endOf } from '../../../lib/view/runs'
import type { EntryRun } from '../../../lib/view/state'
import { useActions } from './actions'

const WIDTH = 1000
const EMPTY = ['none', 'nomap']

/** Kinds of all pages of a region, in proportion. A click or drag follows the page there. */
export function Strip({
  at,
  entries,
  followed,
}: {
  at: string
  entries: readonly EntryRun[]
  followed: PageKey | undefined
}) {
  const { follow } = useActions()
  const isDown = useRef(false)
  const last = entries.at(-1)
  const pages = last ? endOf(last) : 1
  const choose = (event: PointerEvent): void => {
    const { left, width } = (event.currentTarget as Element).getBoundingClientRect()
    const index = Math.floor(((event.clientX - left) / width) * pages)
    follow({ at, index: Math.max(0, Math.min(pages - 1, index)) })
  }
  return (
    <svg
      class="strip"
      viewBox={`0 0 ${WIDTH} 16`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Kinds of entries of ${shown(at)}`}
      onPointerDown={(event) => {
        isDown.current = true
        event.currentTarget.setPointerCapture(event.pointerId)
        choose(event)
      }}
      onPointerMove={(event) => isDown.current && choose(event)}
      onPointerUp={() => {
        isDown.current = false
      }}
    >
      {kindsOf(entries).map(({ first, count, kind }) => (
        <rect
          key={first}
          class={EMPTY.includes(kind) ? 'kind-empty' : `kind-${kind}`}
          x={(first / pages) * WIDTH}
          width={Math.max(1.5, (count / pages) * WIDTH)}
          y={EMPTY.includes(kind) ? 7 : 1}
          height={EMPTY.includes(kind) ? 1.5 : 14}
        />
      ))}
      {followed?.at === at && <path d={`M${((followed.index + 0.5) / pages) * WIDTH} 0v16`} class="here" />}
    </svg>
  )
}

/** Runs of one kind; runs narrower than a pixel's share are kept, so that none vanishes. */
function kindsOf(entries: readonly EntryRun[]): { first: number; count: number; kind: string }[] {
  const out: { first: number; count: number; kind: string }[] = []
  for (const { first, count, kind } of entries) {
    const before = out.at(-1)
    if (before?.kind === kind) before.count += count
    else out.push({ first, count, kind })
  }
  return out
}
