// SPDX-License-Identifier: GPL-2.0-only
//
// Serves the page on 127.0.0.1. Requests come from any site that a browser has open, so that a host's name is checked, and
// nothing is served but the files of the page and the one that was given. Bodies are kept: however many answers wait for slow
// readers, they share one copy.

import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'

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
/** A page in a browser needs six. */
const MOST_CONNECTIONS = 64
/** Then the browser connects anew. */
const MOST_REQUESTS = 256
/** Milliseconds after which a connection ends that nobody reads from. */
const MOST_SILENCE = 60_000
/** Higher qualities take seconds, for a few per cent. */
const QUALITY = 9

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
  const givenBody = given && new GivenBody(given)
  const server = createServer(async (request, response) => {
    const { status, type, body } = answer(files, givenBody, portOf(server), request)
    const packed = takesBrotli(request.headers['accept-encoding']) ? await body.packed() : undefined
    const bytes = packed ?? body.bytes
    response.writeHead(status, {
      ...HEADERS,
      'Content-Type': type,
      'Content-Length': bytes.length,
      Vary: 'Accept-Encoding',
      ...(packed && { 'Content-Encoding': 'br' }),
    })
    response.end(request.method === 'HEAD' ? undefined : bytes)
  })
  server.maxConnections = MOST_CONNECTIONS
  server.maxRequestsPerSocket = MOST_REQUESTS
  server.timeout = MOST_SILENCE
  return server.listen(port, ADDRESS, () => onReady(portOf(server)))
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const compress = promisify(brotliCompress)

/** The body of an answer. It is compressed once, when first asked for. */
class Body {
  readonly bytes: Buffer
  #packed: Promise<Buffer | undefined> | undefined

  constructor(content: string | Buffer) {
    this.bytes = Buffer.from(content)
  }

  /** Compressed with brotli; nothing if that makes it no smaller. */
  packed(): Promise<Buffer | undefined> {
    this.#packed ??= this.#pack()
    return this.#packed
  }

  async #pack(): Promise<Buffer | undefined> {
    try {
      const packed = await compress(this.bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY } })
      return packed.length < this.bytes.length ? packed : undefined
    } catch {
      return undefined
    }
  }
}

/** Whether a value of Accept-Encoding allows brotli. */
export const takesBrotli = (accepted = ''): boolean =>
  accepted.split(',').some((each) => /^\s*br\s*(;\s*q=(1|0\.\d*[1-9])[\d.]*\s*)?$/i.test(each))

/** A file of the page. */
class PageFile {
  readonly #path: string
  #body: Body | undefined

  constructor(path: string) {
    this.#path = path
  }

  get type(): string {
    return TYPES[extname(this.#path)] ?? 'application/octet-stream'
  }

  /** Nothing: the file was gone when it was first asked for, as when the package is built anew or removed. */
  body(): Body | undefined {
    try {
      this.#body ??= new Body(readFileSync(this.#path))
    } catch {}
    return this.#body
  }
}

/** The given file. What it says is kept until it says something else. */
class GivenBody {
  readonly #file: GivenFile
  #text: string | undefined
  #body = new Body('')

  constructor(file: GivenFile) {
    this.#file = file
  }

  get path(): string {
    return GIVEN + encodeURIComponent(this.#file.name)
  }

  answer(): Answer {
    try {
      const text = this.#file.read()
      if (text !== this.#text) this.#body = new Body(text)
      this.#text = text
      return { status: 200, type: TEXT, body: this.#body }
    } catch (error) {
      return refusal(500, error instanceof Error ? error.message : `${error}`)
    }
  }
}

/** Files by the path of their address. A path that is not here is not served: none ever becomes a file's name. */
function filesOf(folder: string): Map<string, PageFile> {
  const files = new Map<string, PageFile>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) files.set(path.slice(folder.length), new PageFile(path))
  }
  const index = files.get('/index.html')
  if (index !== undefined) files.set('/', index)
  return files
}

const TEXT = 'text/plain; charset=utf-8'

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: Body
}

const refusal = (status: number, reason: string): Answer => ({ status, type: TEXT, body: new Body(`${reason}\n`) })

function answer(
  files: ReadonlyMap<string, PageFile>,
  given: GivenBody | undefined,
  port: number,
  { headers, method, url = '/' }: IncomingMessage,
): Answer {
  if (!isOwn(headers.host, port)) return refusal(421, 'this server has another name')
  if (method !== 'GET' && method !== 'HEAD') return refusal(405, 'only GET and HEAD are allowed')
  const path = url.replace(/[?#].*$/s, '')
  if (given && path === given.path) return given.answer()
  const file = files.get(path)
  const body = file?.body()
  if (!file || !body) return refusal(404, 'no such file')
  return { status: 200, type: file.type, body }
}

const NAMES = [ADDRESS, 'localhost']

/** Another name in `Host` means that a site let its own name point here. Browsers leave port 80 out. */
export const isOwn = (host: string | undefined, port: number): boolean =>
  NAMES.some((name) => host === `${name}:${port}` || (port === HTTP && host === name))
