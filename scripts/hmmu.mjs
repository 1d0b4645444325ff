#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
//
// The command `hmmu` in a checkout: what was built last, and a word where nothing was. In the package it is dist/cli/main.js.
import { existsSync } from 'node:fs'

const command = new URL('../dist/cli/main.js', import.meta.url)

if (existsSync(command)) {
  await import(command.href)
} else {
  console.error('error: this checkout of hmmu is not built ("npm ci" builds it)')
  process.exitCode = 1
}
