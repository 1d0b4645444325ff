// SPDX-License-Identifier: GPL-2.0-only

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request, type Server } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { isOwn, servePage, takesBrotli } from '../../lib/cli/page-server'
import { hmmu } from './command'

const LARGE = '// words\n'.repeat(1e5)
const folder = mkdtempSync(join(tmpdir(), 'hmmu-view-'))
let server: Server
let port = 0
let given = 'A map buf anon 1\n'

beforeAll(async () => {
  mkdirSync(join(folder, 'site/assets'), { recursive: true })
  writeFileSync(join(folder, 'site/index.html'), '<!doctype html>')
  writeFileSync(join(folder, 'site/assets/a.js'), 'export {}')
  writeFileSync(join(folder, 'site/assets/gone.js'), 'export {}')
  writeFileSync(join(folder, 'site/assets/large.js'), LARGE)
  writeFileSync(join(folder, 'secret'), 'not yours')
  port = await new Promise((resolve) => {
    const file = {
      name: 'my drill.drill',
      read: () => {
        if (given === '') throw new Error('the file is gone')
        return given
      },
    }
    server = servePage(join(folder, 'site'), file, 0, resolve)
  })
})

afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

/** The answer to a request. The path is sent as it is. */
const ask = (
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<IncomingMessage & { body: string }> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        body += text
      })
      response.on('end', () => resolve(Object.assign(response, { body })))
    })
    sent.on('error', reject)
    sent.end()
  })

/** An answer, as its bytes came. */
const fetchRaw = (path: string, encoding: string | undefined): Promise<IncomingMessage & { body: Buffer }> =>
  new Promise((resolve, reject) => {
    const headers = encoding === undefined ? {} : { 'accept-encoding': encoding }
    const sent = request({ host: '127.0.0.1', port, path, headers }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => resolve(Object.assign(response, { body: Buffer.concat(parts) })))
    })
    sent.on('error', reject)
    sent.end()
  })

describe('the server of the page', () => {
  test('serves the files of the page with their types', async () => {
    const page = await ask('/?x#y')
    expect([page.statusCode, page.body, page.headers['content-type']]).toEqual([
      200,
      '<!doctype html>',
      'text/html; charset=utf-8',
    ])
    expect(page.headers['content-security-policy']).toMatch(/default-src 'self'.*frame-ancestors 'none'/)
    const script = await ask('/assets/a.js')
    expect([script.statusCode, script.body, script.headers['content-type']]).toEqual([
      200,
      'export {}',
      'text/javascript; charset=utf-8',
    ])
  })

  test('serves the given file by its name, as it is now', async () => {
    expect((await ask('/given/my%20drill.drill')).body).toBe('A map buf anon 1\n')
    given = 'A map buf anon 2\n'
    expect((await ask('/given/my%20drill.drill')).body).toBe('A map buf anon 2\n')
    given = ''
    const gone = await ask('/given/my%20drill.drill')
    expect([gone.statusCode, gone.body]).toEqual([500, 'the file is gone\n'])
  })

  test.each([
    '/../secret',
    '/assets/../../secret',
    '/%2e%2e/secret',
    '/..%2fsecret',
    '//secret',
    '/given/../secret',
    '/given/secret',
    '/given/',
    '/assets',
    `${'/a'.repeat(4000)}`,
  ])('serves nothing else: %.30s', async (path) => {
    const { statusCode, body } = await ask(path)
    expect([statusCode, body]).toEqual([404, 'no such file\n'])
  })

  test('has no other name, so that no site can let its name point here', async () => {
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1',
      '127.0.0.1:1',
      `127.0.0.1.evil.example:${port}`,
    ]) {
      expect((await ask('/', { host })).statusCode).toBe(421)
    }
    expect((await ask('/', { host: `localhost:${port}` })).statusCode).toBe(200)
  })

  test('on port 80 the port need not be named', () => {
    expect(['127.0.0.1', 'localhost', 'localhost:80', '127.0.0.1:80'].every((host) => isOwn(host, 80))).toBe(true)
    const others = ['localhost:8080', 'localhost.', 'LOCALHOST.evil', '[::1]', '0.0.0.0', '', undefined]
    expect(others.some((host) => isOwn(host, 80))).toBe(false)
  })

  test('a file of the page that has gone is not there, and the server goes on', async () => {
    rmSync(join(folder, 'site/assets/gone.js'))
    const { statusCode, body } = await ask('/assets/gone.js')
    expect([statusCode, body]).toEqual([404, 'no such file\n'])
    expect((await ask('/')).statusCode).toBe(200)
  })

  test('pages run no scripts but those of the page, and reach nothing else', async () => {
    const policy = `${(await ask('/')).headers['content-security-policy']}`.split('; ')
    expect(policy).toEqual([
      "default-src 'self'",
      "script-src 'self' 'wasm-unsafe-eval'",
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
    expect((await ask('/nothing')).headers['content-security-policy']).toBe(policy.join('; '))
  })

  test('only answers to reading', async () => {
    expect((await ask('/', {}, 'POST')).statusCode).toBe(405)
    expect((await ask('/', {}, 'DELETE')).statusCode).toBe(405)
    const head = await ask('/', {}, 'HEAD')
    expect([head.statusCode, head.body]).toEqual([200, ''])
  })

  test('compresses with brotli for those who take it', async () => {
    for (const encoding of [undefined, 'br', 'gzip, br;q=0.5', 'gzip', 'br;q=0']) {
      const answer = await fetchRaw('/assets/large.js', encoding)
      const packed = takesBrotli(encoding)
      expect(answer.headers).toMatchObject({ vary: 'Accept-Encoding', 'content-length': `${answer.body.length}` })
      expect(answer.headers['content-encoding']).toBe(packed ? 'br' : undefined)
      expect(`${packed ? brotliDecompressSync(answer.body) : answer.body}` === LARGE).toBe(true)
      if (packed) expect(answer.body.length).toBeLessThan(1000)
    }
    expect((await fetchRaw('/nothing', 'br')).headers['content-encoding']).toBeUndefined()
  })

  test.each([
    ['br', true],
    ['gzip, deflate, br, zstd', true],
    ['BR;q=1.0', true],
    ['br; q=0.05', true],
    ['br;q=0.000', false],
    ['brotli', false],
    ['*', false],
    ['', false],
    [undefined, false],
  ])('Accept-Encoding %s allows brotli: %s', (accepted, allowed) => {
    expect(takesBrotli(accepted)).toBe(allowed)
  })

  test('answers that nobody reads take no memory of their own', async () => {
    const text = `GET /assets/large.js HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`
    expect((await ask('/assets/large.js')).body.length).toBe(LARGE.length)
    const before = process.memoryUsage().arrayBuffers
    const sockets = Array.from({ length: 20 }, () => connect(port, '127.0.0.1').pause())
    for (const socket of sockets) socket.write(text.repeat(20))
    for (const _ of sockets) await ask('/')
    const used = process.memoryUsage().arrayBuffers - before
    for (const socket of sockets) socket.destroy()
    expect(used).toBeLessThan(20 * 20 * LARGE.length * 0.1)
  })

  test('has bounds for connections and for the requests of each', () => {
    expect(server.maxConnections).toBe(64)
    expect(server.maxRequestsPerSocket).toBe(256)
  })

  test('is on 127.0.0.1 alone', () => {
    expect(server.address()).toMatchObject({ address: '127.0.0.1', family: 'IPv4' })
  })
})

test('hmmu view says what is wrong with its arguments', () => {
  expect(hmmu('view', 'none.json')).toMatchObject({ status: 2, stdout: '' })
  for (const port of ['65536', '-1', 'x', '1e3']) {
    const run = hmmu('view', '--port', port)
    expect([run.status, run.stdout]).toEqual([2, ''])
    expect(run.stderr).toMatch(/^error: .*a port is a number from 0 to 65535/)
  }
})

describe('hmmu view FILE ends at once with one line', () => {
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const record = (rest: object) => JSON.stringify({ format: 'hmmu-record', ...rest })

  test.each([
    ['a folder', 2, () => folder, /is a folder; a regular file is needed/],
    ['bytes that are no text', 2, () => file('binary.drill', Buffer.from([0x41, 0xc3, 0x28])), /is not UTF-8 text/],
    ['a huge file', 2, () => file('huge.drill', Buffer.alloc(2 ** 24 + 1, '#')), /is a file of more than 16 MiB/],
    ['no JSON', 2, () => file('no.json', '{'), /no\.json: it is no JSON/],
    ['no record', 2, () => file('other.json', '{}'), /other\.json: it is no record/],
    ['another version', 2, () => file('new.json', record({ version: 2 })), /it has version 2/],
    ['a record of nothing', 2, () => file('empty.json', record({ version: 1, recordings: [] })), /empty\.json: /],
  ] as const)('%s', (_, status, make, message) => {
    const run = hmmu('view', make())
    expect([run.status, run.stdout]).toEqual([status, ''])
    expect(run.stderr).toMatch(message)
    expect(run.stderr.trimEnd().split('\n')).toHaveLength(1)
  })
})
