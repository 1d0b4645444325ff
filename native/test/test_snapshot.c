/* SPDX-License-Identifier: GPL-2.0-only */
/* Copies of machines: snapshots, clones and hashes go on as the original would have. */
#include "support.h"

#include <stdlib.h>

#include "host/machine.h"

/* Something of everything, for a copy to carry along. */
static uint64_t live(struct rig *r)
{
	uint64_t buf = map_anon(r, 8);

	write_pages(r, buf, 6, 1);
	do_fork_of(r, r->tid);
	assert_ok(migrate(r, buf, 3, HMMU_TO_DEVICE));
	write_pages(r, map_huge(r, 512), 1, 1);
	write_pages(r, map_at(r, 0, 2, HMMU_MAP_SHMEM, HMMU_PROT_WRITE), 2, 1);
	assert_ok(store(r, r->tid, buf + PAGES(7), 9)); /* in a pagevec */
	return buf;
}

static void go_on(struct hmmu *m, uint32_t tid, uint64_t buf)
{
	uint8_t byte = 5;
	uint32_t child;

	assert_ok(hmmu_load(m, tid, buf + PAGES(4), &byte, 1, NULL));
	assert_ok(hmmu_store(m, tid, buf + PAGES(5), &byte, 1, NULL));
	assert_ok(hmmu_fork(m, tid, &child));
	assert_ok(hmmu_munmap(m, tid, buf + PAGES(2), PAGES(2)));
	assert_clean(m);
}

static void test_clone(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = live(r);
	struct hmmu *clone;

	(void)state;
	assert_ok(hmmu_clone(r->m, &clone));
	assert_true(hmmu_hash(clone) == hmmu_hash(r->m));
	go_on(r->m, r->tid, buf);
	assert_true(hmmu_hash(clone) != hmmu_hash(r->m));
	go_on(clone, r->tid, buf);
	assert_true(hmmu_hash(clone) == hmmu_hash(r->m));
	hmmu_destroy(clone);
	rig_close(r);
}

static void test_snapshot_and_restore(void **state)
{
	struct rig *r = open_rig(.quirks_off = HMMU_QUIRK_WAIT_PINS_PAGE, .memcg_limit = 4000);
	uint64_t buf = live(r);
	struct hmmu *restored;
	size_t size;
	void *bytes = snapshot_of(r->m, &size);

	(void)state;
	assert_ok(hmmu_restore(bytes, size, &restored));
	free(bytes);
	assert_true(hmmu_hash(restored) == hmmu_hash(r->m));
	assert_int_equal(hmmu_quirks(restored), hmmu_quirks(r->m));
	go_on(r->m, r->tid, buf);
	go_on(restored, r->tid, buf);
	assert_true(hmmu_hash(restored) == hmmu_hash(r->m));
	assert_memory_equal(restored->st, r->m->st, sizeof(struct state));
	hmmu_destroy(restored);
	rig_close(r);
}

static void test_too_small_buffer(void **state)
{
	struct rig *r = open_rig();
	size_t size, again = 0;
	uint8_t *bytes;

	(void)state;
	live(r);
	assert_ok(hmmu_snapshot(r->m, NULL, 0, &size));
	bytes = calloc(1, size);
	assert_non_null(bytes);
	assert_int_equal(hmmu_snapshot(r->m, bytes, size - 1, &again), -ENOSPC);
	assert_ok(hmmu_snapshot(r->m, bytes, size, &again));
	assert_int_equal(size, again);
	free(bytes);
	rig_close(r);
}

/* A damaged snapshot is refused, wherever the damage is; so is a part of one. */
static void test_damage(void **state)
{
	struct rig *r = open_rig();
	struct hmmu *restored = NULL;
	size_t size;
	uint8_t *bytes;

	(void)state;
	live(r);
	bytes = snapshot_of(r->m, &size);
	for (size_t at = 0; at < size; at += at < 5000 ? 61 : 4099) {
		bytes[at] ^= 0x10;
		assert_int_equal(hmmu_restore(bytes, size, &restored), -EINVAL);
		assert_null(restored);
		bytes[at] ^= 0x10;
	}
	for (size_t part = 0; part < size; part = part * 2 + 1)
		assert_int_equal(hmmu_restore(bytes, part, &restored), -EINVAL);
	assert_ok(hmmu_restore(bytes, size, &restored));
	hmmu_destroy(restored);
	free(bytes);
	rig_close(r);
}

static int copy_in_callback(struct hmmu_migration *mig, void *data)
{
	struct rig *r = data;
	struct hmmu *clone = NULL;
	size_t size;

	(void)mig;
	assert_failed(r->m, hmmu_clone(r->m, &clone), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_snapshot(r->m, NULL, 0, &size), -EBUSY, HMMU_ERR_BUSY);
	assert_null(clone);
	return 0;
}

/* A callback is on a stack, which no copy has. */
static void test_not_in_callbacks(void **state)
{
	static const struct hmmu_migrate_ops ops = { .alloc_and_copy = copy_in_callback };
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	write_pages(r, buf, 1, 3);
	assert_ok(migrate_with(r, buf, 1, &ops, r));
	rig_close(r);
}

/* A task that waits does so in the copy, too. */
static void test_under_way(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t waiter = new_task(r, r->pid), pfn;
	struct hmmu *clone = NULL;

	(void)state;
	write_pages(r, buf, 1, 3);
	hmmu_lru_add_drain_all(r->m);
	do_fork_of(r, r->tid);
	assert_ok(hmmu_hold(r->m, r->pid, buf, &pfn));
	assert_blocked(r->m, store(r, waiter, buf, 4), waiter, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_clone(r->m, &clone));
	assert_clean(clone);
	assert_ok(hmmu_release(clone, pfn));
	assert_ok(hmmu_store(clone, waiter, buf, "\4", 1, NULL));
	assert_clean(clone);
	hmmu_destroy(clone);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(store(r, waiter, buf, 4));
	rig_close(r);
}

/* Looking and verifying change no state; any call that does changes the hash. */
static void test_hash(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = live(r), hash;
	struct hmmu_entry entry;

	(void)state;
	hash = hmmu_hash(r->m);
	entry = entry_of(r, r->pid, buf);
	assert_int_equal(entry.kind, HMMU_ENTRY_DEV);
	assert_clean(r->m);
	assert_true(hmmu_hash(r->m) == hash);
	*(uint8_t *)hmmu_page_data(r->m, entry.pfn) ^= 1;
	assert_true(hmmu_hash(r->m) != hash);
	*(uint8_t *)hmmu_page_data(r->m, entry.pfn) ^= 1;
	assert_true(hmmu_hash(r->m) == hash);
	rig_close(r);
}

/* Machines that differ in nothing but where a byte is. */
static void test_hash_of_another_place(void **state)
{
	struct rig *a = open_rig(), *b = open_rig();
	uint64_t in_a = map_anon(a, 2), in_b = map_anon(b, 2);

	(void)state;
	write_pages(a, in_a, 2, 0);
	write_pages(b, in_b, 2, 0);
	assert_true(hmmu_hash(a->m) == hmmu_hash(b->m));
	memset(hmmu_page_data(a->m, pfn_at(a, in_a)), 9, 8);
	memset(hmmu_page_data(b->m, pfn_at(b, in_b + PAGES(1))), 9, 8);
	assert_true(hmmu_hash(a->m) != hmmu_hash(b->m));
	rig_close(a);
	rig_close(b);
}

/* What a snapshot goes over is all that was ever written to, or a copy would lack something. */
static void test_wipe(void **state)
{
	struct rig *r = open_rig(.swap_pages = 64);
	const uint64_t *words = (const uint64_t *)r->m->st;
	uint64_t i, buf, end = r->m->st->bytes / sizeof(*words);

	(void)state;
	assert_ok(hmmu_watch(r->m, r->pid));
	assert_ok(hmmu_events_record(r->m, UINT32_MAX));
	buf = live(r);
	go_on(r->m, r->tid, buf);
	assert_ok(hmmu_reclaim(r->m, r->pid, buf + PAGES(5)));
	arena_wipe(r->m);
	for (i = sizeof(struct state) / sizeof(*words); i < end && !words[i]; i++)
		;
	assert_int_equal(i, end);
	rig_discard(r);
}

/* What a hash passes over a copy passes over, too, so this looks at the bytes: all that is not in slabs. */
static void test_every_part_is_copied(void **state)
{
	struct rig *r = open_rig(.device_pages = 512, .swap_pages = 8, .other_device_pages = 2);
	uint64_t buf = live(r), rest, swapped = map_anon(r, 1);
	struct hmmu *clone;
	uint32_t pfn;

	(void)state;
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_TLB_FLUSH));
	write_pages(r, swapped, 1, 3);
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_reclaim(r->m, r->pid, swapped));
	assert_ok(hmmu_other_device_alloc(r->m, &pfn));
	assert_ok(hmmu_page_zero(r->m, pfn));
	read_pages(r, buf + PAGES(4), 2);
	rest = r->m->st->offsets[0];
	assert_ok(hmmu_clone(r->m, &clone));
	assert_int_equal(memcmp((char *)clone->st + rest, (char *)r->m->st + rest, r->m->st->bytes - rest), 0);
	hmmu_destroy(clone);
	assert_ok(hmmu_page_put(r->m, pfn));
	rig_close(r);
}

static int count_fault(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	(void)m;
	(void)tid;
	(void)address;
	(void)pfn;
	++*(int *)data;
	return -EIO;
}

static void test_clone_has_the_fault_handler(void **state)
{
	static const struct hmmu_pagemap_ops ops = { .page_fault = count_fault };
	struct rig *r = open_rig();
	uint64_t buf = live(r);
	struct hmmu *clone;
	int faults = 0;
	char byte;

	(void)state;
	assert_ok(hmmu_device_set_ops(r->m, &ops, &faults));
	assert_ok(hmmu_clone(r->m, &clone));
	assert_failed(clone, hmmu_load(clone, r->tid, buf, &byte, 1, NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_int_equal(faults, 1);
	hmmu_destroy(clone);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clone_has_the_fault_handler),
		cmocka_unit_test(test_every_part_is_copied),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_hash_of_another_place),
		cmocka_unit_test(test_clone),
		cmocka_unit_test(test_snapshot_and_restore),
		cmocka_unit_test(test_too_small_buffer),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_not_in_callbacks),
		cmocka_unit_test(test_under_way),
		cmocka_unit_test(test_wipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
