// SPDX-License-Identifier: GPL-2.0-only

import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { Book } from '../../lib/view/book'
import { stepAfterEdit } from '../../lib/view/script'
import { choicesAt } from '../../site/src/edit/complete'
import { MOST_SCRIPT, pack, unpack } from '../../site/src/edit/pack'
import { book } from '../view/records'

describe('a script in a link', () => {
  test('is the script again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (script) => {
        const packed = await pack(script)
        expect(packed).toMatch(/^[\w-]*$/)
        expect(await unpack(packed)).toBe(script)
      }),
    )
  })

  test('is refused if it unpacks to more than allowed, or to nothing that is text', async () => {
    const packed = (bytes: Buffer): string => deflateRawSync(bytes).toString('base64url')
    await expect(unpack(packed(Buffer.alloc(50 * 2 ** 20)))).rejects.toThrow(`longer than ${MOST_SCRIPT} letters`)
    await expect(unpack(packed(Buffer.from([0xff, 0xfe])))).rejects.toThrow()
    await expect(unpack('$$$')).rejects.toThrow()
    await expect(unpack('AAAA')).rejects.toThrow()
  })
})

describe('completion', () => {
  const verbs = {
    ofProcess: ['map', 'write', 'migrate', 'pin'],
    others: ['fork', 'drop'],
    destinations: ['dev', 'sys'],
  }
  const script = 'A map buf anon 4\nB map other anon 1\nA pin buf[0] as dma\n'
  const words = (text: string): readonly string[] | undefined => choicesAt(text, verbs)?.words

  test('offers what may stand at a place', () => {
    expect(words('')).toEqual(['A', 'fork', 'drop'])
    expect(words(script)).toEqual(['A', 'B', 'fork', 'drop'])
    expect(words(`${script}A `)).toEqual(verbs.ofProcess)
    expect(words(`${script}A write `)).toEqual(['buf', 'other'])
    expect(words(`${script}A migrate buf `)).toEqual(['to'])
    expect(words(`${script}A migrate buf to `)).toEqual(['dev', 'sys'])
    expect(words(`${script}drop `)).toEqual(['dma'])
    expect(words(`${script}  `)).toEqual(['@alloc', '@final'])
    expect(words(`${script}  @alloc A wr`)).toEqual(verbs.ofProcess)
    expect(words(`${script}# A `)).toBeUndefined()
  })

  test('begins at the word under the cursor', () => {
    expect(choicesAt('A ma', verbs)?.from).toBe(2)
  })
})

describe('after an edit', () => {
  const racing = book('racing-store')
  const { script, steps } = racing.recording
  const shown = (text: string, n: number) =>
    stepAfterEdit(racing, new Book({ ...racing.recording, script: text }, racing.terms), n)

  test('the step stays if no command up to it has changed', () => {
    expect(shown(script, 20)).toBe(20)
    expect(shown(script.replace('0x43', '0x53'), 4)).toBe(4)
    expect(shown(`${script}\nA read buf`, 39)).toBe(39)
  })

  test('else the first changed command is shown', () => {
    expect(shown(script.replace('0x41', '0x51'), 11)).toBe(2)
    expect(shown(script.replace('0x43', '0x53'), 39)).toBe(10)
  })

  test('a wholly different drill is shown at its first give-up', () => {
    const other = Array.from(script.split('\n'), (line) => `${line} #`).join('\n')
    expect([0, 5, steps.length - 1].map((n) => shown(other, n))).toEqual(Array(3).fill(racing.opening))
  })
})
