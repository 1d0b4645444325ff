/* SPDX-License-Identifier: GPL-2.0-only */
#include "task/active.h"

#include <linux/kernel.h>
#include <linux/list.h>

#include "host/host.h"
#include "log/report.h"
#include "task/thread.h"

/** An object, and who uses it. */
struct active {
	struct list_head node;
	void *object;
	const char *what;
	const struct kapi_place *place;
	void (*forget)(void *object);
};

static LIST_HEAD(actives);

void active_add(void *object, const char *what, const struct kapi_place *place, void (*forget)(void *object))
{
	struct active *active = host_alloc(sizeof(*active));

	if (!active)
		return;
	*active = (struct active){ .object = object, .what = what, .place = place, .forget = forget };
	list_add(&active->node, &actives);
}

static void drop(struct active *active)
{
	list_del(&active->node);
	host_free(active);
}

void active_remove(const void *object)
{
	struct active *active;

	list_for_each_entry (active, &actives, node)
		if (active->object == object) {
			drop(active);
			return;
		}
}

static struct active *active_in(const void *memory, size_t size)
{
	struct active *active;

	list_for_each_entry (active, &actives, node)
		if ((const char *)active->object >= (const char *)memory &&
		    (const char *)active->object < (const char *)memory + size)
			return active;
	return NULL;
}

static void forget(struct active *active)
{
	void (*function)(void *object) = active->forget;
	void *object = active->object;

	drop(active);
	function(object);
}

void active_check_free(const void *memory, size_t size, const struct kapi_place *place)
{
	for (struct active *active = active_in(memory, size); active; active = active_in(memory, size)) {
		report(KAPI_CHECK_BAD_FREE, place, "memory is freed with %s in it, from %s", active->what,
		       place_text(active->place));
		forget(active);
	}
}

void active_check_return(void)
{
	size_t size;
	const void *stack = coroutine_stack(thread_current()->coroutine, &size);

	for (struct active *active = active_in(stack, size); active; active = active_in(stack, size)) {
		report(KAPI_CHECK_BAD_FREE, active->place, "%s from here is on the stack of a call that ends",
		       active->what);
		forget(active);
	}
}

void active_reset(void)
{
	struct active *active, *next;

	list_for_each_entry_safe (active, next, &actives, node)
		drop(active);
}
