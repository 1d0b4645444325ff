// SPDX-License-Identifier: GPL-2.0-only
//
// The drill in CodeMirror. A module of its own, which is loaded when somebody edits.

import { autocompletion, type CompletionContext, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { type Diagnostic, setDiagnostics } from '@codemirror/lint'
import { EditorState } from '@codemirror/state'
import { EditorView, keymap } from '@codemirror/view'
import { useEffect, useRef } from 'preact/hooks'
import type { Verbs } from '../../../lib/drill/parse-commands'
import type { Problem } from '../record/library'
import { choicesAt } from './complete'
import { drillHighlighting, drillLanguage } from './language'
import { MOST_SCRIPT } from './pack'

interface Props {
  script: string
  verbs: Verbs
  problem: Problem | undefined
  onChange(script: string): void
  onClose(): void
}

/** `script` is what it begins with: from then on the editor itself has the text. */
export default function Editor({ script, verbs, problem, onChange, onClose }: Props) {
  const parent = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | undefined>(undefined)
  const latest = useRef({ onChange, onClose, verbs })
  latest.current = { onChange, onClose, verbs }
  useEffect(() => {
    const editor = new EditorView({ parent: parent.current!, state: stateOf(script, latest) })
    view.current = editor
    editor.focus()
    return () => editor.destroy()
  }, [])
  useEffect(() => {
    const editor = view.current
    if (editor) editor.dispatch(setDiagnostics(editor.state, problem ? diagnostics(editor.state, problem) : []))
  }, [problem])
  return <div class="editor" ref={parent} />
}

interface Handlers {
  readonly current: Pick<Props, 'onChange' | 'onClose' | 'verbs'>
}

function stateOf(script: string, latest: Handlers): EditorState {
  const close = (): boolean => {
    latest.current.onClose()
    return true
  }
  return EditorState.create({
    doc: script,
    extensions: [
      history(),
      drillLanguage,
      drillHighlighting,
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': 'Drill' }),
      EditorState.changeFilter.of(({ newDoc }) => newDoc.length <= MOST_SCRIPT),
      autocompletion({ override: [(context) => complete(context, latest.current.verbs)], icons: false }),
      keymap.of([...completionKeymap, { key: 'Escape', run: close }, ...historyKeymap, ...defaultKeymap]),
      EditorView.updateListener.of(({ docChanged, state }) => {
        if (docChanged) latest.current.onChange(state.doc.toString())
      }),
    ],
  })
}

function complete({ state, pos, explicit }: CompletionContext, verbs: Verbs) {
  const found = choicesAt(state.sliceDoc(0, pos), verbs)
  if (!found || (found.from === pos && !explicit)) return null
  return { from: found.from, options: found.words.map((label) => ({ label })), validFor: /^[@\w=]*$/ }
}

/** A problem at its word, or at its line, or at the first line. */
function diagnostics({ doc }: EditorState, { message, line = 1, column }: Problem): Diagnostic[] {
  const { from, to, text } = doc.line(Math.max(1, Math.min(line, doc.lines)))
  const start = Math.min(text.length, (column ?? 1) - 1)
  const length = column === undefined ? text.length : (/^\S+/.exec(text.slice(start))?.[0].length ?? 1)
  return [{ from: from + start, to: Math.min(to, from + start + length), severity: 'error', message }]
}
