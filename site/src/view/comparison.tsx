// SPDX-License-Identifier: GPL-2.0-only
//
// A drill on two profiles: two captions, two machines. Cells that differ are underlined.

import type { ComponentChildren, RefObject } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { answerOf } from '../../../lib/view/answer'
import type { Book } from '../../../lib/view/book'
import { comparedSentence } from '../../../lib/view/differences'
import { type PageKey, shownPage } from '../../../lib/view/pages'
import { placeOfStep } from '../../../lib/view/sentence'
import { FrameTable } from './memory'
import type { Comparison, Session } from './session'
import { Spaces } from './spaces'
import { PageTables } from './tables'
import { StepLink, Text } from './text'

/** The caption of the second profile. */
export function OtherCaption({ session, comparison }: { session: Session; comparison: Comparison }) {
  const { book: other, across, difference } = comparison
  const m = across[session.n]!
  return (
    <section class="followed other" aria-label={`This step on ${other.recording.profile}`}>
      <div class="line">
        <b>{other.recording.profile}</b>
        <span>
          step {m} · {placeOfStep(other.moment(m))}
        </span>
      </div>
      <p class="sentence">
        <Text rich={comparedSentence(session.book!, session.n, other, m)} />
      </p>
      <PageAnswer book={other} n={m} page={session.place.page} />
      <p class="events">
        {difference === undefined ? (
          'No difference.'
        ) : (
          <span>
            <StepLink step={difference}>First difference: step {difference}</StepLink> <kbd>d</kbd>
          </span>
        )}
      </p>
    </section>
  )
}

/** The answer for the followed page, small, as there are two. */
export function PageAnswer({ book, n, page }: { book: Book; n: number; page: PageKey | undefined }) {
  if (!page) return null
  return (
    <p class="events answer">
      <span>
        <b class="mono">{shownPage(page)}</b> <Text rich={answerOf(book, page, n).text} />
      </span>
    </p>
  )
}

interface MachinesProps {
  text: ComponentChildren
  session: Session
  comparison: Comparison
}

export function Machines({ text, session, comparison }: MachinesProps) {
  const { n, place } = session
  const main = useRef<HTMLElement>(null)
  const sides: [Book, number][] = [
    [session.book!, n],
    [comparison.book, comparison.across[n]!],
  ]
  const [isTables, setIsTables] = useState(false)
  useDifferences(main, [n, session.book, comparison, place.page, isTables])
  return (
    <main class="compared" ref={main}>
      {text}
      {sides.map(([book, step]) => (
        <section class="machine" key={book.recording.profile} aria-label={book.recording.profile}>
          <h2>
            <span>{book.recording.profile}</span>
            <Tabs isTables={isTables} onTables={setIsTables} />
            <span>step {step}</span>
          </h2>
          {isTables ? (
            <PageTables moment={book.moment(step)} followed={place.page} />
          ) : (
            <>
              <Spaces moment={book.moment(step)} followed={place.page} />
              <FrameTable moment={book.moment(step)} followed={place.page} device={false} />
              <FrameTable moment={book.moment(step)} followed={place.page} device />
            </>
          )}
        </section>
      ))}
    </main>
  )
}

/** What both machines show: there is no room for all columns twice. */
function Tabs({ isTables, onTables }: { isTables: boolean; onTables: (isTables: boolean) => void }) {
  return (
    <span class="tabs">
      <button type="button" aria-pressed={!isTables} onClick={() => onTables(false)}>
        Regions and memory
      </button>
      <button type="button" aria-pressed={isTables} onClick={() => onTables(true)}>
        Page tables
      </button>
    </span>
  )
}

/** Underlines cells of the two machines that differ. Compared is what is seen, without the old values. */
function useDifferences(main: RefObject<HTMLElement | null>, when: readonly unknown[]): void {
  useLayoutEffect(() => {
    const [a, b] = [...(main.current?.querySelectorAll('.machine') ?? [])].map(cellsOf)
    if (!a || !b) return
    for (const key of new Set([...a.keys(), ...b.keys()])) {
      const [one, other] = [a.get(key), b.get(key)]
      const isDifferent = (one && shownValue(one)) !== (other && shownValue(other))
      for (const cell of [one, other]) cell?.classList.toggle('differs', isDifferent)
    }
  }, when as unknown[])
}

/** Cells of tables and leaves of page tables, by what they are about. */
function cellsOf(machine: Element): Map<string, HTMLElement> {
  const cells = new Map<string, HTMLElement>()
  for (const leaf of machine.querySelectorAll<HTMLElement>('[data-leaf]')) cells.set(`leaf ${leaf.dataset.leaf}`, leaf)
  for (const row of machine.querySelectorAll<HTMLTableRowElement>('tr[data-page], tr[data-pfn]')) {
    const table = row.closest('table')!.getAttribute('aria-label')
    for (const [i, cell] of [...row.cells].entries()) {
      cells.set(`${table} ${row.dataset.page ?? row.dataset.pfn} ${i}`, cell)
    }
  }
  return cells
}

function shownValue(cell: Element): string {
  const copy = cell.cloneNode(true) as Element
  for (const old of copy.querySelectorAll('.was, .sr')) old.remove()
  return `${copy.textContent?.trim()}${copy.querySelector('[aria-label=locked]') ? ' locked' : ''}`
}
