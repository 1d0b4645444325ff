// SPDX-License-Identifier: GPL-2.0-only
//
// The part of a long score that is shown, and entries that fold to their stage. Places are columns, whole or in part.

import type { Recording, Step } from '../record/types'
import { weightOf } from './columns'

/** Longer scores zoom, and fold. Of a shorter part, nothing is folded. */
export const MOST_STEPS = 200
const LEAST_COLUMNS = 10
/** The playhead stays away from the edges by this share of what is shown. */
const MARGIN = 0.1

/** Entries of one stage, without another step in between; `to` is the last. */
export interface Fold {
  readonly from: number
  readonly to: number
}

export const isLong = (steps: readonly unknown[]): boolean => steps.length > MOST_STEPS

/** Runs of entries in a long score. */
export function foldsOf(steps: readonly Step[]): Fold[] {
  const folds: { from: number; to: number }[] = []
  if (!isLong(steps)) return folds
  for (const [i, step] of steps.entries()) {
    const before = folds.at(-1)
    if (before?.to === i - 1 && isSameStage(steps[before.to]!, step)) before.to = i
    else if (step.kind === 'entry') folds.push({ from: i, to: i })
  }
  return folds.filter(({ from, to }) => to > from)
}

const isSameStage = (a: Step, b: Step): boolean =>
  b.kind === 'entry' && a.command === b.command && a.stage === b.stage && a.fault === b.fault

/** Columns from `from` up to `to`. */
export interface Zoom {
  readonly from: number
  readonly to: number
}

export const wholeOf = (columns: number): Zoom => ({ from: 0, to: columns })

export const isOpen = (fold: Fold, zoom: Zoom, opened: ReadonlySet<number>): boolean =>
  opened.has(fold.from) || zoom.to - zoom.from <= MOST_STEPS

/** Widths of columns, in any unit. A fold is as wide as a stage; its entries share that. */
export function weightsOf(steps: readonly Step[], closed: readonly Fold[]): Float64Array {
  const weights = Float64Array.from(steps, weightOf)
  const stage = weightOf({ kind: 'stage' })
  for (const { from, to } of closed) weights.fill(stage / (to - from + 1), from, to + 1)
  return weights
}

/** Left edges of all columns and the right edge of the last, where the part shown is from 0 to 1. */
export function zoomedEdges(weights: Float64Array, zoom: Zoom): Float64Array {
  const edges = new Float64Array(weights.length + 1)
  for (const [i, weight] of weights.entries()) edges[i + 1] = edges[i]! + weight
  const [begin, end] = [placeIn(edges, zoom.from), placeIn(edges, zoom.to)]
  return edges.map((edge) => (edge - begin) / (end - begin || 1))
}

/** Edges of all columns from 0 to 1. */
export const columnsOf = ({ steps }: Pick<Recording, 'steps'>): Float64Array =>
  zoomedEdges(weightsOf(steps, []), wholeOf(steps.length))

/** The edge of a column that may be a part of one. */
function placeIn(edges: Float64Array, column: number): number {
  const whole = Math.min(edges.length - 1, Math.floor(column))
  const edge = edges[whole]!
  return edge + ((edges[whole + 1] ?? edge) - edge) * (column - whole)
}

/** Shows more columns (`factor` above 1) or fewer; `anchor` stays where it is. */
export function zoomBy(zoom: Zoom, factor: number, anchor: number, columns: number): Zoom {
  const span = zoom.to - zoom.from
  const next = Math.max(Math.min(LEAST_COLUMNS, columns), Math.min(columns, span * factor))
  const from = anchor - ((anchor - zoom.from) / span) * next
  return within({ from, to: from + next }, columns)
}

export const panBy = ({ from, to }: Zoom, by: number, columns: number): Zoom =>
  within({ from: from + by, to: to + by }, columns)

function within({ from, to }: Zoom, columns: number): Zoom {
  const by = Math.max(0, -from) - Math.max(0, to - columns)
  return { from: Math.max(0, from + by), to: Math.min(columns, to + by) }
}

/** Moves what is shown as little as possible, so that a column is in it. */
export function withColumn(zoom: Zoom, column: number, columns: number): Zoom {
  const margin = (zoom.to - zoom.from) * MARGIN
  const left = Math.min(0, column - margin - zoom.from)
  const right = Math.max(0, column + 1 + margin - zoom.to)
  return left === 0 && right === 0 ? zoom : panBy(zoom, left || right, columns)
}
