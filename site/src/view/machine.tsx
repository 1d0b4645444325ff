// SPDX-License-Identifier: GPL-2.0-only

import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'
import type { Book } from '../../../lib/view/book'
import type { PageKey } from '../../../lib/view/pages'
import { PageHistory } from './history'
import { Memory } from './memory'
import { Spaces } from './spaces'
import { PageTables } from './tables'
import { Wires } from './wires'

interface Props {
  /** The column of the drill. */
  text: ComponentChildren
  book: Book
  n: number
  followed: PageKey | undefined
  hovered: PageKey | undefined
}

/** One column of the score, enlarged: text, addresses, page tables, memory. */
export function Machine({ text, book, n, followed, hovered }: Props) {
  const main = useRef<HTMLElement>(null)
  const moment = book.moment(n)
  return (
    <main ref={main}>
      {text}
      <section class="spaces" aria-label="Address spaces">
        <h2>
          <span>Address spaces</span>
        </h2>
        <Spaces moment={moment} followed={followed} />
      </section>
      <section class="tables" aria-label="Page tables">
        <h2>
          <span>Page tables</span>
        </h2>
        <PageTables moment={moment} followed={followed} />
      </section>
      <Memory moment={moment} followed={followed} />
      {followed && <PageHistory book={book} n={n} page={followed} />}
      <Wires main={main} moment={moment} page={hovered ?? followed} />
    </main>
  )
}
