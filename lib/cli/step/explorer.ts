// SPDX-License-Identifier: GPL-2.0-only
//
// What is looked at, and what keys make of it. Nothing here knows a terminal.

import { lookUp } from '../../base/look-up'
import { commandStep, stageStep } from '../../view/columns'
import { find } from '../../view/find'
import { neighbourOf } from '../../view/neighbour'
import type { PageKey } from '../../view/pages'
import { storyOf } from '../../view/story'
import type { Subject } from './subject'

export interface View {
  readonly subject: Subject
  readonly n: number
  readonly page: PageKey | undefined
  /** Lines of the machine above the first that is shown; nothing: as the followed page needs it. */
  readonly scroll: number | undefined
  readonly help: boolean
  /** All page tables stand in the place of the machine. */
  readonly tables: boolean
  /** What is typed behind `/`; nothing: nothing is asked. */
  readonly question: string | undefined
  /** What the last key could not do. */
  readonly message: string
}

/** A key as node:readline reads it. */
export interface Key {
  readonly name?: string | undefined
  readonly sequence?: string | undefined
  readonly ctrl?: boolean | undefined
  readonly meta?: boolean | undefined
  readonly shift?: boolean | undefined
}

export const viewOf = (subject: Subject, n: number, page: PageKey | undefined): View => ({
  subject,
  n,
  page,
  scroll: undefined,
  help: false,
  tables: false,
  question: undefined,
  message: '',
})

/** Keys and what they do, for those who ask. */
export const KEYS: readonly (readonly [keys: string, text: string])[] = [
  ['← →  h l', 'one step'],
  ['Shift ← →  PgUp PgDn', 'one command'],
  ['Alt ← →', 'one stage'],
  ['Home End  g G', 'first and last step'],
  ['↑ ↓', 'follow another page'],
  ['[ ]', 'last and next change of the followed page'],
  ['Esc', 'follow none'],
  ['d', 'first difference (with --compare)'],
  ['/', 'go to a page, frame, address, step or text: buf[3], #6, D0, 0x…, 11, write'],
  ['t', 'all page tables, or the machine'],
  ['j k', 'scroll the machine'],
  ['?', 'these keys'],
  ['q', 'quit'],
]

type Action = (view: View) => View

const go = (view: View, n: number): View => ({ ...view, n: Math.max(0, Math.min(view.subject.book.last, n)) })

const by =
  (steps: number): Action =>
  (view) =>
    go(view, view.n + steps)

const byCommand =
  (steps: 1 | -1): Action =>
  (view) =>
    go(view, commandStep(view.subject.book.recording.steps, view.n, steps))

const byStage =
  (steps: 1 | -1): Action =>
  (view) =>
    go(view, stageStep(view.subject.book.recording.steps, view.n, steps))

const byPage =
  (rows: 1 | -1): Action =>
  (view) => ({
    ...view,
    page: neighbourOf(view.subject.book.moment(view.n), view.page, rows) ?? view.page,
    scroll: undefined,
  })

const byChange =
  (steps: 1 | -1): Action =>
  (view) => {
    if (!view.page) return { ...view, message: 'No page is followed: ↑ or ↓ chooses one.' }
    const changes = storyOf(view.subject.book, view.page).map(({ step }) => step)
    const next = steps > 0 ? changes.find((step) => step > view.n) : changes.filter((step) => step < view.n).at(-1)
    return next === undefined
      ? { ...view, message: `The page has no ${steps > 0 ? 'later' : 'earlier'} change.` }
      : go(view, next)
  }

const byLine =
  (lines: number): Action =>
  (view) => ({ ...view, scroll: Math.max(0, (view.scroll ?? 0) + lines) })

const difference: Action = (view) => {
  const { other } = view.subject
  if (!other) return { ...view, message: 'Nothing is compared: begin with --compare PROFILE.' }
  return other.difference === undefined ? { ...view, message: 'The two do not differ.' } : go(view, other.difference)
}

const first: Action = (view) => go(view, 0)
const last: Action = (view) => go(view, view.subject.book.last)

const ACTIONS: Readonly<Record<string, Action>> = {
  left: by(-1),
  h: by(-1),
  right: by(1),
  l: by(1),
  'shift left': byCommand(-1),
  pageup: byCommand(-1),
  'shift right': byCommand(1),
  pagedown: byCommand(1),
  'meta left': byStage(-1),
  'meta right': byStage(1),
  home: first,
  g: first,
  end: last,
  G: last,
  up: byPage(-1),
  down: byPage(1),
  '[': byChange(-1),
  ']': byChange(1),
  escape: (view) => ({ ...view, page: undefined }),
  d: difference,
  t: (view) => ({ ...view, tables: !view.tables, scroll: undefined }),
  j: byLine(1),
  k: byLine(-1),
  '/': (view) => ({ ...view, question: '' }),
  '?': (view) => ({ ...view, help: true }),
}

/** What is looked at after a key; nothing: it ends. */
export function afterKey(view: View, text: string | undefined, key: Key): View | undefined {
  if (key.ctrl && (key.name === 'c' || key.name === 'd')) return undefined
  if (view.question !== undefined) return asked(view, view.question, text, key)
  if (view.help) return { ...view, help: false }
  const name = nameOf(text, key)
  if (name === 'q') return undefined
  const next = { ...view, message: '' }
  return lookUp(ACTIONS, name)?.(next) ?? next
}

/** Letters as they are typed; other keys by name, with Shift or Alt. */
function nameOf(text: string | undefined, { name = '', shift, meta }: Key): string {
  if (text !== undefined && text.length === 1 && text > ' ' && text !== '\x7f') return text
  if (name === 'escape') return name
  return `${shift ? 'shift ' : ''}${meta ? 'meta ' : ''}${name}`
}

const MOST_QUESTION = 100

function asked(view: View, question: string, text: string | undefined, key: Key): View {
  if (key.name === 'escape') return { ...view, question: undefined }
  if (key.name === 'backspace') return { ...view, question: question.slice(0, -1) }
  if (key.name === 'return' || key.name === 'enter')
    return found({ ...view, question: undefined, message: '' }, question)
  const isLetter = text !== undefined && text.length === 1 && text >= ' ' && text <= '~'
  return isLetter && question.length < MOST_QUESTION ? { ...view, question: question + text } : view
}

function found(view: View, question: string): View {
  if (question.trim() === '') return view
  const { step, page, note = '', problem } = find(view.subject.book, view.n, view.page, question)
  if (problem !== undefined) return { ...view, message: problem }
  const there = { ...(step === undefined ? view : go(view, step)), message: note }
  return page ? { ...there, page, scroll: undefined } : there
}
