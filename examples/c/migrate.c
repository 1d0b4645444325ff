/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A driver of one's own in C: pages of a buffer go to the device, but for one that is pinned, and the CPU brings one
 * back. Prints what became of each page; ends with 1 if anything is not as it has to be.
 */
#include <hmmu/hmmu.h>
#include <stdio.h>

#define PAGES 4

/* Words for the reasons: the lists of hmmu_defs.h can be used by everybody. */
static const char *const why_names[] = {
#define X(name, value, text) [value] = text,
	HMMU_WHYS(X)
#undef X
};

/* Give one source page a device page: its contents, one reference, locked, as migrate_vma() wants it. */
static int move_to_device(struct hmmu *m, uint64_t src, uint64_t *dst)
{
	uint32_t pfn;

	if (hmmu_device_alloc(m, &pfn))
		return 0; /* The device is full: the page stays, which is no error. */
	if (src & HMMU_PFN_VALID)
		hmmu_page_copy(m, pfn, hmmu_word_pfn(src));
	else
		hmmu_page_zero(m, pfn);
	*dst = hmmu_word(pfn, HMMU_PFN_LOCKED | HMMU_PFN_DEVICE);
	return hmmu_page_trylock(m, pfn);
}

static int alloc_and_copy(struct hmmu_migration *migration, void *data)
{
	struct hmmu_migration_state state;

	(void)data;
	hmmu_migrate_state(migration, &state);
	for (uint64_t i = 0; i < state.npages; i++) {
		int err = state.src[i] & HMMU_PFN_MIGRATE ? move_to_device(state.machine, state.src[i], &state.dst[i])
							  : 0;

		if (err)
			return err;
	}
	return 0;
}

static int finalize_and_map(struct hmmu_migration *migration, void *data)
{
	struct hmmu_migration_state state;
	int *moved = data;

	hmmu_migrate_state(migration, &state);
	for (uint64_t i = 0; i < state.npages; i++)
		*moved += (state.src[i] & HMMU_PFN_MIGRATE) != 0;
	return 0;
}

static int migrate(struct hmmu *m, uint32_t tid, uint64_t address)
{
	static const struct hmmu_migrate_ops ops = { alloc_and_copy, finalize_and_map };
	uint64_t src[PAGES], dst[PAGES];
	uint8_t why[PAGES];
	int moved = 0;
	struct hmmu_migrate_request request = {
		.tid = tid,
		.start = address,
		.end = address + PAGES * HMMU_PAGE_SIZE,
		.src = src,
		.dst = dst,
		.why = why,
		.ops = &ops,
		.data = &moved,
	};
	int err = hmmu_migrate_vma(m, &request);

	if (err)
		return err;
	for (int i = 0; i < PAGES; i++)
		printf("page %d: %s\n", i, why[i] ? why_names[why[i]] : "Moved.");
	return moved;
}

static void print_complaint(void *data, const char *text)
{
	(void)data;
	printf("not in balance: %s\n", text);
}

/* Returns how many pages moved, or a negative errno. */
static int show(struct hmmu *m)
{
	struct hmmu_map map = { .pages = PAGES, .kind = HMMU_MAP_ANON, .prot = HMMU_PROT_READ | HMMU_PROT_WRITE };
	uint64_t address;
	uint32_t pid, tid, pinned;
	uint8_t byte = 0x41;
	int err = hmmu_process_create(m, &pid), moved = 0;

	tid = hmmu_process_task(m, pid);
	err = err ? err : hmmu_mmap(m, tid, &map, &address);
	for (int i = 0; !err && i < PAGES; i++)
		err = hmmu_store(m, tid, address + i * HMMU_PAGE_SIZE, &byte, 1, NULL);
	err = err ? err : hmmu_pin(m, tid, address + HMMU_PAGE_SIZE, 0, &pinned);
	moved = err ? err : migrate(m, tid, address);
	if (moved < 0)
		return moved;
	err = hmmu_load(m, tid, address, &byte, 1, NULL);
	printf("page 0 holds 0x%02x; %llu device pages are free\n", byte,
	       (unsigned long long)hmmu_counter(m, HMMU_COUNT_DEVICE_FREE));
	return err ? err : moved;
}

int main(void)
{
	struct hmmu_options options = { .ram_pages = 1024, .device_pages = 16 };
	struct hmmu *m;
	int moved, complaints;

	if (hmmu_abi() != HMMU_ABI || hmmu_create(&options, &m))
		return 1;
	printf("hmmu %s, ABI %d\n", hmmu_version(), hmmu_abi());
	moved = show(m);
	if (moved < 0)
		printf("%s\n", hmmu_error(m)->text);
	complaints = hmmu_verify(m, print_complaint, NULL);
	hmmu_destroy(m);
	return moved != PAGES - 1 || complaints;
}
