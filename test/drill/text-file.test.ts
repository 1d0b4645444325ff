// SPDX-License-Identifier: GPL-2.0-only
//
// Files that may come from anybody: what is read, what is refused and how, and how files are replaced.

import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { DrillError, runSource } from '../../lib/drill'
import { readDrills, readExpected } from '../../lib/drill/source'
import { MOST_TEXT, readTextFile, writeTextFile } from '../../lib/drill/text-file'
import { TestFolder } from './folder'

const folder = new TestFolder()

/** What is said of a file after its name. */
function refused(call: () => unknown, path: string): string {
  try {
    call()
  } catch (error) {
    expect(error).toBeInstanceOf(DrillError)
    const { code, position, message } = error as DrillError
    expect({ code, position }).toEqual({ code: 'HMMU_DRILL_FILE', position: undefined })
    expect(message.startsWith(`${path}: `)).toBe(true)
    return message.slice(path.length + 2)
  }
  throw new Error('it was not refused')
}

describe('reading refuses', () => {
  test('a folder', () => {
    const path = join(folder.path, 'x.drill')
    mkdirSync(path)
    expect(refused(() => readTextFile(path), path)).toBe('is a folder; a regular file is needed')
  })

  test('a FIFO, without waiting for its writer', () => {
    const path = join(folder.path, 'x.drill')
    execFileSync('mkfifo', [path])
    expect(refused(() => readTextFile(path), path)).toBe('is a FIFO; a regular file is needed')
  })

  test('a device, and a link to one', () => {
    expect(refused(() => readTextFile('/dev/zero'), '/dev/zero')).toBe('is a device; a regular file is needed')
    const drill = folder.put('x.drill', 'A clear\n')
    const path = join(folder.path, 'x.expected')
    symlinkSync('/dev/zero', path)
    expect(refused(() => readExpected(drill), path)).toBe('is a device; a regular file is needed')
  })

  test('a loop of links', () => {
    const path = join(folder.path, 'x.drill')
    symlinkSync('x.drill', path)
    expect(refused(() => readTextFile(path), path)).toBe("can't be read: too many symbolic links encountered")
  })

  test('what is too large, packed or not', () => {
    const path = folder.put('x.drill', '')
    truncateSync(path, MOST_TEXT + 1)
    expect(refused(() => readTextFile(path), path)).toBe('is a file of more than 16 MiB')
    const packed = folder.put('y.drill.gz', gzipSync(Buffer.alloc(MOST_TEXT + 1)))
    expect(statSync(packed).size).toBeLessThan(100_000)
    expect(refused(() => readTextFile(packed), packed)).toBe('unpacks to a text of more than 16 MiB')
    expect(readTextFile(folder.put('z.drill.gz', gzipSync(Buffer.alloc(MOST_TEXT)))).length).toBe(MOST_TEXT)
  })

  test('what is not gzip', () => {
    const path = folder.put('x.drill.gz', 'not gzip')
    expect(refused(() => readTextFile(path), path)).toBe("can't be unpacked: it is no whole gzip file")
  })

  test('what is no UTF-8', () => {
    const utf16 = folder.put('x.drill', Buffer.from('\ufeffA clear\n', 'utf16le'))
    expect(refused(() => readTextFile(utf16), utf16)).toBe('is UTF-16 text; UTF-8 is needed')
    const binary = folder.put('y.drill', Buffer.from([0x41, 0xff, 0xfe]))
    expect(refused(() => readTextFile(binary), binary)).toBe('is not UTF-8 text')
  })
})

describe('a byte order mark and CR LF', () => {
  const LINES = ['A map buf anon 1', 'A dump buf', '  [0] none', '']

  test('are no part of a drill, nor of what is expected of it', () => {
    const drill = folder.put('x.drill', `\ufeff${LINES.filter((line) => !line.startsWith(' ')).join('\r\n')}`)
    folder.put('x.expected', `\ufeff${LINES.join('\r\n')}`)
    const [source] = readDrills(drill)
    expect(readExpected(drill)?.get('x')).toBe(runSource(source!).transcript)
    expect(runSource(source!)).toMatchObject({ failure: undefined, transcript: LINES.join('\n') })
  })

  test('nor of a concatenation', () => {
    const drills = folder.put('x.drills', '\ufeff=== one\r\nA clear\r\n=== two\r\nA count\r\n')
    expect(readDrills(drills).map(({ name, text }) => [name, text])).toEqual([
      ['one', 'A clear\n'],
      ['two', 'A count\n'],
    ])
  })
})

describe('writing', () => {
  test('replaces a file as a whole, and keeps its mode', () => {
    const path = folder.put('x.expected', 'before')
    chmodSync(path, 0o640)
    const before = statSync(path).ino
    writeTextFile(path, 'after')
    expect(readFileSync(path, 'utf8')).toBe('after')
    expect(statSync(path).mode & 0o777).toBe(0o640)
    expect(statSync(path).ino).not.toBe(before)
    expect(readdirSync(folder.path)).toEqual(['x.expected'])
  })

  test('refuses a link, and leaves what it leads to', () => {
    const target = folder.put('precious', 'precious')
    const path = join(folder.path, 'x.expected')
    symlinkSync(target, path)
    expect(refused(() => writeTextFile(path, 'after'), path)).toMatch(/^is a link, /)
    expect(readFileSync(target, 'utf8')).toBe('precious')
  })

  test('refuses a folder, and leaves nothing behind', () => {
    const path = join(folder.path, 'x.expected')
    mkdirSync(path)
    expect(refused(() => writeTextFile(path, 'after'), path)).toBe('is a folder; a regular file is needed')
    expect(refused(() => writeTextFile(`${path}/no/y`, ''), `${path}/no/y`)).toBe(
      "can't be written: no such file or directory",
    )
    expect(readdirSync(folder.path)).toEqual(['x.expected'])
  })
})
