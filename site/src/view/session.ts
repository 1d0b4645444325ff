// SPDX-License-Identifier: GPL-2.0-only
//
// What is looked at, and how to look at something else.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { firstDifference, type Pair, pairsOf, stepsAcross } from '../model/align'
import type { Book } from '../model/book'
import type { Library } from '../model/library'
import { hashOf, type Place, parseHash } from './hash'

/** A place that exists. */
export type ValidPlace = Place & { readonly drill: string; readonly profile: string }

export interface Session {
  readonly place: ValidPlace
  readonly book: Book | undefined
  /** The step that is shown. */
  readonly n: number
  readonly comparison: Comparison | undefined
  /** What was asked for last, which may not be drawn yet: keys can be faster than the page. */
  latest(): { readonly place: ValidPlace; readonly n: number }
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
  const asked = useRef(place)
  const visit = useRef(false)
  const book = useBook(library, place.drill, place.profile)
  const otherProfile = library.profilesOf(place.drill).find((profile) => profile !== place.profile)
  const other = useBook(library, place.drill, place.compare ? otherProfile : undefined)
  const stepOf = (step: number | undefined): number => (book ? Math.min(step ?? book.opening, book.last) : 0)
  const n = stepOf(place.step)
  const comparison = useMemo(() => (book && other ? compare(book, other) : undefined), [book, other])
  const show = (next: ValidPlace): void => {
    asked.current = next
    setPlace(next)
  }
  useHash(book && hashOf({ ...place, step: n }), visit, () => show(valid(library, parseHash(location.hash))))
  return {
    place,
    book,
    n,
    comparison,
    latest: () => ({ place: asked.current, n: stepOf(asked.current.step) }),
    look: (change, asVisit = false) => {
      visit.current ||= asVisit
      show(valid(library, { ...asked.current, ...change }))
    },
  }
}

/** Browsers allow few changes of an address in a second, and scrubbing makes many. */
const HASH_DELAY = 150

/** Keeps the address in step with the page, and the page with the address. */
function useHash(hash: string | undefined, visit: { current: boolean }, onChange: () => void): void {
  useEffect(() => {
    if (hash === undefined || hash === location.hash) return
    const timer = setTimeout(() => {
      if (visit.current) history.pushState(null, '', hash)
      else history.replaceState(null, '', hash)
      visit.current = false
    }, HASH_DELAY)
    return () => clearTimeout(timer)
  }, [hash])
  const latest = useRef(onChange)
  latest.current = onChange
  useEffect(() => {
    const read = (): void => latest.current()
    addEventListener('hashchange', read)
    addEventListener('popstate', read)
    return () => {
      removeEventListener('hashchange', read)
      removeEventListener('popstate', read)
    }
  }, [])
}

function valid(library: Library, place: Place): ValidPlace {
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
