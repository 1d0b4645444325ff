// SPDX-License-Identifier: GPL-2.0-only

import type { RecordDocument, Terms } from '../record/types'
import { Book } from './book'

/** Drills that can be looked at, on one or more profiles. */
export interface Library {
  readonly terms: Terms
  readonly drills: readonly string[]
  profilesOf(drill: string): readonly string[]
  /** Records a drill, or has it recorded already. */
  book(drill: string, profile: string): Promise<Book>
}

/** The recordings of a document. */
export function documentLibrary({ recordings, terms }: RecordDocument): Library {
  const books = new Map<string, Book>()
  const of = (drill: string) => recordings.filter(({ name }) => name === drill)
  return {
    terms,
    drills: Array.from(new Set(recordings.map(({ name }) => name))),
    profilesOf: (drill) => of(drill).map(({ profile }) => profile),
    book: async (drill, profile) => {
      const key = `${drill} ${profile}`
      const known = books.get(key)
      if (known) return known
      const recording = of(drill).find((each) => each.profile === profile)
      if (!recording) throw new Error(`there is no recording of ${drill} on ${profile}`)
      const book = new Book(recording, terms)
      books.set(key, book)
      return book
    },
  }
}
