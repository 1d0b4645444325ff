// SPDX-License-Identifier: GPL-2.0-only
//
// Checks C and C++ with clang-format and clang-tidy; with --write, formats instead. clang-tidy reads cmake's
// compile_commands.json and leaves kernel/ out: it does not know the flags of a kernel. Its analyzer walks a limited number
// of paths through each function; --deep lets it walk all that it would by default, which takes ten times as long.
//
// Both tools differ from version to version, so version 14 is required. If CI is set, both must be installed; otherwise
// a missing tool is left out, with a message.
import { spawnSync } from 'node:child_process'
import { program } from 'commander'
import { root, run, sourceFiles } from '../lib/run.mjs'

const { write, deep } = program.option('--write', 'format').option('--deep', 'all paths of the analyzer').parse().opts()
const database = `${root}/build-lint`

function isInstalled(tool) {
  if (spawnSync(tool, ['--help']).status === 0) return true
  console.log(`${tool} was not found: its checks are LEFT OUT`)
  if (process.env.CI) process.exit(1)
  return false
}

if (isInstalled('clang-format-14')) {
  // The lists are laid out by hand, a line an item.
  const isFormatted = (file) => /^(native|kernel)\/.*\.(c|h|cc)$/.test(file) && !/\/(hmmu_defs|calls)\.h$/.test(file)
  const options = write ? ['-i'] : ['--dry-run', '-Werror']
  run('clang-format-14', [...options, ...sourceFiles().filter(isFormatted)])
}

if (!write && isInstalled('run-clang-tidy-14')) {
  run('npx', ['cmake-js', 'configure', '--out', database], { stdio: ['ignore', 'ignore', 'inherit'] })
  const limit = ['-analyzer-config', 'max-nodes=20000'].flatMap((word) => ['-Xclang', word])
  const options = deep ? [] : limit.map((word) => `-extra-arg-before=${word}`)
  const { status, stdout } = spawnSync('run-clang-tidy-14', ['-quiet', '-p', database, ...options], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status !== 0) {
    console.log(stdout)
    process.exit(1)
  }
}
