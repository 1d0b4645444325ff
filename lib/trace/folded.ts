// SPDX-License-Identifier: GPL-2.0-only
//
// Folded stacks, the input of flame graph tools: "process;command;migrate_vma;migrate_vma_collect 7", a line a stack.

import type { Trace, TraceThread } from './trace'

/**
 * The stacks of a trace with their weights, without those of inner slices, in alphabetical order. The weight is the
 * number of events (a slice's beginning and an instant count as one), or of cycles.
 */
export function foldedStacks(trace: Trace): string {
  const weights = new Map<string, number>()
  // The frames of a stack are joined once, when the last of them comes.
  const stacks = new Map<TraceThread, string[]>()
  const last = new Map<TraceThread, number>()
  for (const { kind, thread, name, time } of trace.records) {
    const stack = stacks.get(thread) ?? [frame(thread.process)]
    stacks.set(thread, stack)
    const spent = time - (last.get(thread) ?? time)
    last.set(thread, time)
    if (trace.clock === 'cycles') add(weights, stack.at(-1), spent)
    if (kind === 'begin') stack.push(`${stack.at(-1)};${frame(name)}`)
    if (trace.clock === 'events' && kind !== 'end') add(weights, stack.at(-1), 1)
    if (kind === 'end') stack.pop()
  }
  return [...weights]
    .filter(([, weight]) => weight > 0)
    .map(([stack, weight]) => `${stack} ${weight}\n`)
    .sort()
    .join('')
}

function add(weights: Map<string, number>, stack: string | undefined, weight: number): void {
  if (stack !== undefined) weights.set(stack, (weights.get(stack) ?? 0) + weight)
}

/** A semicolon separates frames. */
function frame(name: string): string {
  return name.replaceAll(';', ',')
}
