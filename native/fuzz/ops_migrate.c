/* SPDX-License-Identifier: GPL-2.0-only */
/* Migrations, whole and in steps, and the handler of device faults. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* The caller's words in dst must have no effect. */
static void prefill(struct fuzz_migration *mig, const struct fuzz_record *r)
{
	for (uint64_t i = 0; i < mig->pages; i++) {
		mig->src[i] = r->x & 2 ? ~0ull : 0;
		mig->dst[i] = r->x & 4 ? hmmu_word((uint32_t)(i + r->y), HMMU_PFN_LOCKED) : 0;
	}
}

static struct fuzz_migration prepare(struct world *w, const struct fuzz_record *r, struct hmmu_migrate_request *request)
{
	struct region range = record_range(w, r);
	struct fuzz_migration mig = { .w = w, .pages = range.pages };

	w->migrated = true;
	if (!next_record(w, &mig.driver))
		mig.driver.op = r->y;
	mig.driver.who %= FUZZ_BREACH_COUNT;
	mig.builtin.to = mig.driver.op & 1;
	mig.builtin.device = mig.driver.op & 4 && w->coherent_pages ? HMMU_DEVICE_COHERENT : HMMU_DEVICE_PRIVATE;
	mig.src = malloc(mig.pages * sizeof(*mig.src));
	mig.dst = malloc(mig.pages * sizeof(*mig.dst));
	mig.why = r->x & 8 ? NULL : malloc(mig.pages);
	if (!mig.src || !mig.dst)
		broken(w, "no memory");
	prefill(&mig, r);
	*request = (struct hmmu_migrate_request){
		.tid = record_tid(w, r),
		.start = range.address + (r->x & 16 ? r->y * 16 : 0),
		.end = range.address + range.pages * HMMU_PAGE_SIZE + (r->x & 32 ? r->y * 16 : 0),
		.src = mig.src,
		.dst = mig.dst,
		.why = mig.why,
	};
	if (w->modern) {
		request->flags = (mig.driver.op & 16 ? 0 : HMMU_SELECT_DEVICE_PRIVATE) |
				 (mig.driver.op & 32 ? 0 : HMMU_SELECT_SYSTEM) |
				 (mig.driver.op & 128 ? HMMU_SELECT_DEVICE_COHERENT : 0);
		request->owner = mig.driver.op & 64 ? fuzz_owner(mig.driver.x) : HMMU_DEFAULT_OWNER;
	}
	return mig;
}

static void set_driver(struct fuzz_migration *mig, struct hmmu_migrate_request *request)
{
	bool builtin = mig->driver.op & 2;

	request->ops = builtin ? &hmmu_builtin_ops : &fuzz_driver_ops;
	request->data = builtin ? (void *)&mig->builtin : (void *)mig;
	/* The caller's word at a hole is blamed on a driver that does not write there (check_zeroed()). */
	mig->touched |= builtin && hmmu_quirks(mig->w->m) & HMMU_QUIRK_HOLE_DST_INDEX;
	trace(mig->w,
	      "migrate(m, %u, %#llx, %#llx, %s, driver { to %s, breach %u at %#x, skip %#x, word %u, run %u and %u }",
	      request->tid, (unsigned long long)request->start, (unsigned long long)request->end,
	      builtin ? "builtin" : "own", mig->driver.op & 1 ? "sys" : "dev", mig->driver.who, mig->driver.count,
	      mig->driver.region, mig->driver.first, mig->driver.x, mig->driver.y);
}

static void release(struct fuzz_migration *mig)
{
	free(mig->src);
	free(mig->dst);
	free(mig->why);
	*mig = (struct fuzz_migration){ 0 };
}

static void check_words(const struct fuzz_migration *mig)
{
	trace_bytes(mig->w, "src", mig->src, mig->pages * sizeof(*mig->src));
	trace_bytes(mig->w, "dst", mig->dst, mig->pages * sizeof(*mig->dst));
	if (mig->why)
		trace_bytes(mig->w, "why", mig->why, mig->pages);
	for (uint64_t i = 0; mig->why && i < mig->pages; i++)
		if (mig->why[i] >= HMMU_WHY_COUNT)
			broken(mig->w, "entry %llu: reason %u", (unsigned long long)i, mig->why[i]);
}

void migration_ended(struct fuzz_migration *mig, int result)
{
	const struct hmmu_error *error = hmmu_error(mig->w->m);
	bool ruled = result == -EINVAL && error->code == HMMU_ERR_DRIVER_RULE;
	bool threw = result == -ECANCELED && error->code == HMMU_ERR_DRIVER_THREW;

	check_result(mig->w, result);
	if (result && !ruled && !threw)
		broken(mig->w, "a migration ended with %d: %s", result, error->text);
	if (!mig->touched && mig->threw != threw)
		broken(mig->w, "a callback %s, but the result is %d", mig->threw ? "failed" : "did not fail", result);
	if (!mig->touched && !mig->threw && !mig->rules != !ruled)
		broken(mig->w, "rules broken: %#x, but the result is %d: %s", mig->rules, result, error->text);
	if (!mig->touched && ruled && !(mig->rules >> error->rule & 1))
		broken(mig->w, "rules broken: %#x, but the error names %u: %s", mig->rules, error->rule, error->text);
	check_words(mig);
	release(mig);
}

static bool refused(struct fuzz_migration *mig, int result)
{
	const struct hmmu_error *error = hmmu_error(mig->w->m);

	if (!result || error->code == HMMU_ERR_DRIVER_RULE || error->code == HMMU_ERR_DRIVER_THREW)
		return false;
	check_result(mig->w, result);
	release(mig);
	return true;
}

static void op_migrate_whole(struct world *w, const struct fuzz_record *r)
{
	struct hmmu_migrate_request request;
	struct fuzz_migration mig = prepare(w, r, &request);
	int result;

	set_driver(&mig, &request);
	trace(w, ");\n");
	result = hmmu_migrate_vma(w->m, &request);
	if (!refused(&mig, result))
		migration_ended(&mig, result);
}

/* NULL: there are enough. */
static struct fuzz_migration *free_slot(struct world *w)
{
	for (struct fuzz_migration *mig = w->migrations; mig < w->migrations + MAX_MIGRATIONS; mig++)
		if (!mig->handle)
			return mig;
	return NULL;
}

static void op_begin(struct world *w, const struct fuzz_record *r)
{
	struct fuzz_migration *mig = free_slot(w);
	struct hmmu_migrate_request request;
	int result;

	if (!mig)
		return;
	*mig = prepare(w, r, &request);
	set_driver(mig, &request);
	if (w->modern && mig->driver.op & 8)
		request.ops = NULL;
	trace(w, ", &mig%d);", (int)(mig - w->migrations));
	result = hmmu_migrate_begin(w->m, &request, &mig->handle);
	if (check_result(w, result))
		release(mig);
	else
		/* Others run in between. */
		mig->touched = true;
}

/* Pages of the device are taken from whoever maps them; they go to the system, or to another page of the device. */
static void op_device_range(struct world *w, const struct fuzz_record *r)
{
	struct fuzz_migration *mig = free_slot(w);
	struct hmmu_migrate_request request;
	struct hmmu_device_range range;

	if (!mig)
		return;
	*mig = prepare(w, r, &request);
	set_driver(mig, &request);
	range = (struct hmmu_device_range){
		.first = hmmu_device_base(w->m) + r->first % (w->device_pages + w->coherent_pages + 2),
		.pages = (uint32_t)mig->pages,
		.src = mig->src,
		.dst = mig->dst,
		.why = mig->why,
		.ops = mig->driver.op & 8 ? NULL : request.ops,
		.data = request.data,
	};
	trace(w, ", pages %u of %u, &mig%d);", range.pages, range.first, (int)(mig - w->migrations));
	if (check_result(w, hmmu_migrate_device_begin(w->m, &range, &mig->handle)))
		release(mig);
	else
		mig->touched = true;
}

static void op_calls(struct world *w, const struct fuzz_record *r)
{
	struct fuzz_migration *mig = &w->migrations[r->x % MAX_MIGRATIONS];
	int result;

	if (!mig->handle)
		return;
	if (!(r->y & 1)) {
		if (!mig->in_callback)
			fill_words(mig);
		trace(w, "hmmu_migrate_vma_pages(mig%d);", r->x % MAX_MIGRATIONS);
		check_result(w, hmmu_migrate_vma_pages(mig->handle));
		return;
	}
	trace(w, "hmmu_migrate_vma_finalize(mig%d);", r->x % MAX_MIGRATIONS);
	result = hmmu_migrate_vma_finalize(mig->handle);
	/* Out of order: the migration goes on. */
	if (result && (hmmu_error(w->m)->code == HMMU_ERR_ORDER || hmmu_error(w->m)->code == HMMU_ERR_BUSY))
		check_result(w, result);
	else
		migration_ended(mig, result);
}

static void op_end(struct world *w, struct fuzz_migration *mig)
{
	bool in_callback = mig->in_callback;
	int result = hmmu_migrate_end(mig->handle);

	trace(w, "hmmu_migrate_end(mig%d);", (int)(mig - w->migrations));
	if (!in_callback) {
		migration_ended(mig, result);
		return;
	}
	if (check_result(w, result) != -EBUSY)
		broken(w, "a migration ended within its own callback, with %d", result);
}

static void check_state(struct world *w, const struct fuzz_migration *mig)
{
	struct hmmu_migration_state state;

	hmmu_migrate_state(mig->handle, &state);
	if (state.machine != w->m || state.stage > HMMU_STAGE_DONE || state.npages > mig->pages ||
	    state.cpages > state.npages || state.src != mig->src || state.dst != mig->dst)
		broken(w, "migration in stage %u with %llu of %llu entries, %llu of them to migrate", state.stage,
		       (unsigned long long)state.npages, (unsigned long long)mig->pages,
		       (unsigned long long)state.cpages);
}

static void op_on_migration(struct world *w, const struct fuzz_record *r)
{
	struct fuzz_migration *mig = &w->migrations[r->x % MAX_MIGRATIONS];
	int slot = r->x % MAX_MIGRATIONS, result = 1;

	if (!mig->handle)
		return;
	check_state(w, mig);
	switch (r->op) {
	case FUZZ_OP_STEP:
		for (unsigned i = 0; i <= r->y && result > 0; i++) {
			trace(w, "hmmu_migrate_step(mig%d);\n", slot);
			result = hmmu_migrate_step(mig->handle);
			check_result(w, result);
		}
		break;
	case FUZZ_OP_RUN:
		trace(w, "hmmu_migrate_run(mig%d, %u);\n", slot, r->y % 9);
		check_result(w, hmmu_migrate_run(mig->handle, r->y % 9));
		break;
	case FUZZ_OP_POKE:
		trace(w, "%s%d[%llu] = ...\n", r->y & 1 ? "src" : "dst", slot,
		      (unsigned long long)(r->first % mig->pages));
		(r->y & 1 ? mig->src : mig->dst)[r->first % mig->pages] ^= (uint64_t)(r->count + 1u) << r->y / 4;
		break;
	default:
		op_end(w, mig);
		break;
	}
}

static uint64_t owner_of(const struct world *w, uint32_t pfn)
{
	struct hmmu_device_info info;

	for (uint32_t i = 0; i < HMMU_MAX_DEVICES; i++)
		if (!hmmu_device_info(w->m, i, &info) && pfn >= info.first && pfn - info.first < info.pages)
			return info.owner;
	return HMMU_DEFAULT_OWNER;
}

/* Migrate the page back with the driver of the record that set the handler. */
static int migrate_back(struct world *w, uint32_t tid, uint64_t address, uint32_t pfn)
{
	uint64_t src = 0, dst = 0;
	struct fuzz_migration mig = { .w = w, .src = &src, .dst = &dst, .pages = 1, .driver = { .op = 1 } };
	struct hmmu_migrate_request request = {
		.tid = tid,
		.start = address,
		.end = address + HMMU_PAGE_SIZE,
		.src = &src,
		.dst = &dst,
		.ops = &fuzz_driver_ops,
		.data = &mig,
	};
	int result;

	if (w->modern) {
		request.flags = HMMU_SELECT_DEVICE_PRIVATE;
		request.owner = owner_of(w, pfn);
		/* Only the migration that names the page may ignore the fault's reference. */
		request.fault_page = w->handler.y & 8 ? 0 : pfn;
	}
	mig.driver.who = w->handler.count % FUZZ_BREACH_COUNT;
	mig.driver.count = 1;
	mig.driver.x = w->handler.y >> 4;
	result = hmmu_migrate_vma(w->m, &request);
	return result ? result : src & HMMU_PFN_MIGRATE ? 0 : -EIO;
}

static int page_fault(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	struct world *w = data;
	struct hmmu_page_info info;

	trace(w, "// device fault of task %u at %#llx, page %u\n", tid, (unsigned long long)address, pfn);
	if (hmmu_page_info(m, pfn, &info) || !info.device)
		broken(w, "a device fault on page %u, which is no device page", pfn);
	switch (w->handler.x % 6) {
	case 2:
		return migrate_back(w, tid, address, pfn);
	case 3:
		return -EIO;
	case 4: /* The access would be tried again for ever; the machine has to notice. */
		return 0;
	default:
		run_nested(w, w->handler.y & 7);
		return w->lazy_faults++ % 4 == 3 ? -EIO : migrate_back(w, tid, address, pfn);
	}
}

/* A driver that takes and puts pages when it learns of a free one. */
static void page_free(struct hmmu *m, uint32_t pfn, void *data)
{
	struct world *w = data;
	uint32_t again;

	trace(w, "// page_free(%u)\n", pfn);
	check_refused(w);
	if (w->handler.y & 8 && w->depth < MAX_DEPTH) {
		w->depth++;
		if (!hmmu_device_alloc(m, &again)) {
			if (comes_locked(w, again))
				hmmu_page_unlock(m, again);
			hmmu_page_put(m, again);
		}
		w->depth--;
	}
}

void set_fault_handler(struct world *w, const struct fuzz_record *r)
{
	struct hmmu_pagemap_ops ops = { 0 };
	struct hmmu_device_info device;

	w->handler = *r;
	trace(w, "hmmu_device_set_ops(m, handler %u, y %#x, breach %u);\n", r->x % 6, r->y,
	      r->count % FUZZ_BREACH_COUNT);
	if (r->x % 6 >= 2)
		ops.page_fault = page_fault;
	if (r->x % 6 >= 1)
		ops.page_free = page_free;
	/* The first device may be gone. */
	if (hmmu_device_set_ops(w->m, r->x % 6 ? &ops : NULL, w) && !hmmu_device_info(w->m, 0, &device))
		broken(w, "the device's operations are refused");
}

bool op_migrate(struct world *w, const struct fuzz_record *r)
{
	switch (r->op) {
	case FUZZ_OP_MIGRATE:
		op_migrate_whole(w, r);
		return true;
	case FUZZ_OP_BEGIN:
		op_begin(w, r);
		return true;
	case FUZZ_OP_STEP:
	case FUZZ_OP_RUN:
	case FUZZ_OP_END:
	case FUZZ_OP_POKE:
		op_on_migration(w, r);
		return true;
	case FUZZ_OP_DEVICE_RANGE:
		op_device_range(w, r);
		return true;
	case FUZZ_OP_CALLS:
		op_calls(w, r);
		return true;
	case FUZZ_OP_FAULT_HANDLER:
		set_fault_handler(w, r);
		return true;
	default:
		return false;
	}
}
