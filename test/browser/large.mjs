// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs'

const PAGES = 10_000
const STEPS = 1_000
const START = '0x10000100000'
const KINDS = ['sys', 'dev', 'mig']

/** Numbers that look random, and are the same each time. */
function sequence(seed) {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state % below
  }
}

const frames = (first, count) => ({ pfn: 100 + first, count, kind: 'anon', ref: 1, map: 1, flags: 'uptodate', byte: 1 })

/**
 * A record of 10,000 pages and 1,000 steps that write runs of them.
 * @param most the longest run; short ones leave so many histories that the timeline is a band
 */
export function largeRecord(recordFile, most) {
  const small = JSON.parse(readFileSync(recordFile, 'utf8'))
  const next = sequence(1)
  const region = { name: 'buf', start: START, pages: PAGES }
  const vma = { start: START, pages: PAGES, kind: 'anon', prot: 'rw', flags: '' }
  const first = {
    n: 0,
    command: 0,
    kind: 'start',
    line: 0,
    processes: { A: { pid: 1, vmas: [vma], regions: [region], rss: {} } },
    entries: [{ at: 'A/buf', first: 0, count: PAGES, kind: 'none' }],
    counters: { ramPages: 2 ** 15, ramFree: 2 ** 14, devicePages: 16, deviceFree: 16 },
  }
  const steps = Array.from({ length: STEPS - 1 }, (_, i) => {
    const count = 1 + next(most)
    const at = next(PAGES - count)
    const entries = [{ at: 'A/buf', first: at, count, kind: KINDS[next(3)], bits: 'w---', pfn: 100 + at }]
    return { n: i + 1, command: i + 1, kind: 'command', line: i, entries, frames: [frames(at, count)] }
  })
  const transcript = steps.map(({ entries: [{ first: page }] }) => `A write buf[${page}] 1`)
  const machine = { ...small.recordings[0].machine, ramPages: 2 ** 15, deviceBase: 2 ** 15 }
  const recording = { name: 'large', profile: 'linux-4.14', script: '', transcript, machine, steps: [first, ...steps] }
  return JSON.stringify({ ...small, recordings: [recording] })
}
