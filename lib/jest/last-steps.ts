// SPDX-License-Identifier: GPL-2.0-only
//
// A failing matcher writes what it looked at to a file, and says which command shows it. Nothing is written otherwise, and no
// trouble with files hides the failure itself.

import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { type Core, coreOf } from '../api/core'
import type { Machine } from '../api/machine'
import type { DrillSource, RunOptions } from '../drill'
import { type RecordDocument, recordDocument, recordDrill } from '../record'
import { recorderOf, viewMachine } from '../record/live'
import { hidden } from './hidden'

/** What of a matcher's `this` names the test. */
export interface RunningTest {
  /** Its name, with those of its groups. */
  readonly currentTestName?: string | undefined
  /** The file that it is in. */
  readonly testPath?: string | undefined
}

/** The machine that an object belongs to; undefined if the object does not tell. */
export const machineOf = (subject: unknown): Machine | undefined => hidden<Core | undefined>(subject, coreOf)?.machine

/** Lines with the command that shows a machine: its last steps if it is recorded, else the machine as it is now. */
export function machineLines(test: RunningTest, machine: Machine | undefined): string {
  if (!machine) return ''
  return written(test, () => {
    const recorder = recorderOf(machine)
    const document = recorder?.document(test.currentTestName)
    if (document && isSmall(document)) return [stepsText(document), document]
    return ['The machine as it is now (recordMachines() keeps its last steps):', viewMachine(machine)]
  })
}

/** The same for a drill, which is run once more. */
export function drillLines(test: RunningTest, source: DrillSource, options: RunOptions | undefined): string {
  return written(test, () => {
    const { recording } = recordDrill(source, options)
    return recording && ['Each step of the drill:', recordDocument([recording])]
  })
}

const stepsText = ({ recordings: [recording] }: RecordDocument): string => {
  const steps = (recording?.steps.length ?? 1) - 1
  return `The machine's last ${steps === 1 ? 'step' : `${steps} steps`}:`
}

function written(
  test: RunningTest,
  make: () => readonly [title: string, document: RecordDocument] | undefined,
): string {
  try {
    const made = make()
    const file = made && isSmall(made[1]) && write(nameOf(test), JSON.stringify(made[1]))
    return file ? `\n\n${made[0]}\n  npx hmmu drill step ${quoted(file)}` : ''
  } catch {
    // The machine is gone, or there is no place for a file.
    return ''
  }
}

const quoted = (file: string): string => (/^[\w./:\\-]+$/.test(file) ? file : JSON.stringify(file))

/** Most characters of a record. */
const MOST_TEXT = 2 ** 23

const isSmall = (document: RecordDocument): boolean => JSON.stringify(document).length <= MOST_TEXT

const MOST_NAME = 100

/** Names of this run: a test that fails twice has two files. */
const taken = new Set<string>()

/** A test has the name of its file as long as it has its own name. */
function nameOf({ currentTestName = 'test', testPath = '' }: RunningTest): string {
  const words = `${basename(testPath)} ${currentTestName}`.match(/[\p{L}\p{N}._]+/gu) ?? ['test']
  const base = words.join('-').slice(0, MOST_NAME).replace(/^\.+/, '')
  let name = base
  for (let n = 2; taken.has(name); n++) name = `${base}-${n}`
  taken.add(name)
  return name
}

const ENDING = '.hmmu.json'
const MOST_FILES = 32

function write(name: string, text: string): string {
  const folder = folderOf(process.env.HMMU_RECORDS)
  const file = join(folder, name + ENDING)
  const fresh = `${file}.${process.pid}`
  writeFileSync(fresh, text, { mode: 0o600, flag: 'wx' })
  renameSync(fresh, file)
  removeOldest(folder)
  return file
}

/** HMMU_RECORDS names a folder, or none if it is empty. Otherwise it is a folder of this user's among the temporary files. */
function folderOf(given: string | undefined): string {
  if (given === '') throw new Error('no files are wanted')
  const uid = process.getuid?.()
  const folder = given === undefined ? join(tmpdir(), `hmmu-jest-${uid ?? 'records'}`) : resolve(given)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // Others may put something of theirs in its place.
  const found = lstatSync(folder)
  if (given === undefined && (!found.isDirectory() || (uid !== undefined && found.uid !== uid)))
    throw new Error(`${folder} belongs to somebody else`)
  return folder
}

function removeOldest(folder: string): void {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(ENDING))
    .map((name) => join(folder, name))
  if (files.length <= MOST_FILES) return
  const times = new Map(files.map((file) => [file, statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0]))
  const oldest = files.sort((a, b) => times.get(a)! - times.get(b)!).slice(0, files.length - MOST_FILES)
  for (const file of oldest) rmSync(file, { force: true })
}
