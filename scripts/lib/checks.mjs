// SPDX-License-Identifier: GPL-2.0-only
//
// For scripts that make checks one after another: prints a line for each check, and a line of counts.
import { spawnSync } from 'node:child_process'

const results = { passed: 0, failed: 0 }

/** Makes a check. It fails if it throws; later checks still run. */
export function check(name, run) {
  const start = Date.now()
  try {
    run()
    results.passed++
    console.log(`ok      ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`)
  } catch (error) {
    results.failed++
    console.log(`FAILED  ${name}\n${error.message.replace(/^/gm, '        ')}`)
  }
}

/** Prints how many passed and failed, and sets the exit code. */
export function summary() {
  console.log(`${results.passed} passed, ${results.failed} failed`)
  process.exitCode = results.failed > 0 || results.passed === 0 ? 1 : 0
}

/**
 * Runs a command. Returns what it prints on stdout and on stderr; throws an error with both if it fails. The command
 * does not see in its environment what npm tells the scripts of this package.
 */
export function outputs(command, args, { cwd, env = {}, input } = {}) {
  const own = Object.entries(process.env).filter(([name]) => !/^npm_(package|lifecycle|config_local_prefix)/.test(name))
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
  if (actual.trim() !== expected.trim()) throw new Error(`expected ${expected.trim()}\nfound    ${actual.trim()}`)
}
