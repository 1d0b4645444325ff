// SPDX-License-Identifier: GPL-2.0-only

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { commonColumns } from '../../../lib/view/align'
import { columnsOf } from '../../../lib/view/columns'
import { useActions } from './actions'
import { Score } from './score'
import { gutter } from './score-layout'
import type { Session } from './session'

/** One score, or two with common columns. */
export function Timeline({ session }: { session: Session }) {
  const { go } = useActions()
  const { n, comparison, place } = session
  const book = session.book!
  const box = useRef<HTMLElement>(null)
  const width = useWidth(box)
  const left = useMemo(() => gutter(comparison ? [book, comparison.book] : [book], width), [book, comparison, width])
  const [columns, otherColumns] = useMemo(() => {
    if (!comparison) return [columnsOf(book.recording), undefined]
    const of = (side: 0 | 1) => commonColumns(comparison.pairs, book.recording, comparison.book.recording, side)
    return [of(0), of(1)]
  }, [book, comparison])
  const common = { width, left, followed: place.page }
  return (
    <section aria-label="Timeline" class="timeline" ref={box}>
      {width > 0 && (
        <Score {...common} book={book} n={n} columns={columns} difference={comparison?.difference} isMain onStep={go} />
      )}
      {comparison && otherColumns && width > 0 && (
        <Score
          {...common}
          book={comparison.book}
          n={comparison.across[n]!}
          columns={otherColumns}
          difference={comparison.difference === undefined ? undefined : comparison.across[comparison.difference]}
          isMain={false}
          onStep={(step) => go(comparison.across.findIndex((each) => each >= step))}
        />
      )}
    </section>
  )
}

function useWidth(box: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry!.contentRect.width)))
    observer.observe(box.current!)
    return () => observer.disconnect()
  }, [])
  return width
}
