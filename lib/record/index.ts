// SPDX-License-Identifier: GPL-2.0-only
//
// Records of drills: one JSON document, which the page, the command and others show. docs/record.md describes it.

import { integer, invalid } from '../base/validate'
import { type DrillSource, drillSource } from '../drill/drill-source'
import { DrillError } from '../drill/errors'
import { DEFAULT_PROFILE, kernelOfProfile } from '../drill/language'
import { parseDrill } from '../drill/parse'
import { type DrillRun, type RunOptions, runDrill } from '../drill/runner'
import { limits } from './limits'
import { Recorder } from './recorder'
import { terms } from './terms'
import type { RecordDocument, Recording } from './types'

export { type MachineRecorder, recorderOf, recordMachine, recordMachines, viewMachine } from './live'
export type * from './types'

/** A drill that was run and recorded. */
export interface RecordedRun extends DrillRun {
  /** Up to the failure, if there is one; undefined if the drill could not begin, ended before `from`, or is too long to record. */
  readonly recording: Recording | undefined
}

/** Options of {@link recordDrill}. */
export interface RecordOptions extends RunOptions {
  /** The first step that is kept; 0 by default. It says all of the machine. */
  readonly from?: number | undefined
  /** The first step behind that is not kept, more than `from`; all are by default. */
  readonly to?: number | undefined
}

/**
 * Runs a drill on a fresh machine and records what each step changes. The transcript is that of `runSource()`. Takes time in
 * proportion to the number of steps and to what is in use. `from` and `to` keep a part of a long recording. If the steps that are
 * kept describe more than 2^21 items (entries, frames, mappings …), `failure` has the code HMMU_DRILL_LARGE.
 * @param drill its text, or a {@link DrillSource}, which has a name as well
 * @throws HmmuError HMMU_INVALID_ARGUMENT: it is neither, an option is wrong, or the drill has no step from `from` on
 */
export function recordDrill(drill: DrillSource | string, options: RecordOptions = {}): RecordedRun {
  const source = drillSource(drill)
  const { from = 0, to = Number.MAX_SAFE_INTEGER, ...runOptions } = options
  integer('from', from, 0, Number.MAX_SAFE_INTEGER - 1)
  const recorder = new Recorder(from, integer('to', to, from + 1, Number.MAX_SAFE_INTEGER))
  const profile = options.profile ?? DEFAULT_PROFILE
  let run: DrillRun
  try {
    run = runDrill(parseDrill(source, kernelOfProfile(profile)), { ...runOptions, observer: recorder })
  } catch (error) {
    if (!(error instanceof DrillError)) throw error
    return { name: source.name, transcript: '', failure: error, recording: undefined }
  }
  if (recorder.isTooLarge) return { ...run, failure: tooLarge(source.file), recording: undefined }
  if (recorder.steps.length === 0) {
    if (!run.failure) throw invalid('from', `less than ${recorder.count}, the number of steps of the drill`, from)
    return { ...run, recording: undefined }
  }
  if (recorder.setup === undefined) return { ...run, recording: undefined }
  const recording: Recording = {
    name: source.name,
    profile,
    script: source.text,
    transcript: run.transcript.split('\n').slice(0, -1),
    ...(run.failure && { failure: run.failure.message }),
    machine: recorder.setup,
    ...(from > 0 && { from }),
    steps: recorder.steps,
  }
  return { ...run, recording }
}

function tooLarge(file: string): DrillError {
  const reason = `its recording has more than ${limits.items} items; a part of its steps can be kept with from and to of recordDrill()`
  return new DrillError('HMMU_DRILL_LARGE', file, reason)
}

/** Recordings as a document. */
export function recordDocument(recordings: readonly Recording[]): RecordDocument {
  return { format: 'hmmu-record', version: 1, terms, recordings }
}
