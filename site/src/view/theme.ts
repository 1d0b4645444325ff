// SPDX-License-Identifier: GPL-2.0-only

import { useEffect, useState } from 'preact/hooks'
import type { Theme } from './hash'

const system = (): Theme => (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')

export const otherTheme = (theme: Theme | undefined): Theme => ((theme ?? system()) === 'dark' ? 'light' : 'dark')

/** Without a theme, style sheets ask the system. */
export function showTheme(theme: Theme | undefined): void {
  if (theme) document.documentElement.dataset.theme = theme
  else delete document.documentElement.dataset.theme
}

/** Another value each time the colours change: for what is drawn on a canvas. */
export function useThemeChange(): number {
  const [changes, setChanges] = useState(0)
  useEffect(() => {
    const change = (): void => setChanges((count) => count + 1)
    const observer = new MutationObserver(change)
    observer.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    const media = matchMedia('(prefers-color-scheme: dark)')
    media.addEventListener('change', change)
    return () => {
      observer.disconnect()
      media.removeEventListener('change', change)
    }
  }, [])
  return changes
}
