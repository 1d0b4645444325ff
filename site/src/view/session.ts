// SPDX-License-Identifier: GPL-2.0-only
//
// What is looked at, and how to look at something else.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { firstDifference, type Pair, pairsOf, stepsAcross } from '../../../lib/view/align'
import type { Book } from '../../../lib/view/book'
import { stepAfterEdit } from '../../../lib/view/script'
import { pack, unpack } from '../edit/pack'
import { DrillProblem, type Library, type Problem } from '../record/library'
import { hashOf, type Place, parseHash } from './hash'
import { type ValidPlace, valid } from './place'

export interface Session {
  readonly place: ValidPlace
  /** The recording; while another one is made, or can't be made, the last one. */
  readonly book: Book | undefined
  /** The step that is shown. */
  readonly n: number
  readonly comparison: Comparison | undefined
  /** The drill as it is edited. */
  readonly script: string
  /** What is wrong with it. */
  readonly problem: Problem | undefined
  /** Why there is no comparison. */
  readonly otherProblem: Problem | undefined
  /** What was asked for last, which may not be drawn yet: keys can be faster than the page. */
  latest(): { readonly place: ValidPlace; readonly n: number }
  /** Looks at something else; `asVisit`: the browser's back button returns. */
  look(change: Place, asVisit?: boolean): void
  edit(script: string): void
  /** The drill is no longer as it came. */
  readonly isEdited: boolean
  /** The drill as it came. */
  reset(): void
  /** How often it was reset: an editor begins anew. */
  readonly resets: number
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
  const [script, setScript] = useScript(library, place)
  const [resets, setResets] = useState(0)
  const edited = useRef(script)
  edited.current = script
  const { book, problem } = useBook(library, place.drill, place.profile, script)
  const { book: other, problem: otherProblem } = useBook(library, place.drill, place.compare, script)
  const stepOf = (step: number | undefined): number => (book ? Math.min(step ?? book.opening, book.last) : 0)
  const n = stepOf(place.step)
  const comparison = useMemo(() => (book && other ? compare(book, other) : undefined), [book, other])
  const show = (next: ValidPlace): void => {
    asked.current = next
    setPlace(next)
  }
  useHash(book && hashOf({ ...place, step: n }), visit, () => show(valid(library, parseHash(location.hash))))
  const look = (change: Place, asVisit = false): void => {
    visit.current ||= asVisit
    show(valid(library, { ...asked.current, ...change }))
  }
  const latest = () => ({ place: asked.current, n: stepOf(asked.current.step) })
  useChangedStep(book, latest, look)
  return {
    place,
    book,
    n,
    comparison,
    script: script ?? '',
    problem,
    otherProblem,
    latest,
    look,
    edit: (text) => {
      setScript(text)
      pack(text).then((src) => {
        // Packing takes a moment, in which the drill can be reset.
        if (edited.current === text) look({ src: text === library.scriptOf(place.drill) ? undefined : src })
      })
    },
    isEdited: script !== undefined && script !== library.scriptOf(place.drill),
    reset: () => {
      setScript(undefined)
      setResets(resets + 1)
      look({ src: undefined })
    },
    resets,
  }
}

/** The script that is shown: of a drill, or one of its own from a link. Nothing while it is unpacked. */
function useScript(
  library: Library,
  { drill, src }: ValidPlace,
): [string | undefined, (script: string | undefined) => void] {
  const own = library.scriptOf(drill)
  const [unpacked, setUnpacked] = useState<{ src: string; script: string } | undefined>()
  const [edited, setEdited] = useState<string | undefined>()
  useEffect(() => {
    if (src === undefined || edited !== undefined) return
    // What can't be unpacked is no script: the drill is shown as it is.
    unpack(src).then(
      (script) => setUnpacked({ src, script }),
      () => setUnpacked({ src, script: own }),
    )
  }, [src])
  useEffect(() => setEdited(undefined), [drill])
  if (edited !== undefined) return [edited, setEdited]
  if (src === undefined) return [own, setEdited]
  return [unpacked?.src === src ? unpacked.script : undefined, setEdited]
}

/** After an edit, the step stays if no line up to its command has changed; else the first changed command is shown. */
function useChangedStep(book: Book | undefined, latest: Session['latest'], look: Session['look']): void {
  const before = useRef(book)
  useEffect(() => {
    const old = before.current
    before.current = book
    if (!old || !book || old === book || old.recording.name !== book.recording.name) return
    if (old.recording.script === book.recording.script) return
    look({ step: stepAfterEdit(old, book, latest().n) })
  }, [book])
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

interface Made {
  readonly book?: Book | undefined
  readonly problem?: Problem | undefined
}

/** Time from the last key to a new recording. */
const EDIT_DELAY = 600

function useBook(library: Library, drill: string, profile: string | undefined, script: string | undefined): Made {
  const [made, setMade] = useState<Made & { for: string }>({ for: '' })
  const wanted = `${drill} ${profile}`
  useEffect(() => {
    if (profile === undefined || script === undefined) return
    let isWanted = true
    const start = (): void => {
      library.book(drill, profile, script).then(
        (book) => isWanted && setMade({ book, for: wanted }),
        (error: Error) => isWanted && setMade((before) => ({ ...before, problem: problemOf(error), for: wanted })),
      )
    }
    const isEdit = made.for === wanted
    const timer = isEdit ? setTimeout(start, EDIT_DELAY) : undefined
    if (!isEdit) start()
    return () => {
      isWanted = false
      clearTimeout(timer)
    }
  }, [library, drill, profile, script])
  if (profile === undefined) return {}
  // Of another drill or profile, the last recording is no help.
  return made.for === wanted || made.book?.recording.name === drill ? made : {}
}

const problemOf = (error: Error): Problem =>
  error instanceof DrillProblem ? error : { message: `unexpected: ${error.message}` }

function compare(book: Book, other: Book): Comparison {
  const pairs = pairsOf(book.recording, other.recording)
  return { book: other, pairs, across: stepsAcross(pairs, 0), difference: firstDifference(book, other, pairs) }
}
