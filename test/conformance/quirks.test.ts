// SPDX-License-Identifier: GPL-2.0-only
//
// The faults of each kernel and the drills that show them. quirks.json names, for each drill whose transcript differs on
// a kernel without faults, the quirks that explain it (scripts/generate/quirk-drills.mjs writes it).

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DrillSource, findDrillFiles, listDrills, runSource } from '../../lib/drill'
import { Machine, type Profile, type QuirkName } from '../../lib/index'

type Explained = Record<string, QuirkName[]>

const all: Record<string, Explained> = JSON.parse(readFileSync(join(__dirname, 'quirks.json'), 'utf8'))

/** Switches all quirks of a profile off. */
function allOff(profile: Profile): Partial<Record<QuirkName, boolean>> {
  using machine = new Machine({ ramPages: 64, profile })
  return Object.fromEntries(machine.quirks.map((quirk) => [quirk, false]))
}

describe.each(Object.entries(all) as [Profile, Explained][])('%s', (profile, explained) => {
  const drills = [...listDrills(findDrillFiles(join(__dirname, profile))).values()].flat()
  const runs = drills.map((source) => ({ source, ...runSource(source, { profile }) }))
  /** Drills that the machine can play: so far not all of 6.12. */
  const played = runs.filter(({ failure }) => failure === undefined)
  const sources = played.map(({ source }) => source)
  const off = allOff(profile)

  /** The names of the drills for which a condition holds. Comparing lists of names shows which drills are wrong. */
  function names(holds: (source: DrillSource) => boolean): string[] {
    return sources
      .filter(holds)
      .map((source) => source.name)
      .sort()
  }

  const faulty = new Map(played.map(({ source, transcript }) => [source.name, transcript]))

  test('the drills that differ on a fixed kernel are those of the list', () => {
    const differ = names((source) => runSource(source, { profile, quirks: off }).transcript !== faulty.get(source.name))
    expect(differ).toEqual(Object.keys(explained).sort())
  })

  test('the quirks of the list, and no others, make the fixed kernel print what the real one prints', () => {
    const wrong = names((source) => {
      const on = Object.fromEntries((explained[source.name] ?? []).map((quirk) => [quirk, true]))
      return runSource(source, { profile, quirks: { ...off, ...on } }).transcript !== faulty.get(source.name)
    })
    expect(wrong).toEqual([])
  })

  test('the machine is in balance after every command of a fixed kernel, too', () => {
    const complaints = sources
      .map((source) => runSource(source, { profile, quirks: off, verify: true }).failure?.message)
      .filter((message) => message !== undefined)
    expect(complaints).toEqual([])
  })
})
