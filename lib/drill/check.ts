// SPDX-License-Identifier: GPL-2.0-only
//
// Compare what drills print with what is expected of them.

import { createTwoFilesPatch } from 'diff'
import type { DrillSource } from './parse'
import { type DrillRun, type RunOptions, runSource } from './runner'
import { expectedPath, isConcatenation, joinSections, readDrills, readExpected, writeExpected } from './source'

export interface CheckOptions extends RunOptions {
  /** Only drills of which this says true. */
  readonly filter?: ((name: string) => boolean) | undefined
  /** Write what was printed as what is expected from now on. Drills that could not be carried out still fail. */
  readonly update?: boolean | undefined
  /** Called after each drill. */
  readonly onResult?: ((result: CheckResult) => void) | undefined
}

export interface CheckResult {
  readonly name: string
  readonly file: string
  readonly passed: boolean
  /** Why it failed, in a line: with file, line and column where a command was the reason. */
  readonly reason: string | undefined
  /** Unified diff from the expected to the printed transcript, where they differ. */
  readonly diff: string | undefined
}

/** The drills of some files that a filter lets through. */
export function listDrills(files: readonly string[], options: CheckOptions = {}): Map<string, DrillSource[]> {
  const wanted = options.filter ?? (() => true)
  return new Map(files.map((file) => [file, readDrills(file).filter((source) => wanted(source.name))]))
}

/** Check the drills of one file. */
export function checkFile(file: string, sources: readonly DrillSource[], options: CheckOptions = {}): CheckResult[] {
  if (sources.length === 0) return []
  const expected = readExpected(file) ?? new Map<string, string>()
  const updated = new Map(expected)
  const results = sources.map((source) => {
    const run = runSource(source, options)
    if (options.update && run.failure === undefined) updated.set(source.name, run.transcript)
    const result = judge(source, run, updated.get(source.name))
    options.onResult?.(result)
    return result
  })
  if (options.update) write(file, expected, updated)
  return results
}

function judge(source: DrillSource, run: DrillRun, expected: string | undefined): CheckResult {
  const { name, file } = source
  const differs = expected !== undefined && expected !== run.transcript
  const diff = differs ? unifiedDiff(source, expected, run.transcript) : undefined
  const reason = reasonOf(file, run, expected, differs)
  return { name, file, passed: reason === undefined, reason, diff }
}

function reasonOf(file: string, run: DrillRun, expected: string | undefined, differs: boolean): string | undefined {
  if (run.failure !== undefined) return run.failure.message
  if (expected === undefined) return `${expectedPath(file)} has no transcript for it`
  return differs ? 'the transcript differs from the expected one' : undefined
}

function unifiedDiff({ file, name }: DrillSource, expected: string, printed: string): string {
  const beside = expectedPath(file)
  const title = isConcatenation(file) ? `${beside} (${name})` : beside
  return createTwoFilesPatch(title, `${name} as printed`, expected, printed, undefined, undefined, { context: 3 })
    .split('\n')
    .filter((line) => !/^=+$/.test(line))
    .join('\n')
}

/** Write the expected transcripts of a file in the order of its drills, if they have changed. */
function write(file: string, before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): void {
  const changed = [...after].some(([name, text]) => before.get(name) !== text)
  if (!changed) return
  const names = readDrills(file).map((source) => source.name)
  const sections = names.flatMap((name) => {
    const text = after.get(name)
    return text === undefined ? [] : [{ name, text }]
  })
  writeExpected(file, isConcatenation(file) ? joinSections(sections) : (sections[0]?.text ?? ''))
}
