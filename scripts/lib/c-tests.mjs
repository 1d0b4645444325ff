// SPDX-License-Identifier: GPL-2.0-only
import { execFileSync } from 'node:child_process'

/** The C tests of a build by cmake, as cmake/tests.cmake lists them: name to command and arguments. */
export function cTests(folder) {
  const { tests } = JSON.parse(
    execFileSync('ctest', ['--test-dir', folder, '--show-only=json-v1'], { encoding: 'utf8' }),
  )
  return new Map(tests.filter(({ name }) => name.startsWith('test_')).map(({ name, command }) => [name, command]))
}
