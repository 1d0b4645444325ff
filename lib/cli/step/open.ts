// SPDX-License-Identifier: GPL-2.0-only
//
// Opens what is to be explored: a drill, which is run and recorded, or a record.

import { excerpt } from '../../base/visible'
import { profileOf } from '../../drill'
import type { Profile } from '../../index'
import { type RecordDocument, recordDocument, recordDrill } from '../../record'
import { Book, booksOf } from '../../view/book'
import { number } from '../../view/words'
import { UsageError } from '../exit-codes'
import { type DrillOptions, oneDrill } from '../options'
import { isRecordFile, readRecord } from '../record-file'
import { type Subject, subjectOf } from './subject'

export interface OpenOptions extends DrillOptions {
  readonly compare?: Profile
}

export interface Opened {
  readonly subject: Subject
  /** Why drills could not be carried out to their end. */
  readonly failures: readonly string[]
}

/** @throws UsageError, DrillError */
export function open(file: string, options: OpenOptions): Opened {
  return isRecordFile(file) ? openRecord(file, options) : openDrill(file, options)
}

function openDrill(file: string, { compare, ...options }: OpenOptions): Opened {
  const source = oneDrill(file, options)
  const failures: string[] = []
  const record = (profile: Profile): Book => {
    const { recording, failure } = recordDrill(source, { ...options, profile })
    if (!recording) throw failure
    if (failure) failures.push(failure.message)
    return booksOf(recordDocument([recording]))[0]!
  }
  const book = record(options.profile ?? profileOf(source.file))
  const subject = subjectOf(book, compare && record(compare))
  return { subject, failures }
}

function openRecord(file: string, options: OpenOptions): Opened {
  const document = readRecord(file)
  const book = bookOf(document, options)
  const { name } = book.recording
  const compared = options.compare && bookOf(document, { filter: [name], profile: options.compare })
  const failures = [book, compared].flatMap((each) => each?.recording.failure ?? [])
  return { subject: subjectOf(book, compared), failures }
}

/** The one recording that the options leave. */
function bookOf({ recordings, terms }: RecordDocument, { filter = [], profile }: DrillOptions): Book {
  const ofName = recordings.filter(({ name }) => filter.length === 0 || filter.includes(name))
  const found = ofName.filter((recording) => profile === undefined || recording.profile === profile)
  const [recording] = found
  if (!recording) throw new UsageError(`no such recording is there, only ${namesOf(recordings)}`)
  if (new Set(found.map(({ name }) => name)).size > 1)
    throw new UsageError(
      `${found.length} recordings are there: choose one by --filter and --profile (${namesOf(found)})`,
    )
  return new Book(recording, terms)
}

/** More recordings are counted. */
const MOST_NAMED = 5

function namesOf(recordings: RecordDocument['recordings']): string {
  const names = recordings.slice(0, MOST_NAMED).map(({ name, profile }) => `${excerpt(name)} on ${profile}`)
  const more = recordings.length - names.length
  return `${names.join(', ')}${more > 0 ? ` and ${number(more)} more` : ''}`
}
