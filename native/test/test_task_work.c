/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that lost their last mapping are closed: who waits for locked pages, in which order, and what others see. */
#include <stdlib.h>

#include "support.h"

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)

static const uint32_t profiles[] = { HMMU_PROFILE_LINUX_4_14, HMMU_PROFILE_LINUX_6_12 };

/** A file of 4 pages with two locked ones, and what else a process has. */
struct scene {
	struct rig *r;
	uint64_t file;
	uint64_t anon;    /**< 4 pages, all touched */
	uint32_t pfns[4]; /**< the file's pages; 1 and 3 are locked */
	uint32_t other;   /**< a task */
};

static uint32_t hold_page(struct rig *r, uint64_t address)
{
	uint32_t pfn;

	assert_ok(hmmu_hold(r->m, r->pid, address, &pfn));
	return pfn;
}

static struct scene open_scene(uint32_t profile)
{
	struct scene s = { .r = open_rig(.profile = profile) };

	s.file = map_at(s.r, BASE, 4, HMMU_MAP_SHAREDFILE, RW);
	s.anon = map_at(s.r, BASE + MIB(4), 4, HMMU_MAP_ANON, RW);
	s.other = new_task(s.r, s.r->pid);
	write_pages(s.r, s.file, 4, 0x10);
	write_pages(s.r, s.anon, 4, 0x20);
	hmmu_lru_add_drain_all(s.r->m);
	for (int i = 0; i < 4; i++)
		s.pfns[i] = pfn_at(s.r, s.file + PAGES(i));
	hold_page(s.r, s.file + PAGES(1));
	hold_page(s.r, s.file + PAGES(3));
	return s;
}

static int unmap_file(struct scene *s)
{
	return hmmu_munmap(s->r->m, s->r->tid, s->file, PAGES(4));
}

static bool is_free(struct rig *r, uint32_t pfn)
{
	return page_info(r, pfn).flags & HMMU_PG_BUDDY;
}

static void assert_waits_for(struct rig *r, uint32_t tid, uint32_t pfn, bool ready)
{
	struct hmmu_task_state task;

	assert_ok(hmmu_task_state(r->m, tid, &task));
	assert_int_equal(task.wait, HMMU_WAIT_PAGE_LOCK);
	assert_int_equal(task.wait_pfn, pfn);
	assert_int_equal(task.ready, ready);
	assert_clean(r->m);
}

/* munmap() has unmapped, given mmap_sem up, and freed the pages that nobody locks. It waits for the other ones by index. */
static void munmap_waits(uint32_t profile)
{
	struct scene s = open_scene(profile);
	struct rig *r = s.r;
	uint64_t fresh;

	assert_blocked(r->m, unmap_file(&s), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_waits_for(r, r->tid, s.pfns[1], false);
	assert_kind(r, s.file, 4, HMMU_ENTRY_NOMAP);
	assert_int_equal(mm_counters(r, r->pid).shmem, 0);
	assert_true(is_free(r, s.pfns[0]) && is_free(r, s.pfns[2]));
	/* Those of the file, of who holds them, and of who waits. */
	assert_int_equal(page_info(r, s.pfns[1]).ref, 3);
	assert_int_equal(page_info(r, s.pfns[3]).ref, 2);
	assert_ok(
		hmmu_mmap(r->m, s.other, &(struct hmmu_map){ .pages = 1, .kind = HMMU_MAP_ANON, .prot = RW }, &fresh));
	assert_ok(store(r, s.other, fresh, 1));
	/* The task itself can do nothing else. */
	assert_failed(r->m, store(r, r->tid, s.anon, 1), -EBUSY, HMMU_ERR_BUSY);
	assert_non_null(strstr(hmmu_error(r->m)->text, "munmap("));
	/* A page behind the one that is waited for stays when it is unlocked. */
	assert_ok(hmmu_release(r->m, s.pfns[3]));
	assert_waits_for(r, r->tid, s.pfns[1], false);
	assert_blocked(r->m, unmap_file(&s), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_int_equal(page_info(r, s.pfns[3]).ref, 1);
	assert_ok(hmmu_release(r->m, s.pfns[1]));
	assert_waits_for(r, r->tid, s.pfns[1], true);
	assert_ok(unmap_file(&s));
	assert_true(is_free(r, s.pfns[1]) && is_free(r, s.pfns[3]));
	assert_ok(store(r, r->tid, s.anon, 1));
	rig_close(r);
}

/* The next locked page is waited for when the one before has gone. */
static void waits_for_each(uint32_t profile)
{
	struct scene s = open_scene(profile);
	struct rig *r = s.r;

	assert_blocked(r->m, unmap_file(&s), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_release(r->m, s.pfns[1]));
	assert_blocked(r->m, unmap_file(&s), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_waits_for(r, r->tid, s.pfns[3], false);
	assert_true(is_free(r, s.pfns[1]));
	assert_ok(hmmu_release(r->m, s.pfns[3]));
	assert_ok(unmap_file(&s));
	rig_close(r);
}

/* Nobody waits as long as the file has a mapping, whose ever, and however small. */
static void last_mapping_closes(uint32_t profile)
{
	struct scene s = open_scene(profile);
	struct rig *r = s.r;
	uint32_t child = do_fork_of(r, r->tid);

	assert_ok(unmap_file(&s));
	assert_ok(hmmu_munmap(r->m, hmmu_process_task(r->m, child), s.file, PAGES(3)));
	assert_blocked(r->m, hmmu_exit(r->m, child), hmmu_process_task(r->m, child), HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_release(r->m, s.pfns[1]));
	assert_ok(hmmu_release(r->m, s.pfns[3]));
	assert_ok(hmmu_exit(r->m, child));
	rig_close(r);
}

/* A process that ends has given its memory and its other tasks up while its first task waits. */
static void exit_waits(uint32_t profile)
{
	struct scene s = open_scene(profile);
	struct rig *r = s.r;
	uint32_t tids[4], tid;
	uint64_t address;

	assert_blocked(r->m, hmmu_exit(r->m, r->pid), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_waits_for(r, r->tid, s.pfns[1], false);
	assert_true(hmmu_process_alive(r->m, r->pid));
	assert_int_equal(hmmu_tasks(r->m, r->pid, tids, 4), 1);
	assert_int_equal(tids[0], r->tid);
	assert_int_equal(mapped_pages(r, r->pid), 0);
	assert_int_equal(mm_counters(r, r->pid).anon, 0);
	assert_int_equal(mm_counters(r, r->pid).tables, 1);
	assert_failed(r->m, hmmu_task_create(r->m, r->pid, &tid), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_mmap(r->m, r->tid, &(struct hmmu_map){ .pages = 1, .prot = RW }, &address), -EBUSY,
		      HMMU_ERR_BUSY);
	assert_non_null(strstr(hmmu_error(r->m)->text, "exit()"));
	assert_failed(r->m, hmmu_task_destroy(r->m, r->tid), -EBUSY, HMMU_ERR_BUSY);
	assert_ok(hmmu_oom_reap(r->m, r->pid));
	assert_blocked(r->m, hmmu_exit(r->m, r->pid), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_release(r->m, s.pfns[1]));
	assert_blocked(r->m, hmmu_exit(r->m, r->pid), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_release(r->m, s.pfns[3]));
	assert_ok(hmmu_exit(r->m, r->pid));
	assert_false(hmmu_process_alive(r->m, r->pid));
	assert_failed(r->m, hmmu_exit(r->m, r->pid), -ESRCH, HMMU_ERR_NO_PROCESS);
	rig_close(r);
}

/* A task that waits keeps its process from ending: a kill does not end the wait, either. */
static void exit_after_the_wait(uint32_t profile)
{
	struct scene s = open_scene(profile);
	struct rig *r = s.r;

	assert_blocked(r->m, hmmu_munmap(r->m, s.other, s.file, PAGES(4)), s.other, HMMU_WAIT_PAGE_LOCK);
	assert_failed(r->m, hmmu_exit(r->m, r->pid), -EBUSY, HMMU_ERR_BUSY);
	assert_ok(hmmu_release(r->m, s.pfns[1]));
	assert_ok(hmmu_release(r->m, s.pfns[3]));
	assert_ok(hmmu_munmap(r->m, s.other, s.file, PAGES(4)));
	assert_ok(hmmu_exit(r->m, r->pid));
	rig_close(r);
}

/* Files are closed in the reverse order: those unmapped before the one that waits have all their pages. */
static void last_file_first(uint32_t profile)
{
	struct rig *r = open_rig(.profile = profile);
	uint64_t files[3];
	uint32_t pfns[3], locked;

	for (int i = 0; i < 3; i++) {
		files[i] = map_at(r, BASE + MIB(4 * i), 2, HMMU_MAP_SHMEM, RW);
		write_pages(r, files[i], 2, 1);
		pfns[i] = pfn_at(r, files[i]);
	}
	hmmu_lru_add_drain_all(r->m);
	locked = hold_page(r, files[1] + PAGES(1));
	assert_blocked(r->m, hmmu_munmap(r->m, r->tid, BASE, MIB(12)), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_waits_for(r, r->tid, locked, false);
	assert_false(is_free(r, pfns[0]));
	assert_true(is_free(r, pfns[1]) && is_free(r, pfns[2]));
	assert_ok(hmmu_release(r->m, locked));
	assert_ok(hmmu_munmap(r->m, r->tid, BASE, MIB(12)));
	assert_true(is_free(r, pfns[0]));
	rig_close(r);
}

/* Of a file with more indexes than the page cache has chains, pages are waited for by index, too. */
static void sparse_file(uint32_t profile)
{
	struct rig *r = open_rig(.profile = profile);
	const uint64_t pages = 1 << 20, touched[] = { 900000, 7, 500000, 3 };
	uint64_t file = map_at(r, BASE, pages, HMMU_MAP_SHMEM, RW);
	uint32_t pfns[4];

	for (int i = 0; i < 4; i++) {
		write_pages(r, file + PAGES(touched[i]), 1, 1);
		pfns[i] = i == 3 ? pfn_at(r, file + PAGES(touched[i])) : hold_page(r, file + PAGES(touched[i]));
	}
	hmmu_lru_add_drain_all(r->m);
	assert_blocked(r->m, hmmu_munmap(r->m, r->tid, file, PAGES(pages)), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_true(is_free(r, pfns[3]));
	for (int i = 1; i < 4; i++) {
		uint32_t pfn = pfns[i % 3 ? i : 0];

		assert_waits_for(r, r->tid, pfn, false);
		assert_ok(hmmu_release(r->m, pfn));
		if (i < 3)
			assert_blocked(r->m, hmmu_munmap(r->m, r->tid, file, PAGES(pages)), r->tid,
				       HMMU_WAIT_PAGE_LOCK);
	}
	assert_ok(hmmu_munmap(r->m, r->tid, file, PAGES(pages)));
	rig_close(r);
}

/* Who gives up does not wait for locks: the pages leave the file, and are freed when they are let go. */
static void cancel(uint32_t profile)
{
	struct scene s = open_scene(profile);
	struct rig *r = s.r;

	assert_blocked(r->m, unmap_file(&s), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_task_cancel(r->m, r->tid));
	assert_clean(r->m);
	assert_int_equal(page_info(r, s.pfns[1]).ref, 1);
	assert_kind(r, s.file, 4, HMMU_ENTRY_NOMAP);
	assert_ok(store(r, r->tid, s.anon, 1));
	assert_ok(hmmu_release(r->m, s.pfns[1]));
	assert_ok(hmmu_release(r->m, s.pfns[3]));
	assert_true(is_free(r, s.pfns[1]) && is_free(r, s.pfns[3]));
	rig_close(r);
}

/* An exit that is cancelled leaves a process with no memory. */
static void cancel_exit(uint32_t profile)
{
	struct scene s = open_scene(profile);
	struct rig *r = s.r;
	uint32_t tid;

	assert_blocked(r->m, hmmu_exit(r->m, r->pid), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_task_cancel(r->m, r->tid));
	assert_clean(r->m);
	assert_int_equal(mapped_pages(r, r->pid), 0);
	assert_ok(hmmu_task_create(r->m, r->pid, &tid));
	assert_ok(hmmu_exit(r->m, r->pid));
	assert_ok(hmmu_release(r->m, s.pfns[1]));
	assert_ok(hmmu_release(r->m, s.pfns[3]));
	rig_close(r);
}

static int remap_onto_file(struct scene *s, uint64_t old_pages, uint64_t new_pages, uint64_t *address)
{
	return hmmu_mremap(s->r->m, s->r->tid, s->anon, PAGES(old_pages), PAGES(new_pages),
			   HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED, s->file, address);
}

static void release_both(struct scene *s)
{
	assert_ok(hmmu_release(s->r->m, s->pfns[1]));
	assert_ok(hmmu_release(s->r->m, s->pfns[3]));
}

/* mremap() closes the file that was in its way, and returns its result behind the wait. So it does if it fails. */
static void mremap_waits(uint32_t profile)
{
	struct scene s = open_scene(profile);
	struct rig *r = s.r;
	uint64_t address = 0;

	assert_blocked(r->m, remap_onto_file(&s, 4, 4, &address), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_waits_for(r, r->tid, s.pfns[1], false);
	assert_int_equal(address, 0);
	assert_bytes(r, s.other, s.file, 4, 0x20);
	release_both(&s);
	assert_ok(remap_onto_file(&s, 4, 4, &address));
	assert_int_equal(address, s.file);
	rig_close(r);

	s = open_scene(profile);
	r = s.r;
	assert_blocked(r->m, remap_onto_file(&s, 5, 5, &address), r->tid, HMMU_WAIT_PAGE_LOCK);
	release_both(&s);
	assert_failed(r->m, remap_onto_file(&s, 5, 5, &address), -EFAULT, HMMU_ERR_SYSCALL);
	assert_bytes(r, s.other, s.anon, 4, 0x20);
	rig_close(r);
}

/* A mapping of shared memory that is locked in memory grows, over a file, by a page that somebody has locked. */
static uint32_t lock_page_behind(struct scene *s)
{
	struct rig *r = s->r;
	uint32_t pfn;

	assert_ok(hmmu_munmap(r->m, r->tid, s->anon, PAGES(4)));
	map_at(r, s->anon, 4, HMMU_MAP_SHMEM, RW);
	write_pages(r, s->anon, 4, 0x20);
	hmmu_lru_add_drain_all(r->m);
	pfn = hold_page(r, s->anon + PAGES(3));
	assert_ok(hmmu_munmap(r->m, r->tid, s->anon + PAGES(3), PAGES(1)));
	assert_ok(hmmu_mlock(r->m, r->tid, s->anon, PAGES(3)));
	return pfn;
}

/* mremap() makes the new pages present before it closes the file. */
static void mremap_populates_first(uint32_t profile)
{
	struct scene s = open_scene(profile);
	struct rig *r = s.r;
	uint32_t behind = lock_page_behind(&s);
	uint64_t address = 0;

	assert_blocked(r->m, remap_onto_file(&s, 3, 4, &address), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_waits_for(r, r->tid, behind, false);
	assert_false(is_free(r, s.pfns[0]));
	assert_ok(hmmu_release(r->m, behind));
	assert_blocked(r->m, remap_onto_file(&s, 3, 4, &address), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_waits_for(r, r->tid, s.pfns[1], false);
	assert_true(is_free(r, s.pfns[0]));
	release_both(&s);
	assert_ok(remap_onto_file(&s, 3, 4, &address));
	assert_int_equal(address, s.file);
	rig_close(r);

	/* Cancelled while it populates, it closes the file at once. */
	s = open_scene(profile);
	r = s.r;
	behind = lock_page_behind(&s);
	assert_blocked(r->m, remap_onto_file(&s, 3, 4, &address), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_task_cancel(r->m, r->tid));
	assert_clean(r->m);
	assert_int_equal(page_info(r, s.pfns[1]).ref, 1);
	assert_ok(hmmu_release(r->m, behind));
	release_both(&s);
	rig_close(r);
}

/* A machine restored while a process waits goes on as the original does. */
static void snapshot(uint32_t profile)
{
	struct scene s = open_scene(profile);
	struct rig *r = s.r;
	struct hmmu *copy;

	assert_blocked(r->m, hmmu_exit(r->m, r->pid), r->tid, HMMU_WAIT_PAGE_LOCK);
	copy = copy_by_snapshot(r->m, 0, NULL);
	assert_true(hmmu_hash(copy) == hmmu_hash(r->m));
	for (int i = 1; i < 4; i += 2) {
		assert_ok(hmmu_release(r->m, s.pfns[i]));
		assert_ok(hmmu_release(copy, s.pfns[i]));
		assert_int_equal(hmmu_exit(copy, r->pid), hmmu_exit(r->m, r->pid));
		assert_true(hmmu_hash(copy) == hmmu_hash(r->m));
	}
	assert_clean(copy);
	hmmu_destroy(copy);
	rig_close(r);
}

/* What both kernels do alike. */
#define BOTH(name) \
	static void test_##name(void **state) \
	{ \
		(void)state; \
		for (size_t i = 0; i < sizeof(profiles) / sizeof(*profiles); i++) \
			name(profiles[i]); \
	}

BOTH(munmap_waits)
BOTH(waits_for_each)
BOTH(last_mapping_closes)
BOTH(exit_waits)
BOTH(exit_after_the_wait)
BOTH(last_file_first)
BOTH(sparse_file)
BOTH(cancel)
BOTH(cancel_exit)
BOTH(mremap_waits)
BOTH(mremap_populates_first)
BOTH(snapshot)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_munmap_waits),
		cmocka_unit_test(test_waits_for_each),
		cmocka_unit_test(test_last_mapping_closes),
		cmocka_unit_test(test_exit_waits),
		cmocka_unit_test(test_exit_after_the_wait),
		cmocka_unit_test(test_last_file_first),
		cmocka_unit_test(test_sparse_file),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_cancel_exit),
		cmocka_unit_test(test_mremap_waits),
		cmocka_unit_test(test_mremap_populates_first),
		cmocka_unit_test(test_snapshot),
	};

	return run_on_each_kernel(tests);
}
