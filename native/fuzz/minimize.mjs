// SPDX-License-Identifier: GPL-2.0-only
//
// Makes a failing fuzz program as short as it can be while it fails in the same way:
//
//   node native/fuzz/minimize.mjs FILE [REPLAY]     writes FILE.min, and prints what it does as calls in C
//
// REPLAY is the program that fails with it, build-fuzz/replay_machine if absent.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const RECORD = 8

/** Shortens a program. `stillFails(bytes)` says whether it fails as before. */
export function minimize(bytes, stillFails) {
  let records = []
  for (let at = 0; at + RECORD <= bytes.length; at += RECORD) records.push(bytes.subarray(at, at + RECORD))
  const fails = (some) => stillFails(Buffer.concat(some))
  if (!fails(records)) return undefined
  for (let before = -1; before !== size(records); ) {
    before = size(records)
    records = withoutRecords(records, fails)
    records = withoutBytes(records, fails)
  }
  return Buffer.concat(records)
}

/** What is to become smaller: records, and bytes in them that are not 0. */
const size = (records) => records.length * 256 + records.flatMap((record) => [...record]).filter(Boolean).length

function withoutRecords(records, fails) {
  let left = records
  for (let chunk = left.length >> 1; chunk >= 1; chunk >>= 1) {
    for (let at = left.length - chunk; at >= 1; at -= chunk) {
      const fewer = [...left.slice(0, at), ...left.slice(at + chunk)]
      if (fails(fewer)) left = fewer
    }
  }
  return left
}

/** Every byte tries to be 0, then half of what it is. */
function withoutBytes(records, fails) {
  const left = [...records]
  for (let i = 0; i < left.length; i++) {
    for (let byte = 0; byte < RECORD; byte++) {
      for (const value of new Set([0, left[i][byte] >> 1])) {
        if (value >= left[i][byte]) continue
        const simpler = Buffer.from(left[i])
        simpler[byte] = value
        if (!fails([...left.slice(0, i), simpler, ...left.slice(i + 1)])) continue
        left[i] = simpler
        break
      }
    }
  }
  return left
}

/**
 * How a program fails: the first complaint or the sanitizer's summary, without the numbers; undefined if it does not.
 */
export function failure(replay, bytes, scratch) {
  writeFileSync(scratch, bytes)
  const { status, stderr, signal } = spawnSync(replay, [scratch], { encoding: 'utf8', timeout: 20_000 })
  if (status === 0) return undefined
  const line = /^(?:verify: |SUMMARY: |record \d+: |.*runtime error: ).*$/m.exec(stderr)?.[0] ?? `${signal ?? status}`
  return line.replace(/^record \d+/, 'record').replace(/0x[0-9a-f]+|\d+/g, 'N')
}

function main([file, replay = fileURLToPath(new URL('../../build-fuzz/replay_machine', import.meta.url))]) {
  if (!file) {
    console.error('usage: node native/fuzz/minimize.mjs FILE [REPLAY]')
    return 2
  }
  const bytes = readFileSync(file)
  const scratch = `${file}.min`
  const wanted = failure(replay, bytes, scratch)
  if (wanted === undefined) {
    console.error(`${file} does not fail`)
    return 1
  }
  const smallest = minimize(bytes, (shorter) => failure(replay, shorter, scratch) === wanted)
  writeFileSync(scratch, smallest)
  console.log(`${wanted}\n${smallest.length / RECORD} records of ${Math.floor(bytes.length / RECORD)}: ${scratch}`)
  spawnSync(replay, [scratch], { stdio: 'inherit', env: { ...process.env, HMMU_FUZZ_TRACE: '1' } })
  return 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.slice(2))
