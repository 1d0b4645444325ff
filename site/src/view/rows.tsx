// SPDX-License-Identifier: GPL-2.0-only

import type { ComponentChildren, RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { isRowKey, moveInRows } from './row-keys'

const ROW_HEIGHT = 24
/** Tables with more rows have only those in view as elements. */
const MOST_ROWS = 40
const MARGIN = 8

interface Props<T> {
  items: readonly T[]
  columns: number
  /** A row, which has `stop` as its attributes. */
  row: (item: T, stop: RowStop, index: number) => ComponentChildren
  /** The row that has to be there; -1: none. */
  at: number
  /** Keys that go elsewhere than to a row of this table. */
  exceptKeys?: readonly string[]
  /** A key has gone to a row: it becomes the one that has to be there. */
  onGone?: (item: T) => void
}

/** What makes the rows of a table one stop for Tab. */
export interface RowStop {
  readonly tabIndex: 0 | -1
  readonly 'data-row': number
}

/** The rows of a table. Arrows, the keys of pages, Ctrl Home and Ctrl End go from row to row, and rows that are far away come into view. */
export function Rows<T>({ items, columns, row, at, exceptKeys = [], onGone }: Props<T>) {
  const body = useRef<HTMLTableSectionElement>(null)
  const isLong = items.length > MOST_ROWS
  const [first, end] = useRange(body, items.length, isLong, at)
  const [stop, goTo] = useStop(body, at, isLong)
  const shown = stop >= first && stop < end ? stop : first
  const onKeyDown = (event: KeyboardEvent): void => {
    const from = rowOf(event.target)
    if (from === undefined || exceptKeys.includes(event.key) || !isRowKey(event)) return
    const to = moveInRows(event.key, from, items.length)
    if (to === undefined) return
    event.preventDefault()
    goTo(onGone ? 'at' : to)
    onGone?.(items[to]!)
  }
  return (
    <tbody ref={body} onKeyDown={onKeyDown}>
      <Space rows={first} columns={columns} />
      {items.slice(first, end).map((item, i) => {
        const index = first + i
        return row(item, { tabIndex: index === shown ? 0 : -1, 'data-row': index }, index)
      })}
      <Space rows={items.length - end} columns={columns} />
    </tbody>
  )
}

function rowOf(target: EventTarget | null): number | undefined {
  const row = target instanceof HTMLTableRowElement ? target.dataset.row : undefined
  return row === undefined ? undefined : Number(row)
}

type Body = RefObject<HTMLTableSectionElement | null>

/** Brings the place of a row into the middle of the window, whether or not it is an element now. */
function scrollToRow(body: Body, index: number): void {
  scrollTo({ top: scrollY + body.current!.getBoundingClientRect().top + index * ROW_HEIGHT - innerHeight / 2 })
}

/** The rows that are elements: all of a short table, else those near the window. */
function useRange(body: Body, rows: number, isLong: boolean, at: number): [first: number, end: number] {
  const [[from, to], setRange] = useState<readonly [number, number]>([0, MOST_ROWS])
  useEffect(() => {
    if (!isLong) return
    const look = (): void => {
      const { top } = body.current!.getBoundingClientRect()
      const start = Math.max(0, Math.floor(-top / ROW_HEIGHT) - MARGIN)
      const first = start - (start % MARGIN)
      const end = first + Math.ceil(innerHeight / ROW_HEIGHT) + 3 * MARGIN
      setRange((known) => (known[0] === first && known[1] === end ? known : [first, end]))
    }
    look()
    addEventListener('scroll', look, { passive: true })
    addEventListener('resize', look)
    return () => {
      removeEventListener('scroll', look)
      removeEventListener('resize', look)
    }
  }, [isLong])
  useEffect(() => {
    if (isLong && at >= 0 && (at < from || at >= to)) scrollToRow(body, at)
  }, [at, isLong])
  return isLong ? [Math.min(from, rows), Math.min(to, rows)] : [0, rows]
}

/** A row that a key goes to: its index, or the row that has to be there when all is drawn. */
type Wanted = number | 'at'

/** The row that Tab stops at: the one last gone to, else the one that has to be there, else the first. */
function useStop(body: Body, at: number, isLong: boolean): [stop: number, goTo: (row: Wanted) => void] {
  const [gone, setGone] = useState({ at, index: Math.max(0, at) })
  /** What gets the focus as soon as it is an element. */
  const wanted = useRef<Wanted | undefined>(undefined)
  const find = (row: Wanted): HTMLElement | null =>
    body.current!.querySelector(`tr[data-row="${row === 'at' ? at : row}"]`)
  useLayoutEffect(() => {
    const row = wanted.current === undefined ? null : find(wanted.current)
    if (!row) return
    wanted.current = undefined
    row.focus()
  })
  const goTo = (row: Wanted): void => {
    wanted.current = row
    if (row === 'at') return
    setGone({ at, index: row })
    if (isLong && !find(row)) scrollToRow(body, row)
  }
  return [gone.at === at ? gone.index : Math.max(0, at), goTo]
}

function Space({ rows, columns }: { rows: number; columns: number }) {
  return rows > 0 ? (
    <tr class="space">
      <td colSpan={columns} style={{ height: `${rows * ROW_HEIGHT}px` }} />
    </tr>
  ) : null
}
