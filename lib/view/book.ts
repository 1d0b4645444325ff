// SPDX-License-Identifier: GPL-2.0-only
//
// A recording, and what is computed once for it: give-ups, lines of the transcript, rows of the score, tasks that wait.

import type { RecordDocument, Recording, Step, Terms } from '../record/types'
import { type Moment, momentOf } from './changes'
import { type ScoreRow, scoreRows } from './histories'
import type { PageKey } from './pages'
import { Replay } from './replay'
import { covers } from './runs'
import { type Stop, stopsBy, stopsOf, whysOf } from './stops'
import { type Line, linesOf } from './transcript'
import { type TaskRow, taskRows } from './waits'

export class Book {
  readonly replay: Replay
  readonly stops: readonly Stop[]
  readonly rows: readonly ScoreRow[]
  readonly tasks: readonly TaskRow[]
  readonly lines: readonly Line[]
  readonly #stopsOfSteps: ReadonlyMap<number, readonly Stop[]>
  readonly #faultStops = new Map<string, Stop>()
  /** The kind of the first step of each command, those of fault handlers left out. */
  readonly #kinds = new Map<number, Step['kind']>()
  #moment: Moment | undefined
  /** The page whose give-ups were asked for last: views ask for the same page in each step. */
  #stopsOfPage: { readonly page: PageKey; readonly stops: readonly Stop[] } | undefined

  constructor(
    readonly recording: Recording,
    readonly terms: Terms,
  ) {
    this.replay = new Replay(recording)
    this.stops = stopsOf(recording, whysOf({ terms }))
    this.#stopsOfSteps = stopsBy(this.stops, ({ step }) => step)
    this.rows = scoreRows(recording, this.stops)
    this.tasks = taskRows(recording)
    this.lines = linesOf(recording)
    this.#index()
  }

  get last(): number {
    return this.replay.last
  }

  /** So that a question about one step does not go through all of them. */
  #index(): void {
    const { steps } = this.recording
    for (const stop of this.stops) {
      const command = keyOfCommand(steps[stop.step]!)
      if (stop.fault && !this.#faultStops.has(command)) this.#faultStops.set(command, stop)
    }
    for (const { command, kind, fault } of steps)
      if (!fault && !this.#kinds.has(command)) this.#kinds.set(command, kind)
  }

  /** The give-ups of a step. */
  stopsAt(n: number): readonly Stop[] {
    return this.#stopsOfSteps.get(n) ?? []
  }

  /** The give-ups of a page, in the order of steps. */
  stopsOf(page: PageKey): readonly Stop[] {
    const { at, index } = page
    if (this.#stopsOfPage?.page.at !== at || this.#stopsOfPage.page.index !== index) {
      const stops = this.stops.filter((stop) => stop.at === at && covers(stop, index))
      this.#stopsOfPage = { page, stops }
    }
    return this.#stopsOfPage.stops
  }

  /** The first give-up of a fault handler in the command of a step, up to that step. */
  faultStopBefore(n: number): Stop | undefined {
    const stop = this.#faultStops.get(keyOfCommand(this.recording.steps[n]!))
    return stop && stop.step <= n ? stop : undefined
  }

  /** Whether a command begins with the steps of a migration, not with one of its own. */
  isMigration(command: number): boolean {
    return this.#kinds.get(command) !== 'command'
  }

  moment(n: number): Moment {
    const step = Math.max(0, Math.min(n, this.last))
    if (this.#moment?.n !== step) this.#moment = momentOf(this.replay, step)
    return this.#moment
  }

  /** The step that a page opens at: the first finding of an order or give-up, else the last step. */
  get opening(): number {
    const found = this.recording.steps.findIndex(({ order }) => order?.found)
    return found >= 0 ? found : (this.stops[0]?.step ?? this.last)
  }
}

/** A command of a task has a line of its own. */
const keyOfCommand = ({ command, taskLine }: Step): string => `${command}/${taskLine}`

export const booksOf = ({ recordings, terms }: RecordDocument): Book[] =>
  recordings.map((recording) => new Book(recording, terms))
