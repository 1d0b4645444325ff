// SPDX-License-Identifier: GPL-2.0-only

import type { Fold } from '../../../lib/view/zoom'
import type { Folds } from './score'
import type { Layout } from './score-layout'

const LEAST_WIDTH = 14
const LETTER = 5.4

/** Under a stage: ▸ and the number of entries that are folded, ▾ if they are open. A click opens or closes them. */
export function FoldMarks({ layout, folds }: { layout: Layout; folds: Folds }) {
  const { edges, left, right } = layout
  return (
    <>
      {folds.all.map((fold) => {
        const [x, end] = [Math.max(left, edges[fold.from]!), Math.min(right, edges[fold.to + 1]!)]
        return end - x < LEAST_WIDTH ? null : <FoldMark key={fold.from} x={x} end={end} fold={fold} folds={folds} />
      })}
    </>
  )
}

function FoldMark({ x, end, fold, folds }: { x: number; end: number; fold: Fold; folds: Folds }) {
  const isOpen = folds.isOpen(fold)
  const count = `${fold.to - fold.from + 1}`
  return (
    <g
      class="fold"
      onPointerDown={(event) => {
        event.stopPropagation()
        folds.toggle(fold)
      }}
    >
      <title>{`${count} entries: ${isOpen ? 'close' : 'open'}`}</title>
      <rect x={x} y="18" width={end - x} height="27" />
      <path d={isOpen ? `M${x + 2} 38h6l-3 5z` : `M${x + 3} 37v6l5-3z`} />
      {end - x > 14 + count.length * LETTER && (
        <text x={x + 11} y="43.5">
          {count}
        </text>
      )}
    </g>
  )
}
