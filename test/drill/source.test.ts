// SPDX-License-Identifier: GPL-2.0-only

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import {
  expectedPath,
  findDrillFiles,
  joinSections,
  readDrills,
  readExpected,
  splitSections,
  writeExpected,
} from '../../lib/drill/source'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hmmu-source-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

function put(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

describe('sections', () => {
  test('are split at their headers and know their lines', () => {
    const text = '\n=== one\nA count\n=== two\n\nA clear\nA count\n=== three\n'
    expect(splitSections('x.drills', text)).toEqual([
      { name: 'one', firstLine: 3, text: 'A count\n' },
      { name: 'two', firstLine: 5, text: '\nA clear\nA count\n' },
      { name: 'three', firstLine: 9, text: '' },
    ])
  })

  test('go together again', () => {
    const text = '=== one\nA count\n=== two\nA clear\n'
    expect(joinSections(splitSections('x.drills', text))).toBe(text)
  })

  test('text in front of the first, and a name twice, are errors', () => {
    expect(() => splitSections('x.drills', '\nA count\n')).toThrow("x.drills:2:1: expected a line '=== NAME'")
    expect(() => splitSections('x.drills', '=== a\n=== a\n')).toThrow("x.drills:2:1: a second drill 'a'")
  })
})

describe('files', () => {
  test('of a folder, in and under it, in order', () => {
    mkdirSync(join(folder, 'more'))
    mkdirSync(join(folder, 'node_modules'))
    for (const name of ['b.drill', 'a.drills.gz', 'more/c.drill', 'a.expected', 'node_modules/d.drill', 'README'])
      put(name, '')
    expect(findDrillFiles(folder)).toEqual(['a.drills.gz', 'b.drill', 'more/c.drill'].map((name) => join(folder, name)))
  })

  test('that are not there, or no drills, are errors', () => {
    expect(() => findDrillFiles(join(folder, 'nothing'))).toThrow('no such file or folder')
    expect(() => findDrillFiles(put('x.txt', ''))).toThrow(
      'is no drill: its name ends neither in .drill nor in .drills',
    )
  })

  test('one drill a file, or many; compressed or not', () => {
    const one = put('one.drill', 'A count\n')
    expect(readDrills(one)).toEqual([{ name: 'one', file: one, firstLine: 1, text: 'A count\n' }])
    const packed = put('two.drill.gz', gzipSync('A clear\n'))
    expect(readDrills(packed)).toEqual([{ name: 'two', file: packed, firstLine: 1, text: 'A clear\n' }])
    const many = put('many.drills', '=== x\nA count\n=== y\nA clear\n')
    expect(readDrills(many).map(({ name, firstLine }) => [name, firstLine])).toEqual([
      ['x', 2],
      ['y', 4],
    ])
  })

  test('that are broken are errors', () => {
    expect(() => readDrills(put('bad.drill.gz', 'not gzip'))).toThrow(/bad\.drill\.gz: can't be unpacked: /)
  })
})

describe('expected transcripts', () => {
  test('stand beside, compressed or not', () => {
    const one = put('one.drill', '')
    expect(readExpected(one)).toBeUndefined()
    put('one.expected', 'A count\n')
    expect(readExpected(one)).toEqual(new Map([['one', 'A count\n']]))
    const many = put('many.drills.gz', gzipSync(''))
    put('many.expected.gz', gzipSync('=== x\nX\n=== y\nY\n'))
    expect(readExpected(many)).toEqual(
      new Map([
        ['x', 'X\n'],
        ['y', 'Y\n'],
      ]),
    )
  })

  test('are written where they are, or compressed where the drills are', () => {
    const one = put('one.drill', '')
    writeExpected(one, 'plain\n')
    expect(readFileSync(join(folder, 'one.expected'), 'utf8')).toBe('plain\n')
    const packed = put('two.drill.gz', '')
    expect(expectedPath(packed)).toBe(join(folder, 'two.expected.gz'))
    writeExpected(packed, 'packed\n')
    expect(gunzipSync(readFileSync(join(folder, 'two.expected.gz'))).toString()).toBe('packed\n')
    const three = put('three.drill', '')
    put('three.expected.gz', gzipSync(''))
    expect(expectedPath(three)).toBe(join(folder, 'three.expected.gz'))
  })
})
