// SPDX-License-Identifier: GPL-2.0-only
//
// Makes one source and one header of libhmmu, for use in other projects: node scripts/amalgamate.mjs [FOLDER]
//
// Writes hmmu.h and hmmu.c to FOLDER (default: build-amalgamation/hmmu). What is common to all kernels comes first, then
// each kernel: the floors, with the kernel's name in front of all names that they define. Functions that files share are
// static, so that the object exports only the API. A name that two files use for different things is an error of the
// compiler: rename one.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { program } from 'commander'
import { root } from './lib/run.mjs'

const core = join(root, 'native/core')
const include = join(root, 'native/include')
const LOCAL_INCLUDE = /^#include "([^"]+)"\n/gm

/** The line that names the licence: each source begins with it. */
const spdx = readFileSync(join(include, 'hmmu/hmmu.h'), 'utf8').match(/.*\n/)[0]
const read = (path) => readFileSync(path, 'utf8').replace(spdx, '')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** The public header with its parts in it. */
function publicHeader() {
  return (
    spdx +
    read(join(include, 'hmmu/hmmu.h')).replace(/^#include "(hmmu_\w+\.h)"\n/gm, (_, name) =>
      read(join(include, 'hmmu', name)),
    )
  )
}

/** Makes declarations of functions and of the kernels static, except those that are static already, and types. */
function makeStatic(header) {
  const declaration =
    /^(?!static|typedef|extern|struct \w+ \{|enum (?:\w+ )?\{|union|#)(?=(?:__attribute__\(\([^)]*\)\) )?[a-z_][\w *]*\b\w+\()/gm
  return header
    .replace(declaration, 'static ')
    .replace('extern const struct kernel_ops', 'static const struct kernel_ops')
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

/** The names that a text defines at its top level: functions, objects, types, enumerators, macros. */
function namesOf(source) {
  const text = source.replace(/__attribute__\(\(.*?\)\)\)? /g, '')
  const patterns = [
    /^(?!typedef)[A-Za-z_][\w *]*[ *](\w+)\(/gm,
    /^#define (\w+)/gm,
    /^(?:struct|enum|union) (\w+) \{/gm,
    /^(?:static [\w *]*[ *]|\} )(\w+)(?:\[[^\]]*\])* =/gm,
    /^typedef [^;]*?(\w+)(?:\([^;]*\))?;/gm,
  ]
  const enumerators = [...text.matchAll(/^enum (?:\w+ )?\{([^}]*)\}/gm)].flatMap(([, body]) =>
    [...body.replace(/\/\*.*?\*\//g, '').matchAll(/\b[A-Z]\w*(?=\s*(?:[,=]|$))/g)].map(([name]) => name),
  )
  return new Set([
    ...patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name]) => name)),
    ...enumerators,
  ])
}

/**
 * Puts a prefix in front of names, but not in comments, strings, names of system headers, and tags of the public types
 * that are called like functions.
 */
function withPrefix(text, names, prefix) {
  const token = /\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\])*"|^#include.*|\bstruct hmmu_\w+|\b[A-Za-z_]\w*\b/gm
  return text.replace(token, (word) => (names.has(word) ? prefix + word : word))
}

const files = readdirSync(core, { recursive: true })
  .filter((name) => /\.[ch]$/.test(name))
  .sort()
const isCommon = (name) => /^(host|kernel|explore)\//.test(name)
const done = new Set(['kernel/floors.h'])
const headers = (list) =>
  list
    .filter((name) => name.endsWith('.h'))
    .map((name) => internalHeader(name, done))
    .join('')
const common = headers(files.filter(isCommon))
const floors =
  headers(files.filter((name) => !isCommon(name))) +
  // In the order in which the floors follow each other.
  includesOf(read(join(core, 'kernel/floors.h')))
    .filter((name) => name.endsWith('.c'))
    .map(sourceFile)
    .join('\n')
const names = namesOf(floors)

/** One kernel: what kernel/floors.h makes of the floors. */
function kernel(name) {
  const prefix = `${name}_`
  const ops = read(join(core, 'kernel/floors.h')).match(/^const struct kernel_ops KERNEL_OPS = \{[\s\S]*/m)[0]
  const defines = [...read(join(core, `kernel/${name}.c`)).matchAll(/^#define (\w+).*\n/gm)]
  return `/* kernel/${name}.c */
${defines.map(([line]) => line).join('')}#define X(type, name, parameters, arguments) static type ${prefix}hmmu_##name parameters;
MACHINE_CALLS(X)
MIGRATION_CALLS(X)
#undef X
static int ${prefix}hmmu_create(const struct hmmu_options *options, struct hmmu **machine);
static int ${prefix}hmmu_destroy(struct hmmu *m);
static int ${prefix}hmmu_restore_with(const void *bytes, size_t size, uint32_t flags, struct hmmu **machine,
	struct hmmu_error *error);

${withPrefix(floors, names, prefix)}
static ${ops.replaceAll('hmmu_##', `${prefix}hmmu_##`).replace(/= (&?)(hmmu|builtin)_/g, `= $1${prefix}$2_`)}
${defines.map(([, macro]) => `#undef ${macro}\n`).join('')}`
}

/** The whole core as one source. */
function source() {
  const kernels = files.map((name) => /^kernel\/(v\w+)\.c$/.exec(name)?.[1]).filter((name) => name !== undefined)
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

${common}${kernels.map(kernel).join('\n')}
${files
  .filter((name) => isCommon(name) && /^(host|kernel|explore)\/(?!v\d)\w+\.c$/.test(name))
  .map(sourceFile)
  .join('\n')}`
}

const folder = resolve(program.argument('[folder]').parse().args[0] ?? join(root, 'build-amalgamation/hmmu'))
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'hmmu.h'), publicHeader())
writeFileSync(join(folder, 'hmmu.c'), source())
