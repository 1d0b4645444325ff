// SPDX-License-Identifier: GPL-2.0-only
//
// Arrows of one page: its row, its leaf of the page table, its frame. Cells say the same in words.

import type { RefObject } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'
import type { Moment } from '../../../lib/view/changes'
import { keyOf, type PageKey } from '../../../lib/view/pages'
import { endOf } from '../../../lib/view/runs'
import { entryAt, migrationOf, runOfFrame, wordAt } from '../../../lib/view/state'

interface Wire {
  path: string
  /** No translation: a migration entry to its page, a page to its destination. */
  isDashed: boolean
  end: readonly [x: number, y: number]
}

type Point = [number, number]

/** A curve that begins and ends level. */
function link([x0, y0]: Point, [x1, y1]: Point): string {
  const middle = (x0 + x1) / 2
  return `M${x0} ${y0}C${middle} ${y0} ${middle} ${y1} ${x1} ${y1}`
}

/** Up to this width, columns of tables are below the others, and arrows skip them. */
export const WIDE = 1460

interface Props {
  main: RefObject<HTMLElement | null>
  moment: Moment
  page: PageKey | undefined
}

export function Wires({ main, moment, page }: Props) {
  const [wires, setWires] = useState<readonly Wire[]>([])
  useLayoutEffect(() => {
    const draw = (): void => setWires(page && main.current ? wiresOf(main.current, moment, page) : [])
    draw()
    addEventListener('resize', draw)
    return () => removeEventListener('resize', draw)
  }, [moment, page])
  return (
    <svg class="wires" aria-hidden="true">
      {wires.map(({ path, isDashed, end: [x, y] }) => (
        <g key={path} class={isDashed ? 'dashed' : undefined}>
          <path d={path} />
          <circle cx={x} cy={y} r="2.4" />
        </g>
      ))}
    </svg>
  )
}

function wiresOf(main: HTMLElement, moment: Moment, page: PageKey): Wire[] {
  const row = rowOf(main, moment, page)
  if (!row) return []
  const box = main.getBoundingClientRect()
  const edge = (element: Element, side: 'left' | 'right'): Point => {
    const rect = element.getBoundingClientRect()
    return [rect[side] - box.left + (side === 'left' ? -5 : 2), rect.top - box.top + rect.height / 2]
  }
  const wires: Wire[] = []
  const add = (from: Point, to: Point, isDashed: boolean): void => {
    if (to[0] > from[0]) wires.push({ path: link(from, to), isDashed, end: to })
  }
  let from = edge(row, 'right')
  const leaf = main.querySelector(`[data-leaf="${CSS.escape(keyOf(page.at, page.index))}"]`)
  if (leaf && innerWidth > WIDE) {
    // Levels of the tree are left of the leaf.
    add(from, edge(leaf.firstElementChild!, 'left'), false)
    from = edge(leaf, 'right')
  }
  for (const [pfn, isDashed] of targetsOf(moment, page)) {
    const frame = frameRow(main, pfn)
    if (frame) add(from, edge(frame, 'left'), isDashed)
  }
  return wires
}

/** Frames that the page leads to. */
function targetsOf({ state }: Moment, { at, index }: PageKey): Map<number, boolean> {
  const targets = new Map<number, boolean>()
  const entry = entryAt(state, at, index)
  if (entry?.pfn !== undefined) targets.set(entry.pfn, entry.kind === 'mig')
  const migration = migrationOf(state, at)
  const dst = migration && !migration.over ? wordAt(migration, index)?.dstPfn : undefined
  if (dst !== undefined && !targets.has(dst) && runOfFrame(state, dst)) targets.set(dst, true)
  return targets
}

/** The row of a page: its own, or the one of a run that covers it. */
function rowOf(main: HTMLElement, moment: Moment, { at, index }: PageKey): Element | undefined {
  const own = main.querySelector(`[data-page="${CSS.escape(keyOf(at, index))}"]`)
  if (own) return own
  const run = moment.state.entries.get(at)?.find((each) => each.first <= index && index < endOf(each))
  return (run && main.querySelector(`[data-page="${CSS.escape(keyOf(at, run.first))}"]`)) ?? undefined
}

/** The last row that begins at a frame or before it. */
function frameRow(main: HTMLElement, pfn: number): Element | undefined {
  return main.querySelector(`[data-pfn="${pfn}"]`) ?? undefined
}
