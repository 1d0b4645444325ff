/* SPDX-License-Identifier: GPL-2.0-only */
#include "support.h"

#include <stdlib.h>

static char complaint[200];

static void keep_first(void *data, const char *text)
{
	(void)data;
	if (!complaint[0])
		strncpy(complaint, text, sizeof(complaint) - 1);
}

int complaints(struct hmmu *m)
{
	memset(complaint, 0, sizeof(complaint));
	return hmmu_verify(m, keep_first, NULL);
}

const char *first_complaint(void)
{
	return complaint;
}

void assert_says(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("not \"%s\": %s", words, text);
}

void assert_complains(struct hmmu *m, const char *words)
{
	if (!complaints(m))
		fail_msg("not \"%s\": no complaint", words);
	assert_says(first_complaint(), words);
}

void *snapshot_of(struct hmmu *m, size_t *size)
{
	void *bytes;

	assert_ok(hmmu_snapshot(m, NULL, 0, size));
	bytes = malloc(*size);
	assert_non_null(bytes);
	assert_ok(hmmu_snapshot(m, bytes, *size, size));
	return bytes;
}

struct hmmu *copy_by_snapshot(struct hmmu *m, uint32_t flags, struct hmmu_error *error)
{
	struct hmmu *copy = NULL;
	size_t size;
	void *bytes = snapshot_of(m, &size);
	int err = hmmu_restore_with(bytes, size, flags, &copy, error);

	free(bytes);
	assert_int_equal(err, copy ? 0 : -EINVAL);
	return copy;
}

void assert_restores(struct hmmu *m)
{
	struct hmmu_error error = { 0 };
	struct hmmu *copy = copy_by_snapshot(m, 0, &error);

	if (!copy)
		fail_msg("%s", error.text);
	hmmu_destroy(copy);
}

static void print_complaint(void *data, const char *text)
{
	(void)data;
	print_error("verify: %s\n", text);
}

void assert_clean(struct hmmu *m)
{
	assert_int_equal(hmmu_verify(m, print_complaint, NULL), 0);
}

/* Of rigs that name no profile: 0 (Linux 4.14) or Linux 6.12. */
static uint32_t default_profile;

#define SELECT_ALL (HMMU_SELECT_SYSTEM | HMMU_SELECT_DEVICE_PRIVATE)

static int choose_6_12(void **state)
{
	(void)state;
	default_profile = HMMU_PROFILE_LINUX_6_12;
	return 0;
}

static int choose_4_14(void **state)
{
	(void)state;
	default_profile = 0;
	return 0;
}

int run_tests_on_each_kernel(const struct CMUnitTest *tests, size_t count)
{
	int failed = _cmocka_run_group_tests("Linux 4.14", tests, count, NULL, NULL);

	return failed + _cmocka_run_group_tests("Linux 6.12", tests, count, choose_6_12, choose_4_14);
}

struct rig *rig_open(const struct hmmu_options *given)
{
	struct hmmu_options options = *given;
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	if (!options.profile)
		options.profile = default_profile;
	if (!options.ram_pages)
		options.ram_pages = 4096;
	if (!options.device_pages)
		options.device_pages = 64;
	r->select = options.profile == HMMU_PROFILE_LINUX_6_12 && !given->profile ? SELECT_ALL : 0;
	assert_ok(hmmu_create(&options, &r->m));
	assert_ok(hmmu_process_create(r->m, &r->pid));
	r->tid = hmmu_process_task(r->m, r->pid);
	return r;
}

void rig_discard(struct rig *r)
{
	hmmu_destroy(r->m);
	free(r);
}

/* When all processes have ended nothing of them is left. Those that migrate, or wait, can't end. */
static void assert_all_given_back(struct hmmu *m)
{
	uint32_t pid;

	while (hmmu_processes(m, &pid, 1) > 0)
		if (hmmu_exit(m, pid))
			return;
	assert_clean(m);
	assert_int_equal(hmmu_counter(m, HMMU_COUNT_MAPPINGS), 0);
	assert_int_equal(hmmu_counter(m, HMMU_COUNT_ANON_VMAS), 0);
	assert_int_equal(hmmu_counter(m, HMMU_COUNT_TABLE_PAGES), 0);
	assert_int_equal(hmmu_counter(m, HMMU_COUNT_HUGETLB_RESERVED), 0);
}

void rig_close(struct rig *r)
{
	assert_clean(r->m);
	assert_all_given_back(r->m);
	rig_discard(r);
}

void assert_failed(struct hmmu *m, int result, int err, uint32_t code)
{
	if (result != err || hmmu_error(m)->code != code)
		print_error("got %d with code %u: %s\n", result, hmmu_error(m)->code, hmmu_error(m)->text);
	assert_int_equal(result, err);
	assert_int_equal(hmmu_error(m)->err, err);
	assert_int_equal(hmmu_error(m)->code, code);
	assert_true(hmmu_error(m)->text[0]);
}

void assert_blocked(struct hmmu *m, int result, uint32_t tid, uint32_t wait)
{
	struct hmmu_task_state state;

	assert_failed(m, result, -EAGAIN, HMMU_ERR_BLOCKED);
	assert_int_equal(hmmu_error(m)->wait, wait);
	assert_ok(hmmu_task_state(m, tid, &state));
	assert_int_equal(state.wait, wait);
}

uint32_t new_task(struct rig *r, uint32_t pid)
{
	uint32_t tid;

	assert_ok(hmmu_task_create(r->m, pid, &tid));
	return tid;
}

uint32_t do_fork_of(struct rig *r, uint32_t tid)
{
	uint32_t child;

	assert_ok(hmmu_fork(r->m, tid, &child));
	return child;
}

uint64_t map_at(struct rig *r, uint64_t address, uint64_t pages, uint32_t kind, uint32_t prot)
{
	struct hmmu_map map = { .address = address, .pages = pages, .kind = kind, .prot = prot };
	uint64_t at;

	assert_ok(hmmu_mmap(r->m, r->tid, &map, &at));
	if (address)
		assert_int_equal(at, address);
	return at;
}

uint64_t map_anon(struct rig *r, uint64_t pages)
{
	return map_at(r, 0, pages, HMMU_MAP_ANON, HMMU_PROT_READ | HMMU_PROT_WRITE);
}

uint64_t map_huge(struct rig *r, uint64_t pages)
{
	struct hmmu_map map = {
		.pages = pages,
		.kind = HMMU_MAP_ANON,
		.prot = HMMU_PROT_READ | HMMU_PROT_WRITE,
		.align_huge = true,
	};
	uint64_t at;

	assert_ok(hmmu_mmap(r->m, r->tid, &map, &at));
	assert_ok(hmmu_madvise(r->m, r->tid, at, PAGES(pages), HMMU_MADV_HUGEPAGE));
	return at;
}

uint64_t mapped_pages(struct rig *r, uint32_t pid)
{
	return mm_counters(r, pid).mapped;
}

int store(struct rig *r, uint32_t tid, uint64_t address, uint8_t value)
{
	return hmmu_store(r->m, tid, address, &value, 1, NULL);
}

int load(struct rig *r, uint32_t tid, uint64_t address, uint8_t *value)
{
	uint8_t ignored;

	return hmmu_load(r->m, tid, address, value ? value : &ignored, 1, NULL);
}

void write_pages(struct rig *r, uint64_t address, uint64_t pages, uint8_t value)
{
	for (uint64_t i = 0; i < pages; i++)
		assert_ok(store(r, r->tid, address + PAGES(i), (uint8_t)(value + i)));
	hmmu_lru_add_drain_all(r->m);
}

void reclaim_range(struct rig *r, uint64_t address, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		assert_ok(hmmu_reclaim(r->m, r->pid, address + PAGES(i)));
}

void read_pages(struct rig *r, uint64_t address, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		assert_ok(load(r, r->tid, address + PAGES(i), NULL));
	hmmu_lru_add_drain_all(r->m);
}

void assert_bytes(struct rig *r, uint32_t tid, uint64_t address, uint64_t pages, uint8_t value)
{
	for (uint64_t i = 0; i < pages; i++) {
		uint8_t byte = 0;

		assert_ok(load(r, tid, address + PAGES(i), &byte));
		assert_int_equal(byte, (uint8_t)(value + i));
	}
	hmmu_lru_add_drain_all(r->m);
}

struct hmmu_entry entry_of(struct rig *r, uint32_t pid, uint64_t address)
{
	struct hmmu_entry entry;

	assert_ok(hmmu_dump(r->m, pid, address, 1, &entry));
	return entry;
}

uint32_t pfn_at(struct rig *r, uint64_t address)
{
	return entry_of(r, r->pid, address).pfn;
}

uint32_t flags_at(struct rig *r, uint64_t address)
{
	return entry_of(r, r->pid, address).flags;
}

bool is_ready(struct rig *r, uint32_t tid)
{
	struct hmmu_task_state state;

	assert_ok(hmmu_task_state(r->m, tid, &state));
	return state.ready;
}

struct hmmu_page_info page_info(struct rig *r, uint32_t pfn)
{
	struct hmmu_page_info info;

	assert_ok(hmmu_page_info(r->m, pfn, &info));
	return info;
}

uint64_t counter(struct rig *r, uint32_t which)
{
	return hmmu_counter(r->m, which);
}

struct hmmu_mm_counters mm_counters(struct rig *r, uint32_t pid)
{
	struct hmmu_mm_counters counters;

	assert_ok(hmmu_mm_counters(r->m, pid, &counters));
	return counters;
}

void assert_kind(struct rig *r, uint64_t address, uint64_t pages, uint32_t kind)
{
	for (uint64_t i = 0; i < pages; i++)
		assert_int_equal(entry_of(r, r->pid, address + PAGES(i)).kind, kind);
}

void assert_bits(struct rig *r, uint64_t address, uint32_t bits)
{
	assert_int_equal(entry_of(r, r->pid, address).bits, bits);
}

void assert_page(struct rig *r, uint64_t address, int ref, int map, uint32_t flags)
{
	struct hmmu_entry entry = entry_of(r, r->pid, address);

	assert_int_equal(entry.ref, ref);
	assert_int_equal(entry.map, map);
	assert_int_equal(entry.flags, flags);
}

struct hmmu_migrate_request request_for(struct rig *r, uint64_t address, uint64_t pages)
{
	assert_in_range(pages, 0, RIG_PAGES);
	return (struct hmmu_migrate_request){
		.tid = r->tid,
		.start = address,
		.end = address + PAGES(pages),
		.src = r->src,
		.dst = r->dst,
		.why = r->why,
		.ops = &hmmu_builtin_ops,
		.data = &r->builtin,
		.flags = r->select,
		.owner = r->select ? HMMU_DEFAULT_OWNER : 0,
	};
}

int migrate(struct rig *r, uint64_t address, uint64_t pages, uint32_t to)
{
	r->builtin = (struct hmmu_builtin){ .to = to };
	return migrate_with(r, address, pages, &hmmu_builtin_ops, &r->builtin);
}

int migrate_with(struct rig *r, uint64_t address, uint64_t pages, const struct hmmu_migrate_ops *ops, void *data)
{
	struct hmmu_migrate_request request = request_for(r, address, pages);

	request.ops = ops;
	request.data = data;
	return hmmu_migrate_vma(r->m, &request);
}

struct hmmu_migration *begin_migration(struct rig *r, uint64_t address, uint64_t pages, uint32_t to)
{
	struct hmmu_migrate_request request = request_for(r, address, pages);
	struct hmmu_migration *mig;

	r->builtin = (struct hmmu_builtin){ .to = to };
	assert_ok(hmmu_migrate_begin(r->m, &request, &mig));
	return mig;
}

struct hmmu_migration *begin_to(struct rig *r, uint64_t address, uint64_t pages, uint32_t to, uint32_t stage)
{
	struct hmmu_migration *mig = begin_migration(r, address, pages, to);

	assert_ok(hmmu_migrate_run(mig, stage));
	return mig;
}

void assert_all_moved(struct rig *r, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++) {
		assert_true(r->src[i] & HMMU_PFN_MIGRATE);
		assert_int_equal(r->why[i], HMMU_WHY_NONE);
	}
}

void assert_why(struct rig *r, uint64_t i, uint32_t why)
{
	assert_int_equal(r->why[i], why);
	assert_false(r->src[i] & HMMU_PFN_MIGRATE);
}

uint32_t src_flags(const struct rig *r, uint64_t i)
{
	return (uint32_t)r->src[i] & ((1u << HMMU_PFN_SHIFT) - 1);
}

/* zone_device_page_init() of 6.12 locks the page. */
static bool comes_locked(struct hmmu *m, uint32_t pfn)
{
	return default_profile && pfn >= hmmu_device_base(m);
}

void lock_new_page(struct hmmu *m, uint32_t pfn)
{
	if (!comes_locked(m, pfn))
		assert_ok(hmmu_page_trylock(m, pfn));
}

void put_new_page(struct hmmu *m, uint32_t pfn)
{
	if (comes_locked(m, pfn))
		assert_ok(hmmu_page_unlock(m, pfn));
	assert_ok(hmmu_page_put(m, pfn));
}

uint64_t device_word(struct hmmu *m)
{
	uint32_t pfn;

	assert_ok(hmmu_device_alloc(m, &pfn));
	assert_ok(hmmu_page_zero(m, pfn));
	lock_new_page(m, pfn);
	return hmmu_word(pfn, HMMU_PFN_LOCKED | HMMU_PFN_DEVICE);
}

uint64_t system_word(struct hmmu *m)
{
	uint32_t pfn;

	assert_ok(hmmu_page_alloc(m, &pfn));
	assert_ok(hmmu_page_zero(m, pfn));
	lock_new_page(m, pfn);
	return hmmu_word(pfn, HMMU_PFN_LOCKED);
}

int drain_events(struct rig *r, uint32_t type, struct hmmu_event *last)
{
	struct hmmu_event event;
	int count = 0;

	while (hmmu_events_read(r->m, &event, 1) == 1) {
		if (event.type != type)
			continue;
		count++;
		if (last)
			*last = event;
	}
	return count;
}
