// SPDX-License-Identifier: GPL-2.0-only
//
// A part of the long form. scripts/test/faults.mjs runs it in a process of its own, so that a crash stops only this
// part:
//
//   node main.js FOLDERS FIRST STEP PER_COMMAND [trace]
//
// Sweeps the drills FIRST, FIRST + STEP, … of the folders (joined as in PATH), with PER_COMMAND passages a command or
// all. Prints lines of JSON: {"drill"} before a drill, {"injected", "problems"} after it; with `trace` also {"fault"} before every run.

import { writeSync } from 'node:fs'
import { delimiter } from 'node:path'
import { findDrillFiles, kernelOfProfile, parseDrill, profileOf, readDrills, readExpected } from '../../lib/drill'
import { faultName, sweep } from './sweep'

/** Writes synchronously, so that the line is not lost in a crash. */
function tell(what: object): void {
  writeSync(1, `${JSON.stringify(what)}\n`)
}

function* drills(folders: string) {
  for (const file of folders.split(delimiter).flatMap(findDrillFiles)) {
    const expected = readExpected(file)
    const profile = profileOf(file)
    for (const source of readDrills(file)) yield { source, profile, expected: expected?.get(source.name) }
  }
}

function main([folders = '', first = '0', step = '1', perCommand = 'all', trace]: string[]): void {
  const all = [...drills(folders)]
  tell({ drills: all.length })
  for (let i = Number(first); i < all.length; i += Number(step)) {
    const { source, profile, expected } = all[i]!
    tell({ drill: source.name, index: i })
    const onRun =
      trace === undefined
        ? undefined
        : (fault?: Parameters<typeof faultName>[0]) => tell({ fault: fault ? faultName(fault) : 'none' })
    const drill = parseDrill(source, kernelOfProfile(profile))
    const options = { profile, onRun, perCommand: perCommand === 'all' ? undefined : Number(perCommand) }
    tell(sweep(drill, expected, options))
  }
}

main(process.argv.slice(2))
