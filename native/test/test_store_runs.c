/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A store to many pages does what stores to each of them do: the machines are equal afterwards, and so are error, its address
 * and the bytes stored. The core has a shortcut for pages that nobody has touched.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)
/** More than two page tables. */
#define RUN_PAGES 1100u
#define AT (BASE + MIB(1))

static uint8_t bytes[PAGES(RUN_PAGES)];

static int store_whole(struct rig *r, uint64_t address, size_t length, size_t *done)
{
	return hmmu_store(r->m, r->tid, address, bytes, length, done);
}

static int store_by_pages(struct rig *r, uint64_t address, size_t length, size_t *done)
{
	int err = 0;

	for (size_t at = 0, chunk, part; at < length && !err; at += chunk) {
		size_t left = HMMU_PAGE_SIZE - (address + at) % HMMU_PAGE_SIZE;

		chunk = left < length - at ? left : length - at;
		err = hmmu_store(r->m, r->tid, address + at, bytes + at, chunk, &part);
		*done = at + part;
	}
	return err;
}

typedef void (*prepare)(struct rig *r);

/* Stores from @p address on, after @p first in both. Returns what the stores return. */
static int same_store(const struct hmmu_options *options, prepare first, uint64_t address, size_t length,
		      size_t *stored)
{
	int (*const stores[])(struct rig *, uint64_t, size_t, size_t *) = { store_whole, store_by_pages };
	size_t done[2] = { 0, 0 };
	struct rig *r[2];
	int err[2];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i / HMMU_PAGE_SIZE + i);
	for (int i = 0; i < 2; i++) {
		r[i] = rig_open(options);
		map_at(r[i], AT, RUN_PAGES, HMMU_MAP_ANON, RW);
		if (first)
			first(r[i]);
		err[i] = stores[i](r[i], address, length, &done[i]);
	}
	assert_int_equal(err[0], err[1]);
	assert_int_equal(done[0], done[1]);
	if (err[0]) {
		assert_string_equal(hmmu_error(r[0]->m)->text, hmmu_error(r[1]->m)->text);
		assert_true(hmmu_error(r[0]->m)->address == hmmu_error(r[1]->m)->address);
	}
	assert_true(hmmu_hash(r[0]->m) == hmmu_hash(r[1]->m));
	for (int i = 0; i < 2; i++) {
		assert_ok(hmmu_inject(r[i]->m, HMMU_INJECT_FRAME, 0, false));
		rig_close(r[i]);
	}
	*stored = done[0];
	return err[0];
}

static void test_untouched(void **state)
{
	size_t stored;

	(void)state;
	assert_ok(same_store(&(struct hmmu_options){ 0 }, NULL, AT, PAGES(RUN_PAGES), &stored));
	assert_int_equal(stored, PAGES(RUN_PAGES));
	assert_ok(same_store(&(struct hmmu_options){ .no_contents = true }, NULL, AT, PAGES(RUN_PAGES), &stored));
	/* Neither end is that of a page. */
	assert_ok(same_store(&(struct hmmu_options){ 0 }, NULL, AT + 100, PAGES(600) + 50, &stored));
	assert_int_equal(stored, PAGES(600) + 50);
}

static void touch_some(struct rig *r)
{
	write_pages(r, AT + PAGES(5), 2, 1);
	read_pages(r, AT + PAGES(9), 3);
	write_pages(r, AT + PAGES(520), 1, 1);
	assert_ok(migrate(r, AT + PAGES(5), 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_PAGE_FAULT | 1u << HMMU_EVENT_TLB_FLUSH));
}

static void test_between_others(void **state)
{
	size_t stored;

	(void)state;
	assert_ok(same_store(&(struct hmmu_options){ 0 }, touch_some, AT, PAGES(RUN_PAGES), &stored));
}

static void share(struct rig *r)
{
	write_pages(r, AT + PAGES(3), 4, 1);
	do_fork_of(r, r->tid);
}

static void test_copies(void **state)
{
	size_t stored;

	(void)state;
	assert_ok(same_store(&(struct hmmu_options){ .cpus = 2 }, share, AT, PAGES(64), &stored));
}

static void protect_some(struct rig *r)
{
	write_pages(r, AT, 1, 1);
	assert_ok(hmmu_mprotect(r->m, r->tid, AT + PAGES(30), PAGES(10), HMMU_PROT_READ));
}

static void unmap_some(struct rig *r)
{
	write_pages(r, AT, 1, 1);
	assert_ok(hmmu_munmap(r->m, r->tid, AT + PAGES(530), PAGES(10)));
}

static void test_ends_of_mappings(void **state)
{
	size_t stored;

	(void)state;
	assert_int_equal(same_store(&(struct hmmu_options){ 0 }, protect_some, AT, PAGES(50), &stored), -EFAULT);
	assert_int_equal(stored, PAGES(30));
	assert_int_equal(same_store(&(struct hmmu_options){ 0 }, unmap_some, AT, PAGES(RUN_PAGES), &stored), -EFAULT);
	assert_int_equal(stored, PAGES(530));
	assert_int_equal(same_store(&(struct hmmu_options){ 0 }, NULL, AT + PAGES(1000), PAGES(RUN_PAGES), &stored),
			 -EFAULT);
	assert_int_equal(stored, PAGES(100));
}

static void fail_a_frame(struct rig *r)
{
	write_pages(r, AT, 1, 1);
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_FRAME, 20, false));
}

static void test_frames_run_out(void **state)
{
	size_t stored;

	(void)state;
	assert_int_equal(same_store(&(struct hmmu_options){ 0 }, fail_a_frame, AT, PAGES(100), &stored), -ENOMEM);
	assert_int_equal(stored, PAGES(20));
	assert_int_equal(same_store(&(struct hmmu_options){ .ram_pages = 1024 }, NULL, AT, PAGES(RUN_PAGES), &stored),
			 -ENOMEM);
	assert_true(stored > PAGES(900));
}

/* 6.12's store waits at the limit: the bytes before it are stored. */
static void test_limit(void **state)
{
	struct rig *r = open_rig(.memcg_limit = 40);
	size_t done = 0;
	int err;

	(void)state;
	map_at(r, AT, RUN_PAGES, HMMU_MAP_ANON, RW);
	err = hmmu_store(r->m, r->tid, AT, bytes, PAGES(100), &done);
	assert_true(err == -ENOMEM || err == -EAGAIN);
	assert_true(done > PAGES(20) && done <= PAGES(40) && done % HMMU_PAGE_SIZE == 0);
	assert_int_equal(mm_counters(r, r->pid).anon, done / HMMU_PAGE_SIZE);
	if (err == -EAGAIN) {
		/* The call goes on where it was. */
		assert_ok(hmmu_memcg_set_limit(r->m, 0));
		assert_ok(hmmu_store(r->m, r->tid, AT, bytes, PAGES(100), &done));
		assert_int_equal(done, PAGES(100));
	}
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_untouched),      cmocka_unit_test(test_between_others),
		cmocka_unit_test(test_copies),         cmocka_unit_test(test_ends_of_mappings),
		cmocka_unit_test(test_frames_run_out), cmocka_unit_test(test_limit),
	};

	return run_on_each_kernel(tests);
}
