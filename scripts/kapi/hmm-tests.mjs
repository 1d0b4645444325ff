// SPDX-License-Identifier: GPL-2.0-only
//
// Runs Linux's hmm-tests.c, compiled as it is, in emulated memory. All tests have to pass, those of device-private and those of
// device-coherent memory, and none may be skipped. The drivers' checks must have nothing to report.
import { spawnSync } from 'node:child_process'

const TESTS = 58

/** lib/test_hmm.c has two devices with this much coherent memory each, if it is told where. */
const CHUNK = 256 * 2 ** 20
/** Where coherent memory begins in a machine of the default size. The runtime tells it in its first message. */
const COHERENT = 0x80800000
const SETTINGS = {
  HMMU_DRIVER_COHERENT_PAGES: `${(2 * CHUNK) / 4096}`,
  HMMU_DRIVER_PARAMS: `spm_addr_dev0=${COHERENT}\nspm_addr_dev1=${COHERENT + CHUNK}`,
}

/** The results of the tests, and what the checks have reported. */
function run(program) {
  const env = { ...process.env, ...SETTINGS }
  const { stdout, stderr, error } = spawnSync(program, [], {
    env,
    encoding: 'utf8',
    timeout: 300000,
    killSignal: 'SIGKILL',
  })
  if (error) throw error
  const lines = [...stdout.matchAll(/^(ok|not ok) \d+ (\S+)(.*)$/gm)]
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
  console.log(`hmm-tests.c: ${passed} of ${TESTS} tests pass, in ${seconds} s`)
  for (const report of reports) console.error(report)
  if (passed < results.length) console.error(text)
  return passed === TESTS && results.length === TESTS && reports.length === 0
}
