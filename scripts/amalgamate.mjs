// SPDX-License-Identifier: GPL-2.0-only
//
// Makes one source and one header of libhmmu, for use in other projects: node scripts/amalgamate.mjs [FOLDER]
//
// Writes hmmu.h and hmmu.c to FOLDER (default: build-amalgamation/hmmu). Functions that the core's files share become
// static, so that the object exports only the API. A name that two files use for different things is an error of the
// compiler: rename one.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { root } from './lib/run.mjs'

const core = join(root, 'native/core')
const include = join(root, 'native/include')
const LOCAL_INCLUDE = /^#include "([^"]+)"\n/gm

/** The line that names the licence: each source begins with it. */
const spdx = readFileSync(join(include, 'hmmu/hmmu.h'), 'utf8').match(/.*\n/)[0]
const read = (path) => readFileSync(path, 'utf8').replace(spdx, '')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** The public header with the lists in it. */
function publicHeader() {
  const lists = read(join(include, 'hmmu/hmmu_defs.h'))
  return spdx + read(join(include, 'hmmu/hmmu.h')).replace('#include "hmmu_defs.h"\n', () => lists)
}

/** Makes function declarations static, except those that are static already, and types. */
function makeStatic(header) {
  const declaration =
    /^(?!static|typedef|extern|struct \w+ \{|enum (?:\w+ )?\{|union|#)(?=(?:__attribute__\(\([^)]*\)\) )?[a-z_][\w *]*\b\w+\()/gm
  return header.replace(declaration, 'static ')
}

/** An internal header, after the headers that it includes; each header once. */
function internalHeader(name, done) {
  if (done.has(name)) return ''
  done.add(name)
  const text = read(join(core, name))
  const before = includesOf(text).map((other) => internalHeader(other, done))
  return `${before.join('')}/* ${name} */\n${makeStatic(text.replace(LOCAL_INCLUDE, ''))}\n`
}

/** The internal headers that a file includes. */
function includesOf(text) {
  return [...text.matchAll(LOCAL_INCLUDE)].map(([, name]) => name).filter((name) => name !== 'hmmu/hmmu.h')
}

/** A file of the core. Its macros end with it. */
function sourceFile(name) {
  const text = read(join(core, name))
  const macros = new Set([...text.matchAll(/^#define ([A-Za-z]\w*)/gm)].map(([, macro]) => macro))
  const ends = [...macros].map((macro) => `#undef ${macro}\n`)
  return `/* ${name} */\n${text.replace(LOCAL_INCLUDE, '').trim()}\n${ends.join('')}`
}

/** The whole core as one source. */
function source() {
  const names = readdirSync(core, { recursive: true }).sort()
  const done = new Set()
  const headers = names.filter((name) => name.endsWith('.h')).map((name) => internalHeader(name, done))
  const files = names.filter((name) => name.endsWith('.c')).map(sourceFile)
  return `${spdx}/*
 * hmmu ${version}, all in one file. Made by scripts/amalgamate.mjs: edit the sources, not this.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#ifndef HMMU_VERSION
#define HMMU_VERSION "${version}"
#endif
#include "hmmu.h"

/* Some functions exist only for the tests of the core. */
#ifdef __GNUC__
#pragma GCC diagnostic ignored "-Wunused-function"
#endif

${headers.join('')}${files.join('\n')}`
}

const folder = resolve(process.argv[2] ?? join(root, 'build-amalgamation/hmmu'))
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'hmmu.h'), publicHeader())
writeFileSync(join(folder, 'hmmu.c'), source())
