/* SPDX-License-Identifier: GPL-2.0-only */
/* The calls, each with the arguments that its record says: the same ones whenever it is repeated. */
#include "stops.h"

static struct hmmu *machine(const struct stops_task *t)
{
	return t->program->m;
}

static uint64_t length(const struct stops_task *t)
{
	return t->pages * HMMU_PAGE_SIZE;
}

/* Where in its page a span begins, and its bytes. */
static uint64_t span_at(const struct stops_task *t)
{
	return t->address + t->record.y * 16u;
}

static uint64_t span_length(const struct stops_task *t)
{
	return t->pages < 3 ? length(t) : STOPS_SPAN;
}

static int call_STORE(struct stops_task *t)
{
	return hmmu_store(machine(t), t->tid, span_at(t), t->bytes, 1, NULL);
}

static int call_LOAD(struct stops_task *t)
{
	return hmmu_load(machine(t), t->tid, span_at(t), t->bytes, 1, NULL);
}

static int call_STORE_SPAN(struct stops_task *t)
{
	return hmmu_store(machine(t), t->tid, span_at(t), t->bytes, span_length(t), NULL);
}

static int call_LOAD_SPAN(struct stops_task *t)
{
	return hmmu_load(machine(t), t->tid, span_at(t), t->bytes, span_length(t), NULL);
}

static int call_ADVISE(struct stops_task *t)
{
	static const uint8_t advices[] = {
		HMMU_MADV_DONTNEED, HMMU_MADV_FREE,       HMMU_MADV_PAGEOUT,  HMMU_MADV_POPULATE_WRITE,
		HMMU_MADV_DONTNEED, HMMU_MADV_FREE,       HMMU_MADV_PAGEOUT,  HMMU_MADV_POPULATE_READ,
		HMMU_MADV_HUGEPAGE, HMMU_MADV_NOHUGEPAGE, HMMU_MADV_DONTFORK, HMMU_MADV_COLD,
		HMMU_MADV_HUGEPAGE, HMMU_MADV_DONTNEED,   HMMU_MADV_DOFORK,   HMMU_MADV_POPULATE_WRITE,
	};
	uint8_t advice = advices[t->record.x % sizeof(advices)];

	if (advice > HMMU_MADV_UNMERGEABLE && !t->program->modern)
		advice = HMMU_MADV_DONTNEED;
	return hmmu_madvise(machine(t), t->tid, t->address, length(t), advice);
}

static int call_COLLAPSE(struct stops_task *t)
{
	return hmmu_madvise(machine(t), t->tid, STOPS_HUGE, HMMU_HUGE_PAGES * (uint64_t)HMMU_PAGE_SIZE,
			    HMMU_MADV_COLLAPSE);
}

static int call_LOCK(struct stops_task *t)
{
	return hmmu_mlock(machine(t), t->tid, t->address, length(t));
}

static int call_UNLOCK(struct stops_task *t)
{
	return hmmu_munlock(machine(t), t->tid, t->address, length(t));
}

static int call_PROTECT(struct stops_task *t)
{
	static const uint8_t rights[] = { HMMU_PROT_READ, HMMU_PROT_READ | HMMU_PROT_WRITE };
	uint32_t prot = t->record.x % 16 == 15 ? 0 : rights[t->record.x % 3 != 0];

	return hmmu_mprotect(machine(t), t->tid, t->address, length(t), prot);
}

static int map(struct stops_task *t, uint32_t kind)
{
	struct hmmu_map map = {
		.address = t->address,
		.pages = t->pages,
		.kind = kind,
		.prot = t->record.y & 7 ? HMMU_PROT_READ | HMMU_PROT_WRITE : HMMU_PROT_READ,
	};
	uint64_t address;

	return hmmu_mmap(machine(t), t->tid, &map, &address);
}

static int call_MAP(struct stops_task *t)
{
	return map(t, HMMU_MAP_ANON);
}

static int call_MAP_OTHER(struct stops_task *t)
{
	static const uint8_t kinds[] = { HMMU_MAP_SHMEM, HMMU_MAP_FILE, HMMU_MAP_SHAREDFILE, HMMU_MAP_HUGETLB };

	return map(t, kinds[t->record.x % sizeof(kinds)]);
}

static int call_UNMAP(struct stops_task *t)
{
	return hmmu_munmap(machine(t), t->tid, t->address, length(t));
}

static int call_MOVE(struct stops_task *t)
{
	uint64_t to = (t->record.y & 64 ? STOPS_HUGE : STOPS_BASE) + t->record.x % 40u * (uint64_t)HMMU_PAGE_SIZE;
	uint64_t pages = t->pages + (t->record.y & 1) + (t->record.y >> 1 & 1) - (t->pages > 1 && t->record.y & 4);
	uint64_t address;

	return hmmu_mremap(machine(t), t->tid, t->address, length(t), pages * HMMU_PAGE_SIZE,
			   t->record.y & 8 ? HMMU_MREMAP_MAYMOVE : HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED, to,
			   &address);
}

static int migrate(struct stops_task *t, uint32_t to, uint32_t select)
{
	struct hmmu_migrate_request request = {
		.tid = t->tid,
		.start = t->address,
		.end = t->address + length(t),
		.src = t->src,
		.dst = t->dst,
		.ops = &hmmu_builtin_ops,
		.data = &t->driver,
		.flags = t->program->modern ? select : 0,
		.owner = t->program->modern ? HMMU_DEFAULT_OWNER : 0,
	};

	t->program->made.migrated = true;
	t->driver = (struct hmmu_builtin){ .to = to };
	if (to == HMMU_TO_DEVICE && !(t->record.x & 3) && t->program->options.coherent_pages)
		t->driver.device = 1;
	return hmmu_migrate_vma(machine(t), &request);
}

static int call_TO_DEVICE(struct stops_task *t)
{
	return migrate(t, HMMU_TO_DEVICE,
		       HMMU_SELECT_SYSTEM | (t->record.x & 4 ? 0 : HMMU_SELECT_DEVICE_COHERENT) |
			       (t->record.x & 24 ? 0 : HMMU_SELECT_DEVICE_PRIVATE));
}

static int call_TO_SYSTEM(struct stops_task *t)
{
	return migrate(t, HMMU_TO_SYSTEM,
		       HMMU_SELECT_DEVICE_PRIVATE | (t->record.x & 1 ? HMMU_SELECT_DEVICE_COHERENT : 0));
}

static int call_FORK(struct stops_task *t)
{
	return hmmu_fork(machine(t), t->tid, &t->child);
}

static int call_EXIT(struct stops_task *t)
{
	return hmmu_exit(machine(t), t->pid);
}

static int call_RECLAIM(struct stops_task *t)
{
	return hmmu_reclaim(machine(t), t->pid, t->address);
}

static int call_RECLAIM_RANGE(struct stops_task *t)
{
	return hmmu_reclaim_pages(machine(t), t->pid, t->address, t->pages);
}

static int call_CLEAR(struct stops_task *t)
{
	return hmmu_clear_soft_dirty(machine(t), t->tid);
}

static int call_USERFAULT(struct stops_task *t)
{
	if (t->program->modern && t->record.x & 1)
		return hmmu_uffd_writeprotect(machine(t), t->tid, t->address, length(t), t->record.x & 2);
	return hmmu_uffd_register(machine(t), t->tid, t->address, length(t),
				  t->program->modern ? 1 + (t->record.x >> 1) % 3 : HMMU_UFFD_MISSING);
}

static int call_PIN(struct stops_task *t)
{
	struct stops_made *made = &t->program->made;
	uint32_t flags = t->record.x % (t->program->modern ? 8 : 2), pfn;
	int result;

	if (flags & HMMU_PIN_LONGTERM)
		flags |= HMMU_PIN_DMA;
	result = hmmu_pin(machine(t), t->tid, t->address, flags, &pfn);
	if (result)
		return result;
	if (made->nr_pins == STOPS_PINS)
		stops_unpin(t->program);
	made->pins[made->nr_pins++] = (struct stops_pin){ pfn, flags };
	return 0;
}

static int call_MIRROR(struct stops_task *t)
{
	uint64_t flags = (t->record.x & 1 ? HMMU_RANGE_REQ_FAULT : 0) | (t->record.x & 2 ? HMMU_RANGE_REQ_WRITE : 0);

	return hmmu_mirror(machine(t), t->tid, t->address, t->address + length(t), flags,
			   t->record.y & 1 ? HMMU_DEFAULT_OWNER : 0, t->src);
}

/* The device has written its tables at once. */
static int call_EXCLUSIVE(struct stops_task *t)
{
	uint32_t pfn = 0;
	int result = hmmu_make_device_exclusive(machine(t), t->tid, t->address, HMMU_DEFAULT_OWNER, &pfn);

	if (!result && pfn && (hmmu_page_unlock(machine(t), pfn) || hmmu_page_put(machine(t), pfn)))
		stops_broken(t->program, "a device can't let go of page %u: %s", pfn, hmmu_error(machine(t))->text);
	return result;
}

static int call_TRUNCATE(struct stops_task *t)
{
	return hmmu_truncate(machine(t), t->tid, t->address, t->record.x % 6);
}

int stops_call(struct stops_task *task)
{
	static int (*const calls[])(struct stops_task *) = {
#define X(name, ...) call_##name,
		STOPS_CALLS(X)
#undef X
	};

	return calls[task->record.op](task);
}
