/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutexes and spinlocks. Nobody ever spins: who finds a spinlock taken would do so for ever, as no thread gives way under one. */
#include "task/locks.h"

#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>

#include "log/report.h"
#include "task/faults.h"
#include "task/thread.h"

void lock_init(struct kapi_lock *lock, const char *name)
{
	*lock = (struct kapi_lock){ .name = name, .magic = KAPI_LOCK_MAGIC };
}

void lock_check_initialised(struct kapi_lock *lock, const struct kapi_place *place)
{
	if (lock->magic == KAPI_LOCK_MAGIC)
		return;
	report(KAPI_CHECK_LOCK_UNINITIALISED, place, "a lock is used that was never initialised");
	lock_init(lock, "a lock");
}

static void take(struct kapi_lock *lock, bool spins, const struct kapi_place *place)
{
	lock->owner = thread_current();
	lock->taken = place;
	held_add_tried(lock, lock->name, spins, place);
}

/* A thread that is gone may have left the lock taken; a new one may have its address. */
static bool is_owner(const struct kapi_lock *lock)
{
	return lock->owner == thread_current() && held_find(lock);
}

/* A kernel would hang. The lock counts, so that each unlock has its lock. */
static bool is_taken_twice(struct kapi_lock *lock, const struct kapi_place *place)
{
	if (!is_owner(lock))
		return false;
	report(KAPI_CHECK_LOCK_TWICE, place, "%s is taken by its owner, who has taken it at %s", lock->name,
	       place_text(lock->taken));
	lock->depth++;
	return true;
}

static bool try_take(struct kapi_lock *lock, bool spins, const struct kapi_place *place)
{
	lock_check_initialised(lock, place);
	if (fault_happens(KAPI_FAULT_TRYLOCK, place) || lock->owner)
		return false;
	take(lock, spins, place);
	return true;
}

static void give_up(struct kapi_lock *lock, const struct kapi_place *place)
{
	lock_check_initialised(lock, place);
	if (!is_owner(lock)) {
		report(KAPI_CHECK_LOCK_NOT_HELD, place, "%s is given up by a thread that does not hold it", lock->name);
		return;
	}
	if (lock->depth) {
		lock->depth--;
		return;
	}
	lock->owner = NULL;
	held_remove(lock);
}

static bool is_free(void *data)
{
	return !((struct kapi_lock *)data)->owner;
}

void kapi_mutex_init(struct mutex *mutex, const char *name)
{
	lock_init(&mutex->lock, name);
}

void kapi_mutex_lock(struct mutex *mutex, const struct kapi_place *place)
{
	lock_check_initialised(&mutex->lock, place);
	kapi_might_sleep(place);
	if (is_taken_twice(&mutex->lock, place))
		return;
	thread_wait(is_free, &mutex->lock, mutex->lock.name, place);
	held_note_order(mutex->lock.name, place);
	take(&mutex->lock, false, place);
}

bool kapi_mutex_trylock(struct mutex *mutex, const struct kapi_place *place)
{
	return try_take(&mutex->lock, false, place);
}

void kapi_mutex_unlock(struct mutex *mutex, const struct kapi_place *place)
{
	give_up(&mutex->lock, place);
}

bool mutex_is_locked(const struct mutex *mutex)
{
	return mutex->lock.owner;
}

void kapi_spin_lock_init(spinlock_t *spinlock, const char *name)
{
	lock_init(&spinlock->lock, name);
}

void kapi_spin_lock(spinlock_t *spinlock, const struct kapi_place *place)
{
	lock_check_initialised(&spinlock->lock, place);
	if (is_taken_twice(&spinlock->lock, place))
		return;
	thread_wait(is_free, &spinlock->lock, spinlock->lock.name, place);
	held_note_order(spinlock->lock.name, place);
	take(&spinlock->lock, true, place);
}

bool kapi_spin_trylock(spinlock_t *spinlock, const struct kapi_place *place)
{
	return try_take(&spinlock->lock, true, place);
}

void kapi_spin_unlock(spinlock_t *spinlock, const struct kapi_place *place)
{
	give_up(&spinlock->lock, place);
}
