// SPDX-License-Identifier: GPL-2.0-only
//
// Drills and transcripts in files: NAME.drill with NAME.expected, concatenations X.drills with X.expected, each of
// them possibly compressed (.gz).

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { DrillError } from './errors'
import type { DrillSource } from './parse'

/** A part of a concatenation. */
export interface Section {
  readonly name: string
  readonly firstLine: number
  readonly text: string
}

const DRILL_FILE = /\.(drill|drills)(\.gz)?$/
const SECTION = /^=== *(.*?) *$/

/** Whether a file of this name holds one drill or many. */
export function isConcatenation(path: string): boolean {
  return /\.drills(\.gz)?$/.test(path)
}

/** The files that a path stands for: itself, or the drill files in and under a folder, in order of their names. */
export function findDrillFiles(path: string): string[] {
  if (!existsSync(path)) throw fileError(path, 'no such file or folder')
  if (statSync(path).isDirectory()) return filesUnder(path)
  if (!DRILL_FILE.test(path))
    throw fileError(path, 'not a drill: its name ends neither in .drill nor in .drills (nor .gz)')
  return [path]
}

function filesUnder(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => !/^(\.|node_modules$)/.test(entry.name),
  )
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return filesUnder(path)
      return DRILL_FILE.test(entry.name) ? [path] : []
    })
}

/** The drills in a file. */
export function readDrills(path: string): DrillSource[] {
  const text = readText(path)
  if (!isConcatenation(path)) {
    return [{ name: basename(path).replace(DRILL_FILE, ''), file: path, firstLine: 1, text }]
  }
  return splitSections(path, text).map((section) => ({ ...section, file: path }))
}

/** Split a concatenation at its `=== NAME` lines. */
export function splitSections(file: string, text: string): Section[] {
  const sections: Section[] = []
  const names = new Set<string>()
  let open: { name: string; firstLine: number; lines: string[] } | undefined
  const close = () => {
    if (open !== undefined) sections.push({ name: open.name, firstLine: open.firstLine, text: open.lines.join('') })
  }
  for (const [index, line] of text.split(/(?<=\n)/).entries()) {
    const name = SECTION.exec(line.trimEnd())?.[1]
    if (name !== undefined) {
      if (names.has(name)) throw fileError(file, `a second drill '${name}'`, index + 1)
      names.add(name)
      close()
      open = { name, firstLine: index + 2, lines: [] }
    } else if (open !== undefined) {
      open.lines.push(line)
    } else if (line.trim() !== '') {
      throw fileError(file, "expected a line '=== NAME' in front of the first drill", index + 1)
    }
  }
  close()
  return sections
}

/** Put transcripts together as a concatenation has them. */
export function joinSections(sections: readonly { name: string; text: string }[]): string {
  return sections.map((section) => `=== ${section.name}\n${section.text}`).join('')
}

/** The expected transcripts beside a drill file by the name of the drill; undefined where there is no such file. */
export function readExpected(path: string): Map<string, string> | undefined {
  const file = expectedPath(path)
  if (!existsSync(file)) return undefined
  const text = readText(file)
  if (!isConcatenation(path)) return new Map([[basename(path).replace(DRILL_FILE, ''), text]])
  return new Map(splitSections(file, text).map((section) => [section.name, section.text]))
}

/** Where the expected transcripts of a drill file are, or belong: compressed if they are, or else if the drills are. */
export function expectedPath(path: string): string {
  const plain = path.replace(DRILL_FILE, '.expected')
  const packed = `${plain}.gz`
  if (existsSync(packed)) return packed
  return !existsSync(plain) && path.endsWith('.gz') ? packed : plain
}

/** Write transcripts beside a drill file. */
export function writeExpected(path: string, text: string): void {
  const file = expectedPath(path)
  writeFileSync(file, file.endsWith('.gz') ? gzipSync(text, { level: 9 }) : text)
}

function readText(path: string): string {
  try {
    const bytes = readFileSync(path)
    return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  } catch (cause) {
    throw fileError(path, `can't be read: ${(cause as Error).message}`, 1, { cause })
  }
}

function fileError(file: string, reason: string, line = 1, options?: ErrorOptions): DrillError {
  return new DrillError('HMMU_DRILL_FILE', { file, line, column: 1 }, reason, options)
}
