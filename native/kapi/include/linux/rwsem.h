/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_RWSEM_H
#define _LINUX_RWSEM_H

#include <kapi/lock.h>
#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/** A lock for many readers or one writer. mmap_lock is another one: linux/mmap_lock.h. */
struct rw_semaphore {
	struct kapi_lock lock; /**< the writer's */
	unsigned int readers;
};

void kapi_rwsem_init(struct rw_semaphore *semaphore, const char *name);
void kapi_down_read(struct rw_semaphore *semaphore, const struct kapi_place *place);
bool __must_check kapi_down_read_trylock(struct rw_semaphore *semaphore, const struct kapi_place *place);
void kapi_up_read(struct rw_semaphore *semaphore, const struct kapi_place *place);
void kapi_down_write(struct rw_semaphore *semaphore, const struct kapi_place *place);
bool __must_check kapi_down_write_trylock(struct rw_semaphore *semaphore, const struct kapi_place *place);
void kapi_up_write(struct rw_semaphore *semaphore, const struct kapi_place *place);
/** The writer goes on as a reader. */
void kapi_downgrade_write(struct rw_semaphore *semaphore, const struct kapi_place *place);

#define DECLARE_RWSEM(name) struct rw_semaphore name = { KAPI_LOCK_INIT(#name), 0 }
#define init_rwsem(semaphore) kapi_rwsem_init(semaphore, KAPI_LOCK_NAME(#semaphore))
#define down_read(semaphore) kapi_down_read(semaphore, KAPI_HERE)
#define down_read_trylock(semaphore) kapi_down_read_trylock(semaphore, KAPI_HERE)
#define up_read(semaphore) kapi_up_read(semaphore, KAPI_HERE)
#define down_write(semaphore) kapi_down_write(semaphore, KAPI_HERE)
#define down_write_trylock(semaphore) kapi_down_write_trylock(semaphore, KAPI_HERE)
#define up_write(semaphore) kapi_up_write(semaphore, KAPI_HERE)
#define downgrade_write(semaphore) kapi_downgrade_write(semaphore, KAPI_HERE)
/* No signals are emulated. */
#define down_read_killable(semaphore) (down_read(semaphore), 0)
#define down_read_interruptible(semaphore) (down_read(semaphore), 0)
#define down_write_killable(semaphore) (down_write(semaphore), 0)

KAPI_GUARD(rwsem_read, struct rw_semaphore, kapi_down_read, kapi_up_read)
KAPI_GUARD(rwsem_write, struct rw_semaphore, kapi_down_write, kapi_up_write)
#define kapi_take_rwsem_read(semaphore) kapi_guard_take_rwsem_read(semaphore, KAPI_HERE)
#define kapi_take_rwsem_write(semaphore) kapi_guard_take_rwsem_write(semaphore, KAPI_HERE)

static inline bool rwsem_is_locked(const struct rw_semaphore *semaphore)
{
	return semaphore->lock.owner || semaphore->readers;
}

#endif
