/* SPDX-License-Identifier: GPL-2.0-only */
/* MADV_COLLAPSE that waits or fails in between. */
#include "support.h"

#include <stdlib.h>

#include "mm/vma.h"

#define open_6_12(...) open_rig(.profile = HMMU_PROFILE_LINUX_6_12, __VA_ARGS__)

/* Another task of the process waits for a page with mmap_sem. MADV_COLLAPSE scans, then it waits to write. */
static void test_collapse_waits(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 8192);
	uint64_t shared = map_huge(r, 512), buf = map_at(r, BASE, 1024, HMMU_MAP_ANON, 3);
	u32 other = new_task(r, r->pid), pfn, pinned;

	(void)state;
	write_pages(r, shared, 1, 1);
	write_pages(r, buf, 1, 1);
	write_pages(r, buf + MIB(2), 1, 2);
	do_fork_of(r, r->tid);
	/* What collapse needs: an entry that is writable. */
	write_pages(r, buf, 1, 1);
	write_pages(r, buf + MIB(2), 1, 2);
	assert_ok(hmmu_hold(r->m, r->pid, shared, &pfn));
	assert_blocked(r->m, hmmu_pin(r->m, other, shared, HMMU_PIN_WRITE, &pinned), other, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, hmmu_madvise(r->m, r->tid, buf, MIB(4), HMMU_MADV_COLLAPSE), r->tid,
		       HMMU_WAIT_MMAP_SEM_WRITE);
	assert_clean(r->m);
	assert_int_equal(entry_of(r, r->pid, buf).kind, HMMU_ENTRY_SYS);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_pin(r->m, other, shared, HMMU_PIN_WRITE, &pinned));
	assert_ok(hmmu_madvise(r->m, r->tid, buf, MIB(4), HMMU_MADV_COLLAPSE));
	assert_int_equal(entry_of(r, r->pid, buf).kind, HMMU_ENTRY_HUGE);
	assert_int_equal(entry_of(r, r->pid, buf + MIB(2)).kind, HMMU_ENTRY_HUGE);
	assert_ok(hmmu_unpin(r->m, pinned, HMMU_PIN_WRITE));
	rig_close(r);
}

/** A MADV_COLLAPSE that waits for mmap_sem at its second block, after the first one failed with EAGAIN. */
struct collapse_rig {
	struct rig *r;
	u64 start, buf;
	u32 other;          /**< a task that has mmap_sem */
	u64 shared;         /**< where that task pins a page */
	u32 in_way, locked; /**< pages: one that fails the first block, one that the other task waits for */
};

static int collapse(const struct collapse_rig *c)
{
	return hmmu_madvise(c->r->m, c->r->tid, c->start, c->buf + MIB(4) - c->start, HMMU_MADV_COLLAPSE);
}

/* Two blocks of small pages that may become huge. */
static u64 map_small(struct rig *r)
{
	u64 buf = map_at(r, BASE, 1024, HMMU_MAP_ANON, 3);

	write_pages(r, buf, 1, 1);
	write_pages(r, buf + MIB(2), 1, 2);
	assert_ok(hmmu_madvise(r->m, r->tid, buf, MIB(4), HMMU_MADV_HUGEPAGE));
	return buf;
}

/* A huge page in a mapping of its own. */
static u64 map_huge_below(struct rig *r, u64 end)
{
	u64 start = map_at(r, end - MIB(2), 512, HMMU_MAP_ANON, 3);

	assert_ok(hmmu_madvise(r->m, r->tid, start, MIB(2), HMMU_MADV_HUGEPAGE));
	assert_ok(hmmu_madvise(r->m, r->tid, start, MIB(2), HMMU_MADV_DONTFORK));
	write_pages(r, start, 1, 3);
	return start;
}

static struct collapse_rig collapse_that_waits(bool mapping_before)
{
	struct rig *r = open_6_12(.ram_pages = 8192);
	struct collapse_rig c = { .r = r, .shared = map_huge(r, 512), .buf = map_small(r) };
	u32 pinned;

	c.start = mapping_before ? map_huge_below(r, c.buf) : c.buf;
	c.other = new_task(r, r->pid);
	write_pages(r, c.shared, 1, 1);
	do_fork_of(r, r->tid);
	write_pages(r, c.buf, 1, 1);
	write_pages(r, c.buf + MIB(2), 1, 2);
	assert_ok(hmmu_pin(r->m, r->tid, c.buf, 0, &c.in_way));
	assert_ok(hmmu_hold(r->m, r->pid, c.shared, &c.locked));
	assert_blocked(r->m, hmmu_pin(r->m, c.other, c.shared, HMMU_PIN_WRITE, &pinned), c.other, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, collapse(&c), r->tid, HMMU_WAIT_MMAP_SEM_WRITE);
	return c;
}

/* The second block is done, and the failure of the first one is the result. */
static void finish_collapse(struct collapse_rig *c)
{
	struct rig *r = c->r;
	u32 pinned;

	assert_ok(hmmu_release(r->m, c->locked));
	assert_ok(hmmu_pin(r->m, c->other, c->shared, HMMU_PIN_WRITE, &pinned));
	assert_failed(r->m, collapse(c), -EAGAIN, HMMU_ERR_SYSCALL);
	assert_int_equal(entry_of(r, r->pid, c->buf).kind, HMMU_ENTRY_SYS);
	assert_int_equal(entry_of(r, r->pid, c->buf + MIB(2)).kind, HMMU_ENTRY_HUGE);
	assert_ok(hmmu_unpin(r->m, pinned, HMMU_PIN_WRITE));
	assert_ok(hmmu_unpin(r->m, c->in_way, 0));
	rig_close(r);
}

/* A mapping before the one in which the call waited is done, and does not end the call with the failure of the other. */
static void test_collapse_waits_after_a_failure(void **state)
{
	struct collapse_rig c;

	(void)state;
	for (int mapping_before = 0; mapping_before < 2; mapping_before++) {
		c = collapse_that_waits(mapping_before);
		finish_collapse(&c);
	}
}

/* Set a word of a task's progress, and expect restore to refuse the machine. */
static void refuse_progress(struct hmmu *m, u64 *word, u64 wrong)
{
	struct hmmu_error error = { 0 };
	u64 right = *word;

	*word = wrong;
	assert_null(copy_by_snapshot(m, 0, &error));
	assert_says(error.text, "is in a state that is none");
	*word = right;
}

/* A snapshot keeps what a call that waits has noted, and nothing else passes for it. */
static void test_collapse_waits_in_a_snapshot(void **state)
{
	struct collapse_rig c = collapse_that_waits(false);
	struct progress *progress = &task_of(c.r->m, c.r->tid)->progress;
	struct hmmu_error error = { 0 };
	struct hmmu *copy;

	(void)state;
	assert_int_equal(progress->result, EAGAIN);
	assert_int_equal(progress->at, c.buf + MIB(2));
	refuse_progress(c.r->m, &progress->result, 1);
	refuse_progress(c.r->m, &progress->result, EINVAL + 1);
	refuse_progress(c.r->m, &progress->result, PAGE_SIZE);
	refuse_progress(c.r->m, &progress->result, 1ull << 31);
	refuse_progress(c.r->m, &progress->at, c.buf + PAGE_SIZE);
	refuse_progress(c.r->m, &progress->at, c.buf + MIB(4));
	progress = &task_of(c.r->m, c.other)->progress;
	refuse_progress(c.r->m, &progress->result, EAGAIN);
	copy = copy_by_snapshot(c.r->m, 0, &error);
	assert_non_null(copy);
	hmmu_destroy(c.r->m);
	c.r->m = copy;
	finish_collapse(&c);
}

/* A task waits for a migration entry with the lock of the mapping. A collapse elsewhere in this mapping waits for it. */
static void test_collapse_waits_for_a_reader(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 8192, .device_pages = 4);
	uint64_t buf = map_small(r), block = buf + MIB(2);
	uint32_t child = do_fork_of(r, r->tid), reader = hmmu_process_task(r->m, child), other = new_task(r, child);
	struct hmmu_migrate_request request = request_for(r, buf, 1);
	struct hmmu_migration *mig;

	(void)state;
	assert_ok(store(r, other, block, 3));
	request.flags = HMMU_SELECT_SYSTEM;
	assert_ok(hmmu_migrate_begin(r->m, &request, &mig));
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_PAGES));
	assert_blocked(r->m, load(r, reader, buf, NULL), reader, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, hmmu_madvise(r->m, other, block, MIB(2), HMMU_MADV_COLLAPSE), other, HMMU_WAIT_VMA_LOCK);
	assert_ok(hmmu_migrate_end(mig));
	assert_blocked(r->m, hmmu_madvise(r->m, other, block, MIB(2), HMMU_MADV_COLLAPSE), other, HMMU_WAIT_VMA_LOCK);
	/* It starts anew, and finds the mapping marked. */
	assert_blocked(r->m, load(r, reader, buf, NULL), reader, HMMU_WAIT_MMAP_SEM_READ);
	assert_ok(hmmu_madvise(r->m, other, block, MIB(2), HMMU_MADV_COLLAPSE));
	assert_ok(load(r, reader, buf, NULL));
	assert_int_equal(entry_of(r, child, block).kind, HMMU_ENTRY_HUGE);
	rig_close(r);
}

/* A migration to the device of pages of one kind. The words are behind @offset others. */
static struct hmmu_migration *begin_selected(struct rig *r, u64 address, u64 pages, u64 offset, u32 select)
{
	struct hmmu_migrate_request request = request_for(r, address, pages);
	struct hmmu_migration *mig;

	r->builtin = (struct hmmu_builtin){ .to = HMMU_TO_DEVICE };
	request.flags = select;
	request.owner = HMMU_DEFAULT_OWNER;
	request.src += offset;
	request.dst += offset;
	assert_ok(hmmu_migrate_begin(r->m, &request, &mig));
	assert_ok(hmmu_migrate_run(mig, HMMU_STAGE_PAGES));
	return mig;
}

/* The driver does nothing for pages that are on the device already. */
static struct hmmu_migration *begin_in_vain(struct rig *r, u64 address, u64 pages, u64 offset)
{
	return begin_selected(r, address, pages, offset, HMMU_SELECT_DEVICE_PRIVATE);
}

/* Entries on the way are waited for once each. Those that still are no pages afterwards fail the block. */
static void test_collapse_waits_for_migrations(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 8192, .device_pages = 8);
	u64 buf = map_small(r);
	u32 other = new_task(r, r->pid);
	struct hmmu_migration *first, *second;

	(void)state;
	write_pages(r, buf, 6, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_migrate_end(begin_selected(r, buf, 5, 0, HMMU_SELECT_SYSTEM)));
	first = begin_in_vain(r, buf, 2, 0);
	second = begin_in_vain(r, buf + PAGES(3), 1, 2);
	assert_blocked(r->m, hmmu_madvise(r->m, other, buf, MIB(2), HMMU_MADV_COLLAPSE), other, HMMU_WAIT_PAGE_LOCK);
	assert_int_equal(task_of(r->m, other)->progress.at, buf);
	assert_ok(hmmu_migrate_end(first));
	assert_blocked(r->m, hmmu_madvise(r->m, other, buf, MIB(2), HMMU_MADV_COLLAPSE), other, HMMU_WAIT_PAGE_LOCK);
	assert_int_equal(task_of(r->m, other)->progress.at, buf + PAGES(3));
	assert_ok(hmmu_migrate_end(second));
	assert_failed(r->m, hmmu_madvise(r->m, other, buf, MIB(2), HMMU_MADV_COLLAPSE), -EINVAL, HMMU_ERR_SYSCALL);
	for (u64 i = 0; i < 6; i++)
		assert_int_equal(entry_of(r, r->pid, buf + PAGES(i)).kind,
				 i == 0 || i == 3 ? HMMU_ENTRY_DEV : HMMU_ENTRY_SYS);
	assert_clean(r->m);
	rig_close(r);
}

/* What collapse allocated is given back; a block that was made huge stays so. */
static void test_collapse_without_memory(void **state)
{
	struct rig *r = open_6_12(.ram_pages = 4096);
	uint64_t buf = map_at(r, BASE, 1024, HMMU_MAP_ANON, 3), charged;

	(void)state;
	write_pages(r, buf, 1, 1);
	write_pages(r, buf + MIB(2), 1, 2);
	charged = hmmu_memcg_charged(r->m);
	assert_ok(hmmu_memcg_set_limit(r->m, charged + 600));
	assert_failed(r->m, hmmu_madvise(r->m, r->tid, buf, MIB(4), HMMU_MADV_COLLAPSE), -EBUSY, HMMU_ERR_SYSCALL);
	assert_int_equal(entry_of(r, r->pid, buf).kind, HMMU_ENTRY_HUGE);
	assert_int_equal(entry_of(r, r->pid, buf + MIB(2)).kind, HMMU_ENTRY_SYS);
	assert_clean(r->m);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_collapse_waits),
		cmocka_unit_test(test_collapse_waits_after_a_failure),
		cmocka_unit_test(test_collapse_waits_in_a_snapshot),
		cmocka_unit_test(test_collapse_waits_for_a_reader),
		cmocka_unit_test(test_collapse_waits_for_migrations),
		cmocka_unit_test(test_collapse_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
