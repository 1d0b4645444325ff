// SPDX-License-Identifier: GPL-2.0-only

import type { ComponentChildren } from 'preact'
import type { Letters as LetterColumn } from '../../../lib/view/letters'
import { digitsOf } from '../../../lib/view/word'
import type { Piece, Rich } from '../../../lib/view/words'
import { useActions } from './actions'
import { onArrows } from './stops'

/** A word that is explained on hover and focus. */
export function Term(props: {
  group: string
  word: string
  stop?: boolean
  children?: ComponentChildren
  tabIndex?: number
}) {
  const { group, word, stop, children, tabIndex } = props
  return (
    <span class={stop ? 'term why' : 'term'} data-term={`${group}:${word}`} tabIndex={tabIndex}>
      {children ?? word}
    </span>
  )
}

/** Heads of columns, explained. */
export function Heads({ words }: { words: readonly string[] }) {
  return (
    <thead onKeyDown={onArrows}>
      <tr>
        {words.map((word, i) => (
          <th scope="col" key={word} class={word === 'mapped by' ? 'owner' : undefined}>
            <Term group="heads" word={word} tabIndex={i === 0 ? 0 : -1} />
          </th>
        ))}
      </tr>
    </thead>
  )
}

/** A word with an explanation of its own. */
export function Says({ text, tabIndex, children }: { text: string; tabIndex: number; children: ComponentChildren }) {
  return (
    <span class="term" data-says={text} tabIndex={tabIndex}>
      {children}
    </span>
  )
}

export function StepLink({ step, children }: { step: number; children: ComponentChildren }) {
  const { go } = useActions()
  return (
    <button type="button" class="link" onClick={() => go(step)}>
      {children}
    </button>
  )
}

export function Text({ rich }: { rich: Rich }) {
  return (
    <>
      {rich.map((piece, i) => (
        <PieceText key={i} piece={piece} />
      ))}
    </>
  )
}

function PieceText({ piece }: { piece: Piece }) {
  if (typeof piece === 'string') return <>{piece}</>
  if ('bold' in piece) return <b>{piece.bold}</b>
  if ('code' in piece) return <code>{piece.code}</code>
  if ('muted' in piece) return <span class="muted">{piece.muted}</span>
  if ('step' in piece) return <StepLink step={piece.step}>{piece.text}</StepLink>
  return (
    <Term group={piece.group} word={piece.term} stop={piece.stop ?? false} tabIndex={0}>
      {piece.text ?? piece.term}
    </Term>
  )
}

/** A value; if it has changed, on yellow behind the old one. */
export function Value(props: { was?: string | undefined; children: ComponentChildren; changed?: boolean }) {
  const { was, changed = was !== undefined, children } = props
  if (!changed) return <>{children}</>
  return (
    <span class="changed">
      {was ? (
        <>
          <s class="was" aria-hidden="true">
            {was}
          </s>
          {children}
          <span class="sr"> was {was}</span>
        </>
      ) : (
        children
      )}
    </span>
  )
}

/** Letters, each explained on hover: those that are off are faint. */
export function Letters({ of, word }: { of: LetterColumn; word: string | undefined }) {
  if (!word) return <span class="off">–</span>
  return (
    <span class="term" data-term={word === '-' ? undefined : `letters:${of}:${word}`}>
      {[...word].map((letter, i) =>
        letter === '-' ? (
          <span key={i} class="off">
            -
          </span>
        ) : (
          letter
        ),
      )}
    </span>
  )
}

/** Sixteen digits, those that lead with zeros faint. */
export function Digits({ raw }: { raw: bigint | undefined }) {
  if (!raw) return <span class="off">0</span>
  const { zeros, rest } = digitsOf(raw)
  return (
    <>
      <span class="off">{zeros}</span>
      {rest}
    </>
  )
}
