// SPDX-License-Identifier: GPL-2.0-only
//
// Runs Linux's hmm-tests.c, compiled as it is, in emulated memory, and compares its results with what is expected.
import { spawnSync } from 'node:child_process'

/** Tests that do not pass yet, and what the emulator lacks for them. */
const LACKING = {
  'hmm.hmm_device_private.anon_write_child': 'fork() of a live program',
  'hmm.hmm_device_private.anon_write_child_shared': 'fork() of a live program',
  'hmm.hmm_device_private.exclusive_cow': 'fork() of a live program',
  'hmm.hmm_device_private.hmm_cow_in_device': 'fork() of a live program',
}
/** As many tests are of device-private memory. */
const PRIVATE_TESTS = 29

/** The results of the tests of device-private memory: name, and whether it passes. */
function resultsOf(program) {
  const { stdout, error } = spawnSync(program, [], { encoding: 'utf8', timeout: 300000, killSignal: 'SIGKILL' })
  if (error) throw error
  const lines = [...stdout.matchAll(/^(ok|not ok) \d+ (\S*_private\.\S+)(.*)$/gm)]
  return lines.map(([, word, name, rest]) => ({ name, passes: word === 'ok' && !rest.includes('SKIP'), text: stdout }))
}

/** Prints a table. Returns whether all is as expected. */
export function runHmmTests(program) {
  const results = resultsOf(program)
  const wrong = results.filter(({ name, passes }) => passes === name in LACKING)
  for (const { name, passes } of results) console.log(`${passes ? 'passes' : `lacks ${LACKING[name] ?? '?'}`}\t${name}`)
  const passed = results.filter(({ passes }) => passes).length
  console.log(`hmm-tests.c: ${passed} of ${results.length} tests of device-private memory pass`)
  for (const { name, passes } of wrong)
    console.error(`${name} ${passes ? 'passes, and is listed as lacking' : 'fails'}`)
  if (wrong.some(({ passes }) => !passes)) console.error(results[0].text)
  return wrong.length === 0 && results.length === PRIVATE_TESTS
}
