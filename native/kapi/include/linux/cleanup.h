/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_CLEANUP_H
#define _LINUX_CLEANUP_H

#include <kapi/place.h>
#include <linux/compiler.h>

/* A kind of guard: it takes a lock, and gives it up where its block ends. Reports name the line of the guard for both. */
#define KAPI_GUARD(kind, type, take, give) \
	struct kapi_guard_##kind { \
		type *lock; \
		const struct kapi_place *place; \
	}; \
	static inline struct kapi_guard_##kind kapi_guard_take_##kind(type *lock, const struct kapi_place *place) \
	{ \
		take(lock, place); \
		return (struct kapi_guard_##kind){ lock, place }; \
	} \
	static inline void kapi_guard_give_##kind(const struct kapi_guard_##kind *guard) \
	{ \
		give(guard->lock, guard->place); \
	}

#define KAPI_GUARD_NAME(line) KAPI_GUARD_NAME_(line)
#define KAPI_GUARD_NAME_(line) kapi_guard_at_##line
#define KAPI_GUARDS(kind) __attribute__((unused, cleanup(kapi_guard_give_##kind)))

/* To the end of the block. The lock follows in parentheses: they are those of the macro kapi_take_KIND(). */
#define guard(kind) struct kapi_guard_##kind KAPI_GUARD_NAME(__COUNTER__) KAPI_GUARDS(kind) = kapi_take_##kind
/* For the statement that follows. */
#define scoped_guard(kind, ...) \
	for (struct kapi_guard_##kind kapi_scope KAPI_GUARDS(kind) = kapi_take_##kind(__VA_ARGS__), \
						 *kapi_once = &kapi_scope; \
	     kapi_once; kapi_once = NULL)

#endif
