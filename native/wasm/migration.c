/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Migrations. JavaScript makes a migration, fills in its arrays, begins it, drives it and frees it. JavaScript keeps
 * the list of migrations under way, and copies src, dst and why in and out at each switch between core and driver.
 */
#include <errno.h>
#include <stdlib.h>

#include "driver.h"
#include "instance.h"

struct migration {
	struct hmmu_migration *context;
	uint32_t id;    /* its number in JavaScript */
	int target;     /* of the built-in driver; CALLBACK, NOBODY */
	bool abandoned; /* callbacks fail from now on, which undoes the migration */
	struct hmmu_builtin builtin;
	uint64_t pages;
	uint32_t indexes; /* that the built-in driver skips or fails */
	uint64_t words[]; /* these indexes; src and dst, pages words each; why, pages bytes */
};

/* Who is the driver, where it is not the built-in one: the callback, or nobody. Then dst is written between the calls. */
enum { CALLBACK = -1, NOBODY = -2 };

static int run_callback(struct hmmu_migration *context, struct migration *migration, uint32_t which)
{
	if (migration->abandoned)
		return -ECANCELED;
	if (migration->target == CALLBACK)
		return host.migration(migration->id, which);
	return which ? 0 : hmmu_builtin_ops.alloc_and_copy(context, &migration->builtin);
}

static int alloc_and_copy(struct hmmu_migration *context, void *data)
{
	return run_callback(context, data, 0);
}

static int finalize_and_map(struct hmmu_migration *context, void *data)
{
	return run_callback(context, data, 1);
}

/* Memory for a migration of a number of pages. The built-in driver has a target, and lists of
 * indexes to skip and to fail. Returns 0 if there is no memory. */
EXPORT(migrationMake)
struct migration *wasm_migration_make(uint32_t id, uint32_t pages, int target, uint32_t device, uint32_t skip_count,
				      uint32_t error_count)
{
	uint64_t indexes = (uint64_t)skip_count + error_count;
	uint64_t bytes = sizeof(struct migration) + (indexes + 2ull * pages) * sizeof(uint64_t) + pages;
	struct migration *migration = bytes > SIZE_MAX ? NULL : calloc(1, (size_t)bytes);

	if (!migration)
		return NULL;
	migration->id = id;
	migration->pages = pages;
	migration->target = target;
	migration->builtin.to = (uint32_t)target;
	migration->builtin.device = device;
	migration->builtin.skip_count = skip_count;
	migration->builtin.skip = migration->words;
	migration->builtin.error_count = error_count;
	migration->builtin.error = migration->words + skip_count;
	migration->indexes = (uint32_t)indexes;
	return migration;
}

EXPORT(migrationFree) void wasm_migration_free(struct migration *migration)
{
	free(migration);
}

/* The address of src; dst and why follow it without a gap. */
EXPORT(migrationWords) uint64_t *wasm_migration_words(struct migration *migration)
{
	return migration->words + migration->indexes;
}

/* Sets one index of those to skip and, behind them, to fail. */
EXPORT(migrationSetIndex) void wasm_migration_set_index(struct migration *migration, uint32_t i, double index)
{
	migration->words[i] = whole(index);
}

static const struct hmmu_migrate_ops *ops_of(const struct migration *migration)
{
	static const struct hmmu_migrate_ops ops = { alloc_and_copy, finalize_and_map };

	return migration->target == NOBODY ? NULL : &ops;
}

EXPORT(migrationBegin)
int wasm_migration_begin(struct migration *migration, uint32_t tid, double start, double end, uint32_t flags,
			 uint32_t fault_page, double owner)
{
	uint64_t *src = wasm_migration_words(migration);
	const struct hmmu_migrate_request request = {
		.tid = tid,
		.start = whole(start),
		.end = whole(end),
		.src = src,
		.dst = src + migration->pages,
		.why = (uint8_t *)(src + 2 * migration->pages),
		.ops = ops_of(migration),
		.data = migration,
		.flags = flags,
		.fault_page = fault_page,
		.owner = whole(owner),
	};

	return hmmu_migrate_begin(instance.machine, &request, &migration->context);
}

EXPORT(migrationDeviceBegin)
int wasm_migration_device_begin(struct migration *migration, uint32_t first, uint32_t pages)
{
	uint64_t *src = wasm_migration_words(migration);
	const struct hmmu_device_range range = {
		.first = first,
		.pages = pages,
		.src = src,
		.dst = src + migration->pages,
		.why = (uint8_t *)(src + 2 * migration->pages),
		.ops = ops_of(migration),
		.data = migration,
	};

	return hmmu_migrate_device_begin(instance.machine, &range, &migration->context);
}

/* The migrations that were under way in the machine of which this one is a copy; how many there are. */
EXPORT(migrations) int wasm_migrations(struct hmmu_migration **out, uint32_t capacity)
{
	return hmmu_migrations(instance.machine, out, capacity);
}

/* Tells tid, start, end, whether there are operations. */
EXPORT(migrationRequest) void wasm_migration_request(const struct hmmu_migration *context)
{
	struct hmmu_migrate_request request;

	hmmu_migration_request(context, &request);
	instance.told[0] = request.tid;
	instance.told[1] = (double)request.start;
	instance.told[2] = (double)request.end;
	instance.told[3] = request.ops != NULL;
}

/* One of them gets the arrays and the driver of a struct. */
EXPORT(migrationAdopt) int wasm_migration_adopt(struct migration *migration, struct hmmu_migration *context)
{
	uint64_t *src = wasm_migration_words(migration);
	struct hmmu_migrate_request request;
	int err;

	hmmu_migration_request(context, &request);
	request.src = src;
	request.dst = src + migration->pages;
	request.why = request.why ? (uint8_t *)(src + 2 * migration->pages) : NULL;
	request.ops = ops_of(migration);
	request.data = migration;
	err = hmmu_migrate_adopt(context, &request);
	if (!err)
		migration->context = context;
	return err;
}

EXPORT(migrationStep) int wasm_migration_step(struct migration *migration)
{
	return hmmu_migrate_step(migration->context);
}

EXPORT(migrationRun) int wasm_migration_run(struct migration *migration, uint32_t stage)
{
	return hmmu_migrate_run(migration->context, stage);
}

EXPORT(migrationPages) int wasm_migration_pages(struct migration *migration)
{
	return hmmu_migrate_vma_pages(migration->context);
}

/* Tells whether the migration is over: it is not if this was called too early. */
EXPORT(migrationFinalize) int wasm_migration_finalize(struct migration *migration)
{
	int result = hmmu_migrate_vma_finalize(migration->context);

	instance.told[0] = result >= 0 || hmmu_error(instance.machine)->code != HMMU_ERR_ORDER;
	return result;
}

/* Finishes a migration. An abandoned migration finishes without calling its driver. */
EXPORT(migrationEnd) int wasm_migration_end(struct migration *migration, bool abandon)
{
	migration->abandoned = abandon;
	return hmmu_migrate_end(migration->context);
}

/* Tells stage, position, npages, cpages, callbacks_ran, out_of_bounds. */
EXPORT(migrationState) void wasm_migration_state(const struct migration *migration)
{
	struct hmmu_migration_state state;

	hmmu_migrate_state(migration->context, &state);
	instance.told[0] = state.stage;
	instance.told[1] = (double)state.position;
	instance.told[2] = (double)state.npages;
	instance.told[3] = (double)state.cpages;
	instance.told[4] = state.callbacks_ran;
	instance.told[5] = state.out_of_bounds;
}
