// SPDX-License-Identifier: GPL-2.0-only

import { PfnFlag } from '../../lib/base/defs.generated'
import { allLetters, lettersOf } from '../../lib/view/letters'
import { explain } from '../../site/src/view/explanations'
import { recordDocument } from './records'

const { terms } = recordDocument

test('each letter that is set has its name and a sentence', () => {
  const names = (column: 'bits' | 'words' | 'flags', word: string) =>
    lettersOf(terms, column, word).map(({ name }) => name)
  expect(names('bits', 'w--s')).toEqual(['writable', 'soft-dirty'])
  expect(names('bits', 'pda-')).toEqual(['uffd-wp', 'dirty', 'accessed'])
  expect(names('words', 'VMLW')).toEqual(['valid', 'migrate', 'locked', 'write'])
  expect(names('words', '-')).toEqual([])
  expect(names('flags', 'u--ab-')).toEqual(['uptodate', 'active', 'swapbacked'])
  for (const column of ['bits', 'words', 'flags'] as const)
    for (const { text } of allLetters(terms, column)) expect(text).toMatch(/^\S.*\.$/)
})

test('the letters of src and dst are all that a word can have', () => {
  const letters = Object.keys(PfnFlag).map((name) => name.charAt(0))
  expect(allLetters(terms, 'words').map(({ letter }) => letter)).toEqual(expect.arrayContaining(letters))
})

test('cells are explained by their letters, heads of columns by all that there are', () => {
  expect(explain(terms, 'letters:bits:w--s')?.letters).toHaveLength(2)
  expect(explain(terms, 'heads:flags')?.letters?.map(({ name }) => name)).toContain('mlocked')
  expect(explain(terms, 'heads:page')?.letters).toBeUndefined()
  // A record from elsewhere may have no terms.
  expect(explain({}, 'letters:words:VM')?.letters?.map(({ text }) => text)).toEqual(['', ''])
})
