// SPDX-License-Identifier: GPL-2.0-only

import { useMemo, useRef, useState } from 'preact/hooks'
import {
  type Fold,
  foldsOf,
  isLong,
  isOpen,
  panBy,
  weightsOf,
  wholeOf,
  withColumn,
  type Zoom,
  zoomBy,
  zoomedEdges,
} from '../../../lib/view/zoom'
import type { Step } from '../record/types'
import type { Folds } from './score'

export interface Zooming {
  /** Edges of all columns; what is shown is from 0 to 1. */
  readonly edges: Float64Array
  readonly zoom: Zoom
  readonly folds: Folds
  readonly isLong: boolean
  /** Shows fewer columns, or more if the factor is above 1. */
  zoomAt(factor: number, anchor: number): void
  pan(columns: number): void
  /** Opens or closes the fold at a column. */
  toggleAt(column: number): void
}

const NONE: ReadonlySet<number> = new Set()

/** Which columns are shown. The column of the step is always among them when the step changes. */
export function useZoom(steps: readonly Step[], column: number): Zooming {
  const columns = steps.length
  const [asked, setAsked] = useState<{ steps: readonly Step[]; zoom: Zoom; opened: ReadonlySet<number> } | undefined>()
  // Another recording is shown as a whole.
  const { zoom: kept, opened } = asked?.steps === steps ? asked : { zoom: wholeOf(columns), opened: NONE }
  const last = useRef(column)
  const zoom = last.current === column ? kept : withColumn(kept, column, columns)
  last.current = column
  if (zoom !== kept) setAsked({ steps, zoom, opened })
  const all = useMemo(() => foldsOf(steps), [steps])
  const closed = all.filter((fold) => !isOpen(fold, zoom, opened))
  const closedKey = closed.map(({ from }) => from).join()
  const weights = useMemo(() => weightsOf(steps, closed), [steps, closedKey])
  const edges = useMemo(() => zoomedEdges(weights, zoom), [weights, zoom.from, zoom.to])
  const show = (next: Zoom): void => setAsked({ steps, zoom: next, opened })
  const toggle = (fold: Fold): void => {
    const others = new Set(opened)
    if (!others.delete(fold.from)) others.add(fold.from)
    setAsked({ steps, zoom, opened: others })
  }
  const folds = useMemo(
    () => ({ all, isOpen: (fold: Fold) => isOpen(fold, zoom, opened), toggle }),
    [all, zoom, opened],
  )
  return {
    edges,
    zoom,
    folds,
    isLong: isLong(steps),
    zoomAt: (factor, anchor) => {
      if (isLong(steps)) show(withColumn(zoomBy(zoom, factor, anchor, columns), column, columns))
    },
    pan: (by) => show(panBy(zoom, by, columns)),
    toggleAt: (at) => {
      const fold = all.find(({ from, to }) => from <= at && at <= to)
      if (fold) toggle(fold)
    },
  }
}
