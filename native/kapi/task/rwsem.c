/* SPDX-License-Identifier: GPL-2.0-only */
/* Locks for many readers or one writer. */
#include <linux/kernel.h>
#include <linux/rwsem.h>

#include "log/report.h"
#include "task/faults.h"
#include "task/locks.h"
#include "task/thread.h"

void kapi_rwsem_init(struct rw_semaphore *semaphore, const char *name)
{
	lock_init(&semaphore->lock, name);
	semaphore->readers = 0;
}

/* A second reader of one thread waits for itself if a writer waits in between. The lock counts, so that each up has its down. */
static void check_begin(struct rw_semaphore *semaphore, const struct kapi_place *place)
{
	const struct held_lock *held;

	lock_check_initialised(&semaphore->lock, place);
	kapi_might_sleep(place);
	held = held_find(semaphore);
	if (held)
		report(KAPI_CHECK_LOCK_TWICE, place, "%s is taken by a thread that has taken it at %s",
		       semaphore->lock.name, place_text(held->place));
}

static bool may_read(void *data)
{
	const struct rw_semaphore *semaphore = data;

	return !semaphore->lock.owner || semaphore->lock.owner == thread_current();
}

static bool may_write(void *data)
{
	const struct rw_semaphore *semaphore = data;

	return !semaphore->lock.owner && !semaphore->readers;
}

static void read(struct rw_semaphore *semaphore, const struct kapi_place *place)
{
	semaphore->readers++;
	held_add_tried(semaphore, semaphore->lock.name, false, place);
}

static void write(struct rw_semaphore *semaphore, const struct kapi_place *place)
{
	semaphore->lock.owner = thread_current();
	semaphore->lock.taken = place;
	held_add_tried(semaphore, semaphore->lock.name, false, place);
}

void kapi_down_read(struct rw_semaphore *semaphore, const struct kapi_place *place)
{
	check_begin(semaphore, place);
	if (!held_find(semaphore))
		thread_wait(may_read, semaphore, semaphore->lock.name, place);
	held_note_order(semaphore->lock.name, place);
	read(semaphore, place);
}

bool kapi_down_read_trylock(struct rw_semaphore *semaphore, const struct kapi_place *place)
{
	lock_check_initialised(&semaphore->lock, place);
	if (fault_happens(KAPI_FAULT_TRYLOCK, place) || semaphore->lock.owner)
		return false;
	read(semaphore, place);
	return true;
}

static bool take_back(struct rw_semaphore *semaphore, const char *call, bool is_held, const struct kapi_place *place)
{
	lock_check_initialised(&semaphore->lock, place);
	if (is_held && held_remove(semaphore))
		return true;
	report(KAPI_CHECK_LOCK_NOT_HELD, place, "%s() of %s by a thread that does not hold it so", call,
	       semaphore->lock.name);
	return false;
}

void kapi_up_read(struct rw_semaphore *semaphore, const struct kapi_place *place)
{
	if (take_back(semaphore, "up_read", semaphore->readers, place))
		semaphore->readers--;
}

/* Who has it already would wait for itself. */
void kapi_down_write(struct rw_semaphore *semaphore, const struct kapi_place *place)
{
	check_begin(semaphore, place);
	if (!held_find(semaphore))
		thread_wait(may_write, semaphore, semaphore->lock.name, place);
	held_note_order(semaphore->lock.name, place);
	if (semaphore->lock.owner == thread_current())
		semaphore->lock.depth++;
	write(semaphore, place);
}

bool kapi_down_write_trylock(struct rw_semaphore *semaphore, const struct kapi_place *place)
{
	lock_check_initialised(&semaphore->lock, place);
	if (fault_happens(KAPI_FAULT_TRYLOCK, place) || !may_write(semaphore))
		return false;
	write(semaphore, place);
	return true;
}

void kapi_up_write(struct rw_semaphore *semaphore, const struct kapi_place *place)
{
	if (!take_back(semaphore, "up_write", semaphore->lock.owner == thread_current(), place))
		return;
	if (semaphore->lock.depth)
		semaphore->lock.depth--;
	else
		semaphore->lock.owner = NULL;
}

void kapi_downgrade_write(struct rw_semaphore *semaphore, const struct kapi_place *place)
{
	if (semaphore->lock.owner != thread_current()) {
		report(KAPI_CHECK_LOCK_NOT_HELD, place, "downgrade_write() of %s by a thread that is not its writer",
		       semaphore->lock.name);
		return;
	}
	semaphore->lock.owner = NULL;
	semaphore->readers++;
}
