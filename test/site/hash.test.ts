// SPDX-License-Identifier: GPL-2.0-only

import fc from 'fast-check'
import { parseDocument } from '../../site/src/record/document'
import { hashOf, MOST_HASH, type Place, parseHash } from '../../site/src/view/hash'
import { recordDocument } from '../view/records'

const place: Place = {
  file: undefined,
  drill: 'racing-store',
  src: undefined,
  profile: 'linux-4.14',
  step: 11,
  page: { at: 'A/buf', index: 0 },
  compare: true,
  theme: 'dark',
}

test('a hash says what is looked at, in words that one can read', () => {
  const hash = hashOf(place)
  expect(hash).toBe('#drill=racing-store&profile=linux-4.14&step=11&page=A/buf[0]&compare=1&theme=dark')
  expect(parseHash(hash)).toEqual(place)
})

test('what a hash may not say is left out', () => {
  const hostile = '#drill=<b>&profile=../x&step=-1&page=A/buf[0]<i>&theme=pink&file=a/b'
  expect(parseHash(hostile)).toEqual({ ...parseHash(''), compare: false })
  expect(parseHash(`#drill=a&src=${'x'.repeat(MOST_HASH)}`)).toEqual({})
})

test('no hash is too strange', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const { step, drill } = parseHash(`#${text}`)
      expect(step === undefined || Number.isSafeInteger(step)).toBe(true)
      expect(drill ?? 'a').toMatch(/^[\w.-]+$/)
    }),
  )
})

test('a record is read; anything else is refused with the reason', () => {
  expect(parseDocument(JSON.stringify(recordDocument)).recordings).toHaveLength(recordDocument.recordings.length)
  const cases = [
    ['{', 'it is no JSON'],
    ['null', 'it is no record of hmmu'],
    ['[]', 'it is no record of hmmu'],
    ['{"format":"hmmu-record","version":2}', 'it has version 2; this page reads version 1'],
    ['{"format":"hmmu-record","version":1}', 'it has no recording with a step'],
    ['{"format":"hmmu-record","version":1,"recordings":[null,{"steps":[]}]}', 'it has no recording with a step'],
  ] as const
  for (const [text, reason] of cases) expect(() => parseDocument(text)).toThrow(reason)
})
