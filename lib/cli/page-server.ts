// SPDX-License-Identifier: GPL-2.0-only
//
// Serves the page on 127.0.0.1. Requests come from any site that a browser has open, so that a host's name is checked, and
// nothing is served but the files of the page and the one that was given.

import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { extname, join } from 'node:path'

/** Something to serve besides the page. */
export interface GivenFile {
  /** The name under which the page asks for it. */
  readonly name: string
  /** Reads it anew for each request, so that a browser's reload shows a file that was changed. */
  read(): string
}

const ADDRESS = '127.0.0.1'
const GIVEN = '/given/'
const HTTP = 80

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.wasm': 'application/wasm',
}

/** Nothing from elsewhere; WebAssembly; style elements, which the editor makes. */
const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': POLICY,
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

/** Serves the files of a folder, and one more. Calls back with the port when it listens. */
export function servePage(
  folder: string,
  given: GivenFile | undefined,
  port: number,
  onReady: (port: number) => void,
): Server {
  const files = filesOf(folder)
  const server = createServer((request, response) => {
    const { status, type, body } = answer(files, given, portOf(server), request)
    response.writeHead(status, { ...HEADERS, 'Content-Type': type })
    response.end(request.method === 'HEAD' ? undefined : body)
  })
  return server.listen(port, ADDRESS, () => onReady(portOf(server)))
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Files by the path of their address. A path that is not here is not served: none ever becomes a file's name. */
function filesOf(folder: string): Map<string, string> {
  const files = new Map<string, string>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) files.set(path.slice(folder.length), path)
  }
  const index = files.get('/index.html')
  if (index !== undefined) files.set('/', index)
  return files
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string | Buffer
}

const textAnswer = (status: number, body: string): Answer => ({ status, type: 'text/plain; charset=utf-8', body })

const refusal = (status: number, reason: string): Answer => textAnswer(status, `${reason}\n`)

function answer(
  files: ReadonlyMap<string, string>,
  given: GivenFile | undefined,
  port: number,
  { headers, method, url = '/' }: IncomingMessage,
): Answer {
  if (!isOwn(headers.host, port)) return refusal(421, 'this server has another name')
  if (method !== 'GET' && method !== 'HEAD') return refusal(405, 'only GET and HEAD are allowed')
  const path = url.replace(/[?#].*$/s, '')
  if (given && path === GIVEN + encodeURIComponent(given.name)) return givenAnswer(given)
  const file = files.get(path)
  const body = file === undefined ? undefined : bodyOf(file)
  if (body === undefined) return refusal(404, 'no such file')
  return { status: 200, type: TYPES[extname(file!)] ?? 'application/octet-stream', body }
}

/** Nothing: the file has gone, as when the package is built anew or removed. */
function bodyOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch {
    return undefined
  }
}

const NAMES = [ADDRESS, 'localhost']

/** Another name in `Host` means that a site let its own name point here. Browsers leave port 80 out. */
export const isOwn = (host: string | undefined, port: number): boolean =>
  NAMES.some((name) => host === `${name}:${port}` || (port === HTTP && host === name))

function givenAnswer(given: GivenFile): Answer {
  try {
    return textAnswer(200, given.read())
  } catch (error) {
    return refusal(500, error instanceof Error ? error.message : `${error}`)
  }
}
