// SPDX-License-Identifier: GPL-2.0-only
//
// The file that a failing matcher writes, and the command that it prints.

import '../../lib/jest'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import os, { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { Machine, type RecordDocument, recordMachine } from '../../lib'
import { matchers } from '../../lib/jest'
import { parseDocument } from '../../lib/view/document'
import { makeBuffer } from '../api/helpers'

let folder: string
const given = { ...process.env }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hmmu-last-steps-'))
  process.env.HMMU_RECORDS = join(folder, 'records')
})

afterEach(() => {
  process.env = { ...given }
  rmSync(folder, { recursive: true })
})

const files = (): string[] => (existsSync(join(folder, 'records')) ? readdirSync(join(folder, 'records')) : [])

function saidBy(check: () => void): string {
  try {
    check()
  } catch (error) {
    return stripVTControlCharacters((error as Error).message)
  }
  throw new Error('the matcher did not fail')
}

/** The record of the file that a message names. */
function recordIn(message: string): RecordDocument {
  const [, file] = /^ {2}npx hmmu drill step (\S+)$/m.exec(message) ?? []
  if (file === undefined) throw new Error(`no command in ${message}`)
  return parseDocument(readFileSync(file, 'utf8'))
}

test('a matcher that passes writes nothing', () => {
  const { machine, buf } = makeBuffer(2, 2)
  expect(machine).toBeBalanced()
  expect(buf).toHaveEntry({ kind: 'sys' })
  expect(buf).not.toBeDevicePrivate()
  expect('A map buf anon 1\n').toMatchDrill('A map buf anon 1')
  expect(files()).toEqual([])
})

test('without a recording: the machine as it is, whatever the subject', () => {
  const { machine, a, buf } = makeBuffer(2, 2)
  const result = a.migrate(buf, { to: 'device' })
  const messages = [
    saidBy(() => expect(buf).toHaveEntry({ kind: 'sys' })),
    saidBy(() => expect(result).not.toHaveMoved()),
    saidBy(() => expect(result.entries[0]).toHaveReason('pinned')),
    saidBy(() => expect(result.entries).toHaveReason('pinned')),
    saidBy(() => expect(machine).not.toBeBalanced()),
    saidBy(() => expect(machine).not.toHaveNoLeaks()),
  ]
  for (const message of messages) {
    expect(message).toContain('\n\nThe machine as it is now (recordMachines() keeps its last steps):\n')
    const [recording] = recordIn(message).recordings
    expect(recording!.steps).toHaveLength(1)
    expect(recording!.steps[0]!.entries).toMatchObject([{ kind: 'dev', count: 2 }])
  }
  expect(files()).toHaveLength(messages.length)
  expect(files().sort()[0]).toBe(
    'last-steps.test.ts-without-a-recording-the-machine-as-it-is-whatever-the-subject-2.hmmu.json',
  )
})

test('with a recording: its last steps, under the name of the test', () => {
  const { machine, a, buf } = makeBuffer(2, 0)
  recordMachine(machine)
  buf.write(0, Uint8Array.of(1))
  a.migrate(buf, { to: 'device' })
  const message = saidBy(() => expect(buf).toHaveEntry({ kind: 'sys' }))
  expect(message).toContain("\n\nThe machine's last 2 steps:\n")
  const [recording] = recordIn(message).recordings
  expect(recording!.name).toBe('with a recording: its last steps, under the name of the test')
  expect(recording!.steps.map(({ kind }) => kind)).toEqual(['start', 'command', 'end'])
})

test('a drill: each of its steps', () => {
  const message = saidBy(() => expect('A map buf anon 1\nA write buf 1\n').toMatchDrill('nothing'))
  expect(message).toContain('\n\nEach step of the drill:\n')
  expect(recordIn(message).recordings[0]!.steps).toHaveLength(3)
  expect(saidBy(() => expect('A wobble\n').toMatchDrill('nothing'))).not.toContain('npx')
})

test('no file, no command: none is wanted, the machine is gone, the subject does not tell', () => {
  const { machine, a, buf } = makeBuffer(1, 1)
  const entries = buf.dump()
  expect(saidBy(() => expect(entries).toBeDevicePrivate())).not.toContain('npx')
  process.env.HMMU_RECORDS = ''
  expect(saidBy(() => expect(buf).toBeDevicePrivate())).not.toContain('npx')
  writeFileSync(join(folder, 'file'), '')
  process.env.HMMU_RECORDS = join(folder, 'file')
  expect(saidBy(() => expect(buf).toBeDevicePrivate())).not.toContain('npx')
  expect(saidBy(() => expect(machine).not.toBeBalanced())).not.toContain('npx')
  process.env.HMMU_RECORDS = folder
  const result = a.migrate(buf, { to: 'device' })
  machine.dispose()
  expect(saidBy(() => expect(result).not.toHaveMoved())).not.toContain('npx')
})

/** A message of a matcher in a test of a name. */
function messageIn(currentTestName: string, machine: Machine): string {
  const utils = { matcherHint: () => '', diff: () => '' }
  const context = { isNot: true, equals: () => true, utils, currentTestName, testPath: '/x/a.test.ts' }
  return matchers.toBeBalanced.call(context, machine).message()
}

test('names of files are plain; a longer record than 8 MiB gives way to the machine as it is', () => {
  using machine = new Machine()
  recordMachine(machine)
  machine.process()
  expect(messageIn('../../a "b" $(c)\n\x1b', machine)).toContain("The machine's last step:\n")
  expect(files()).toEqual(['a.test.ts-..-..-a-b-c.hmmu.json'])
  expect(messageIn('long '.repeat(2 ** 21), machine)).toContain('The machine as it is now')
  expect(files().every((name) => name.length < 130)).toBe(true)
})

test('32 files are kept, the newest ones; others in the folder stay', () => {
  using machine = new Machine()
  for (let i = 0; i < 40; i++) {
    const message = messageIn(`test ${i}`, machine)
    const [, file] = /step (\S+)/.exec(message)!
    utimesSync(file!, i, i)
    if (i === 0) writeFileSync(join(folder, 'records/mine.json'), '')
  }
  const kept = files().filter((name) => name.endsWith('.hmmu.json'))
  expect(kept).toHaveLength(32)
  expect(kept).toContain('a.test.ts-test-39.hmmu.json')
  expect(kept).not.toContain('a.test.ts-test-7.hmmu.json')
  expect(files()).toContain('mine.json')
})

test('otherwise files are in a folder of the user, and nowhere if that leads elsewhere', () => {
  using machine = new Machine()
  delete process.env.HMMU_RECORDS
  const spy = jest.spyOn(os, 'tmpdir').mockReturnValue(folder)
  const own = `hmmu-jest-${process.getuid?.()}`
  symlinkSync(folder, join(folder, own))
  expect(messageIn('elsewhere', machine)).not.toContain('npx')
  rmSync(join(folder, own))
  expect(messageIn('here', machine)).toContain(join(folder, own, 'a.test.ts-here.hmmu.json'))
  spy.mockRestore()
})
