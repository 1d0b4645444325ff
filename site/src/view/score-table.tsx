// SPDX-License-Identifier: GPL-2.0-only
//
// The score as a table: rows are histories.

import { useMemo, useState } from 'preact/hooks'
import type { Book } from '../../../lib/view/book'
import { type TableRow, tableRows } from '../../../lib/view/score-table'
import { useActions } from './actions'
import { Glyph } from './glyphs'

/** Rows that are shown at first, and with each press more. */
const ROWS = 50

export function ScoreTable({ book }: { book: Book }) {
  const rows = useMemo(() => tableRows(book), [book])
  const [most, setMost] = useState(ROWS)
  const rest = rows.length - most
  return (
    <div class="score-table">
      <table>
        <caption>
          Histories of pages, and tasks that waited, on {book.recording.profile}: steps 0 to {book.last}
        </caption>
        <thead>
          <tr>
            <th scope="col">pages</th>
            <th scope="col">entry, step by step</th>
            <th scope="col">gave up</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, most).map((row, i) => (
            <Row key={`${i} ${row.name}`} row={row} />
          ))}
        </tbody>
      </table>
      {rest > 0 && (
        <button type="button" class="link" onClick={() => setMost(most + ROWS)}>
          {rest} more histories
        </button>
      )}
    </div>
  )
}

function Row({ row: { name, parts, more, stops } }: { row: TableRow }) {
  const { go } = useActions()
  return (
    <tr>
      <th scope="row" class="mono">
        {name}
      </th>
      <td>
        <ol>
          {parts.map(({ step, steps, kind, text }) => (
            <li key={step}>
              <button type="button" onClick={() => go(step)}>
                <span class="muted">{steps}</span> {kind && <Glyph kind={kind} />} {text}
              </button>
            </li>
          ))}
          {more > 0 && <li class="muted">and {more} more</li>}
        </ol>
      </td>
      <td>
        <ol>
          {stops.map(({ step, why }) => (
            <li key={`${step} ${why}`}>
              <button type="button" onClick={() => go(step)}>
                <span class="muted">{step}</span> <span class="why">{why}</span>
              </button>
            </li>
          ))}
        </ol>
      </td>
    </tr>
  )
}
