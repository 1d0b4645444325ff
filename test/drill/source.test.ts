// SPDX-License-Identifier: GPL-2.0-only

import { mkdirSync, readFileSync } from 'node:fs'
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
import { TestFolder } from './folder'

const folder = new TestFolder()

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
    mkdirSync(join(folder.path, 'more'))
    mkdirSync(join(folder.path, 'node_modules'))
    for (const name of ['b.drill', 'a.drills.gz', 'more/c.drill', 'a.expected', 'node_modules/d.drill', 'README'])
      folder.put(name, '')
    expect(findDrillFiles(folder.path)).toEqual(
      ['a.drills.gz', 'b.drill', 'more/c.drill'].map((name) => join(folder.path, name)),
    )
  })

  test('that are not there, or no drills, are errors', () => {
    expect(() => findDrillFiles(join(folder.path, 'nothing'))).toThrow('no such file or folder')
    expect(() => findDrillFiles(folder.put('x.txt', ''))).toThrow(
      'is no drill: its name ends neither in .drill nor in .drills',
    )
  })

  test('one drill a file, or many; compressed or not', () => {
    const one = folder.put('one.drill', 'A count\n')
    expect(readDrills(one)).toEqual([{ name: 'one', file: one, firstLine: 1, text: 'A count\n' }])
    const packed = folder.put('two.drill.gz', gzipSync('A clear\n'))
    expect(readDrills(packed)).toEqual([{ name: 'two', file: packed, firstLine: 1, text: 'A clear\n' }])
    const many = folder.put('many.drills', '=== x\nA count\n=== y\nA clear\n')
    expect(readDrills(many).map(({ name, firstLine }) => [name, firstLine])).toEqual([
      ['x', 2],
      ['y', 4],
    ])
  })

  test('that are broken are errors', () => {
    expect(() => readDrills(folder.put('bad.drill.gz', 'not gzip'))).toThrow(/bad\.drill\.gz: can't be unpacked: /)
  })
})

describe('expected transcripts', () => {
  test('stand beside, compressed or not', () => {
    const one = folder.put('one.drill', '')
    expect(readExpected(one)).toBeUndefined()
    folder.put('one.expected', 'A count\n')
    expect(readExpected(one)).toEqual(new Map([['one', 'A count\n']]))
    const many = folder.put('many.drills.gz', gzipSync(''))
    folder.put('many.expected.gz', gzipSync('=== x\nX\n=== y\nY\n'))
    expect(readExpected(many)).toEqual(
      new Map([
        ['x', 'X\n'],
        ['y', 'Y\n'],
      ]),
    )
  })

  test('are written where they are, or compressed where the drills are', () => {
    const one = folder.put('one.drill', '')
    writeExpected(one, 'plain\n')
    expect(readFileSync(join(folder.path, 'one.expected'), 'utf8')).toBe('plain\n')
    const packed = folder.put('two.drill.gz', '')
    expect(expectedPath(packed)).toBe(join(folder.path, 'two.expected.gz'))
    writeExpected(packed, 'packed\n')
    expect(gunzipSync(readFileSync(join(folder.path, 'two.expected.gz'))).toString()).toBe('packed\n')
    const three = folder.put('three.drill', '')
    folder.put('three.expected.gz', gzipSync(''))
    expect(expectedPath(three)).toBe(join(folder.path, 'three.expected.gz'))
  })
})
