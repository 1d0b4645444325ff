/* SPDX-License-Identifier: GPL-2.0-only */
/* Migrations of pages in the swap cache, and reclaim during a migration. */
#include "support.h"

/* migrate_vma(): swap entries are left out; a page in the swap cache has a mapping, and so stays off the device. */
static void migration(void **state)
{
	struct rig *r = open_rig(.swap_pages = 64);
	uint64_t a = map_anon(r, 3);
	uint32_t pfn;

	(void)state;
	write_pages(r, a, 3, 1);
	reclaim_range(r, a, 2);
	read_pages(r, a, 1);
	assert_ok(migrate(r, a, 3, HMMU_TO_DEVICE));
	assert_why(r, 0, HMMU_WHY_HAS_MAPPING);
	assert_why(r, 1, HMMU_WHY_SWAP_ENTRY);
	assert_true(r->src[2] & HMMU_PFN_MIGRATE);
	assert_bytes(r, r->tid, a, 3, 1);
	/* The reference of the swap cache is no pin, a pin is. */
	hmmu_lru_add_drain_all(r->m);
	assert_true(flags_at(r, a) & HMMU_PG_SWAPCACHE);
	assert_ok(hmmu_pin(r->m, r->tid, a, 0, &pfn));
	assert_ok(migrate(r, a, 1, HMMU_TO_DEVICE));
	assert_why(r, 0, HMMU_WHY_PINNED);
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	rig_close(r);
}

static int move_first(struct hmmu_migration *mig, void *data)
{
	struct hmmu_migration_state s;
	uint64_t word;

	hmmu_migrate_state(mig, &s);
	word = system_word(s.machine);
	assert_ok(hmmu_page_copy(s.machine, hmmu_word_pfn(word), hmmu_word_pfn(s.src[0])));
	s.dst[0] = word;
	*(uint32_t *)data = hmmu_word_pfn(word);
	return 0;
}

/* From RAM to RAM a page takes its place in the swap cache along. */
static void migration_within_ram(void **state)
{
	static const struct hmmu_migrate_ops ops = { move_first, NULL };
	struct rig *r = open_rig(.swap_pages = 64);
	uint64_t a = map_anon(r, 1);
	uint32_t child, pfn = 0;

	(void)state;
	write_pages(r, a, 1, 3);
	child = do_fork_of(r, r->tid);
	reclaim_range(r, a, 1);
	read_pages(r, a, 1);
	assert_ok(migrate_with(r, a, 1, &ops, &pfn));
	assert_all_moved(r, 1);
	assert_int_equal(pfn_at(r, a), pfn);
	assert_true(flags_at(r, a) & HMMU_PG_SWAPCACHE);
	hmmu_lru_add_drain_all(r->m);
	assert_page(r, a, 2, 1, ANON_FLAGS | HMMU_PG_SWAPCACHE);
	assert_clean(r->m);
	assert_bytes(r, hmmu_process_task(r->m, child), a, 1, 3);
	assert_int_equal(entry_of(r, child, a).pfn, pfn);
	rig_close(r);
}

/* A migration has the page: reclaim comes too late. */
static void reclaim_during_migration(void **state)
{
	struct rig *r = open_rig(.swap_pages = 64);
	uint64_t a = map_anon(r, 1);
	uint32_t child;
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, a, 1, 3);
	child = do_fork_of(r, r->tid);
	mig = begin_to(r, a, 1, HMMU_TO_DEVICE, HMMU_STAGE_COLLECT);
	assert_failed(r->m, hmmu_reclaim(r->m, child, a), -EBUSY, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_reclaim(r->m, r->pid, a), -ENOENT, HMMU_ERR_SYSCALL);
	assert_ok(hmmu_migrate_end(mig));
	assert_all_moved(r, 1);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(migration),
		cmocka_unit_test(migration_within_ram),
		cmocka_unit_test(reclaim_during_migration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
