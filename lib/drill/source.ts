// SPDX-License-Identifier: GPL-2.0-only
//
// Drills and transcripts in files: NAME.drill with NAME.expected, concatenations X.drills with X.expected, each of
// them possibly compressed (.gz).

import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { systemReason } from '../base/system'
import { excerpt, hasHidden } from '../base/visible'
import { DrillError } from './errors'
import type { DrillSource } from './parse'
import { fileError, readStandardInput, readTextFile, STDIN_NAME, writeTextFile } from './text-file'

/** A part of a concatenation. */
export interface Section {
  readonly name: string
  readonly firstLine: number
  readonly text: string
}

const DRILL_FILE = /\.(drill|drills)(\.gz)?$/
const SECTION = '==='
/** The path that stands for standard input. */
export const STDIN_PATH = '-'
/** The name of a drill from there. */
const STDIN_DRILL = 'stdin'

/** Whether a file of this name holds one drill or many. */
export function isConcatenation(path: string): boolean {
  return /\.drills(\.gz)?$/.test(path)
}

/** The files that a path stands for: itself, or the drill files in and under a folder, in order of their names. */
export function findDrillFiles(path: string): string[] {
  return searchDrillFiles(path, (error) => {
    throw error
  })
}

/** As {@link findDrillFiles}, but a folder in a folder that can't be read is left out, and told. */
export function searchDrillFiles(path: string, onError: (error: DrillError) => void): string[] {
  if (isFolder(path)) return filesUnder(path, onError)
  if (!DRILL_FILE.test(path))
    throw fileError(path, 'is no drill: its name ends neither in .drill nor in .drills (nor .gz)')
  return [path]
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw fileError(path, code === 'ENOENT' ? 'no such file or folder' : systemReason(cause), { cause })
  }
}

function filesUnder(folder: string, onError: (error: DrillError) => void): string[] {
  return entriesOf(folder, onError)
    .filter((entry) => !/^(\.|node_modules$)/.test(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return filesUnder(path, onError)
      return DRILL_FILE.test(entry.name) ? [path] : []
    })
}

function entriesOf(folder: string, onError: (error: DrillError) => void) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (cause) {
    onError(fileError(folder, `can't be read: ${systemReason(cause)}`, { cause }))
    return []
  }
}

/** The drills in a file, or in standard input, which holds many if it starts with a line `=== NAME`. */
export function readDrills(path: string): DrillSource[] {
  if (path === STDIN_PATH) {
    const text = readStandardInput()
    return sources(STDIN_NAME, STDIN_DRILL, text, text.trimStart().startsWith(SECTION))
  }
  return sources(path, drillName(path), readTextFile(path), isConcatenation(path))
}

function sources(file: string, name: string, text: string, many: boolean): DrillSource[] {
  if (!many) return [{ name, file, firstLine: 1, text }]
  return splitSections(file, text).map((section) => ({ ...section, file }))
}

function drillName(path: string): string {
  return basename(path).replace(DRILL_FILE, '')
}

/** Split a concatenation at its `=== NAME` lines. */
export function splitSections(file: string, text: string): Section[] {
  const sections: Section[] = []
  const names = new Set<string>()
  let open: { name: string; firstLine: number; start: number } | undefined
  const close = (end: number) => {
    if (open !== undefined)
      sections.push({ name: open.name, firstLine: open.firstLine, text: text.slice(open.start, end) })
  }
  for (let start = 0, number = 1; start < text.length; number++) {
    const end = lineEnd(text, start)
    if (text.startsWith(SECTION, start)) {
      const name = sectionName(file, number, text.slice(start + SECTION.length, end).trim())
      if (names.has(name)) throw sectionError(file, number, `a second drill '${excerpt(name)}'`)
      names.add(name)
      close(start)
      open = { name, firstLine: number + 1, start: end }
    } else if (open === undefined && text.slice(start, end).trim() !== '') {
      throw sectionError(file, number, "expected a line '=== NAME' in front of the first drill")
    }
    start = end
  }
  close(text.length)
  return sections
}

/** The place after the line that starts here. */
function lineEnd(text: string, start: number): number {
  const newline = text.indexOf('\n', start)
  return newline < 0 ? text.length : newline + 1
}

/** Transcripts print names, so names must not contain control characters. */
function sectionName(file: string, line: number, name: string): string {
  if (!hasHidden(name)) return name
  throw sectionError(file, line, `the name '${excerpt(name)}' has characters that can't be seen`)
}

function sectionError(file: string, line: number, reason: string): DrillError {
  return new DrillError('HMMU_DRILL_FILE', { file, line, column: 1 }, reason)
}

/** Put transcripts together as a concatenation has them. */
export function joinSections(sections: readonly { name: string; text: string }[]): string {
  return sections.map((section) => `=== ${section.name}\n${section.text}`).join('')
}

/** The expected transcripts next to a drill file by the name of the drill; undefined where there is no such file. */
export function readExpected(path: string): Map<string, string> | undefined {
  const file = expectedPath(path)
  if (!existsSync(file)) return undefined
  const text = readTextFile(file)
  if (!isConcatenation(path)) return new Map([[drillName(path), text]])
  return new Map(splitSections(file, text).map((section) => [section.name, section.text]))
}

/** The path of a drill file's expected transcripts. If it does not exist yet, it is compressed if the drills are. */
export function expectedPath(path: string): string {
  const plain = path.replace(DRILL_FILE, '.expected')
  const packed = `${plain}.gz`
  if (existsSync(packed)) return packed
  return !existsSync(plain) && path.endsWith('.gz') ? packed : plain
}

/** Write transcripts next to a drill file. */
export function writeExpected(path: string, text: string): void {
  writeTextFile(expectedPath(path), text)
}
