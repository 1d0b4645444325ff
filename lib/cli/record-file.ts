// SPDX-License-Identifier: GPL-2.0-only

import { readTextFile } from '../drill'
import type { RecordDocument } from '../record'
import { parseDocument } from '../view/document'
import { UsageError } from './exit-codes'

/** Whether a file is a record, by its name. */
export const isRecordFile = (file: string): boolean => /\.json(\.gz)?$/.test(file)

/** The checked record of a file. @throws UsageError, DrillError */
export function readRecord(file: string): RecordDocument {
  const text = readTextFile(file)
  try {
    return parseDocument(text)
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`)
  }
}
