// SPDX-License-Identifier: GPL-2.0-only
//
// What the page says: sentences, answers, histories.

import { answerOf } from '../../lib/view/answer'
import { eventsText } from '../../lib/view/events'
import { placeOfStep, sentenceOf } from '../../lib/view/sentence'
import { storyOf } from '../../lib/view/story'
import { pagesText, plain } from '../../lib/view/words'
import { book, bookOf, recordDocument } from './records'

const page = (at: string, index: number) => ({ at, index })

test('why page 0 of racing-store did not move', () => {
  const racing = book('racing-store')
  expect(racing.opening).toBe(11)
  expect(placeOfStep(racing.moment(11))).toBe('pages, entry 0')
  expect(plain(sentenceOf(racing, 11))).toBe(
    'Page 0 will not move: references. Task A.2, which waits for #6, holds a reference that no mapping explains.',
  )
  const answer = answerOf(racing, page('A/buf', 0), 11)
  expect(plain(answer.text)).toBe(
    'It did not move: references. Task A.2 came in step 9 and waits for the lock of #6. Its reference looks like a pin,' +
      ' so in step 11 the count was one too many. Now it is on its way: its entry stands in for #6.',
  )
  expect(answer.account).toEqual({
    frame: '#6',
    expected: ['migration'],
    found: ['migration', 'wait:A.2'],
    surplus: ['wait:A.2'],
  })
  expect(answer.text).toContainEqual({ step: 9, text: 'came in step 9' })
})

test('before it happens, an answer is in the future, without the count', () => {
  const at = (n: number) => answerOf(book('racing-store'), page('A/buf', 0), n)
  expect(plain(at(2).text)).toBe(
    'It will not move: references. Task A.2 will come in step 9 and wait for the lock of #6. Its reference will look like a' +
      ' pin, so in step 11 the count will be one too many. Now it is in RAM, frame #6.',
  )
  expect(plain(at(9).text)).toMatch(
    /Task A\.2 came in step 9 and waits for .* Its reference looks like a pin, so in step 11 the count will be one too many\./,
  )
  expect(at(2).account).toBeUndefined()
  const four = book('four-reasons')
  expect(plain(answerOf(four, page('A/buf', 1), 5).text)).toMatch(
    /^It will not move: pinned\. Pin dma from step 6 on will hold a reference .* Step 29 will find it\./,
  )
  expect(plain(answerOf(four, page('B/buf', 0), 43).text)).toMatch(/will end in SIGBUS: the fault handler cannot bring/)
  const many = book('ten-thousand')
  expect(plain(answerOf(many, page('A/buf', 100), 3).text)).toMatch(
    /^It will not move: no_page\. In step 9: The driver offered no page\. Now/,
  )
})

test('of a large migration, too, the holder of references is named', () => {
  const many = book('ten-thousand')
  expect(plain(sentenceOf(many, 7))).toBe(
    'Pages 2000–2063 will not move: pinned. Pin dma has references to #2010–#2073 that no mapping explains.',
  )
  const answer = answerOf(many, page('A/buf', 2001), 7)
  expect(plain(answer.text)).toMatch(/^It did not move: pinned\. Pin dma since step 5 holds a reference to #2011/)
  expect(answer.account?.surplus).toEqual(['pin:dma'])
})

test('the holder of one part of a huge page stops all of it', () => {
  const text =
    'A map big anon 600 at2m thp\nA write big[0] 1\nA pin big[300] as dma\nA migrate big[0-99] to dev\nA migrate big to dev\n'
  const huge = bookOf(text, 'linux-6.12')
  const stops = [...new Set(huge.stops.map(({ step }) => step))].map((step) => plain(sentenceOf(huge, step)))
  expect(stops).toHaveLength(2)
  for (const sentence of stops) {
    expect(sentence).toMatch(/huge_not_split\. .* Pin dma is a reference to #812 that no mapping explains\.$/)
  }
  expect(plain(answerOf(huge, page('A/big', 7), huge.last).text)).toMatch(
    /Pin dma since step 3 holds a reference to #812/,
  )
})

test('a reference that did not decide is not blamed', () => {
  const offered = bookOf('A map buf anon 1\nA write buf 1\nA hold buf as h\nA migrate buf to dev\n')
  expect(offered.stops.map(({ why }) => why)).toEqual(['page_locked'])
  expect(plain(sentenceOf(offered, offered.stops[0]!.step))).toBe(
    'Page 0 will not move: page_locked. The page was locked by another task.',
  )
})

test('the history of a page has each step that changed it', () => {
  const story = storyOf(book('racing-store'), page('A/buf', 0))
  expect(story.map(({ step, text }) => `${step} ${text}`)).toEqual([
    '1 mapped, nothing there yet',
    '2 none → sys #6',
    '3 sys → mig #6, src VMLW',
    '5 off its LRU list',
    '8 dst VLD D0',
    '9 +1 reference: task A.2 waiting',
    '11 gives up: references',
    '17 mig → sys #6',
    '22 bits w--s → wdas, −1 reference: task A.2 waiting, byte 0x41 → 0x42',
  ])
  expect(story.filter(({ stopped }) => stopped).map(({ step }) => step)).toEqual([11])
})

test('the reason of an access that ended in SIGBUS', () => {
  const four = book('four-reasons')
  const fault = four.stops.find(({ fault }) => fault)!
  expect(plain(sentenceOf(four, fault.step))).toMatch(/^Page 0 will not move: still_mapped\./)
  const command = four.recording.steps.find(({ n, kind }) => n > fault.step && kind === 'command')!
  expect(plain(sentenceOf(four, command.n))).toMatch(
    /^B read buf\[0\] gives \[0\] SIGBUS\. The fault handler cannot bring it back: still_mapped\.$/,
  )
  expect(plain(answerOf(four, page(fault.at, fault.first), fault.step).text)).toMatch(
    /^The access in step \d+ ended in SIGBUS: the fault handler could not bring D\d back, still_mapped\. Quirk map-pte-skips-device/,
  )
})

test('many pages are counted, and neighbours are one range', () => {
  expect(plain(sentenceOf(book('ten-thousand'), 9))).toBe(
    'Pages 100–199, 3000–3499 will not move: no_page. The driver offered no page.',
  )
  expect(pagesText(Array.from({ length: 8 }, (_, i) => ({ first: 3 * i, count: 1 })))).toBe('8 pages (0, 3, 6 …)')
})

test('events and counters of a step', () => {
  const texts = eventsText(book('racing-store').moment(4)).map(plain)
  expect(texts).toEqual(['TLB flush A buf[0–3]'])
  expect(eventsText(book('ten-thousand').moment(9)).map(plain)).toContain('512 × TLB flush')
  expect(eventsText(book('ten-thousand').moment(9)).map(plain)).toContain('migrated +4,336')
})

test('every step of every recording has a sentence of whole words', () => {
  for (const { name, profile, steps } of recordDocument.recordings) {
    const own = book(name, profile)
    for (const { n } of steps) {
      expect(plain(sentenceOf(own, n))).toMatch(/^.{3,}[.!]$/)
      expect(plain(sentenceOf(own, n))).not.toMatch(/undefined|NaN|\?/)
    }
  }
})
