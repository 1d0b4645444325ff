// SPDX-License-Identifier: GPL-2.0-only
//
// Text from elsewhere in messages. A drill, a file's name or an argument may hold anything: control characters could drive the
// reader's terminal, and a line may have megabytes.

/** Control characters, and others that show nothing or change the direction of the text around them. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
/** The same without the line feed. */
const HIDDEN_IN_LINES = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Most characters of a quotation. */
const MOST_QUOTED = 100

function escaped(sign: string): string {
  return SHORT[sign] ?? `\\u{${sign.codePointAt(0)?.toString(16)}}`
}

/** The text with hidden characters as escapes, so that it is one line. */
export function visible(text: string): string {
  return text.replace(HIDDEN, escaped)
}

/** As {@link visible}, but lines stay lines. */
export function visibleLines(text: string): string {
  return text.replace(HIDDEN_IN_LINES, escaped)
}

/** JSON in lines. JSON itself allows hidden characters above U+001F in strings; here they are escapes. */
export function visibleJson(value: unknown, indent: number): string {
  const units = (sign: string) =>
    Array.from({ length: sign.length }, (_, i) => `\\u${sign.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')
  return JSON.stringify(value, null, indent).replace(HIDDEN_IN_LINES, units)
}

/** Whether a text has a hidden character. */
export function hasHidden(text: string): boolean {
  return text.search(HIDDEN) >= 0
}

/** The beginning of a text, visible, with an ellipsis if that is not all of it. */
export function excerpt(text: string, most = MOST_QUOTED): string {
  return text.length <= most ? visible(text) : `${visible(text.slice(0, most))}…`
}
