// SPDX-License-Identifier: GPL-2.0-only

import { useMemo } from 'preact/hooks'
import { framesOfRow, pagesOfRow } from '../../../lib/view/cells'
import { framesOf, type Moment } from '../../../lib/view/changes'
import { keyOf, type PageKey, shown } from '../../../lib/view/pages'
import { type RegionItem, type RegionRow, regionRows } from '../../../lib/view/region-rows'
import { frameName, type MigrationState, migrationOf } from '../../../lib/view/state'
import { onChoice, useActions } from './actions'
import { Glyph } from './glyphs'
import { type RowStop, Rows } from './rows'
import { Heads, Letters, Term, Value } from './text'

interface Props {
  moment: Moment
  at: string
  followed: PageKey | undefined
}

export function RegionTable({ moment, at, followed }: Props) {
  const { follow } = useActions()
  const rows = useMemo(() => regionRows(moment, at, followed), [moment, at, followed])
  const migration = migrationOf(moment.state, at)
  const linked = followed ? framesOf(moment.state, followed.at, followed.index) : []
  const result = migration?.over ? 'result' : 'so far'
  return (
    <table aria-label={`Pages of ${shown(at)}`}>
      <Heads words={['page', 'entry', 'bits', 'frame', ...(migration ? ['src', 'dst', result] : [])]} />
      <Rows
        items={rows}
        columns={migration ? 7 : 4}
        at={rows.findIndex(({ alone }) => alone)}
        // Those follow the next page, also of another region.
        exceptKeys={VERTICAL}
        onGone={({ first: index }) => follow({ at, index })}
        row={(row, stop) => (
          <RegionLine
            key={row.first}
            {...{ moment, at, row, migration, stop }}
            isLinked={!isRowOf(row, followed, at) && linked.some((pfn) => hasFrame(row, pfn))}
            isFollowed={isRowOf(row, followed, at)}
          />
        )}
      />
    </table>
  )
}

const VERTICAL = ['ArrowUp', 'ArrowDown']

const isRowOf = (row: RegionRow, followed: PageKey | undefined, at: string): boolean =>
  followed?.at === at && row.alone && row.first === followed.index

const hasFrame = ({ item: { entry }, runs }: RegionRow, pfn: number): boolean =>
  runs.length === 1 && entry.pfn !== undefined && entry.pfn <= pfn && pfn < entry.pfn + runs[0]!.count

interface LineProps {
  moment: Moment
  at: string
  row: RegionRow
  migration: MigrationState | undefined
  isFollowed: boolean
  isLinked: boolean
  stop: RowStop
}

function RegionLine({ moment, at, row, migration, isFollowed, isLinked, stop }: LineProps) {
  const { follow, hover } = useActions()
  const page = { at, index: row.first }
  return (
    <tr
      data-page={keyOf(at, row.first)}
      class={isFollowed ? 'followed' : isLinked ? 'linked' : undefined}
      aria-selected={isFollowed}
      {...stop}
      {...onChoice(() => follow(isFollowed ? undefined : page))}
      onPointerEnter={() => hover(page)}
      onPointerLeave={() => hover(undefined)}
    >
      <td class="w">{pagesOfRow(row)}</td>
      <EntryCells moment={moment} row={row} />
      {migration && <WordCells moment={moment} row={row} migration={migration} />}
    </tr>
  )
}

function EntryCells({ moment, row }: { moment: Moment; row: RegionRow }) {
  const { entry, was } = row.item
  const isOther = was !== undefined && was.kind !== entry.kind
  const bitsWas =
    was && was.bits !== undefined && entry.bits !== undefined && was.bits !== entry.bits ? was.bits : undefined
  const frameChanged = was !== undefined && was.pfn !== entry.pfn && entry.pfn !== undefined
  return (
    <>
      <td>
        <span class={isOther ? 'chip changed' : 'chip'}>
          <Glyph kind={entry.kind} />
          {isOther && (
            <s class="was" aria-hidden="true">
              {was.kind}
            </s>
          )}
          <Term group="entries" word={entry.kind} />
          {isOther && <span class="sr"> was {was.kind}</span>}
        </span>
      </td>
      <td class="w" title={bitsWas && `was ${bitsWas}`}>
        <Value changed={bitsWas !== undefined}>
          <Letters of="bits" word={entry.bits} />
        </Value>
        {bitsWas && <span class="sr"> was {bitsWas}</span>}
      </td>
      <td class="w">
        {entry.pfn === undefined ? (
          <span class="off">–</span>
        ) : (
          <Value changed={frameChanged}>{framesOfRow(moment, row)}</Value>
        )}
      </td>
    </>
  )
}

/** Words of a migration that covers the page, and what became of it. */
function WordCells({ moment, row, migration }: { moment: Moment; row: RegionRow; migration: MigrationState }) {
  const { word, wordWas } = row.item
  if (!word) {
    return (
      <>
        <td class="w off">·</td>
        <td class="w off">·</td>
        <td />
      </>
    )
  }
  const { recording } = moment.replay
  const isElsewhere = word.srcPfn !== undefined && row.count === 1 && word.srcPfn !== row.item.entry.pfn
  return (
    <>
      <td class="w">
        <Word word={word.src} was={wordWas?.src} />
        {isElsewhere && <span class="muted"> {frameName(recording, word.srcPfn)}</span>}
      </td>
      <td class="w">
        <Word word={word.dst} was={wordWas?.dst} isNew />
        {word.dstPfn !== undefined && row.count === 1 && (
          <span class="muted"> {frameName(recording, word.dstPfn)}</span>
        )}
      </td>
      <td>
        <Value changed={wordWas !== undefined && wordWas.why !== word.why}>
          <Result item={row.item} over={migration.over} />
        </Value>
      </td>
    </>
  )
}

function Word({ word, was, isNew }: { word: string; was: string | undefined; isNew?: boolean }) {
  const isChanged = was !== undefined && was !== word
  return (
    <Value was={isChanged && !(isNew && was === '-') ? was : undefined} changed={isChanged}>
      <Letters of="words" word={word} />
    </Value>
  )
}

function Result({ item: { word }, over }: { item: RegionItem; over: boolean }) {
  if (word && word.why !== 'none') return <Term group="whys" word={word.why} stop />
  return over ? <span class="muted">moved</span> : null
}
