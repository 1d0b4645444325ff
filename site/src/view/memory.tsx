// SPDX-License-Identifier: GPL-2.0-only

import { useMemo } from 'preact/hooks'
import { nameOfFrames } from '../../../lib/view/cells'
import { framesOf, type Moment } from '../../../lib/view/changes'
import {
  coversFrame,
  type FrameItem,
  type FrameRow,
  flagWord,
  isLocked,
  listOf,
  mappingText,
  marksOf,
  memoryOf,
  type Owners,
  ownersOf,
  ownerText,
} from '../../../lib/view/frame-rows'
import { listLines } from '../../../lib/view/lists'
import type { PageKey } from '../../../lib/view/pages'
import { pagesOf } from '../../../lib/view/rmap'
import { hexByte, number, plural } from '../../../lib/view/words'
import { onChoice, useActions } from './actions'
import { Glyph, Lock, Marks, marksText } from './glyphs'
import { type RowStop, Rows } from './rows'
import { Heads, Letters, Text, Value } from './text'

export function Memory({ moment, followed }: { moment: Moment; followed: PageKey | undefined }) {
  const { counters } = moment.state
  const used = (all: string, free: string): string =>
    `${number((counters[all] ?? 0) - (counters[free] ?? 0))} of ${number(counters[all] ?? 0)} in use`
  return (
    <section class="memory" aria-label="Memory">
      <h2>
        <span>Memory: RAM</span>
        <span>{used('ramPages', 'ramFree')}</span>
      </h2>
      <FrameTable moment={moment} followed={followed} device={false} />
      <Lists moment={moment} />
      <h2>
        <span>Memory: device</span>
        <span>{used('devicePages', 'deviceFree')}</span>
      </h2>
      <FrameTable moment={moment} followed={followed} device />
    </section>
  )
}

/** LRU lists and pagevecs that the step has changed: their pages in order. */
function Lists({ moment }: { moment: Moment }) {
  const lines = useMemo(() => listLines(moment), [moment])
  if (lines.length === 0) return null
  return (
    <ul class="lists" aria-label="LRU lists and pagevecs that have changed">
      {lines.map(({ word, group, cpu, now, was }) => (
        <li key={`${cpu} ${word}`}>
          {cpu === undefined ? 'LRU ' : 'pagevec '}
          <Text rich={[{ term: word, group }]} />
          {cpu !== undefined && ` of CPU ${cpu}`}: <Value was={now === was ? undefined : was}>{now}</Value>
        </li>
      ))}
    </ul>
  )
}

interface TableProps {
  moment: Moment
  followed: PageKey | undefined
  device: boolean
}

export function FrameTable({ moment, followed, device }: TableProps) {
  const linked = useMemo(
    () => new Set(followed ? framesOf(moment.state, followed.at, followed.index) : []),
    [moment, followed],
  )
  const memory = useMemo(() => memoryOf(moment, device, linked), [moment, device, linked])
  const owners = useMemo(() => ownersOf(moment), [moment])
  const columns = device ? 7 : 8
  return (
    <table aria-label={device ? 'Pages of the device' : 'Frames of RAM'}>
      <Heads
        words={[
          device ? 'page' : 'frame',
          ...['refs', 'maps', 'lock'],
          ...(device ? [] : ['LRU']),
          ...['flags', 'byte', 'mapped by'],
        ]}
      />
      <Rows
        items={memory.rows}
        columns={columns}
        at={memory.rows.findIndex(({ alone }) => alone)}
        row={(row, stop) => (
          <FrameLine
            key={row.item.pfn}
            {...{ moment, owners, row, device, stop }}
            isFollowed={[...linked].some((pfn) => coversFrame(row, pfn))}
          />
        )}
      />
      <Rest memory={memory} device={device} columns={columns} />
    </table>
  )
}

function Rest({ memory, device, columns }: { memory: ReturnType<typeof memoryOf>; device: boolean; columns: number }) {
  const nothing = device ? 'No device page is in use.' : 'No frame holds data.'
  return (
    <tbody class="rest">
      {memory.rows.length === 0 && (
        <tr>
          <td colSpan={columns}>{nothing}</td>
        </tr>
      )}
      {!device && memory.others > 0 && (
        <tr>
          <td colSpan={columns}>
            <span class="chip">
              <Glyph kind="table" />
              {plural(memory.others, 'frame')} of page tables and the zero page
            </span>
          </td>
        </tr>
      )}
    </tbody>
  )
}

interface LineProps {
  moment: Moment
  owners: Owners
  row: FrameRow
  device: boolean
  isFollowed: boolean
  stop: RowStop
}

function FrameLine({ moment, owners, row, device, isFollowed, stop }: LineProps) {
  const { follow } = useActions()
  const { frame, pfn, isNew } = row.item
  /** Of several mappings the next one on each click. */
  const followNext = (): void => {
    const pages = pagesOf(moment.state, pfn)
    const before = pages.findIndex(({ at, index }) => lastFollowed === `${at}[${index}]`)
    const next = pages[(before + 1) % pages.length]
    if (!next) return
    lastFollowed = `${next.at}[${next.index}]`
    follow(next)
  }
  const props = {
    'data-pfn': pfn,
    class: isFollowed ? 'followed' : undefined,
    'aria-selected': isFollowed,
    ...stop,
    ...onChoice(followNext),
  }
  if (!frame) {
    return (
      <tr {...props}>
        <td class="w">{row.runs.length > 1 ? plural(row.count, 'frame') : nameOfFrames(moment, row)}</td>
        <td colSpan={device ? 6 : 7}>
          <span class="changed">freed</span>
        </td>
      </tr>
    )
  }
  return (
    <tr {...props}>
      <td class="w">
        <Value changed={isNew}>{nameOfFrames(moment, row)}</Value>
      </td>
      <FrameCells item={row.item} marks={marksOf(owners, row.item)} device={device} />
      <Owner moment={moment} owners={owners} row={row} />
    </tr>
  )
}

/** The page that a click on a frame followed last. */
let lastFollowed = ''

function FrameCells({ item, marks, device }: { item: FrameItem; marks: readonly string[]; device: boolean }) {
  const frame = item.frame!
  const { was } = item
  const old = (now: unknown, before: unknown): string | undefined =>
    was && before !== undefined && now !== before ? `${before}` : undefined
  const byte = frame.byte === undefined ? '' : hexByte(frame.byte)
  const [list, listWas] = [listOf(frame), was ? listOf(was) : listOf(frame)]
  const flags = flagWord(frame.flags)
  return (
    <>
      <td class="w" title={marksText(marks)}>
        <Marks held={marks} device={device} />
        {/\btail\b/.test(frame.flags) ? (
          <span class="off">head’s</span>
        ) : (
          <Value was={old(frame.ref, was?.ref)}>{frame.ref}</Value>
        )}
        {marks.length > 0 && <span class="sr">: {marksText(marks)}</span>}
      </td>
      <td class="w">
        <Value was={old(frame.map, was?.map)}>{frame.map}</Value>
      </td>
      <td>
        <Value changed={was !== undefined && isLocked(was) !== isLocked(frame)}>
          {isLocked(frame) ? <Lock /> : <span class="off">–</span>}
        </Value>
      </td>
      {!device && (
        <td>
          <Value changed={list !== listWas} was={list !== listWas && !list ? listWas : undefined}>
            {list || <span class="off">off</span>}
          </Value>
        </td>
      )}
      <td class="w" title={was && flagWord(was.flags) !== flags ? `was ${flagWord(was.flags)}` : undefined}>
        <Value changed={was !== undefined && flagWord(was.flags) !== flags}>
          <Letters of="flags" word={flags} />
        </Value>
      </td>
      <td class="w">
        <Value was={was?.byte === undefined || was.byte === frame.byte ? undefined : hexByte(was.byte)}>{byte}</Value>
      </td>
    </>
  )
}

const OWNER_TEXTS: Record<string, string> = {
  standing: 'Not mapped: a migration entry stands in.',
  destination: 'A destination: nobody maps it yet.',
}

function Owner({ moment, owners, row }: Pick<LineProps, 'moment' | 'owners' | 'row'>) {
  const { kind, text } = ownerText(moment, owners, row)
  const belongs = mappingText(row, moment.state)
  const says = [OWNER_TEXTS[kind] ?? text, belongs].filter((each) => each !== '')
  const look = kind === 'mapped' ? undefined : kind === 'nobody' ? 'off' : 'muted'
  return (
    <td class="w owner" title={says.join('\n')}>
      <span class={look}>{text}</span>
    </td>
  )
}
