/* SPDX-License-Identifier: GPL-2.0-only */
/* Callbacks in the middle of a call: page_free() and the notifier. They run under locks, so they can't enter the kernel. */
#include <errno.h>

#include "fuzz.h"

void check_refused(struct world *w)
{
	uint64_t address = w->regions[0].address;
	uint8_t byte;
	size_t size;

	if (hmmu_snapshot(w->m, NULL, 0, &size) != -EBUSY)
		broken(w, "a callback under locks takes a snapshot");
	if (hmmu_destroy(w->m) != -EBUSY)
		broken(w, "a callback under locks destroys the machine");
	if (!hmmu_load(w->m, w->tids[0], address, &byte, 1, NULL))
		broken(w, "a callback under locks loads");
	if (!hmmu_munmap(w->m, w->tids[0], address, HMMU_PAGE_SIZE))
		broken(w, "a callback under locks unmaps");
	if (!hmmu_exit(w->m, w->pids[0]))
		broken(w, "a callback under locks ends a process");
	for (unsigned i = 0; i < MAX_MIGRATIONS; i++)
		if (w->migrations[i].handle && hmmu_migrate_step(w->migrations[i].handle) != -EBUSY)
			broken(w, "a callback under locks goes on with a migration");
}

static void notified(struct hmmu *m, const struct hmmu_event *event, void *data)
{
	struct world *w = data;
	struct hmmu_entry entry;

	trace(w, "// notifier(%u, %u, %u, %#llx, %#llx)\n", event->pid, event->type, event->kind,
	      (unsigned long long)event->a, (unsigned long long)event->b);
	if (event->a > event->b)
		broken(w, "a notifier hears of a range that ends at %#llx, before %#llx", (unsigned long long)event->b,
		       (unsigned long long)event->a);
	hmmu_dump(m, event->pid, event->a, 1, &entry);
	check_refused(w);
}

void set_notifier(struct world *w)
{
	if (hmmu_set_notifier(w->m, notified, w))
		broken(w, "the notifier is refused");
}
