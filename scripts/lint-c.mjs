// SPDX-License-Identifier: GPL-2.0-only
//
// Checks C and C++ with clang-format and clang-tidy; with --write, formats instead. clang-tidy leaves kernel/ out: it does
// not know the flags of a kernel.
//
// Both tools differ from version to version, so version 14 is required. If CI is set, both must be installed; otherwise
// a missing tool is left out, with a message.
import { spawn, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { root, sourceFiles } from './run.mjs'

const major = 14
const require = createRequire(import.meta.url)

/** The name of an installed tool of the right version. */
function find(tool) {
  for (const name of [`${tool}-${major}`, tool]) {
    const { stdout } = spawnSync(name, ['--version'], { encoding: 'utf8' })
    if (stdout?.includes(`version ${major}.`)) return name
  }
  console.log(`${tool}-${major} was not found (Debian: ${tool}-${major}): its checks are LEFT OUT`)
  if (process.env.CI) process.exit(1)
  return undefined
}

/** Whether all files are formatted; with `write`, formats them. */
function format(files, write) {
  const tool = find('clang-format')
  // The lists are laid out by hand, a line an item.
  const formatted = files.filter((file) => !/\/(hmmu_defs|calls)\.h$/.test(file))
  if (!tool || formatted.length === 0) return true
  const options = write ? ['-i'] : ['--dry-run', '-Werror']
  return spawnSync(tool, [...options, ...formatted], { cwd: root, stdio: 'inherit' }).status === 0
}

function tidyOptions(file) {
  const common = ['-Inative/include', '-Inative/core', '-DHMMU_STATIC', '-DHMMU_VERSION="0"', '-Wall', '-Wextra']
  if (!file.endsWith('.cc')) return ['-std=c11', ...common]
  const headers = [require('node-addon-api').include_dir, require('node-api-headers').include_dir]
  const defines = ['-DNAPI_VERSION=9', '-DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS', '-DBUILDING_NODE_EXTENSION']
  return ['-std=c++17', '-fno-exceptions', ...common, ...defines, ...headers.flatMap((dir) => ['-isystem', dir])]
}

/** Runs clang-tidy over one file; resolves to its complaints, or an empty text. */
function tidyFile(tool, file) {
  return new Promise((resolve) => {
    const child = spawn(tool, ['--quiet', file, '--', ...tidyOptions(file)], { cwd: root })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (data) => {
      stdout += data
    })
    child.stderr.on('data', (data) => {
      stderr += data
    })
    child.on('error', (error) => resolve(String(error)))
    child.on('close', (code) => resolve(code === 0 ? stdout : stdout || stderr || `${file}: clang-tidy failed`))
  })
}

/** Whether clang-tidy has no complaint about the files. */
async function tidy(files) {
  const tool = find('clang-tidy')
  if (!tool) return true
  const queue = files.filter((file) => /^native\/(core|addon|wasm)\/.*\.(c|cc)$/.test(file))
  let bad = 0
  const worker = async () => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      const complaints = await tidyFile(tool, file)
      if (complaints.trim() === '') continue
      console.log(complaints)
      bad++
    }
  }
  await Promise.all([worker(), worker()])
  return bad === 0
}

const files = sourceFiles().filter((file) => /^(native|kernel)\/.*\.(c|h|cc)$/.test(file))
const write = process.argv.includes('--write')
const formatted = format(files, write)
const tidied = write || (await tidy(files))
if (!formatted || !tidied) process.exit(1)
