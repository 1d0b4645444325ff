// SPDX-License-Identifier: GPL-2.0-only
//
// Makes the documentation of both APIs from the sources: node scripts/docs.mjs
//
// TypeDoc writes build-docs/typescript, Doxygen build-docs/c. Any warning is a failure, also that of an undocumented
// public symbol.
import { mkdirSync, rmSync } from 'node:fs'
import { needPackages } from './lib/debian.mjs'
import { root, run } from './lib/run.mjs'

needPackages(['doxygen'])
rmSync(`${root}/build-docs`, { recursive: true, force: true })
mkdirSync(`${root}/build-docs`)
run('npx', ['typedoc'])
run('doxygen', ['Doxyfile'])
console.log('build-docs/typescript/index.html, build-docs/c/index.html')
