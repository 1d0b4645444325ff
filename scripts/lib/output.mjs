// SPDX-License-Identifier: GPL-2.0-only
//
// For tests of other projects: commands whose output matters.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'

/**
 * Runs a command. Returns what it prints on stdout and on stderr; throws an error with both if it fails. The command
 * does not see in its environment what npm and node:test tell the scripts of this package.
 */
export function outputs(command, args, { cwd, env = {}, input } = {}) {
  const others = /^(npm_(package|lifecycle|config_local_prefix)|NODE_TEST_CONTEXT)/
  const own = Object.entries(process.env).filter(([name]) => !others.test(name))
  const options = { cwd, input, encoding: 'utf8', env: { ...Object.fromEntries(own), ...env }, maxBuffer: 2 ** 28 }
  const { status, error, stdout, stderr } = spawnSync(command, args, options)
  if (status === 0) return { stdout, stderr }
  throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}\n${stdout}${stderr}`)
}

/** What a command prints on stdout, as outputs() runs it. */
export function output(command, args, options) {
  return outputs(command, args, options).stdout
}

/** Fails unless two texts are equal, ignoring white space at their ends. */
export function same(actual, expected) {
  assert.equal(actual.trim(), expected.trim())
}
