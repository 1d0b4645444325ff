// SPDX-License-Identifier: GPL-2.0-only

import { apply } from '../../lib/view/apply'
import { CHECKPOINT, Replay } from '../../lib/view/replay'
import { endOf } from '../../lib/view/runs'
import { EMPTY, entryAt, frameAt, frameName, type MachineState, migrationOf, wordAt } from '../../lib/view/state'
import type { Recording, Step } from '../../site/src/record/types'
import { book, recordDocument } from './records'

/** A recording in which each step changes another page of a region. */
function long(steps: number): Recording {
  const [{ machine }] = recordDocument.recordings as [Recording]
  const first: Step = {
    n: 0,
    command: 0,
    kind: 'start',
    entries: [{ at: 'A/buf', first: 0, count: steps, kind: 'none' }],
  }
  const others = Array.from({ length: steps - 1 }, (_, i): Step => {
    const entries = [{ at: 'A/buf', first: i, count: 1, kind: 'sys', pfn: 100 + i }]
    return { n: i + 1, command: 1, kind: 'command', entries }
  })
  return { name: 'long', profile: 'linux-4.14', script: '', transcript: [], machine, steps: [first, ...others] }
}

const plain = (state: MachineState): unknown => ({ ...state, entries: [...state.entries] })

test('a state is the same, whichever was asked for before', () => {
  const recording = long(3 * CHECKPOINT + 5)
  const replay = new Replay(recording)
  const inOrder: MachineState[] = []
  for (const step of recording.steps) inOrder.push(apply(inOrder.at(-1) ?? EMPTY, step))
  for (const n of [190, 0, 63, 64, 65, 128, 127, 1, 196, 64]) expect(plain(replay.at(n))).toEqual(plain(inOrder[n]!))
  expect(plain(replay.at(10_000))).toEqual(plain(inOrder.at(-1)!))
  expect(replay.at(-1)).toBe(EMPTY)
})

test('many steps at once give what they give one by one, regions that come and go included', () => {
  const [first, ...others] = long(8).steps as [Step, ...Step[]]
  const region = { name: 'buf', start: '0x1000', pages: 8 }
  const process = (regions: readonly (typeof region)[]) => ({ A: { pid: 1, vmas: [], regions, rss: {} } })
  const steps: Step[] = [
    { ...first, processes: process([region]) },
    ...others.slice(0, 3),
    { n: 4, command: 2, kind: 'command', processes: process([]) },
    { n: 5, command: 3, kind: 'command', processes: process([region]), entries: [first.entries![0]!] },
    { ...others[5]!, frames: [{ pfn: 100, count: 4, kind: 'anon', ref: 1, map: 1, flags: '' }] },
    { n: 7, command: 4, kind: 'command', frames: [{ pfn: 101, count: 1, gone: true }] },
  ]
  const own: Recording = { ...long(8), steps }
  for (const recording of [own, ...recordDocument.recordings]) {
    let state = EMPTY
    for (const step of recording.steps) {
      state = apply(state, step)
      expect(plain(new Replay(recording).at(step.n))).toEqual(plain(state))
    }
  }
})

test('a region that has shrunk has no entries behind its end, at once or step by step', () => {
  const sized = (pages: number) => {
    return { A: { pid: 1, vmas: [], regions: [{ name: 'buf', start: '0x1000', pages }], rss: {} } }
  }
  const entry = (first: number, count: number) => ({ at: 'A/buf', first, count, kind: 'sys', pfn: 100 + first })
  const steps: Step[] = [
    { n: 0, command: 0, kind: 'start', processes: sized(8), entries: [entry(0, 2), { ...entry(2, 4), pfn: 50 }] },
    { n: 1, command: 1, kind: 'command', entries: [entry(6, 2)] },
    { n: 2, command: 2, kind: 'command', processes: sized(4) },
    { n: 3, command: 3, kind: 'command', processes: sized(8) },
  ]
  const recording: Recording = { ...long(8), steps }
  let before = EMPTY
  for (const step of steps) {
    before = apply(before, step)
    expect(plain(new Replay(recording).at(step.n))).toEqual(plain(before))
  }
  for (const n of [2, 3]) {
    const runs = new Replay(recording).at(n).entries.get('A/buf')
    expect(runs).toEqual([
      expect.objectContaining({ first: 0, count: 2, pfn: 100 }),
      expect.objectContaining({ first: 2, count: 2, pfn: 50 }),
    ])
  }
})

test('neighbours that are alike stay one run, as the machine changes page by page', () => {
  const recording = long(200)
  const state = new Replay(recording).at(150)
  expect(state.entries.get('A/buf')).toHaveLength(2)
  expect(entryAt(state, 'A/buf', 149)).toMatchObject({ kind: 'sys', pfn: 249 })
})

test('entries have their words, and frames rise within a run', () => {
  const { recording, replay } = book('racing-store')
  const state = replay.at(3)
  expect(entryAt(state, 'A/buf', 2)).toMatchObject({ kind: 'mig', bits: 'w--s', pfn: 8, raw: 0x1ba02n + 2n * 0x4000n })
  expect(frameName(recording, 8)).toBe('#8')
  expect(frameName(recording, recording.machine.deviceBase + 1)).toBe('D1')
})

test('a frame that is freed has no line', () => {
  const { replay } = book('racing-store')
  expect(frameAt(replay.at(22), 7)).toMatchObject({ held: ['pagevec', 'wait:A.4'] })
  expect(frameAt(replay.at(24), 7)).toBeUndefined()
})

test("a migration's result stays until another command changes its region", () => {
  const { recording, replay } = book('racing-store')
  const { deviceBase } = recording.machine
  expect(migrationOf(replay.at(2), 'A/buf')).toBeUndefined()
  const word = wordAt(migrationOf(replay.at(11), 'A/buf'), 0)
  expect(word).toMatchObject({ src: 'VLW', why: 'references', dstPfn: deviceBase })
  expect(migrationOf(replay.at(21), 'A/buf')).toMatchObject({ id: 0, over: true })
  expect(migrationOf(replay.at(32), 'A/buf')).toMatchObject({ over: true })
  expect(migrationOf(replay.at(33), 'A/buf')).toMatchObject({ id: 2, fault: true, over: false })
})

test('no list of any recording overlaps', () => {
  for (const recording of recordDocument.recordings) {
    const replay = new Replay(recording)
    for (const { n } of recording.steps) {
      const { entries, frames, migrations } = replay.at(n)
      for (const list of [...entries.values(), frames, ...migrations.map((each) => each.entries)]) {
        for (const [i, run] of list.entries()) {
          if (i > 0) expect(endOf(list[i - 1]!)).toBeLessThanOrEqual(run.first)
          expect(run.count).toBeGreaterThan(0)
        }
      }
    }
  }
})
