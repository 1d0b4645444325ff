// SPDX-License-Identifier: GPL-2.0-only
//
// Reads and writes text in files that may come from anybody. Reading takes regular files only, and an end that is never
// reached is no danger: there is a limit to the size, packed and unpacked.

import { isUtf8 } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import { systemReason, waitBriefly } from '../base/system'
import { DrillError } from './errors'

/** Most bytes of a text, packed or not. All 1,000 generated drills have 3 MB. */
export const MOST_TEXT = 2 ** 24
const TOO_LARGE = `of more than ${MOST_TEXT / 2 ** 20} MiB`

const CHUNK = 2 ** 16
const STDIN = 0
/** The name of standard input in messages. */
export const STDIN_NAME = 'standard input'

/** An error that a file is not as it should be. */
export function fileError(file: string, reason: string, options?: ErrorOptions): DrillError {
  return new DrillError('HMMU_DRILL_FILE', file, reason, options)
}

/** The text of a regular file; of one whose name ends in .gz, unpacked. @throws DrillError */
export function readTextFile(path: string): string {
  const bytes = readBytes(path)
  return decode(path, path.endsWith('.gz') ? unpack(path, bytes) : bytes)
}

/** The text on standard input, unpacked if it is packed. @throws DrillError */
export function readStandardInput(): string {
  const bytes = readAll(STDIN, STDIN_NAME)
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b
  return decode(STDIN_NAME, packed ? unpack(STDIN_NAME, bytes) : bytes)
}

/**
 * The kind is asked of the open file: a name could stand for another file by then. A FIFO without a writer does not
 * wait.
 */
function readBytes(path: string): Buffer {
  let fd: number | undefined
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    const stats = fstatSync(fd)
    if (!stats.isFile()) throw fileError(path, `is ${kindOf(stats)}; a regular file is needed`)
    if (stats.size > MOST_TEXT) throw fileError(path, `is a file ${TOO_LARGE}`)
    return readAll(fd, path)
  } catch (cause) {
    if (cause instanceof DrillError) throw cause
    throw fileError(path, `can't be read: ${systemReason(cause)}`, { cause })
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder'
  if (stats.isFIFO()) return 'a FIFO'
  if (stats.isSocket()) return 'a socket'
  return 'a device'
}

/** Reads to the end. The file's own size is not trusted. */
function readAll(fd: number, name: string): Buffer {
  const chunks: Buffer[] = []
  let length = 0
  for (;;) {
    const chunk = readChunk(fd, name)
    if (chunk.length === 0) return Buffer.concat(chunks)
    length += chunk.length
    if (length > MOST_TEXT) throw fileError(name, `is a text ${TOO_LARGE}`)
    chunks.push(chunk)
  }
}

function readChunk(fd: number, name: string): Buffer {
  const chunk = Buffer.allocUnsafe(CHUNK)
  for (;;) {
    try {
      return chunk.subarray(0, readSync(fd, chunk))
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'EOF') return chunk.subarray(0, 0)
      if (code !== 'EAGAIN') throw fileError(name, `can't be read: ${systemReason(cause)}`, { cause })
      waitBriefly()
    }
  }
}

function unpack(name: string, bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_TEXT })
  } catch (cause) {
    const tooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    throw fileError(name, tooLarge ? `unpacks to a text ${TOO_LARGE}` : `can't be unpacked: it is no whole gzip file`, {
      cause,
    })
  }
}

/** UTF-8, with or without a byte order mark; lines may end in CR LF. */
function decode(name: string, bytes: Buffer): string {
  const mark = bytes.subarray(0, 2).toString('hex')
  if (mark === 'fffe' || mark === 'feff') throw fileError(name, 'is UTF-16 text; UTF-8 is needed')
  if (!isUtf8(bytes)) throw fileError(name, 'is not UTF-8 text')
  const text = bytes.toString('utf8')
  return (text.startsWith('\ufeff') ? text.slice(1) : text).replaceAll('\r\n', '\n')
}

/**
 * Writes a text, packed if the name ends in .gz. The file is whole at every time: another one is written, and takes its
 * name. A link is refused. @throws DrillError
 */
export function writeTextFile(path: string, text: string): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const mode = modeOf(path)
    const fd = openSync(temporary, 'wx')
    try {
      if (mode !== undefined) fchmodSync(fd, mode)
      writeFileSync(fd, path.endsWith('.gz') ? gzipSync(text, { level: 9 }) : text)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, path)
  } catch (cause) {
    if (cause instanceof DrillError) throw cause
    rmSync(temporary, { force: true })
    throw fileError(path, `can't be written: ${systemReason(cause)}`, { cause })
  }
}

/** The mode of a file that may be replaced; undefined if there is none. */
function modeOf(path: string): number | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return undefined
  if (stats.isSymbolicLink()) throw fileError(path, 'is a link, which is not written through; replace it by a file')
  if (!stats.isFile()) throw fileError(path, `is ${kindOf(stats)}; a regular file is needed`)
  // rename() would replace a file that may not be written.
  accessSync(path, constants.W_OK)
  return stats.mode & 0o777
}
