// SPDX-License-Identifier: GPL-2.0-only
//
// Drills that are recorded here: the examples, and a file that was given.

import { type Profile, profileNames } from '../../../lib/base/defs.generated'
import { kernelOf } from '../../../lib/base/kernel'
import { verbsOf } from '../../../lib/drill/parse-commands'
import { terms } from '../../../lib/record/terms'
import type { Book } from '../../../lib/view/book'
import { MOST_SCRIPT } from '../edit/pack'
import { bookOf, DrillProblem, type Library } from './library'
import type { DrillRecorder } from './recorder'

const files = import.meta.glob<string>('../../../examples/*.drill', { query: '?raw', import: 'default', eager: true })

/** The examples by name. */
export const examples = new Map(
  Object.entries(files).map(([path, script]) => [path.replace(/^.*\/|\.drill$/g, ''), script]),
)

/** Recordings that are kept. */
const MOST_BOOKS = 8

/** A library of drills by name. */
export function drillLibrary(drills: ReadonlyMap<string, string>, recorder: DrillRecorder): Library {
  const books = new Map<string, Promise<Book>>()
  const record = async (drill: string, profile: string, script: string): Promise<Book> => {
    if (script.length > MOST_SCRIPT) throw new DrillProblem(`the drill is longer than ${MOST_SCRIPT} letters`)
    return bookOf(await recorder.record(drill, profile, script), terms)
  }
  return {
    terms,
    verbs: (profile) => verbsOf(kernelOf(profile as Profile)),
    drills: [...drills.keys()],
    profilesOf: () => profileNames,
    scriptOf: (drill) => drills.get(drill) ?? '',
    book: (drill, profile, script) => {
      const key = JSON.stringify([drill, profile, script])
      const known = books.get(key)
      if (known) return known
      if (books.size >= MOST_BOOKS) books.delete(books.keys().next().value!)
      const book = record(drill, profile, script)
      books.set(key, book)
      return book
    },
  }
}
