// SPDX-License-Identifier: GPL-2.0-only
//
// Files with drivers: whether one can be loaded, and the copy of it that is.

import { closeSync, constants, fstatSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { HmmuError } from '../base/errors'
import { invalid } from '../base/validate'

/** The beginning of each mark; the version follows. */
const MARK = Buffer.from('hmmu library of drivers, ABI ')
const MARK_END = /^[\d.]+/

function damaged(path: string, what: string): HmmuError {
  return new HmmuError('HMMU_DRIVER_FILE', `${path}: ${what}`)
}

function read(path: unknown): Buffer {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) throw invalid('path', 'the path of a file', path)
  let fd: number | undefined
  try {
    // A FIFO may have no writer, and a device no end.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    if (!fstatSync(fd).isFile()) throw damaged(path, 'a regular file is needed')
    return readFileSync(fd)
  } catch (cause) {
    if (cause instanceof HmmuError) throw cause
    throw new HmmuError('HMMU_DRIVER_FILE', `${path} can't be read: ${(cause as Error).message}`, { cause })
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** Whether tables of so many entries at an offset are within a file. */
function isWithin(bytes: Buffer, offset: bigint, count: number, size: number): boolean {
  return offset + BigInt(count * size) <= BigInt(bytes.length)
}

/** Segments of an ELF file that are loaded: the loader maps them, and would end this process where the file is shorter. */
function segmentsFit(bytes: Buffer, first: number, count: number): boolean {
  for (let i = 0; i < count; i++) {
    const at = first + i * 56
    if (bytes.readBigUInt64LE(at + 8) + bytes.readBigUInt64LE(at + 32) > BigInt(bytes.length)) return false
  }
  return true
}

function checkElf(path: string, bytes: Buffer): void {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1)
    throw damaged(path, 'no shared library of 64 bits')
  const segments = bytes.readBigUInt64LE(32)
  const sections = bytes.readBigUInt64LE(40)
  const count = bytes.readUInt16LE(56)
  const whole =
    bytes.readUInt16LE(54) === 56 &&
    isWithin(bytes, segments, count, 56) &&
    isWithin(bytes, sections, bytes.readUInt16LE(60), bytes.readUInt16LE(58)) &&
    segmentsFit(bytes, Number(segments), count)
  if (!whole) throw damaged(path, 'the file is damaged, or a part of it is missing')
}

function checkMark(path: string, bytes: Buffer, mark: string): void {
  const at = bytes.indexOf(MARK)
  if (at < 0) throw damaged(path, 'it has no drivers; hmmu driver build makes libraries that have')
  const found = MARK_END.exec(bytes.toString('latin1', at + MARK.length, at + MARK.length + 20))?.[0]
  const wanted = mark.slice(MARK.length)
  if (found !== wanted)
    throw damaged(
      path,
      `it was built with another version of hmmu (ABI ${found ?? '?'}, not ${wanted}): build it again`,
    )
}

/**
 * Calls a function with the path of a copy of a library. Each copy has its own variables when it is loaded, and the original can be
 * built again. The copy's name is gone afterwards.
 * @param mark what the file must have in it
 */
export function withCopy<T>(path: string, mark: string, call: (copy: string) => T): T {
  const bytes = read(path)
  checkElf(path, bytes)
  checkMark(path, bytes, mark)
  let folder: string | undefined
  try {
    folder = mkdtempSync(join(tmpdir(), 'hmmu-driver-'))
    const copy = join(folder, basename(path))
    writeFileSync(copy, bytes, { mode: 0o700 })
    return call(copy)
  } catch (cause) {
    if (cause instanceof HmmuError) throw cause
    throw new HmmuError('HMMU_DRIVER_FILE', `${path} can't be copied: ${(cause as Error).message}`, { cause })
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  }
}
