// SPDX-License-Identifier: GPL-2.0-only
//
// A script as a part of a link: deflated, in base64url. A link comes from anywhere, so that what it unpacks to is bounded.

/** Letters of the longest script. */
export const MOST_SCRIPT = 64 * 1024

export async function pack(script: string): Promise<string> {
  const stream = new Blob([script]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer())
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** @throws Error if it is no packed script, or a longer one than allowed */
export async function unpack(packed: string): Promise<string> {
  const bytes = Uint8Array.from(atob(packed.replaceAll('-', '+').replaceAll('_', '/')), (letter) =>
    letter.charCodeAt(0),
  )
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  const reader = stream.getReader()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let script = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return script + decoder.decode()
    script += decoder.decode(value, { stream: true })
    if (script.length > MOST_SCRIPT) {
      await reader.cancel()
      throw new Error(`it is longer than ${MOST_SCRIPT} letters`)
    }
  }
}
