// SPDX-License-Identifier: GPL-2.0-only
//
// Columns of the score: one a step, wider for a command than for an entry.

import type { Recording, Step } from '../record/types'

/** So that 60 entries do not bury a `map`. */
export function weightOf({ kind, task }: Pick<Step, 'kind' | 'task'>): number {
  if (kind === 'command' && task === undefined) return 1.8
  if (kind === 'stage') return 1.8
  return kind === 'entry' ? 1 : 1.25
}

/** The column at a place, from the left edges of all and the right edge of the last. */
export function columnAt(edges: Float64Array, place: number): number {
  let low = 0
  let high = edges.length - 2
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (edges[middle]! <= place) low = middle
    else high = middle - 1
  }
  return Math.max(0, low)
}

/** Steps of one command, and within it of one stage. */
export interface Heading {
  readonly from: number
  readonly to: number
  readonly text: string
}

export function commandHeadings({ steps, transcript }: Recording): Heading[] {
  const firstLines = new Map<number, number>()
  for (const { command, line } of steps) {
    if (line !== undefined) firstLines.set(command, Math.min(line, firstLines.get(command) ?? line))
  }
  return grouped(steps, ({ command }) => `${command}`)
    .filter(({ from }) => steps[from]!.kind !== 'start')
    .map(({ from, to }) => {
      const line = firstLines.get(steps[from]!.command) ?? 0
      return { from, to, text: transcript[line]?.trim() ?? '' }
    })
}

export function stageHeadings({ steps }: Recording): Heading[] {
  return grouped(steps, ({ stage, command }) => (stage === undefined ? undefined : `${command} ${stage}`)).map(
    ({ from, to }) => ({ from, to, text: steps[from]!.stage! }),
  )
}

/** Neighbouring steps with one key; those without a key in no group. */
function grouped(steps: readonly Step[], keyOf: (step: Step) => string | undefined): { from: number; to: number }[] {
  const out: { from: number; to: number; key: string }[] = []
  for (const [n, step] of steps.entries()) {
    const key = keyOf(step)
    if (key === undefined) continue
    const before = out.at(-1)
    if (before && before.key === key && before.to === n - 1) before.to = n
    else out.push({ from: n, to: n, key })
  }
  return out
}

/** "A map buf anon 4" as "map". */
export function verbOf(command: string): string {
  const [first = '', second = ''] = command.split(/\s+/)
  return /^[A-Z][A-Z0-9]*$/.test(first) ? second : first
}

/** The first step of the command before, or behind. */
export function commandStep(steps: readonly Step[], n: number, by: 1 | -1): number {
  const groups = grouped(steps, ({ command }) => `${command}`)
  return neighbour(groups, n, by, steps.length - 1)
}

/** The first step of the stage, callback or command before, or behind. */
export function stageStep(steps: readonly Step[], n: number, by: 1 | -1): number {
  const groups = grouped(steps, ({ command, stage, kind, task }) => `${command} ${stage ?? kind} ${task ?? ''}`)
  return neighbour(groups, n, by, steps.length - 1)
}

function neighbour(groups: readonly { from: number; to: number }[], n: number, by: 1 | -1, last: number): number {
  const own = groups.findIndex(({ from, to }) => from <= n && n <= to)
  if (by > 0) return groups[own + 1]?.from ?? last
  // Back goes to the beginning of the own group first.
  return n > groups[own]!.from ? groups[own]!.from : (groups[own - 1]?.from ?? 0)
}
