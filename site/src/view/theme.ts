// SPDX-License-Identifier: GPL-2.0-only

import type { Theme } from './hash'

const system = (): Theme => (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')

export const otherTheme = (theme: Theme | undefined): Theme => ((theme ?? system()) === 'dark' ? 'light' : 'dark')

/** Without a theme, style sheets ask the system. */
export function showTheme(theme: Theme | undefined): void {
  if (theme) document.documentElement.dataset.theme = theme
  else delete document.documentElement.dataset.theme
}
