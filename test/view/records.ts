// SPDX-License-Identifier: GPL-2.0-only

import { Book } from '../../lib/view/book'
import type { RecordDocument } from '../../site/src/record/types'
import records from './records.json'

export const recordDocument = records as unknown as RecordDocument

/** A recording of records.json. */
export function book(name: string, profile = 'linux-4.14'): Book {
  const recording = recordDocument.recordings.find((each) => each.name === name && each.profile === profile)
  if (!recording) throw new Error(`no recording of ${name} on ${profile}`)
  return new Book(recording, recordDocument.terms)
}
