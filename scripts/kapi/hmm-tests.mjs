// SPDX-License-Identifier: GPL-2.0-only
//
// Runs Linux's hmm-tests.c, compiled as it is, in emulated memory. All tests of device-private memory have to pass, and none may
// be skipped. The drivers' checks must have nothing to report.
import { spawnSync } from 'node:child_process'

/** As many tests are of device-private memory. */
const PRIVATE_TESTS = 29

/** The results of the tests of device-private memory, and what the checks have reported. */
function run(program) {
  const { stdout, stderr, error } = spawnSync(program, [], { encoding: 'utf8', timeout: 300000, killSignal: 'SIGKILL' })
  if (error) throw error
  const lines = [...stdout.matchAll(/^(ok|not ok) \d+ (\S*_private\.\S+)(.*)$/gm)]
  const results = lines.map(([, word, name, rest]) => {
    const result = rest.includes('SKIP') ? 'skipped' : word === 'ok' ? 'passes' : 'FAILS'
    return { name, result }
  })
  return { results, reports: stderr.match(/^kapi: .*$|^.* \[[a-z-]+\]$/gm) ?? [], text: stdout }
}

/** Prints a table. Returns whether all tests pass. */
export function runHmmTests(program) {
  const begin = performance.now()
  const { results, reports, text } = run(program)
  const seconds = ((performance.now() - begin) / 1000).toFixed(1)
  for (const { name, result } of results) console.log(`${result.padEnd(8)} ${name}`)
  const passed = results.filter(({ result }) => result === 'passes').length
  console.log(`hmm-tests.c: ${passed} of ${PRIVATE_TESTS} tests of device-private memory pass, in ${seconds} s`)
  for (const report of reports) console.error(report)
  if (passed < results.length) console.error(text)
  return passed === PRIVATE_TESTS && results.length === PRIVATE_TESTS && reports.length === 0
}
