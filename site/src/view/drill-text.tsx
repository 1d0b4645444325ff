// SPDX-License-Identifier: GPL-2.0-only

import { lazy, Suspense } from 'preact/compat'
import type { Verbs } from '../../../lib/drill/parse-commands'
import { Gap } from './gap'
import type { Session } from './session'
import { Transcript } from './transcript'

const Editor = lazy(() => import('../edit/editor'))

interface Props {
  session: Session
  /** What the drill may say; nothing: it can't be edited. */
  verbs: Verbs | undefined
  editing: boolean
  onEditing(editing: boolean): void
}

/** The transcript, or the editor in its place. */
export function DrillText({ session, verbs, editing, onEditing }: Props) {
  const { book, n, place, script, problem, edit } = session
  return (
    <section class="text" aria-label="Drill">
      <h2>
        {verbs ? (
          <span class="tabs">
            <button type="button" aria-pressed={!editing} onClick={() => onEditing(false)}>
              Drill and transcript
            </button>
            <button type="button" aria-pressed={editing} onClick={() => onEditing(true)}>
              Edit <kbd>e</kbd>
            </button>
          </span>
        ) : (
          <span>Drill and transcript</span>
        )}
      </h2>
      {editing && verbs ? (
        <Suspense fallback={<p class="muted">Loading the editor.</p>}>
          <Editor
            key={`${place.drill} ${session.resets}`}
            script={script}
            verbs={verbs}
            problem={problem}
            onChange={edit}
            onClose={() => onEditing(false)}
          />
        </Suspense>
      ) : (
        book && <Transcript book={book} n={n} />
      )}
      <Gap />
    </section>
  )
}
