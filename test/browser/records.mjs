// SPDX-License-Identifier: GPL-2.0-only
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../scripts/lib/run.mjs'

const require = createRequire(import.meta.url)
const { readDrills } = require('../../dist/drill')
const { recordDocument, recordDrill } = require('../../dist/record')

/** Records the drills of test/view into a file, which goes when the tests end: its name. */
function makeRecords() {
  const list = JSON.parse(readFileSync(join(root, 'test/view/drills/recordings.json'), 'utf8'))
  const recordings = list.map(({ file, ...options }) => recordDrill(readDrills(join(root, file))[0], options).recording)
  const folder = mkdtempSync(join(tmpdir(), 'hmmu-records-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'records.json')
  writeFileSync(file, JSON.stringify(recordDocument(recordings)))
  return file
}

/** The record that tests look at: that of test/view, made anew from its drills. */
export const records = makeRecords()
