// SPDX-License-Identifier: GPL-2.0-only
//
// Counts and times of a machine's work. Decodes the addon's copies; native/addon/looking.cc asserts the layout.

import { type SpanName, type StatName, spanNames, statNames, type WhyName, whyNames } from '../base/defs.generated'
import { requireInternal } from '../base/validate'
import { STATS_WORDS } from '../native/layout'
import { asText, showsItself, table } from './inspect'

/** How often something was done, and to how much. */
export interface SpanCounts {
  /** How often it was gone through to its end. */
  readonly runs: number
  /** Of a stage: entries of src and dst that it went over; of other spans: pages. */
  readonly entries: number
}

/** Spans of one kind within others of one kind. */
export interface StatsNode extends SpanCounts {
  /** Which kind. */
  readonly span: SpanName
  /** Cycles of the host, those of the nodes below included. */
  readonly cycles: number
  /** Cycles of the host, without those of the nodes below. */
  readonly selfCycles: number
  /** The spans within these. */
  readonly children: readonly StatsNode[]
}

/**
 * A machine's work since {@link Machine.recordStats}. Everything except cycles is equal whenever equal calls are made.
 * Shows itself as a table.
 */
export class MachineStats {
  /** Whether the machine goes on counting. */
  readonly enabled: boolean
  /** Runs and entries of each kind of span. {@link spanTexts} explains them. */
  readonly spans: Readonly<Record<SpanName, SpanCounts>>
  /**
   * Cycles of the host's time stamp counter in each kind of span, without those in spans within it; 0 where it has
   * none.
   */
  readonly cycles: Readonly<Record<SpanName, number>>
  /** {@link statTexts} explains them. */
  readonly counts: Readonly<Record<StatName, number>>
  /**
   * Entries of migrations that did not move or were not offered, by reason; reasons that did not occur are left out.
   */
  readonly whys: Readonly<Partial<Record<WhyName, number>>>
  /** The spans as a tree: each below the span around it. */
  readonly tree: readonly StatsNode[]

  /** @internal */
  static make(words: BigUint64Array, nodes: BigUint64Array, count: number): MachineStats {
    return new MachineStats(words, nodes, count)
  }

  private constructor(words: BigUint64Array, nodes: BigUint64Array, count: number) {
    const ours = words instanceof BigUint64Array && nodes instanceof BigUint64Array
    requireInternal(ours, 'stats() returns them')
    const number = (at: number) => Number(words[at])
    const whyAt = spanNames.length * 3 + statNames.length
    this.spans = record(spanNames, (i) => ({ runs: number(i * 3), entries: number(i * 3 + 1) }))
    this.cycles = record(spanNames, (i) => number(i * 3 + 2))
    this.counts = record(statNames, (i) => number(spanNames.length * 3 + i))
    const whys = whyNames.map((name, i) => [name, number(whyAt + i)] as const)
    this.whys = Object.fromEntries(whys.filter(([, entries]) => entries > 0))
    this.enabled = (number(words.length - 1) & 0xff) !== 0
    this.tree = decodeTree(nodes, count)
  }

  static {
    showsItself(MachineStats.prototype)
  }

  /** @internal */
  [asText](): string {
    const spans = spanNames.filter((name) => this.spans[name].runs > 0 || this.cycles[name] > 0)
    const rows = spans.map((name) => spanRow(name, this.spans[name], this.cycles[name]))
    const parts = [`MachineStats${this.enabled ? '' : ' (stopped)'}`]
    if (rows.length > 0) parts.push(table(['span', 'runs', 'entries', 'cycles', 'an entry'], rows))
    for (const [title, counts] of [
      ['counts', this.counts],
      ['not moved', this.whys],
    ] as const) {
      const shown = Object.entries(counts).filter(([, value]) => value > 0)
      if (shown.length > 0) parts.push(`  ${title}: ${shown.map(([name, value]) => `${name} ${value}`).join(', ')}`)
    }
    return parts.join('\n')
  }
}

function record<Name extends string, T>(names: readonly Name[], value: (i: number) => T): Record<Name, T> {
  return Object.fromEntries(names.map((name, i) => [name, value(i)])) as Record<Name, T>
}

function spanRow(name: SpanName, { runs, entries }: SpanCounts, cycles: number): string[] {
  return [name, String(runs), String(entries), String(cycles), entries > 0 ? (cycles / entries).toFixed(1) : '']
}

interface GrowingNode extends StatsNode {
  selfCycles: number
  readonly children: GrowingNode[]
}

/** Nodes come with the number of the one around them, which always comes before. */
function decodeTree(words: BigUint64Array, count: number): readonly StatsNode[] {
  const ints = new Uint32Array(words.buffer)
  const roots: GrowingNode[] = []
  const nodes: GrowingNode[] = []
  for (let i = 0; i < count; i++) {
    const word = i * STATS_WORDS.node
    const [runs, entries, cycles] = [Number(words[word + 1]), Number(words[word + 2]), Number(words[word + 3])]
    const span = spanNames[ints[word * 2] ?? 0] ?? 'migrate'
    const node: GrowingNode = { span, runs, entries, cycles, selfCycles: cycles, children: [] }
    const parent = nodes[(ints[word * 2 + 1] ?? 0) - 1]
    if (parent) parent.selfCycles -= cycles
    ;(parent?.children ?? roots).push(node)
    nodes.push(node)
  }
  return roots
}
