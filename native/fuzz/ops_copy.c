/* SPDX-License-Identifier: GPL-2.0-only */
/* Clones and snapshots: the program goes on with the copy, and must not notice. */
#include <errno.h>
#include <stdlib.h>

#include "fuzz.h"

static void *take_snapshot(struct world *w, size_t *size)
{
	void *bytes;

	if (hmmu_snapshot(w->m, NULL, 0, size))
		return NULL;
	bytes = aligned_alloc(8, (*size + 7) & ~(size_t)7);
	if (!bytes)
		broken(w, "no memory");
	if (hmmu_snapshot(w->m, bytes, *size - 1, size) != -ENOSPC)
		broken(w, "a snapshot fits into less than its size");
	if (hmmu_snapshot(w->m, bytes, *size, size))
		broken(w, "no snapshot: %s", hmmu_error(w->m)->text);
	return bytes;
}

/* A snapshot with a byte more or less is refused. */
static void restore_damaged(struct world *w, const struct fuzz_record *r, uint8_t *bytes, size_t size)
{
	/* Most of the numbers that have to be believed are in the beginning. */
	size_t at = (r->y & 1 ? (size_t)r->first << 8 | r->count : r->first % 6000u) % size;
	struct hmmu *copy;
	int result;

	if (r->y & 2)
		size = at;
	else
		bytes[at] ^= (uint8_t)(1u << r->region % 8);
	result = hmmu_restore(bytes, size, &copy);
	if (result != -EINVAL && result != -ENOMEM)
		broken(w, "a snapshot with byte %zu changed is restored with %d", at, result);
}

static struct hmmu *restored(struct world *w, const struct fuzz_record *r)
{
	struct hmmu *copy = NULL;
	size_t size;
	uint8_t *bytes = take_snapshot(w, &size);

	if (!bytes)
		return NULL;
	if (r->x % 3 == 2)
		restore_damaged(w, r, bytes, size);
	else if (hmmu_restore(bytes, size, &copy))
		broken(w, "a snapshot can't be restored");
	free(bytes);
	return copy;
}

static struct hmmu *cloned(struct world *w)
{
	struct hmmu *copy;

	return hmmu_clone(w->m, &copy) ? NULL : copy;
}

static struct fuzz_migration *migration_with(struct world *w, const struct hmmu_migration *handle)
{
	for (struct fuzz_migration *mig = w->migrations; mig < w->migrations + MAX_MIGRATIONS; mig++)
		if (mig->handle == handle)
			return mig;
	broken(w, "a migration that nobody has begun");
}

/* Its driver goes on with the copy, in the same arrays. */
static void adopt(struct world *w, struct hmmu *copy)
{
	struct hmmu_migration *old[MAX_MIGRATIONS], *new[MAX_MIGRATIONS];
	int count = hmmu_migrations(w->m, old, MAX_MIGRATIONS);
	struct hmmu_migrate_request request;

	if (count > MAX_MIGRATIONS || hmmu_migrations(copy, new, MAX_MIGRATIONS) != count)
		broken(w, "a copy has not the %d migrations of its original", count);
	for (int i = 0; i < count; i++) {
		hmmu_migration_request(old[i], &request);
		if (hmmu_migrate_adopt(new[i], &request))
			broken(w, "a migration of a copy is not adopted: %s", hmmu_error(copy)->text);
		migration_with(w, old[i])->handle = new[i];
	}
}

void op_copy(struct world *w, const struct fuzz_record *r)
{
	struct hmmu *copy;

	/* A machine can't go while it is in a callback. */
	if (w->no_copies || w->depth || w->nr_copies++ >= MAX_COPIES)
		return;
	trace(w, "copy %u\n", r->x % 3);
	copy = r->x % 3 == 0 ? cloned(w) : restored(w, r);
	if (!copy)
		return;
	if (hmmu_hash(copy) != hmmu_hash(w->m))
		broken(w, "a copy has another hash than its original");
	adopt(w, copy);
	hmmu_destroy(w->m);
	w->m = copy;
	set_notifier(w);
	if (r->x % 3 == 1 && w->handler.op == FUZZ_OP_FAULT_HANDLER)
		set_fault_handler(w, &w->handler);
}
