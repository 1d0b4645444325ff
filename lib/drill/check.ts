// SPDX-License-Identifier: GPL-2.0-only
//
// Compares the transcripts of drills with the expected ones.

import { createTwoFilesPatch } from 'diff'
import { type Profile, profileNames } from '../api'
import { excerpt } from '../base/visible'
import { DrillError } from './errors'
import type { DrillSource } from './parse'
import { profileOf } from './profile'
import { type DrillRun, type RunOptions, runSource } from './runner'
import { expectedPath, isConcatenation, joinSections, readDrills, readExpected, writeExpected } from './source'

export interface CheckOptions extends RunOptions {
  /** Which kernel the machine is; if absent, {@link profileOf} the drill's file. */
  readonly profile?: Profile | undefined
  /** Only drills for which this returns true. */
  readonly filter?: ((name: string) => boolean) | undefined
  /** Runs a drill on a real kernel, in place of a machine. */
  readonly run?: ((source: DrillSource) => DrillRun) | undefined
  /**
   * Write the printed transcripts as the expected ones. A drill that could not be carried out still fails, and nothing
   * is written for it. A drill whose expected transcript is that of another profile fails likewise, unless `force` is
   * set.
   */
  readonly update?: boolean | undefined
  readonly force?: boolean | undefined
  /** Called after each drill. */
  readonly onResult?: ((result: CheckResult) => void) | undefined
  /** Called after expected transcripts were written. */
  readonly onUpdate?: ((update: Update) => void) | undefined
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

/** How a file of expected transcripts has changed: numbers of transcripts. */
export interface Update {
  readonly file: string
  /** What printed the new transcripts: the profile, or `a real kernel`. */
  readonly by: string
  readonly added: number
  readonly changed: number
  /** Of drills that are no longer there. */
  readonly removed: number
}

/** A diff of more changes than this is not shown: to find the shortest takes time that grows with their square. */
const MOST_CHANGES = 2000

/** The drills of some files that a filter lets through. */
export function listDrills(files: readonly string[], options: CheckOptions = {}): Map<string, DrillSource[]> {
  const wanted = options.filter ?? (() => true)
  return new Map(files.map((file) => [file, readDrills(file).filter((source) => wanted(source.name))]))
}

/** The result for a file that can't be read, or is not what its name says. */
export function failedFile(file: string, error: DrillError): CheckResult {
  return { name: file, file, passed: false, reason: error.message, diff: undefined }
}

/** Check the drills of one file. Where its expected transcripts can't be read or written, that is the result. */
export function checkFile(file: string, sources: readonly DrillSource[], options: CheckOptions = {}): CheckResult[] {
  if (sources.length === 0) return []
  try {
    return new FileCheck(file, options).check(sources)
  } catch (error) {
    if (!(error instanceof DrillError)) throw error
    return [failedFile(file, error)]
  }
}

class FileCheck {
  readonly #file: string
  readonly #options: CheckOptions
  /** Undefined on a real kernel. */
  readonly #profile: Profile | undefined
  readonly #expected: ReadonlyMap<string, string> | undefined
  /** The new expected transcripts. */
  readonly #updated: Map<string, string>

  constructor(file: string, options: CheckOptions) {
    this.#file = file
    this.#options = options
    this.#profile = options.run ? undefined : (options.profile ?? profileOf(file))
    this.#expected = readExpected(file)
    this.#updated = new Map(this.#expected)
  }

  check(sources: readonly DrillSource[]): CheckResult[] {
    const results = sources.map((source) => {
      const result = this.#checkDrill(source)
      this.#options.onResult?.(result)
      return result
    })
    if (this.#options.update) this.#write()
    return results
  }

  #checkDrill(source: DrillSource): CheckResult {
    const run = this.#run(source)
    const expected = this.#updated.get(source.name)
    const failed = this.#failure(source, run, expected)
    if (failed !== undefined || !this.#options.update) return this.#result(source, run, expected, failed)
    this.#updated.set(source.name, run.transcript)
    return this.#result(source, run, run.transcript, undefined)
  }

  #run(source: DrillSource): DrillRun {
    return this.#options.run?.(source) ?? runSource(source, { ...this.#options, profile: this.#profile })
  }

  /** Why a drill fails whatever it prints. */
  #failure(source: DrillSource, run: DrillRun, expected: string | undefined): string | undefined {
    if (run.failure !== undefined) return run.failure.message
    const { update, force } = this.#options
    if (!update || force || expected === undefined || expected === run.transcript) return undefined
    const other = this.#otherProfile(source, expected)
    return other && `${this.#expectedName} has what ${other} prints for it; --force overwrites that`
  }

  /** Another profile that prints the expected transcript. */
  #otherProfile(source: DrillSource, expected: string): Profile | undefined {
    const { quirks, ramPages } = this.#options
    return profileNames.find(
      (profile) =>
        profile !== this.#profile && runSource(source, { profile, quirks, ramPages }).transcript === expected,
    )
  }

  #result(source: DrillSource, run: DrillRun, expected: string | undefined, failed: string | undefined): CheckResult {
    const { name, file } = source
    const differs = expected !== undefined && expected !== run.transcript
    const diff = differs ? unifiedDiff(source, expected, run.transcript) : undefined
    const reason = failed ?? (differs ? 'the transcript differs from the expected one' : this.#missing(expected))
    return { name, file, passed: reason === undefined, reason, diff }
  }

  #missing(expected: string | undefined): string | undefined {
    if (expected !== undefined) return undefined
    if (this.#expected === undefined) return `${this.#expectedName} is missing; --update writes it`
    return `${this.#expectedName} has no transcript for it; --update adds it`
  }

  get #expectedName(): string {
    return excerpt(expectedPath(this.#file))
  }

  /** Write the expected transcripts in the order of the drills, if they have changed. */
  #write(): void {
    const before = this.#expected ?? new Map<string, string>()
    const names = new Set(readDrills(this.#file).map((source) => source.name))
    const sections = [...names].flatMap((name) => {
      const text = this.#updated.get(name)
      return text === undefined ? [] : [{ name, text }]
    })
    const added = sections.filter(({ name }) => !before.has(name)).length
    const changed = sections.filter(({ name, text }) => before.has(name) && before.get(name) !== text).length
    if (added + changed === 0) return
    const text = isConcatenation(this.#file) ? joinSections(sections) : (sections[0]?.text ?? '')
    writeExpected(this.#file, text)
    const removed = [...before.keys()].filter((name) => !names.has(name)).length
    this.#options.onUpdate?.({
      file: expectedPath(this.#file),
      by: this.#profile ?? 'a real kernel',
      added,
      changed,
      removed,
    })
  }
}

function unifiedDiff({ file, name }: DrillSource, expected: string, printed: string): string {
  const path = excerpt(expectedPath(file))
  const title = isConcatenation(file) ? `${path} (${name})` : path
  const options = { context: 3, maxEditLength: MOST_CHANGES }
  const patch = createTwoFilesPatch(
    title,
    `${excerpt(name)} as printed`,
    expected,
    printed,
    undefined,
    undefined,
    options,
  )
  return patch === undefined ? firstDifference(expected, printed) : patch.split('\n').filter(isNoRule).join('\n')
}

/** Removes the line of equal signs above a patch. */
function isNoRule(line: string): boolean {
  return !line.startsWith('===') || line.replaceAll('=', '') !== ''
}

/** In place of a diff that is too large. */
function firstDifference(expected: string, printed: string): string {
  const [before, after] = [expected.split('\n'), printed.split('\n')]
  const line = before.findIndex((text, index) => text !== after[index])
  const at = line < 0 ? before.length : line
  return `@@ more than ${MOST_CHANGES} changes; the first is in line ${at + 1} @@\n-${before[at] ?? ''}\n+${after[at] ?? ''}`
}
