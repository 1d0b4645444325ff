// SPDX-License-Identifier: GPL-2.0-only
//
// The TextMate grammar of drills, with the engine of Visual Studio Code.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createOnigScanner, createOnigString, loadWASM } from 'vscode-oniguruma'
import { type IGrammar, INITIAL, parseRawGrammar, Registry } from 'vscode-textmate'
import { findDrillFiles, parseDrill, readDrills } from '../../lib/drill'

const ROOT = join(__dirname, '../..')
const GRAMMAR = join(ROOT, 'editors/vscode-drill/syntaxes/drill.tmLanguage.json')

let grammar: IGrammar

beforeAll(async () => {
  const wasm = readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm'))
  await loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength) as ArrayBuffer)
  const registry = new Registry({
    onigLib: Promise.resolve({ createOnigScanner, createOnigString }),
    loadGrammar: async () => parseRawGrammar(readFileSync(GRAMMAR, 'utf8'), GRAMMAR),
  })
  const loaded = await registry.loadGrammar('source.drill')
  if (loaded === null) throw new Error('no grammar')
  grammar = loaded
})

/** The words of a text, each with its innermost scope. */
function scopes(text: string): [word: string, scope: string][] {
  let state = INITIAL
  return text.split('\n').flatMap((line) => {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state)
    state = ruleStack
    return tokens
      .map(({ startIndex, endIndex, scopes: all }): [string, string] => [
        line.slice(startIndex, endIndex).trim(),
        all.at(-1)?.replace(/\.drill$/, '') ?? '',
      ])
      .filter(([word]) => word !== '')
  })
}

/** The words that an error of the parser lists in parentheses. */
function listed(text: string, profile: 'linux-4.14' | 'linux-6.12' = 'linux-6.12'): string[] {
  try {
    parseDrill({ name: 'x', file: 'x', firstLine: 1, text }, profile)
  } catch (error) {
    const [, list = ''] = /expected [^(]*\((.*)\), found/.exec((error as Error).message) ?? []
    return list.split(/, | or /)
  }
  return []
}

test('each word has its meaning', () => {
  const text = [
    '=== one',
    '# about it',
    'A map buf anon 4 thp',
    'A pin buf[2] as dma write',
    'A migrate buf[0-3] to dev skip=1,2-3 select=system,private',
    '  @alloc B write buf[1] 0x41 # why',
    'evict D[0-3]',
    'fork A B2',
    'task M cpu=1 proc=B',
    'expect finds lost-write with collect-flush-late',
    'order a2ba8 points=gup handler-retries',
  ].join('\n')
  expect(
    scopes(text)
      .map((each) => each.join(': '))
      .join('\n'),
  ).toMatchInlineSnapshot(`
"===: markup.heading
one: entity.name.section
# about it: comment.line.number-sign
A: entity.name.type.process
map: support.function
buf: variable.other
anon: constant.language
4: constant.numeric
thp: constant.language
A: entity.name.type.process
pin: support.function
buf: variable.other.region
[: punctuation.definition.range.begin
2: constant.numeric
]: punctuation.definition.range.end
as: keyword.operator.word
dma: variable.other.definition
write: constant.language
A: entity.name.type.process
migrate: support.function
buf: variable.other.region
[: punctuation.definition.range.begin
0: constant.numeric
-: keyword.operator.range
3: constant.numeric
]: punctuation.definition.range.end
to: keyword.operator.word
dev: constant.language
skip: entity.other.attribute-name
=: keyword.operator.assignment
1,2-3: constant.numeric
select: entity.other.attribute-name
=: keyword.operator.assignment
system,private: constant.language
@alloc: keyword.control
B: entity.name.type.process
write: support.function
buf: variable.other.region
[: punctuation.definition.range.begin
1: constant.numeric
]: punctuation.definition.range.end
0x41: constant.numeric
# why: comment.line.number-sign
evict: keyword.other
D: constant.language
[: punctuation.definition.range.begin
0: constant.numeric
-: keyword.operator.range
3: constant.numeric
]: punctuation.definition.range.end
fork: keyword.other
A: entity.name.type.process
B2: entity.name.type.process
task: keyword.control
M: entity.name.function
cpu: entity.other.attribute-name
=: keyword.operator.assignment
1: constant.numeric
proc: entity.other.attribute-name
=: keyword.operator.assignment
B: entity.name.type.process
expect: keyword.control
finds: keyword.operator.word
lost-write: constant.language
with: keyword.operator.word
collect-flush-late: constant.language
order: keyword.control
a2ba8: constant.language
points: entity.other.attribute-name
=: keyword.operator.assignment
gup: constant.language
handler-retries: keyword.operator.word"
`)
})

test('what is no word of the language is an error', () => {
  const wrong = [
    'A wobble buf',
    'wobble',
    '@alloc A read buf',
    'A read buf[',
    'A read Buf',
    'A migrate buf to dev skip=x',
  ]
  for (const text of wrong)
    expect([text, scopes(text).map(([, scope]) => scope)]).toEqual([text, expect.arrayContaining(['invalid.illegal'])])
})

test('it knows the words that the parser knows', () => {
  const verbs = listed('A wobble')
  expect(verbs.length).toBeGreaterThan(15)
  for (const verb of verbs) expect(scopes(`A ${verb}`)).toContainEqual([verb, 'support.function'])
  const choices = [...listed('A map buf wobble'), ...listed('A advise buf wobble'), ...listed('A protect buf wobble')]
  expect(choices.length).toBeGreaterThan(15)
  for (const choice of choices) expect(scopes(`A map buf ${choice}`)).toContainEqual([choice, 'constant.language'])
})

test('no drill has an error', () => {
  const folders = [
    'examples',
    'test/conformance/linux-4.14',
    'test/conformance/linux-6.12',
    'test/conformance/linux-6.12-dense',
  ]
  const drills = folders.flatMap((folder) => findDrillFiles(join(ROOT, folder))).flatMap(readDrills)
  expect(drills.length).toBeGreaterThan(1000)
  const faults = drills.flatMap(({ name, text }) =>
    scopes(text)
      .filter(([, scope]) => scope.startsWith('invalid'))
      .map(([word]) => `${name}: ${word}`),
  )
  expect(faults).toEqual([])
})
