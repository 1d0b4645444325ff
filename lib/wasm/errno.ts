// SPDX-License-Identifier: GPL-2.0-only
//
// Errnos of Linux, which the core has on all hosts.

export const ENOEXEC = 8
export const EBADF = 9
export const ENOMEM = 12
export const EFAULT = 14
export const EBUSY = 16
export const EINVAL = 22
export const ECANCELED = 125
