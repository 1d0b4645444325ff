// SPDX-License-Identifier: GPL-2.0-only
//
// What is looked at, and how to look at something else.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { firstDifference, type Pair, pairsOf, stepsAcross } from '../model/align'
import type { Book } from '../model/book'
import type { Library } from '../model/library'
import { hashOf, type Place, parseHash } from './hash'

export interface Session {
  readonly place: Place & { readonly drill: string; readonly profile: string }
  readonly book: Book | undefined
  /** The step that is shown. */
  readonly n: number
  readonly comparison: Comparison | undefined
  /** Looks at something else; `asVisit`: the browser's back button returns. */
  look(change: Place, asVisit?: boolean): void
}

/** The drill on another profile, in step with the first. */
export interface Comparison {
  readonly book: Book
  readonly pairs: readonly Pair[]
  /** The step of the other recording for each step of the first. */
  readonly across: readonly number[]
  readonly difference: number | undefined
}

export function useSession(library: Library): Session {
  const [place, setPlace] = useState(() => valid(library, parseHash(location.hash)))
  const visit = useRef(false)
  const book = useBook(library, place.drill, place.profile)
  const otherProfile = library.profilesOf(place.drill).find((profile) => profile !== place.profile)
  const other = useBook(library, place.drill, place.compare ? otherProfile : undefined)
  const n = book ? Math.min(place.step ?? book.opening, book.last) : 0
  const comparison = useMemo(() => (book && other ? compare(book, other) : undefined), [book, other])
  useEffect(() => {
    if (!book) return
    const hash = hashOf({ ...place, step: n })
    if (hash === location.hash) return
    if (visit.current) history.pushState(null, '', hash)
    else history.replaceState(null, '', hash)
    visit.current = false
  }, [place, book, n])
  useEffect(() => {
    const read = (): void => setPlace(valid(library, parseHash(location.hash)))
    addEventListener('hashchange', read)
    return () => removeEventListener('hashchange', read)
  }, [library])
  const look = (change: Place, asVisit = false): void => {
    visit.current ||= asVisit
    setPlace((before) => valid(library, { ...before, ...change }))
  }
  return { place, book, n, comparison, look }
}

function valid(library: Library, place: Place): Session['place'] {
  const drill = place.drill !== undefined && library.drills.includes(place.drill) ? place.drill : library.drills[0]!
  const profiles = library.profilesOf(drill)
  const profile = place.profile !== undefined && profiles.includes(place.profile) ? place.profile : profiles[0]!
  return { ...place, drill, profile, compare: place.compare === true && profiles.length > 1 }
}

function useBook(library: Library, drill: string, profile: string | undefined): Book | undefined {
  const [book, setBook] = useState<{ book: Book; drill: string; profile: string } | undefined>()
  useEffect(() => {
    let isWanted = true
    if (profile === undefined) return
    library.book(drill, profile).then((made) => isWanted && setBook({ book: made, drill, profile }))
    return () => {
      isWanted = false
    }
  }, [library, drill, profile])
  return book?.drill === drill && book.profile === profile ? book.book : undefined
}

function compare(book: Book, other: Book): Comparison {
  const pairs = pairsOf(book.recording, other.recording)
  return { book: other, pairs, across: stepsAcross(pairs, 0), difference: firstDifference(book, other, pairs) }
}
