// SPDX-License-Identifier: GPL-2.0-only
//
// The recordings that tests look at, made anew from drills. test/browser makes the same ones.

import { join } from 'node:path'
import type { Profile } from '../../lib'
import { readDrills } from '../../lib/drill'
import { type Recording, recordDrill, recordDocument as toDocument } from '../../lib/record'
import { Book } from '../../lib/view/book'
import list from './drills/recordings.json'

const root = join(__dirname, '../..')

function record(file: string, profile: Profile, ramPages: number): Recording {
  const [source] = readDrills(join(root, file))
  const { recording, failure } = recordDrill(source!, { profile, ramPages, strict: true })
  if (failure) throw failure
  return recording!
}

export const recordDocument = toDocument(
  list.map(({ file, profile, ramPages }) => record(file, profile as Profile, ramPages)),
)

/** A recording of the list. */
export function book(name: string, profile = 'linux-4.14'): Book {
  const recording = recordDocument.recordings.find((each) => each.name === name && each.profile === profile)
  if (!recording) throw new Error(`no recording of ${name} on ${profile}`)
  return new Book(recording, recordDocument.terms)
}

/** The recording of a drill. */
export function bookOf(text: string, profile: Profile = 'linux-4.14'): Book {
  const { recording, failure } = recordDrill({ name: 'test', file: 'test', firstLine: 1, text }, { profile })
  if (!recording) throw failure
  return new Book(recording, recordDocument.terms)
}
