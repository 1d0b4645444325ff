// SPDX-License-Identifier: GPL-2.0-only
//
// A tree of page tables: one stop for Tab; arrows, Ctrl Home, Ctrl End and the digits of an index go from line to line.

import { useRef, useState } from 'preact/hooks'
import { keyOf, regionOf } from '../../../lib/view/pages'
import { type Leaf, SLOTS, type TableNode } from '../../../lib/view/tables'
import { leafAt, moveInTree, type TreeLine, type TreeMove } from '../../../lib/view/tree'
import { number, plural, rangeOf } from '../../../lib/view/words'
import { onChoice, useActions } from './actions'
import { Glyph } from './glyphs'
import { isRowKey } from './row-keys'
import { Digits } from './text'

interface LinesProps {
  label: string
  lines: readonly TreeLine[]
  onToggle: (key: string) => void
}

/** Digits that come within this time are one number. */
const TYPING_TIME = 800

/** One stop for Tab: the line last gone to, else the followed page, else the first. */
export function Tree({ label, lines, onToggle }: LinesProps) {
  const [gone, setGone] = useState<string | undefined>()
  const tree = useRef<HTMLDivElement>(null)
  const typed = useRef({ digits: '', time: 0 })
  const followed = lines.findIndex((line) => line.kind === 'leaf' && line.leaf.followed)
  const known = lines.findIndex(({ key }) => key === gone)
  const stop = Math.max(0, known < 0 ? followed : known)
  const goTo = (index: number): void => {
    setGone(lines[index]!.key)
    ;(tree.current!.children[index] as HTMLElement).focus()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = [...tree.current!.children].indexOf(event.target as Element)
    if (at < 0 || !isRowKey(event)) return
    const move = /^\d$/.test(event.key) ? typedMove(lines, at, typed.current, event) : moveInTree(lines, at, event.key)
    const isOwn = KEYS_OF_TREES.test(event.key)
    if (!move && !isOwn) return
    event.preventDefault()
    if (!move) return
    if ('to' in move) goTo(move.to)
    else {
      setGone(move.toggle)
      onToggle(move.toggle)
    }
  }
  return (
    <div class="tree" role="tree" aria-label={label} ref={tree} onKeyDown={onKeyDown}>
      {lines.map((line, i) => (
        <TreeItem key={line.key} line={line} isStop={i === stop} onToggle={onToggle} onGone={setGone} />
      ))}
    </div>
  )
}

const KEYS_OF_TREES = /^(Arrow\w+|Home|End|\d)$/

function typedMove(
  lines: readonly TreeLine[],
  at: number,
  typed: { digits: string; time: number },
  event: KeyboardEvent,
): TreeMove {
  const isMore = event.timeStamp - typed.time < TYPING_TIME
  typed.digits = `${isMore ? typed.digits : ''}${event.key}`
  typed.time = event.timeStamp
  const to = leafAt(lines, isMore ? at : at + 1, Number(typed.digits))
  return to < 0 ? undefined : { to }
}

interface ItemProps {
  line: TreeLine
  isStop: boolean
  onToggle: (key: string) => void
  onGone: (key: string) => void
}

function TreeItem({ line, isStop, onToggle, onGone }: ItemProps) {
  const { follow, hover } = useActions()
  const { key, level, expanded } = line
  const leaf = line.kind === 'leaf' ? line.leaf : undefined
  const page = leaf?.page
  const choose = (): void => {
    onGone(key)
    if (page) follow(leaf.followed ? undefined : page)
    if (expanded !== undefined) onToggle(key)
  }
  return (
    <div
      role="treeitem"
      aria-level={level}
      aria-expanded={expanded}
      aria-selected={leaf?.followed ?? false}
      tabIndex={isStop ? 0 : -1}
      class={leaf ? (leaf.followed ? 'leaf followed' : 'leaf') : 'node'}
      style={{ '--level': level - 1 }}
      data-leaf={page && keyOf(page.at, page.index)}
      {...onChoice(choose)}
      onPointerEnter={() => hover(page)}
      onPointerLeave={() => hover(undefined)}
    >
      {line.kind === 'leaf' ? <LeafText leaf={line.leaf} /> : <NodeText line={line} />}
    </div>
  )
}

function NodeText({ line: { kind, node, expanded } }: { line: Exclude<TreeLine, { kind: 'leaf' }> }) {
  const { table, pfn, folded, counts = [] } = node
  return (
    <>
      <span class="fold" aria-hidden="true">
        {expanded === undefined ? '' : expanded ? '▾' : '▸'}
      </span>
      {kind === 'more' && `${plural(folded, 'more table')} of ptes`}
      {kind === 'runs' && <Counts counts={counts} />}
      {kind === 'table' && (
        <>
          <b>{table.level}</b> #{pfn} {table.used === SLOTS ? 'full' : `${table.used} of ${SLOTS} used`}
        </>
      )}
    </>
  )
}

function Counts({ counts }: { counts: NonNullable<TableNode['counts']> }) {
  return (
    <span class="counts">
      {counts.map(([name, count]) => (
        <span class="chip" key={name}>
          <Glyph kind={name} />
          {number(count)} {name}
        </span>
      ))}
    </span>
  )
}

function LeafText({ leaf: { page, slot, count, kind, raw, changed } }: { leaf: Leaf }) {
  return (
    <>
      <span class="slot">{rangeOf({ first: slot, count })}</span>
      <Glyph kind={kind} />
      <span class="sr">{kind}</span>
      <span class={changed ? 'changed' : undefined}>
        <Digits raw={raw} />
      </span>
      <span class="of">{page ? `${regionOf(page.at)}${count > 1 ? '' : `[${page.index}]`}` : 'huge pmd'}</span>
    </>
  )
}
