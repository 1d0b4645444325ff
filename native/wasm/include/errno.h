/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file errno.h
 * In place of wasi-libc's <errno.h>, whose numbers are those of WASI. The core returns the errors of Linux, as numbers,
 * and its callers know them by these. One that is missing here is an error of the compiler.
 */
#ifndef HMMU_WASM_ERRNO_H
#define HMMU_WASM_ERRNO_H

#define EPERM 1
#define ENOENT 2
#define ESRCH 3
#define EIO 5
#define ENOEXEC 8
#define EAGAIN 11
#define ENOMEM 12
#define EACCES 13
#define EFAULT 14
#define EBUSY 16
#define EEXIST 17
#define EINVAL 22
#define ENOSPC 28
#define EMLINK 31
#define EDEADLK 35
#define ELOOP 40
#define EOVERFLOW 75
#define EOPNOTSUPP 95
#define ECANCELED 125

#endif
