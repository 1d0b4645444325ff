// SPDX-License-Identifier: GPL-2.0-only

import type { Verbs } from '../../../lib/drill/parse-commands'
import { Book } from '../../../lib/view/book'
import type { RecordDocument, Recording, Terms } from './types'

/** Drills that can be looked at, on one or more profiles. */
export interface Library {
  readonly terms: Terms
  readonly drills: readonly string[]
  /** The verbs of a profile's drills. Absent: other scripts than those of its drills can't be recorded. */
  verbs?(profile: string): Verbs
  profilesOf(drill: string): readonly string[]
  scriptOf(drill: string): string
  /**
   * Records a script, or has it recorded already.
   * @throws DrillProblem what is wrong with the drill
   */
  book(drill: string, profile: string, script: string): Promise<Book>
}

export interface Problem {
  readonly message: string
  /** Where in the script, from 1. */
  readonly line?: number | undefined
  readonly column?: number | undefined
}

/** A drill can't be shown. */
export class DrillProblem extends Error implements Problem {
  override readonly name = 'DrillProblem'

  constructor(
    message: string,
    readonly line?: number,
    readonly column?: number,
  ) {
    super(message)
  }
}

/** A book in a task of its own: the page answers before and after it. */
export async function bookOf(recording: Recording, terms: Terms): Promise<Book> {
  await turn()
  const book = new Book(recording, terms)
  await turn()
  return book
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

/** The recordings of a document. */
export function documentLibrary({ recordings, terms }: RecordDocument): Library {
  const books = new Map<string, Book>()
  const of = (drill: string) => recordings.filter(({ name }) => name === drill)
  return {
    terms,
    drills: Array.from(new Set(recordings.map(({ name }) => name))),
    profilesOf: (drill) => of(drill).map(({ profile }) => profile),
    scriptOf: (drill) => of(drill)[0]?.script ?? '',
    book: async (drill, profile) => {
      const key = `${drill} ${profile}`
      const known = books.get(key)
      if (known) return known
      const recording = of(drill).find((each) => each.profile === profile)
      if (!recording) throw new DrillProblem(`there is no recording of ${drill} on ${profile}`)
      const book = await bookOf(recording, terms)
      books.set(key, book)
      return book
    },
  }
}
