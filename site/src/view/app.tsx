// SPDX-License-Identifier: GPL-2.0-only

import type { ComponentChildren, RefObject } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { PageKey } from '../../../lib/view/pages'
import { sentenceOf } from '../../../lib/view/sentence'
import { plain } from '../../../lib/view/words'
import type { Library, Problem } from '../record/library'
import { type Actions, ActionsContext } from './actions'
import { FollowedPage, StepCaption } from './caption'
import { commandsOf } from './commands'
import { Machines, OtherCaption, PageAnswer } from './comparison'
import { DrillText } from './drill-text'
import { Explanation } from './explanation'
import { Patterns } from './glyphs'
import { Help, Legend } from './help'
import { onKey } from './keys'
import { Machine } from './machine'
import { Save } from './save'
import { type Session, useSession } from './session'
import { showTheme } from './theme'
import { Timeline, type TimelineCommands } from './timeline'
import { TopLine } from './top-line'

export function App({ library }: { library: Library }) {
  const session = useSession(library)
  const { place, look } = session
  const [playing, setPlaying] = usePlay(session)
  const [editing, setEditing] = useState(false)
  const [hovered, setHovered] = useState<PageKey | undefined>()
  const keys = useRef<HTMLDialogElement>(null)
  const save = useRef<HTMLDialogElement>(null)
  const timeline = useRef<TimelineCommands>(null)
  const commands = commandsOf(session, timeline, {
    play: () => setPlaying(!playing),
    help: () => keys.current?.showModal(),
    save: () => save.current?.showModal(),
    edit: () => setEditing(library.verbs !== undefined),
  })
  const latest = useRef(commands)
  latest.current = commands
  // Before the page is seen, so that no key is lost.
  useLayoutEffect(() => {
    const listen = (event: KeyboardEvent): void => onKey(latest.current, event)
    addEventListener('keydown', listen)
    return () => removeEventListener('keydown', listen)
  }, [])
  useEffect(() => showTheme(place.theme), [place.theme])
  const actions = useLookActions(look, setHovered)
  return (
    <ActionsContext.Provider value={actions}>
      <Patterns />
      <TopLine library={library} session={session} commands={commands} />
      {session.problem && <Trouble problem={session.problem} />}
      {session.otherProblem && !session.problem && <Trouble problem={session.otherProblem} on={place.compare} />}
      {!session.book && !session.problem && (
        <p class="recording" role="status">
          Recording {place.drill} on {place.profile}.
        </p>
      )}
      {!session.book && session.problem && (
        <main>
          <DrillText session={session} verbs={library.verbs?.(place.profile)} editing onEditing={setEditing} />
        </main>
      )}
      {session.book && (
        <Drill
          session={session}
          playing={playing}
          hovered={hovered}
          timeline={timeline}
          text={
            <DrillText
              session={session}
              verbs={library.verbs?.(place.profile)}
              editing={editing}
              onEditing={setEditing}
            />
          }
        />
      )}
      <Legend />
      <Explanation terms={library.terms} />
      <Help dialog={keys} />
      {session.book && <Save dialog={save} book={session.book} n={session.n} script={session.script} />}
    </ActionsContext.Provider>
  )
}

/** The same actions for all of the page's life, so that nothing is drawn again because of them. */
function useLookActions(look: Session['look'], hover: Actions['hover']): Actions {
  const last = useRef(look)
  last.current = look
  return useMemo(
    () => ({
      go: (step) => last.current({ step }),
      follow: (page) => last.current({ page }),
      hover,
    }),
    [],
  )
}

/** What is wrong with the drill, in a line. */
function Trouble({ problem: { line, message }, on }: { problem: Problem; on?: string | undefined }) {
  return (
    <p class="trouble" role="alert">
      {on !== undefined && `On ${on}: `}
      {line !== undefined && <b>Line {line}: </b>}
      {message}
    </p>
  )
}

interface DrillProps {
  session: Session
  playing: boolean
  hovered: PageKey | undefined
  timeline: RefObject<TimelineCommands | null>
  text: ComponentChildren
}

function Drill({ session, playing, hovered, timeline, text }: DrillProps) {
  const { n, place, comparison, problem } = session
  const book = session.book!
  const { page } = place
  return (
    <>
      <div class="pinned">
        <Timeline session={session} commands={timeline} />
        <section class={page || comparison ? 'caption two' : 'caption'} aria-label="This step">
          <div>
            <StepCaption book={book} n={n} playing={playing} profile={comparison && place.profile} isOld={!!problem} />
            {comparison && <PageAnswer book={book} n={n} page={page} />}
          </div>
          {comparison ? (
            <OtherCaption session={session} comparison={comparison} />
          ) : (
            page && <FollowedPage book={book} n={n} page={page} />
          )}
        </section>
      </div>
      {comparison ? (
        <Machines text={text} session={session} comparison={comparison} />
      ) : (
        <Machine text={text} book={book} n={n} followed={page} hovered={hovered} />
      )}
    </>
  )
}

const STEP_TIME = 700
/** A sentence of about two lines is shown twice as long. */
const LONG_SENTENCE = 75

function usePlay(session: Session): [boolean, (playing: boolean) => void] {
  const [playing, setPlaying] = useState(false)
  const { book, n, look } = session
  useEffect(() => {
    if (!playing || !book) return
    if (n >= book.last) return setPlaying(false)
    const isLong = plain(sentenceOf(book, n)).length > LONG_SENTENCE
    const timer = setTimeout(() => look({ step: n + 1 }), isLong ? 2 * STEP_TIME : STEP_TIME)
    return () => clearTimeout(timer)
  }, [playing, book, n])
  return [playing, setPlaying]
}
