// SPDX-License-Identifier: GPL-2.0-only

import type { RefObject } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { columnsOfSide, commonSteps } from '../../../lib/view/align'
import type { Book } from '../../../lib/view/book'
import { isBand } from '../../../lib/view/histories'
import { lowerBound } from '../../../lib/view/region-changes'
import type { Step } from '../record/types'
import { useActions } from './actions'
import { Find } from './find'
import { Score } from './score'
import { gutter } from './score-layout'
import { ScoreTable } from './score-table'
import type { Session } from './session'
import { Shown } from './shown'
import { useZoom, type Zooming } from './use-zoom'

/** What the keys do with the timeline. */
export interface TimelineCommands {
  zoom(by: 1 | -1): void
  fold(): void
  lens(): void
  find(): void
  /** Follows the page above or below, if the lens is there. */
  page(by: 1 | -1): boolean
  /** Closes what is open. */
  escape(): boolean
}

interface Props {
  session: Session
  commands: RefObject<TimelineCommands | null>
}

/** One score, or two with common columns. */
export function Timeline({ session, commands }: Props) {
  const { n, comparison, place } = session
  const book = session.book!
  const box = useRef<HTMLElement>(null)
  const width = useWidth(box)
  const { steps, ofStep, ofOther } = useColumns(session)
  const column = ofStep[n]!
  const zooming = useZoom(steps, column)
  const [finds, setFinds] = useState(false)
  const [asTable, setAsTable] = useState(false)
  const lens = useLens(session)
  commands.current = {
    ...lens.commands,
    zoom: (by) => zooming.zoomAt(by > 0 ? 0.5 : 2, column + 0.5),
    fold: () => zooming.toggleAt(column),
    find: () => setFinds(true),
  }
  const books = comparison ? [book, comparison.book] : [book]
  return (
    <section aria-label="Timeline" class="timeline" ref={box}>
      <Tools
        asTable={asTable}
        onTable={setAsTable}
        zoom={zooming.isLong && !asTable ? commands.current.zoom : undefined}
      />
      {finds && <Find book={book} n={n} followed={place.page} onClose={() => setFinds(false)} />}
      {asTable &&
        books.map((each) => (
          <div class="score-box" key={each.recording.profile}>
            <ScoreTable book={each} />
          </div>
        ))}
      {width > 0 && !asTable && <Scores {...{ session, width, books, ofStep, ofOther, zooming }} lens={lens.isOn} />}
    </section>
  )
}

interface CommonColumns {
  readonly steps: readonly Step[]
  /** The column of each step. */
  readonly ofStep: Int32Array
  /** That of each step of the profile that is compared. */
  readonly ofOther?: Int32Array | undefined
}

function useColumns({ book, comparison }: Session): CommonColumns {
  return useMemo(() => {
    const { recording } = book!
    if (!comparison) return { steps: recording.steps, ofStep: Int32Array.from(recording.steps.keys()) }
    const { pairs, book: other } = comparison
    return {
      steps: commonSteps(pairs, recording, other.recording),
      ofStep: columnsOfSide(pairs, 0),
      ofOther: columnsOfSide(pairs, 1),
    }
  }, [book, comparison])
}

interface ScoresProps extends CommonColumns {
  session: Session
  books: readonly Book[]
  width: number
  zooming: Zooming
  lens: boolean
}

function Scores({ session, books, width, ofStep, ofOther, zooming, lens }: Omit<ScoresProps, 'steps'>) {
  const { go } = useActions()
  const { n, comparison, place } = session
  const { edges, zoom, folds, zoomAt, pan } = zooming
  const left = useMemo(() => gutter(books, width), [...books, width])
  const columns = useMemo(() => ({ edges, ofStep }), [edges, ofStep])
  const otherColumns = useMemo(() => ofOther && { edges, ofStep: ofOther }, [edges, ofOther])
  const shown = zoom.to - zoom.from
  const common = {
    width,
    left,
    column: ofStep[n]!,
    folds,
    followed: place.page,
    lens,
    difference: comparison?.difference === undefined ? undefined : ofStep[comparison.difference],
    onColumn: (to: number) => go(Math.max(0, lowerBound(ofStep, to + 1) - 1)),
    onZoom: (factor: number, share: number) => zoomAt(factor, zoom.from + share * shown),
    onPan: (share: number) => pan(share * shown),
  }
  return (
    <>
      {zooming.isLong && <Shown zoom={zoom} columns={edges.length - 1} left={left} onPan={pan} />}
      <div class="score-box">
        <Score {...common} book={books[0]!} n={n} columns={columns} isMain />
      </div>
      {comparison && otherColumns && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and nothing in it has the focus
        <section class="score-box" aria-label={`Timeline of ${comparison.book.recording.profile}`} tabIndex={0}>
          <Score {...common} book={comparison.book} n={comparison.across[n]!} columns={otherColumns} isMain={false} />
        </section>
      )}
    </>
  )
}

/** The lens by keys: on the followed page of a band, or on the page in the middle. */
function useLens({ book, latest }: Session) {
  const { follow } = useActions()
  const [isOn, setOn] = useState(false)
  // Keys can be faster than the page.
  const asked = useRef(false)
  const ask = (on: boolean): void => {
    asked.current = on
    setOn(on)
  }
  const band = book!.rows.find(isBand)
  const own = () => {
    const { page } = latest().place
    return band && page?.at === band.at ? page : undefined
  }
  const commands: Pick<TimelineCommands, 'lens' | 'page' | 'escape'> = {
    lens: () => {
      if (!band) return
      ask(!asked.current)
      if (asked.current && !own()) follow({ at: band.at, index: band.count >> 1 })
    },
    page: (by) => {
      const page = own()
      if (!asked.current || !band || !page) return false
      follow({ at: band.at, index: Math.max(0, Math.min(band.count - 1, page.index + by)) })
      return true
    },
    escape: () => {
      const wasOn = asked.current
      ask(false)
      return wasOn
    },
  }
  return { isOn, commands }
}

interface ToolsProps {
  asTable: boolean
  onTable(asTable: boolean): void
  /** Absent: the score does not zoom. */
  zoom?: TimelineCommands['zoom'] | undefined
}

/** Over the gutter. */
function Tools({ asTable, onTable, zoom }: ToolsProps) {
  return (
    <div class="timeline-tools">
      <button type="button" onClick={() => onTable(!asTable)}>
        {asTable ? 'Show as score' : 'Show as table'}
      </button>
      {zoom && (
        <span>
          <button type="button" aria-label="Show more steps" onClick={() => zoom(-1)}>
            −
          </button>
          <button type="button" aria-label="Show fewer steps" onClick={() => zoom(1)}>
            +
          </button>
        </span>
      )}
    </div>
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
