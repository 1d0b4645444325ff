// SPDX-License-Identifier: GPL-2.0-only

import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

const ROW_HEIGHT = 24
/** Tables with more rows have only those in view as elements. */
const MOST_ROWS = 40
const MARGIN = 8

interface Props<T> {
  items: readonly T[]
  columns: number
  row: (item: T, index: number) => ComponentChildren
  /** The row that has to be there; -1: none. */
  at: number
}

/** The rows of a table. */
export function Rows<T>({ items, columns, row, at }: Props<T>) {
  const body = useRef<HTMLTableSectionElement>(null)
  const [[from, to], setRange] = useState<[number, number]>([0, MOST_ROWS])
  const isLong = items.length > MOST_ROWS
  useEffect(() => {
    if (!isLong) return
    const look = (): void => {
      const top = body.current!.getBoundingClientRect().top
      const first = Math.max(0, Math.floor(-top / ROW_HEIGHT) - MARGIN)
      const shown = Math.ceil(innerHeight / ROW_HEIGHT) + 2 * MARGIN
      setRange([first - (first % MARGIN), first + shown])
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
    if (isLong && at >= 0 && (at < from || at >= to)) {
      scrollTo({ top: scrollY + body.current!.getBoundingClientRect().top + at * ROW_HEIGHT - innerHeight / 2 })
    }
  }, [at, isLong])
  if (!isLong) return <tbody>{items.map(row)}</tbody>
  const [first, end] = [Math.min(from, items.length), Math.min(to, items.length)]
  return (
    <tbody ref={body}>
      <Space rows={first} columns={columns} />
      {items.slice(first, end).map((item, i) => row(item, first + i))}
      <Space rows={items.length - end} columns={columns} />
    </tbody>
  )
}

function Space({ rows, columns }: { rows: number; columns: number }) {
  return rows > 0 ? (
    <tr class="space">
      <td colSpan={columns} style={{ height: `${rows * ROW_HEIGHT}px` }} />
    </tr>
  ) : null
}
