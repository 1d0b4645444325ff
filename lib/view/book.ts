// SPDX-License-Identifier: GPL-2.0-only
//
// A recording, and what is computed once for it: give-ups, rows of the score, tasks that wait.

import type { RecordDocument, Recording, Terms } from '../record/types'
import { type Moment, momentOf } from './changes'
import { type ScoreRow, scoreRows } from './histories'
import { Replay } from './replay'
import { type Stop, stopsOf, whysOf } from './stops'
import { type TaskRow, taskRows } from './waits'

export class Book {
  readonly replay: Replay
  readonly stops: readonly Stop[]
  readonly rows: readonly ScoreRow[]
  readonly tasks: readonly TaskRow[]
  #moment: Moment | undefined

  constructor(
    readonly recording: Recording,
    readonly terms: Terms,
  ) {
    this.replay = new Replay(recording)
    this.stops = stopsOf(recording, whysOf({ terms }))
    this.rows = scoreRows(recording, this.stops)
    this.tasks = taskRows(recording)
  }

  get last(): number {
    return this.replay.last
  }

  moment(n: number): Moment {
    const step = Math.max(0, Math.min(n, this.last))
    if (this.#moment?.n !== step) this.#moment = momentOf(this.replay, step)
    return this.#moment
  }

  /** The step that a page opens at: the first give-up, else the last step. */
  get opening(): number {
    return this.stops[0]?.step ?? this.last
  }
}

export const booksOf = ({ recordings, terms }: RecordDocument): Book[] =>
  recordings.map((recording) => new Book(recording, terms))
