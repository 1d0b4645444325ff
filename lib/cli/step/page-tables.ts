// SPDX-License-Identifier: GPL-2.0-only
//
// Page tables as indented lines down to entries, and the word of the followed page field by field.

import { lookUp } from '../../base/look-up'
import { entryBefore, type Moment } from '../../view/changes'
import { keyOf, type PageKey, regionOf, shownPage } from '../../view/pages'
import { type EntryRun, entryAt } from '../../view/state'
import { changedTables, freedTables, type Leaf, SLOTS, type TableNode, tablesOf } from '../../view/tables'
import { type TreeLine, treeLines } from '../../view/tree'
import { digitsOf, fieldsOf } from '../../view/word'
import { number, plural, rangeOf } from '../../view/words'
import { KIND_LOOKS } from './looks'
import { type Line, line, type Span, span, widthOf } from './span'
import { marksOf, type TableRow, table, value } from './table'

/** Which tables are shown: all, or those that the step has changed or that lead to the followed page. */
export type Extent = 'all' | 'relevant'

const NOTHING: ReadonlySet<string> = new Set()

/** The page tables of each process; of those of a process that the extent leaves out nothing is said. */
export function pageTableLines(moment: Moment, followed: PageKey | undefined, extent: Extent, other?: Moment): Line[] {
  const processes = Object.keys(moment.state.processes)
  return processes.flatMap((process) => {
    const lines = [...treeOf(moment, process, followed, extent, other), ...freedLines(moment, process)]
    if (lines.length > 0) return [line(`Page tables of ${process}`, 'bold'), ...lines]
    return extent === 'all'
      ? [line(`Page tables of ${process}`, 'bold'), line('   No table below the pgd yet.', 'faint')]
      : []
  })
}

function treeOf(
  moment: Moment,
  process: string,
  followed: PageKey | undefined,
  extent: Extent,
  other: Moment | undefined,
): Line[] {
  const changed = changedTables(moment, process)
  const nodes = tablesOf(moment, process, followed, NOTHING, other)
  const shown = extent === 'all' ? nodes : relevant(nodes, changed)
  return treeLines(shown, NOTHING).map((each) => treeLine(moment, each, changed, other !== undefined))
}

/** Tables that have changed, or have the followed page, with the tables that lead to them. The rest are counted. */
function relevant(nodes: readonly TableNode[], changed: ReadonlySet<number>): TableNode[] {
  return nodes.flatMap((node) => {
    const tables = relevant(node.tables, changed)
    const isOwn = changed.has(node.pfn) || node.leaves.some(({ followed }) => followed)
    if (!isOwn && tables.length === 0) return []
    return [{ ...node, tables, folded: node.folded + node.tables.length - tables.length }]
  })
}

function treeLine(moment: Moment, each: TreeLine, changed: ReadonlySet<number>, isCompared: boolean): Line {
  const indent = span('  '.repeat(each.level - 1))
  if (each.kind === 'leaf') return leafLine(moment, each.leaf, indent, isCompared)
  const { pfn, folded, counts = [] } = each.node
  const differs = isCompared ? false : undefined
  if (each.kind === 'more')
    return [...marksOf(false, false, differs), indent, span(plural(folded, 'more table'), 'faint')]
  if (each.kind === 'runs') {
    const text = counts.map(([kind, count]) => `${number(count)} ${kind}`).join(', ')
    return [...marksOf(false, false, differs), indent, span(text)]
  }
  return [...marksOf(moment.n > 0 && changed.has(pfn), false, differs), indent, ...tableSpans(moment, each.node)]
}

function tableSpans({ before, n }: Moment, { pfn, table: { level, used } }: TableNode): Span[] {
  const was = before.tables[pfn]
  const isNew = n > 0 && was?.level !== level
  return [
    span(`${level} `, 'bold'),
    span(`#${pfn}`, isNew ? 'changed' : 'plain'),
    span('  '),
    ...value(`${used}`, isNew || !was ? undefined : `${was.used}`),
    span(` of ${SLOTS} used`, 'faint'),
  ]
}

function leafLine(moment: Moment, leaf: Leaf, indent: Span, isCompared: boolean): Line {
  const { page, slot, count, kind, raw, changed, followed, other } = leaf
  const was = page && changed ? entryBefore(moment, page.at, page.index) : undefined
  return [
    ...marksOf(changed, followed, isCompared ? differs(leaf) : undefined),
    indent,
    span(`${rangeOf({ first: slot, count }).padEnd(7)}  `),
    ...kindSpans(kind, was?.kind, other?.kind),
    ...wordSpans(raw, changed),
    ...(other && differs(leaf) ? [span('≠', 'stop'), ...wordSpans(other.raw, false)] : []),
    span(count > 1 ? ' …  ' : '  '),
    span(page ? pagesName(page, count) : 'huge pmd', 'faint'),
  ]
}

/** "none→sys" is as wide as most. */
const KIND_WIDTH = 8

/** Another word than that of the machine that is compared; a huge pmd is not compared. */
const differs = ({ page, raw = 0n, other }: Leaf): boolean =>
  page !== undefined && (!other || (other.raw ?? 0n) !== raw)

function kindSpans(kind: string, was: string | undefined, other: string | undefined): Line {
  const own = value(kind, was, lookUp(KIND_LOOKS, kind))
  const spans = other === undefined || other === kind ? own : [...own, span('≠', 'stop'), span(other)]
  return [...spans, span(' '.repeat(Math.max(0, KIND_WIDTH - widthOf(spans)) + 2))]
}

const pagesName = ({ at, index }: PageKey, count: number): string =>
  count === 1 ? keyOf(regionOf(at), index) : `${regionOf(at)}[${rangeOf({ first: index, count })}]`

function wordSpans(raw: bigint | undefined, changed: boolean): Span[] {
  const { zeros, rest } = digitsOf(raw ?? 0n)
  return changed ? [span(`${zeros}${rest}`, 'changed')] : [span(zeros, 'faint'), span(rest)]
}

const freedLines = (moment: Moment, process: string): Line[] =>
  freedTables(moment, process).map(({ pfn, level }) => [
    ...marksOf(true, false),
    span(`${level} `, 'bold'),
    span(`#${pfn}  `),
    span('freed', 'changed'),
  ])

/** The word of the followed page: each field with its name, and what it says. */
export function wordLines(moment: Moment, followed: PageKey | undefined): Line[] {
  const entry = followed && entryAt(moment.state, followed.at, followed.index)
  if (!followed || !entry) return []
  const was = entryBefore(moment, followed.at, followed.index)
  const isChanged = was !== undefined && was.raw !== entry.raw
  return [
    [span(`The word of ${shownPage(followed)}`, 'bold'), span('  '), ...wordSpans(entry.raw, isChanged)],
    ...table(['field', 'value', 'what it says'], fieldRows(moment, entry, isChanged ? was : undefined)),
  ]
}

function fieldRows({ replay: { recording } }: Moment, entry: EntryRun, was: EntryRun | undefined): TableRow[] {
  const before = new Map(was && fieldsOf(recording, was).map(({ name, value }) => [name, value]))
  return fieldsOf(recording, entry).map(({ name, value: now, explanation, isZero }) => {
    const old = before.get(name)
    return {
      cells: [line(name), value(now, old, isZero ? 'faint' : 'plain'), line(explanation, 'faint')],
      changed: was !== undefined && old !== now,
    }
  })
}
