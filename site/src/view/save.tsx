// SPDX-License-Identifier: GPL-2.0-only

import type { RefObject } from 'preact'
import type { Book } from '../../../lib/view/book'
import { sentenceOf } from '../../../lib/view/sentence'
import { traceOf } from '../../../lib/view/trace'
import { plain } from '../../../lib/view/words'
import { pictureOf } from './picture'

interface Kind {
  readonly title: string
  readonly ending: string
  readonly type: string
  text(book: Book, n: number, script: string): string
}

const KINDS: readonly Kind[] = [
  {
    title: 'Transcript',
    ending: '.expected',
    type: 'text/plain',
    text: ({ recording }) => `${recording.transcript.join('\n')}\n`,
  },
  {
    title: 'Drill',
    ending: '.drill',
    type: 'text/plain',
    text: (_book, _n, script) => script,
  },
  {
    title: 'Picture (SVG)',
    ending: '.svg',
    type: 'image/svg+xml',
    text: (book, n) => pictureOf(document.querySelector('.score')!, plain(sentenceOf(book, n))),
  },
  {
    title: 'Trace for Perfetto',
    ending: '.trace.json',
    type: 'application/json',
    text: (book) => JSON.stringify(traceOf(book)),
  },
  {
    title: 'Record (JSON)',
    ending: '.record.json',
    type: 'application/json',
    text: ({ recording, terms }) =>
      JSON.stringify({ format: 'hmmu-record', version: 1, terms, recordings: [recording] }),
  },
]

interface Props {
  dialog: RefObject<HTMLDialogElement | null>
  book: Book
  n: number
  /** As it is edited, also if it has an error. */
  script: string
}

/** What of a drill can be saved as a file. */
export function Save({ dialog, book, n, script }: Props) {
  const { name } = book.recording
  return (
    <dialog ref={dialog} aria-labelledby="save">
      <h2 id="save">Save {name} as</h2>
      <form method="dialog" class="choices">
        {KINDS.map(({ title, ending, type, text }) => (
          <button
            type="submit"
            class="link"
            key={ending}
            onClick={() => download(name + ending, type, text(book, n, script))}
          >
            {title}
          </button>
        ))}
        <button type="submit" class="link muted">
          Close
        </button>
      </form>
    </dialog>
  )
}

function download(name: string, type: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
