/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_BUILD_BUG_H
#define _LINUX_BUILD_BUG_H

#define BUILD_BUG_ON_MSG(condition, text) _Static_assert(!(condition), text)
#define BUILD_BUG_ON(condition) BUILD_BUG_ON_MSG(condition, #condition)
/** Evaluates to 0 if the condition is false. */
#define BUILD_BUG_ON_ZERO(condition) ((int)sizeof(struct { int kapi_error_ : (condition) ? -1 : 1; }) * 0)
#ifndef KAPI_RUNTIME /* The host's assert.h has it. */
#define KAPI_STATIC_ASSERT(condition, text, ...) _Static_assert(condition, text)
#define static_assert(condition, ...) KAPI_STATIC_ASSERT(condition, ##__VA_ARGS__, #condition)
#endif

#endif
