// SPDX-License-Identifier: GPL-2.0-only
//
// Required before anything else, it makes hmmu believe that it is on macOS.
Object.defineProperty(process, 'platform', { value: 'darwin' })
Object.defineProperty(process, 'arch', { value: 'arm64' })
