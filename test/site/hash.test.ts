// SPDX-License-Identifier: GPL-2.0-only

import fc from 'fast-check'
import { parseDocument } from '../../lib/view/document'
import { hashOf, MOST_HASH, type Place, parseHash } from '../../site/src/view/hash'
import { valid } from '../../site/src/view/place'
import { recordDocument } from '../view/records'

const place: Place = {
  file: undefined,
  drill: 'racing-store',
  src: undefined,
  profile: 'linux-4.14',
  step: 11,
  page: { at: 'A/buf', index: 0 },
  compare: 'linux-6.12',
  theme: 'dark',
}

test('a hash says what is looked at, in words that one can read', () => {
  const hash = hashOf(place)
  expect(hash).toBe('#drill=racing-store&profile=linux-4.14&step=11&page=A/buf[0]&compare=linux-6.12&theme=dark')
  expect(parseHash(hash)).toEqual(place)
})

test('what a hash may not say is left out', () => {
  const hostile = '#drill=<b>&profile=../x&step=-1&page=A/buf[0]<i>&theme=pink&file=a/b&compare=<i>'
  expect(parseHash(hostile)).toEqual(parseHash(''))
  expect(parseHash(`#drill=a&src=${'x'.repeat(MOST_HASH)}`)).toEqual({})
})

test.each(['.', '..', '%2e', '%2E.', '.%2e', '%2e%2E', '../a', '/', ''])('%s is no name of a file', (name) => {
  expect(parseHash(`#file=${encodeURIComponent(name)}`).file).toBeUndefined()
})

test.each(['a.drill', '..a', '...', 'a..', 'a b\\c.json', '%2e%2e%2e'])('%s is a name of a file', (name) => {
  expect(parseHash(`#file=${encodeURIComponent(name)}`).file).toBe(name)
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
    ['{"format":"hmmu-record","version":2}', 'it has version 2; version 1 can be read'],
    ['{"format":"hmmu-record","version":1}', 'recordings is not a list'],
    ['{"format":"hmmu-record","version":1,"recordings":[]}', 'it has no recording'],
    ['{"format":"hmmu-record","version":1,"recordings":[null]}', 'recordings[0] is not an object'],
  ] as const
  for (const [text, reason] of cases) expect(() => parseDocument(text)).toThrow(reason)
})

describe('of what a hash says, the nearest that exists is shown', () => {
  const profiles = ['linux-4.14', 'linux-4.14-fixed', 'linux-6.12']
  const library = { drills: ['a', 'b'], profilesOf: () => profiles }
  const look = (hash: string) => valid(library, parseHash(hash))

  test('a drill and a profile that exist', () => {
    expect(look('#drill=b&profile=linux-6.12')).toMatchObject({ drill: 'b', profile: 'linux-6.12' })
    expect(look('#drill=c&profile=linux-5')).toMatchObject({ drill: 'a', profile: 'linux-4.14' })
  })

  test('any other profile is compared with; without a name, the same kernel with or without its faults', () => {
    expect(look('#compare=linux-6.12').compare).toBe('linux-6.12')
    expect(look('#compare=1').compare).toBe('linux-4.14-fixed')
    expect(look('#profile=linux-4.14-fixed&compare=1').compare).toBe('linux-4.14')
    expect(look('#profile=linux-6.12&compare=1').compare).toBe('linux-4.14')
  })

  test('a profile is not compared with itself, nor with what does not exist', () => {
    expect(look('#compare=linux-4.14').compare).toBe('linux-4.14-fixed')
    expect(look('#compare=linux-5').compare).toBeUndefined()
    expect(look('').compare).toBeUndefined()
    expect(valid({ ...library, profilesOf: () => ['hmm-v25'] }, parseHash('#compare=1')).compare).toBeUndefined()
  })
})
