// SPDX-License-Identifier: GPL-2.0-only
//
// Lists of runs: neighbours that are alike, in order and without overlap. All work is linear in the number of runs, so
// that 10,000 pages cost as much as their histories differ.

export interface Run {
  readonly first: number
  readonly count: number
}

/** A part of a run: `count` elements from element `by` of the run. What rises within a run rises here. */
export type Part<R extends Run> = (run: R, by: number, count: number) => R

export const endOf = (run: Run): number => run.first + run.count

export const covers = (run: Run, at: number): boolean => run.first <= at && at < endOf(run)

/** The index of the first run that ends behind a place. */
export function firstBehind(runs: readonly Run[], at: number): number {
  let low = 0
  let high = runs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (endOf(runs[middle]!) <= at) low = middle + 1
    else high = middle
  }
  return low
}

/** The run that covers a place. */
export function runAt<R extends Run>(runs: readonly R[], at: number): R | undefined {
  const run = runs[firstBehind(runs, at)]
  return run && run.first <= at ? run : undefined
}

/** The element at a place, as a run of one. */
export function elementAt<R extends Run>(runs: readonly R[], at: number, part: Part<R>): R | undefined {
  const run = runAt(runs, at)
  return run && part(run, at - run.first, 1)
}

/** A list with other runs laid over it. */
export function overlay<R extends Run>(base: readonly R[], over: readonly R[], part: Part<R>): R[] {
  const out: R[] = []
  let next = 0
  /** Appends what is left of the base up to a place, from a place on. */
  const copy = (from: number, to: number): void => {
    while (next < base.length && endOf(base[next]!) <= from) next++
    for (; next < base.length && base[next]!.first < to; next++) {
      const run = base[next]!
      const first = Math.max(run.first, from)
      const end = Math.min(endOf(run), to)
      if (end > first) out.push(end - first === run.count ? run : part(run, first - run.first, end - first))
      if (endOf(run) > to) break
    }
  }
  let from = Number.NEGATIVE_INFINITY
  for (const run of sorted(over)) {
    copy(from, run.first)
    out.push(run)
    from = endOf(run)
  }
  copy(from, Number.POSITIVE_INFINITY)
  return out
}

function sorted<R extends Run>(runs: readonly R[]): readonly R[] {
  const isSorted = runs.every((run, i) => i === 0 || runs[i - 1]!.first <= run.first)
  return isSorted ? runs : [...runs].sort((a, b) => a.first - b.first)
}

/** A list in which neighbours are one run where `join` makes one of them. */
export function compact<R extends Run>(runs: readonly R[], join: (a: R, b: R) => R | undefined): R[] {
  const out: R[] = []
  for (const run of runs) {
    const before = out.at(-1)
    const both = before && endOf(before) === run.first ? join(before, run) : undefined
    if (both) out[out.length - 1] = both
    else out.push(run)
  }
  return out
}

/** Sorted places at which any of some runs begins or ends, within bounds. */
export function borders(lists: readonly (readonly Run[])[], from: number, to: number): number[] {
  const places = new Set<number>([from, to])
  for (const list of lists) {
    for (const run of list) {
      if (run.first > from && run.first < to) places.add(run.first)
      if (endOf(run) > from && endOf(run) < to) places.add(endOf(run))
    }
  }
  return Array.from(places).sort((a, b) => a - b)
}

/** Runs of neighbouring numbers. */
export function runsOf(numbers: Iterable<number>): Run[] {
  const out: { first: number; count: number }[] = []
  for (const n of Array.from(new Set(numbers)).sort((a, b) => a - b)) {
    const last = out[out.length - 1]
    if (last && endOf(last) === n) last.count++
    else out.push({ first: n, count: 1 })
  }
  return out
}

export const sizeOf = (runs: readonly Run[]): number => runs.reduce((sum, run) => sum + run.count, 0)
