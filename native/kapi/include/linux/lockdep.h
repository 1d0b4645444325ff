/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_LOCKDEP_H
#define _LINUX_LOCKDEP_H

#include <kapi/place.h>
#include <linux/types.h>

/** Reports if the running thread does not hold a lock. */
void kapi_assert_held(const void *lock, const char *name, const struct kapi_place *place);
#define lockdep_assert_held(lock) kapi_assert_held(lock, #lock, KAPI_HERE)
#define lockdep_assert_held_read(lock) lockdep_assert_held(lock)
#define lockdep_assert_held_write(lock) lockdep_assert_held(lock)
#define mmap_assert_locked(mm) kapi_assert_held(mm, "mmap_lock", KAPI_HERE)
#define mmap_assert_write_locked(mm) mmap_assert_locked(mm)

#endif
