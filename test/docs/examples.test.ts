// SPDX-License-Identifier: GPL-2.0-only
//
// The documents are true: their TypeScript compiles and runs, as a user's would, against the built package; their
// drills and commands print the output that the document shows; their links lead somewhere.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { addonInfo } from '../../lib'
import { runSource } from '../../lib/drill'
import { type Block, blocksIn, documents, guides, ROOT, shows } from './blocks'

const MAIN = join(ROOT, 'dist/cli/main.js')

beforeAll(() => {
  if (!existsSync(MAIN)) throw new Error('the package is not built: npm run build')
})

/** A test per block, or none if a document has no such block. */
function each(blocks: readonly Block[], run: (block: Block) => void): void {
  test.each(blocks.map((block) => [block.place, block] as const))('%s', (_, block) => run(block))
}

describe('TypeScript', () => {
  const blocks = blocksIn('ts')
  const compiled = new Map<string, string>()
  let complaints: string[] = []
  beforeAll(() => {
    complaints = compile(blocks, compiled)
  })

  test('compiles, strictly', () => {
    expect(complaints).toEqual([])
  })

  each(blocks, ({ place, output }) => {
    // For Node a script on its input is a file in the working directory. There 'hmmu' is this package.
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-'], {
      cwd: ROOT,
      encoding: 'utf8',
      input: compiled.get(place) ?? 'throw new Error("it was not compiled")',
    })
    // An example may need a machine that is too large for WebAssembly; then it must get the documented error.
    if (addonInfo.backend === 'wasm' && stderr.includes('in WebAssembly a machine has 4 GiB')) return
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expectShown(output, stdout)
  })
})

describe('drills', () => {
  each(blocksIn('drill'), ({ place, code, output }) => {
    const { failure, transcript } = runSource({ name: place, file: place, text: code, firstLine: 1 }, { verify: true })
    expect(failure?.message).toBeUndefined()
    expectShown(output, transcript)
  })
})

describe('commands', () => {
  each(blocksIn('console'), ({ code }) => {
    const [line = '', ...printed] = code.split('\n')
    // npx takes longer to find the command than the command takes.
    const command = line.replace(/^\$ /, '').replace('npx hmmu', `"${process.execPath}" "${MAIN}"`)
    const { stdout } = spawnSync(command, { cwd: ROOT, encoding: 'utf8', shell: true })
    expectShown(printed.join('\n'), stdout)
  })
})

describe('links', () => {
  const textOf = (document: string) => readFileSync(join(ROOT, document), 'utf8').replace(/^```[\s\S]*?^```$/gm, '')
  const anchorOf = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-')
  const anchors = (document: string) =>
    [...textOf(document).matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => anchorOf(text))

  test.each(documents)('of %s lead somewhere', (document) => {
    const targets = [...textOf(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
    const broken = targets.filter((target) => {
      if (/^[a-z]+:/.test(target)) return false
      const [file = '', anchor] = target.split('#')
      const path = file === '' ? document : join(dirname(document), file)
      return !existsSync(join(ROOT, path)) || (anchor !== undefined && !anchors(path).includes(anchor))
    })
    expect(broken).toEqual([])
  })

  test('of README.md lead to every guide', () => {
    const text = textOf('README.md')
    expect(guides.filter((guide) => !text.includes(`](${guide})`))).toEqual([])
  })
})

const ownDocuments = documents.filter((document) => !document.startsWith('kernel/')) // those name the kernel's sources
test.each(ownDocuments)('the sources of the core that %s names exist', (document) => {
  const text = readFileSync(join(ROOT, document), 'utf8')
  const folders = 'machine|migrate|call|fault|rmap|mm|page|host'
  const named = [...text.matchAll(new RegExp(`\`((?:${folders})/\\w+\\.[ch])\``, 'g'))].map(([, file = '']) => file)
  expect(named.filter((file) => !existsSync(join(ROOT, 'native/core', file)))).toEqual([])
})

test('documents give struct page its true size', () => {
  const size = /sizeof\(struct page\) == (\d+)/.exec(readFileSync(join(ROOT, 'native/core/host/types.h'), 'utf8'))?.[1]
  const sizes = documents.flatMap((document) => {
    const text = readFileSync(join(ROOT, document), 'utf8').replaceAll('\n', ' ')
    return [...text.matchAll(/`struct page` (?:of|has) (\d+)|(\d+) bytes of `struct page`/g)]
  })
  expect(sizes.length).toBeGreaterThan(1)
  expect(sizes.filter(([, one, other]) => (one ?? other) !== size)).toEqual([])
})

/** Compares in a way that shows a readable difference of the texts. */
function expectShown(shown: string | undefined, text: string): void {
  if (shown !== undefined && !shows(shown, text)) expect(text).toBe(shown)
}

/** Compiles blocks as if they were files of this package, into `compiled`. Returns the compiler's messages. */
function compile(blocks: readonly Block[], compiled: Map<string, string>): string[] {
  const files = new Map(blocks.map((block, i) => [join(ROOT, `example-${i}.ts`), block]))
  const options: ts.CompilerOptions = {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.Node16,
    moduleDetection: ts.ModuleDetectionKind.Force,
    types: ['node'],
    skipLibCheck: true,
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile } = host
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.readFile = (name) => files.get(name)?.code ?? readFile(name)
  const program = ts.createProgram([...files.keys()], options, host)
  program.emit(undefined, (name, text) => {
    const block = files.get(name.replace(/\.js$/, '.ts'))
    if (block) compiled.set(block.place, text)
  })
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const { file, start = 0, messageText } = diagnostic
    const line = file?.getLineAndCharacterOfPosition(start).line ?? 0
    const place = files.get(file?.fileName ?? '')?.place ?? file?.fileName
    return `${place}, line ${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}
