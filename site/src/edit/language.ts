// SPDX-License-Identifier: GPL-2.0-only
//
// Highlighting of drills, word by word. Errors are the parser's to find (check.ts).

import { HighlightStyle, StreamLanguage, type StringStream, syntaxHighlighting } from '@codemirror/language'
import { tags } from '@lezer/highlight'

interface State {
  /** Words of the line before this one. */
  words: number
}

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^#.*/, 'comment'],
  [/^@(alloc|final)\b/, 'modifier'],
  [/^[A-Z][A-Z0-9]*\b/, 'typeName'],
  [/^(as|to)\b/, 'operatorKeyword'],
  [/^\[[\d,-]*\]/, 'number'],
  [/^(0x[0-9a-fA-F]+|\d[\d,-]*)\b/, 'number'],
  [/^\w+=/, 'propertyName'],
  [/^\w+/, 'name'],
]

function token(stream: StringStream, state: State): string | null {
  if (stream.sol()) state.words = 0
  if (stream.eatSpace()) return null
  for (const [pattern, name] of WORDS) {
    if (!stream.match(pattern)) continue
    if (name === 'modifier' || name === 'typeName' || name === 'comment') return name
    state.words++
    return name === 'name' && state.words === 1 ? 'keyword' : name
  }
  stream.next()
  return null
}

export const drillLanguage = StreamLanguage.define<State>({
  name: 'drill',
  startState: () => ({ words: 0 }),
  token,
  languageData: { commentTokens: { line: '#' } },
})

/** Weight and the page's own tokens, no colours of another meaning. */
export const drillHighlighting = syntaxHighlighting(
  HighlightStyle.define([
    { tag: tags.comment, color: 'var(--muted)', fontStyle: 'italic', fontFamily: 'var(--sans)' },
    { tag: tags.keyword, fontWeight: '650' },
    { tag: tags.modifier, color: 'var(--mig)' },
    { tag: tags.typeName, color: 'var(--ink)' },
    { tag: tags.operatorKeyword, color: 'var(--muted)' },
    { tag: tags.number, color: 'var(--muted)' },
    { tag: tags.propertyName, color: 'var(--muted)' },
  ]),
)
