// SPDX-License-Identifier: GPL-2.0-only
//
// The modules that hmmu/web is made of, found by their imports.

import { existsSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { createSourceFile, isExportDeclaration, isImportDeclaration, isStringLiteral, ScriptTarget } from 'typescript'

/** What a module imports when it runs: types are gone then. */
export function importsOf(file: string): string[] {
  const source = createSourceFile(file, readFileSync(file, 'utf8'), ScriptTarget.ES2022)
  return source.statements.flatMap((statement) => {
    if (isImportDeclaration(statement) && statement.importClause?.isTypeOnly) return []
    if (isExportDeclaration(statement) && statement.isTypeOnly) return []
    if (!isImportDeclaration(statement) && !isExportDeclaration(statement)) return []
    const from = statement.moduleSpecifier
    return from && isStringLiteral(from) ? [from.text] : []
  })
}

function fileOf(folder: string, name: string): string {
  const path = resolve(folder, name.replace(/\.m?js$/, ''))
  const found = [`${path}.ts`, `${path}.mts`, join(path, 'index.ts')].find(existsSync)
  if (found === undefined) throw new Error(`${name} of ${folder} is no file`)
  return found
}

/** All modules that an entry needs, and what they import from elsewhere. */
export function graphOf(entry: string): { files: string[]; foreign: string[] } {
  const files = new Set([entry])
  const foreign = new Set<string>()
  for (const file of files) {
    for (const name of importsOf(file)) {
      if (name.startsWith('.')) files.add(fileOf(dirname(file), name))
      else foreign.add(name)
    }
  }
  return { files: [...files], foreign: [...foreign] }
}

export const isBuiltin = (name: string): boolean => name.startsWith('node:') || builtinModules.includes(name)
