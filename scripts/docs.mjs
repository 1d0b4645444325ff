// SPDX-License-Identifier: GPL-2.0-only
//
// The documentation of both APIs, made of the sources: node scripts/docs.mjs
//
// build-docs/typescript by TypeDoc, build-docs/c by Doxygen. Whatever is public and says nothing about itself, and any
// other warning, is a failure.
import { mkdirSync, rmSync } from 'node:fs'
import { needPackages } from './debian.mjs'
import { root, run } from './run.mjs'

if (!needPackages(['doxygen'])) process.exit(1)
rmSync(`${root}/build-docs`, { recursive: true, force: true })
mkdirSync(`${root}/build-docs`)
run('npx', ['typedoc'])
run('doxygen', ['Doxyfile'])
console.log('build-docs/typescript/index.html, build-docs/c/index.html')
