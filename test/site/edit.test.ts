// SPDX-License-Identifier: GPL-2.0-only

import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { changedStep } from '../../lib/view/script'
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
  const verbs = { ofProcess: ['map', 'write', 'migrate', 'pin'], others: ['fork', 'drop'] }
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

test('after an edit, the first changed command is shown', () => {
  const { recording } = book('racing-store')
  const edited = (script: string) => ({ ...recording, script })
  const { script } = recording
  expect(changedStep(recording, edited(script))).toBeUndefined()
  expect(changedStep(recording, edited(script.replace('0x41', '0x51')))).toBe(2)
  expect(changedStep(recording, edited(script.replace('0x43', '0x53')))).toBe(10)
  expect(changedStep(recording, edited(`${script}\nA read buf`))).toBeUndefined()
})
