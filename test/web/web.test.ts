// SPDX-License-Identifier: GPL-2.0-only
//
// hmmu/web: no module of it needs Node; the built file does the same in Node, in a page and in a worker.

import { execFileSync } from 'node:child_process'
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { graphOf, importsOf, isBuiltin } from './graph'

const ROOT = join(__dirname, '../..')
const BUILT = join(ROOT, 'dist/web/hmmu.mjs')
const CHROMIUM = '/usr/bin/chromium'

test('no module needs Node, or another package', () => {
  const { files, foreign } = graphOf(join(ROOT, 'lib/web/index.mts'))
  expect(files.length).toBeGreaterThan(40)
  expect(foreign.filter(isBuiltin)).toEqual([])
  // It needs no Node either; the built file has it inside.
  expect(foreign).toEqual(['fastest-levenshtein'])
  expect(importsOf(BUILT)).toEqual([])
})

test('a module that needs Node would be found', () => {
  const { foreign } = graphOf(join(ROOT, 'lib/index.ts'))
  expect(foreign.filter(isBuiltin)).toContain('node:fs')
})

test('the file is built: npm run build:wasm, npm run build:web', () => {
  expect([existsSync(BUILT), existsSync(join(ROOT, 'dist/hmmu.wasm'))]).toEqual([true, true])
})

/** What the program sees with the Node entry. */
function expected(): Record<string, unknown> {
  const script = `
    import * as hmmu from ${JSON.stringify(join(ROOT, 'dist/index.mjs'))}
    import drills from ${JSON.stringify(join(ROOT, 'dist/drill/index.js'))}
    import { program } from ${JSON.stringify(join(__dirname, 'program.mjs'))}
    console.log(JSON.stringify(program({ ...hmmu, ...drills })))`
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }))
}

test('the program that README shows runs', () => {
  const [, program] = /```js\n(import \{ load, .*?)```/s.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))!
  const script = program!
    .replace("'hmmu/web'", JSON.stringify(BUILT))
    .replace('await load()', "await load(await (await import('node:fs/promises')).readFile('dist/hmmu.wasm'))")
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT, encoding: 'utf8' })
  expect(output).toMatch(/^\[\]\nA map buf anon 1\n.*\[0\] dev /s)
})

test('in Node without anything that Node has more than an engine', () => {
  const script = `
    const bytes = await (await import('node:fs/promises')).readFile(${JSON.stringify(join(ROOT, 'dist/hmmu.wasm'))})
    const print = process.stdout.write.bind(process.stdout)
    for (const name of ['Buffer', 'process', 'global', 'setImmediate']) delete globalThis[name]
    const { load, ...hmmu } = await import(${JSON.stringify(BUILT)})
    const { program } = await import(${JSON.stringify(join(__dirname, 'program.mjs'))})
    let early
    try { new hmmu.Machine() } catch (error) { early = error.code }
    await load(new Uint8Array(bytes))
    await load()
    print(JSON.stringify({ early, ...program(hmmu) }))`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  expect(JSON.parse(output)).toEqual({ early: 'HMMU_NO_ADDON', ...expected() })
})

test('a module that is none, and then the right one', () => {
  const script = `
    const { load, Machine } = await import(${JSON.stringify(BUILT)})
    const said = await load(Uint8Array.of(1, 2, 3)).catch((error) => error.code + ' ' + error.message)
    const { readFileSync } = await import('node:fs')
    await load(new WebAssembly.Module(readFileSync(${JSON.stringify(join(ROOT, 'dist/hmmu.wasm'))})))
    console.log(said, new Machine().profile)`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  expect(output).toMatch(/^HMMU_NO_ADDON the WebAssembly module can't be loaded: .* linux-4\.14\n$/s)
})

describe('in Chromium', () => {
  let server: Server
  let browser: Browser
  let origin: string

  beforeAll(async () => {
    server = createServer(serve)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    server?.close()
  })

  test('in a page and in a worker', async () => {
    const page = await browser.newPage()
    await page.goto(`${origin}/empty.html`)
    const inPage = await page.evaluate(runHere)
    const inWorker = await page.evaluate(runInWorker)
    const wanted = expected()
    expect(inPage).toEqual(wanted)
    expect(inWorker).toEqual(wanted)
  }, 60_000)
})

/** Runs in the page. A string, as this file's compiler would change an import(). */
const runHere = `(async () => {
  const { load, ...hmmu } = await import('/dist/web/hmmu.mjs')
  const { program } = await import('/test/web/program.mjs')
  await load()
  return program(hmmu)
})()`

const runInWorker = `new Promise((resolve, reject) => {
  const source = "import * as hmmu from '" + location.origin + "/dist/web/hmmu.mjs'\\n" +
    "import { program } from '" + location.origin + "/test/web/program.mjs'\\n" +
    "await hmmu.load()\\npostMessage(program(hmmu))"
  const worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })), { type: 'module' })
  worker.onmessage = ({ data }) => resolve(data)
  worker.onerror = ({ message }) => reject(new Error(message))
})`

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
}

/** Serves the two files that the tests need, and the module. */
function serve(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse): void {
  const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
  const type = TYPES[extname(path)]
  const isEmpty = path === '/empty.html'
  const isOurs = path.startsWith('/dist/') || path === '/test/web/program.mjs'
  if (type === undefined || !(isEmpty || (isOurs && existsSync(join(ROOT, path))))) {
    response.writeHead(404).end()
    return
  }
  response.writeHead(200, { 'content-type': type })
  if (isEmpty) response.end('<!doctype html><title>empty</title>')
  else createReadStream(join(ROOT, path)).pipe(response)
}

test('what is described is there', () => {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const files = Object.values(exports['./web']).flatMap((each) => Object.values(each as object))
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
  expect(files).toContain('./dist/web/hmmu.mjs')
})
