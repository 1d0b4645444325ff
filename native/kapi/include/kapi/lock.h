/* SPDX-License-Identifier: GPL-2.0-only */
/** @file lock.h What all locks of a driver have: their owner, and where it took them. */
#ifndef KAPI_LOCK_H
#define KAPI_LOCK_H

#include <kapi/place.h>

struct kapi_thread;

/** A lock. Memory that is only zeroed is no initialised lock. */
struct kapi_lock {
	struct kapi_thread *owner;
	const struct kapi_place *taken;
	const char *name;
	unsigned int magic;
	unsigned int depth;
};

/** The magic of an initialised lock. */
#define KAPI_LOCK_MAGIC 0x10cced5eu
/** The initial value of a lock in static memory. */
#define KAPI_LOCK_INIT(text) \
	{ \
		.name = (text), .magic = KAPI_LOCK_MAGIC \
	}

/** A lock's name. Locks that are initialised at one place of the source are one class, whatever others are called. */
#define KAPI_LOCK_NAME(text) \
	({ \
		static const char kapi_name_[] = text; \
		&kapi_name_[0]; \
	})

#endif
