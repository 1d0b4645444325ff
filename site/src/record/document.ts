// SPDX-License-Identifier: GPL-2.0-only

import type { RecordDocument } from './types'

/** Reads a record. Its texts are shown as texts only; here is checked that it is one at all. */
export function parseDocument(text: string): RecordDocument {
  let found: Partial<RecordDocument>
  try {
    found = JSON.parse(text) as Partial<RecordDocument>
  } catch (error) {
    throw new Error(`it is no JSON: ${(error as Error).message}`)
  }
  if (found?.format !== 'hmmu-record') throw new Error('it is no record of hmmu (format is not hmmu-record)')
  if (found.version !== 1) throw new Error(`it has version ${String(found.version)}; this page reads version 1`)
  const { recordings } = found
  if (!Array.isArray(recordings) || !recordings.some((recording) => recording?.steps?.length > 0)) {
    throw new Error('it has no recording with a step')
  }
  return { ...found, terms: found.terms ?? {} } as RecordDocument
}
