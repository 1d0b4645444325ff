// SPDX-License-Identifier: GPL-2.0-only
//
// Checks rules of this project that no other tool checks: node scripts/check-style.mjs
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname } from 'node:path'
import ts from 'typescript'
import { root, sourceFiles } from './run.mjs'

const maxFileLines = 700
const maxFunctionLines = 70
const spdx = 'SPDX-License-Identifier: GPL-2.0-only'

const complaints = []
const complain = (file, line, text) => complaints.push(`${file}:${line}: ${text}`)

/** The first line names the licence, or the second line after `#!`. */
function checkLicense(file, lines) {
  if (!/\.(c|h|cc|ts|mts|js|mjs|cmake|gyp|sh)$|CMakeLists\.txt$|^\.ci\//.test(file)) return
  const at = lines[0].startsWith('#!') ? 1 : 0
  if (!lines[at]?.includes(spdx)) complain(file, at + 1, `"${spdx}" is missing`)
}

function checkFileLength(file, lines) {
  const count = lines.length - (lines.at(-1) === '' ? 1 : 0)
  if (count > maxFileLines)
    complain(file, maxFileLines, `${count} lines in a file, at most ${maxFileLines} are allowed`)
}

function checkFunctionLength(file, first, last) {
  const count = last - first + 1
  if (count > maxFunctionLines) {
    complain(file, first, `${count} lines in a function, at most ${maxFunctionLines} are allowed`)
  }
}

/**
 * In our style a brace alone on its line opens a function or a class. The next brace of equal indentation closes it.
 */
function checkCFunctions(file, lines) {
  for (let i = 0; i < lines.length; i++) {
    const open = /^(\t*)\{$/.exec(lines[i])
    if (!open || /^\t*(class|struct|union|enum|namespace)\b[^(]*$/.test(lines[i - 1] ?? '')) continue
    const end = lines.findIndex((line, at) => at > i && line.startsWith(`${open[1]}}`))
    if (end >= 0) checkFunctionLength(file, i, end + 1)
  }
}

function checkTypeScriptFunctions(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true)
  const lineOf = (position) => source.getLineAndCharacterOfPosition(position).line + 1
  const visit = (node) => {
    if (ts.isFunctionLike(node) && node.body) checkFunctionLength(file, lineOf(node.getStart()), lineOf(node.getEnd()))
    ts.forEachChild(node, visit)
  }
  visit(source)
}

/** The repository contains no path of this machine, and none of anyone's home. */
function checkPaths(file, lines) {
  const own = [dirname(root), homedir()].filter((path) => path !== '/' && path !== '/tmp').map((path) => `${path}/`)
  lines.forEach((line, i) => {
    const found = own.find((path) => line.includes(path)) ?? /\/(?:home|root|Users)\/[a-z]\S*/.exec(line)?.[0]
    if (found) complain(file, i + 1, `path of a machine: ${found}`)
  })
}

/** Each machine has its own registry. npm writes no addresses of it with omit-lockfile-registry-resolved, which .npmrc sets. */
function checkRegistry(file, lines) {
  lines.forEach((line, i) => {
    if (/"resolved"\s*:|:\/\/registry\./.test(line)) complain(file, i + 1, 'address of a registry')
  })
}

function check(file) {
  const text = readFileSync(`${root}/${file}`, 'utf8')
  if (text.includes('\0')) return
  const lines = text.split('\n')
  checkLicense(file, lines)
  checkPaths(file, lines)
  checkRegistry(file, lines)
  if (!/^(native|lib)\//.test(file) || file.includes('.generated.')) return
  checkFileLength(file, lines)
  if (/\.(c|cc|h)$/.test(file)) checkCFunctions(file, lines)
  if (/\.m?ts$/.test(file)) checkTypeScriptFunctions(file, text)
}

sourceFiles().forEach(check)
if (complaints.length > 0) {
  console.error(complaints.join('\n'))
  process.exit(1)
}
