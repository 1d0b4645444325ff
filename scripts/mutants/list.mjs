// SPDX-License-Identifier: GPL-2.0-only
//
// The mutants of `npm run test:mutants`: each replaces one text of one source file by another.
import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { root, sourceFiles } from '../lib/run.mjs'

const FOLDER = `${root}/test/mutants`

/**
 * @typedef {{ name: string, file: string, text: string, becomes: string, means: string }} Mutant
 * text occurs in the file exactly once; means describes the fault.
 */

/** The faults of test/mutants/*.json: by file, then by name. */
function faults() {
  const lists = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
  return lists.flatMap((list) =>
    Object.entries(JSON.parse(readFileSync(`${FOLDER}/${list}`, 'utf8'))).flatMap(([file, ofFile]) =>
      Object.entries(ofFile).map(([name, fault]) => ({ name, file, ...fault })),
    ),
  )
}

/** A name for each place: those after the first one of a name get a number. */
function numbered(mutants) {
  const counts = new Map()
  return mutants.map((mutant) => {
    const count = (counts.get(mutant.name) ?? 0) + 1
    counts.set(mutant.name, count)
    return count === 1 ? mutant : { ...mutant, name: `${mutant.name}-${count}` }
  })
}

/** Each place that asks for a quirk, turned round: without the quirk the core does what it does with it. */
function quirks() {
  const files = sourceFiles().filter((file) => /^native\/core\/.*\.[ch]$/.test(file))
  return files.flatMap((file) => {
    const text = readFileSync(`${root}/${file}`, 'utf8')
    return [...text.matchAll(/\bquirk\([^,()]+, HMMU_QUIRK_(\w+)\)/g)].map(([place, name]) => ({
      name: `quirk-${name.toLowerCase().replaceAll('_', '-')}-in-${basename(file)
        .replace(/\.[ch]$/, '')
        .replaceAll('_', '-')}`,
      file,
      text: place,
      becomes: `!${place}`,
      means: 'with the quirk, the place does what it does without, and the other way round',
    }))
  })
}

/** @returns {Mutant[]} */
export function listMutants() {
  return [...faults(), ...numbered(quirks())]
}

/** The text of a mutant's file with the fault in it. */
export function mutate({ name, file, text, becomes }) {
  const parts = readFileSync(`${root}/${file}`, 'utf8').split(text)
  if (parts.length !== 2) {
    throw new Error(`${name}: its text stands in ${file} ${parts.length - 1} times, and has to stand there once`)
  }
  return parts.join(becomes)
}

/** Faults of the list itself, one line each. */
export function complaints(mutants) {
  const seen = new Set()
  return mutants.flatMap((mutant) => {
    const { name, text, becomes, means } = mutant
    if (seen.has(name)) return [`${name}: two mutants have this name`]
    seen.add(name)
    if (!means || text === becomes) return [`${name}: it says nothing, or changes nothing`]
    try {
      mutate(mutant)
      return []
    } catch (error) {
      return [error.message]
    }
  })
}
