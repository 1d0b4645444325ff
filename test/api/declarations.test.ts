// SPDX-License-Identifier: GPL-2.0-only
//
// The declarations that users compile against, as they were built: what they need, and what is in them.

import { join } from 'node:path'
import ts from 'typescript'

const dist = join(__dirname, '../../dist')
const entryPoints = ['index.d.ts', 'index.d.mts', 'jest/index.d.ts', 'jest/index.d.mts'].map((file) => join(dist, file))
const strict: ts.CompilerOptions = {
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  types: [],
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts'],
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
}
const program = ts.createProgram(entryPoints, strict)
const ours = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(dist))

const checker = program.getTypeChecker()

function exportsOf(entryPoint: string): ts.Symbol[] {
  const file = checker.getSymbolAtLocation(program.getSourceFile(entryPoint)!)!
  return checker
    .getExportsOfModule(file)
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
}

const isClass = (node: ts.Node): node is ts.ClassDeclaration => ts.isClassDeclaration(node)
const isPrivate = (member: ts.ClassElement | ts.TypeElement) =>
  (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0 ||
  (member.name !== undefined && ts.isPrivateIdentifier(member.name))

/** `Machine.fork` for each public property and method of each exported class and interface; names alone of all else. */
function listing(entryPoint: string): string {
  const names = exportsOf(entryPoint).flatMap(({ name, declarations }) => [
    name,
    ...declarations!
      .flatMap((each) => (isClass(each) || ts.isInterfaceDeclaration(each) ? [...each.members] : []))
      .filter((member) => !isPrivate(member))
      .map((member) => `${name}.${member.name?.getText() ?? 'constructor'}`),
  ])
  return [...new Set(names)].sort().join('\n')
}

test('the declarations need no types but those of the language', () => {
  expect(ours.length).toBeGreaterThan(20)
  const complaints = ours.flatMap((file) => [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ])
  expect(complaints.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([])
  const imported = ours.flatMap(({ text }) => ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName))
  const foreign = new Set(imported.filter((name) => !name.startsWith('.')))
  // Test runners, which hmmu/jest adds to where they are there.
  expect([...foreign].sort()).toEqual(['expect', 'vitest'])
  expect(ours.flatMap(({ typeReferenceDirectives }) => typeReferenceDirectives)).toEqual([])
})

// What is public is a promise. A change of this list is to be meant: `npx jest test/api/declarations -u`.
test('the declarations have these names, and no internals', () => {
  expect(listing(entryPoints[0]!)).toMatchSnapshot('hmmu')
  expect(listing(entryPoints[2]!)).toMatchSnapshot('hmmu/jest')
})

test('classes that the library makes have no public constructor', () => {
  const classes = entryPoints.flatMap(exportsOf).flatMap(({ declarations }) => declarations!.filter(isClass))
  const makeable = classes.filter(({ modifiers, members }) => {
    const isAbstract = modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AbstractKeyword)
    return !isAbstract && !members.some((member) => ts.isConstructorDeclaration(member) && isPrivate(member))
  })
  expect([...new Set(makeable.map(({ name }) => name!.text))].sort()).toEqual([
    'CStruct',
    'DrillError',
    'HmmuError',
    'Machine',
  ])
})
