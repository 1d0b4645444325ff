// SPDX-License-Identifier: GPL-2.0-only
//
// Page tables as lines of a tree: which are there, and where keys go, as trees of other programs do.

import { covers } from './runs'
import { type Leaf, leafRun, moreKey, runsKey, type TableNode } from './tables'

interface Line {
  readonly key: string
  /** From 1. */
  readonly level: number
  /** Lines below it are shown, or not. Nothing: there are none. */
  readonly expanded?: boolean
}

export type TreeLine = Line &
  (
    | { readonly kind: 'table' | 'runs' | 'more'; readonly node: TableNode }
    | { readonly kind: 'leaf'; readonly leaf: Leaf }
  )

/**
 * The lines of a tree, from top to bottom.
 * @param toggled keys of lines that are not as they were at first: tables are expanded, folded runs and tables are not
 */
export function treeLines(nodes: readonly TableNode[], toggled: ReadonlySet<string>, level = 1): TreeLine[] {
  return nodes.flatMap((node) => tableLines(node, toggled, level))
}

const tableKey = (pfn: number): string => `table ${pfn}`

function tableLines(node: TableNode, toggled: ReadonlySet<string>, level: number): TreeLine[] {
  const { pfn, tables, leaves, counts, runs, folded, more } = node
  const key = tableKey(pfn)
  const hasLines = tables.length + leaves.length + folded > 0 || counts !== undefined
  if (!hasLines) return [{ kind: 'table', key, level, node }]
  const expanded = !toggled.has(key)
  const own: TreeLine = { kind: 'table', key, level, node, expanded }
  if (!expanded) return [own]
  const below = level + 1
  const lines = [own, ...treeLines(tables, toggled, below)]
  if (folded > 0) {
    lines.push({ kind: 'more', key: moreKey(pfn), level: below, node, expanded: toggled.has(moreKey(pfn)) })
    lines.push(...treeLines(more, toggled, below + 1))
  }
  if (counts) {
    lines.push({ kind: 'runs', key: runsKey(pfn), level: below, node, expanded: toggled.has(runsKey(pfn)) })
    lines.push(...leafLines(runs, pfn, below + 1))
  }
  lines.push(...leafLines(leaves, pfn, below))
  return lines
}

const leafLines = (leaves: readonly Leaf[], pfn: number, level: number): TreeLine[] =>
  leaves.map((leaf) => ({ kind: 'leaf', key: `leaf ${pfn} ${leaf.slot}`, level, leaf }))

/** What a key does: go to another line, or expand or collapse this one. */
export type TreeMove = { readonly to: number } | { readonly toggle: string } | undefined

/** What an arrow key, Home or End does at a line. Nothing: it is another key, or there is nowhere to go. */
export function moveInTree(lines: readonly TreeLine[], at: number, key: string): TreeMove {
  const line = lines[at]
  if (!line) return undefined
  const to = (index: number): TreeMove => (index === at || !lines[index] ? undefined : { to: index })
  switch (key) {
    case 'ArrowDown':
      return to(at + 1)
    case 'ArrowUp':
      return to(at - 1)
    case 'Home':
      return to(0)
    case 'End':
      return to(lines.length - 1)
    case 'ArrowRight':
      return line.expanded === false ? { toggle: line.key } : line.expanded ? to(at + 1) : undefined
    case 'ArrowLeft':
      return line.expanded ? { toggle: line.key } : to(parentOf(lines, at))
    default:
      return undefined
  }
}

function parentOf(lines: readonly TreeLine[], at: number): number {
  let parent = at
  while (parent >= 0 && lines[parent]!.level >= lines[at]!.level) parent--
  return parent
}

/** The next leaf with an index of its table, from a line on; -1: none. */
export function leafAt(lines: readonly TreeLine[], at: number, slot: number): number {
  const order = [...lines.keys()].map((i) => (at + i) % lines.length)
  return order.find((i) => isLeafAt(lines[i]!, slot)) ?? -1
}

const isLeafAt = (line: TreeLine, slot: number): boolean => line.kind === 'leaf' && covers(leafRun(line.leaf), slot)
