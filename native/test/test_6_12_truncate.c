/* SPDX-License-Identifier: GPL-2.0-only */
/* Truncation of files in Linux 6.12: what goes, who waits, in which order, and what others see meanwhile. */
#include "wrong.h"

#include "mm/file.h"
#include "mm/vma.h"

#define RW (HMMU_PROT_READ | HMMU_PROT_WRITE)

/** A file of 4 pages, and who maps it. */
struct file_scene {
	struct rig *r;
	uint64_t file;
	uint32_t pfns[4];
	uint32_t child;        /**< maps it, too */
	uint32_t other, third; /**< tasks of the first process */
};

static struct file_scene open_file_in(struct rig *r, uint32_t kind)
{
	struct file_scene s = { .r = r };

	s.file = map_at(s.r, BASE, 4, kind, RW);
	s.other = new_task(s.r, s.r->pid);
	s.third = new_task(s.r, s.r->pid);
	write_pages(s.r, s.file, 4, 0x10);
	hmmu_lru_add_drain_all(s.r->m);
	for (int i = 0; i < 4; i++)
		s.pfns[i] = pfn_at(s.r, s.file + PAGES(i));
	s.child = do_fork_of(s.r, s.r->tid);
	return s;
}

static struct file_scene open_file(uint32_t kind)
{
	return open_file_in(open_rig(.profile = HMMU_PROFILE_LINUX_6_12), kind);
}

static int truncate_to(struct file_scene *s, uint32_t tid, uint64_t pages)
{
	return hmmu_truncate(s->r->m, tid, s->file, pages);
}

static void hold_file_page(struct file_scene *s, int i)
{
	uint32_t pfn;

	assert_ok(hmmu_hold(s->r->m, s->r->pid, s->file + PAGES(i), &pfn));
	assert_int_equal(pfn, s->pfns[i]);
}

static void assert_sigbus(struct file_scene *s, uint32_t tid, int i)
{
	assert_failed(s->r->m, load(s->r, tid, s->file + PAGES(i), NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_failed(s->r->m, store(s->r, tid, s->file + PAGES(i), 1), -EFAULT, HMMU_ERR_SIGBUS);
}

static bool is_freed(struct rig *r, uint32_t pfn)
{
	return page_info(r, pfn).flags & HMMU_PG_BUDDY;
}

static void assert_truncation_waits(struct rig *r, uint32_t tid, uint32_t pfn, bool ready)
{
	struct hmmu_task_state task;

	assert_ok(hmmu_task_state(r->m, tid, &task));
	assert_int_equal(task.wait, HMMU_WAIT_PAGE_LOCK);
	assert_int_equal(task.in_call, HMMU_TASK_CALL_TRUNCATE);
	assert_int_equal(task.wait_pfn, pfn);
	assert_int_equal(task.ready, ready);
	assert_clean(r->m);
	assert_restored(r->m, NULL);
}

static struct file *file_record(struct file_scene *s)
{
	return file_of(s->r->m, vma_of(s->r->m, vma_at(s->r->m, s->r->pid, s->file))->file);
}

/* All processes lose what is beyond the end; a file that grows again begins with zeros. */
static void test_truncate_shared(void **state)
{
	struct file_scene s = open_file(HMMU_MAP_SHAREDFILE);
	struct rig *r = s.r;
	uint32_t reader = hmmu_process_task(r->m, s.child), pinned;

	(void)state;
	assert_ok(load(r, reader, s.file, NULL));
	assert_ok(hmmu_mlock(r->m, r->tid, s.file, PAGES(4)));
	assert_ok(hmmu_pin(r->m, r->tid, s.file + PAGES(3), 0, &pinned));
	assert_ok(truncate_to(&s, r->tid, 2));
	assert_kind(r, s.file, 2, HMMU_ENTRY_SYS);
	assert_kind(r, s.file + PAGES(2), 2, HMMU_ENTRY_NONE);
	assert_int_equal(entry_of(r, s.child, s.file + PAGES(2)).kind, HMMU_ENTRY_NONE);
	assert_true(is_freed(r, s.pfns[2]));
	/* A pinned page is out of the file, clean, and of nobody else. */
	assert_int_equal(page_info(r, s.pfns[3]).ref, 1);
	assert_int_equal(page_info(r, s.pfns[3]).flags & (HMMU_PG_DIRTY | HMMU_PG_MLOCKED), 0);
	assert_int_equal(mm_counters(r, r->pid).shmem, 2);
	assert_sigbus(&s, r->tid, 2);
	assert_sigbus(&s, reader, 3);
	assert_failed(r->m, hmmu_pin(r->m, r->tid, s.file + PAGES(2), 0, &pinned), -EFAULT, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_mlock(r->m, r->tid, s.file, PAGES(4)), -ENOMEM, HMMU_ERR_SYSCALL);
	assert_ok(truncate_to(&s, r->tid, 4));
	assert_kind(r, s.file + PAGES(2), 2, HMMU_ENTRY_NONE);
	assert_bytes(r, r->tid, s.file + PAGES(2), 1, 0);
	assert_bytes(r, reader, s.file + PAGES(3), 1, 0);
	assert_bytes(r, r->tid, s.file, 2, 0x10);
	assert_ok(hmmu_unpin(r->m, s.pfns[3], 0));
	rig_close(r);
}

/* Each mapping beyond the end is told twice, all of them once before the first again. Growing tells nobody. */
static void test_truncation_events(void **state)
{
	static const int order[] = { 0, 1, 0, 1 };
	struct file_scene s = open_file(HMMU_MAP_SHAREDFILE);
	struct rig *r = s.r;
	struct hmmu_event events[16];

	(void)state;
	/* A mapping that ends before the new end of the file. */
	assert_ok(hmmu_munmap(r->m, hmmu_process_task(r->m, s.child), s.file, PAGES(1)));
	assert_ok(hmmu_watch(r->m, r->pid));
	assert_ok(hmmu_watch(r->m, s.child));
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_INVALIDATE_START));
	assert_ok(truncate_to(&s, r->tid, 4));
	assert_ok(truncate_to(&s, r->tid, 9));
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, NULL), 0);
	assert_ok(truncate_to(&s, r->tid, 0));
	assert_int_equal(hmmu_events_read(r->m, events, 16), 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(events[i].pid, order[i] ? s.child : r->pid);
		assert_int_equal(events[i].a, s.file + PAGES(order[i]));
		assert_int_equal(events[i].b, s.file + PAGES(4));
	}
	rig_close(r);
}

/* Private copies go as well, those on the device too. */
static void test_private_copies(void **state)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_LINUX_6_12);
	struct file_scene s = { .r = r, .file = map_at(r, BASE, 6, HMMU_MAP_FILE, RW) };
	uint64_t free_pages = counter(r, HMMU_COUNT_DEVICE_FREE);
	uint32_t pfn;

	(void)state;
	write_pages(r, s.file, 5, 1);
	read_pages(r, s.file + PAGES(5), 1);
	hmmu_lru_add_drain_all(r->m);
	r->select = HMMU_SELECT_SYSTEM;
	assert_ok(migrate(r, s.file + PAGES(1), 3, HMMU_TO_DEVICE));
	assert_ok(hmmu_make_device_exclusive(r->m, r->tid, s.file + PAGES(4), 1, &pfn));
	assert_kind(r, s.file + PAGES(1), 3, HMMU_ENTRY_DEV);
	assert_ok(hmmu_page_unlock(r->m, pfn));
	assert_ok(truncate_to(&s, r->tid, 2));
	assert_kind(r, s.file + PAGES(1), 1, HMMU_ENTRY_DEV);
	assert_kind(r, s.file + PAGES(2), 4, HMMU_ENTRY_NONE);
	assert_int_equal(counter(r, HMMU_COUNT_DEVICE_FREE), free_pages - 1);
	assert_int_equal(mm_counters(r, r->pid).anon, 2);
	assert_int_equal(mm_counters(r, r->pid).shmem, 0);
	assert_ok(hmmu_page_put(r->m, pfn));
	rig_close(r);
}

/* Pages that userfaultfd write-protects leave a marker, which protects what comes there when the file grows again. */
static void test_write_protection_stays(void **state)
{
	struct file_scene s = open_file(HMMU_MAP_SHMEM);
	struct rig *r = s.r;

	(void)state;
	assert_ok(hmmu_uffd_register(r->m, r->tid, s.file, PAGES(4), HMMU_UFFD_WP));
	assert_ok(hmmu_uffd_writeprotect(r->m, r->tid, s.file, PAGES(4), true));
	assert_ok(truncate_to(&s, r->tid, 1));
	assert_kind(r, s.file + PAGES(1), 3, HMMU_ENTRY_MARKER);
	assert_sigbus(&s, r->tid, 1);
	assert_ok(truncate_to(&s, r->tid, 4));
	assert_ok(load(r, r->tid, s.file + PAGES(1), NULL));
	assert_failed(r->m, store(r, r->tid, s.file + PAGES(1), 1), -EFAULT, HMMU_ERR_SIGBUS);
	rig_close(r);
}

/* Pages that nobody has locked go at once; then the task waits, in the order of indexes. The size is the new one. */
static void test_truncation_waits(void **state)
{
	struct file_scene s = open_file(HMMU_MAP_SHAREDFILE);
	struct rig *r = s.r;

	(void)state;
	hold_file_page(&s, 0);
	hold_file_page(&s, 1);
	hold_file_page(&s, 3);
	assert_blocked(r->m, truncate_to(&s, r->tid, 1), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_truncation_waits(r, r->tid, s.pfns[1], false);
	assert_kind(r, s.file, 1, HMMU_ENTRY_SYS);
	assert_kind(r, s.file + PAGES(1), 3, HMMU_ENTRY_NONE);
	assert_true(is_freed(r, s.pfns[2]));
	assert_sigbus(&s, s.other, 3);
	/* The file's, the holder's, the waiter's. */
	assert_int_equal(page_info(r, s.pfns[1]).ref, 3);
	assert_ok(hmmu_release(r->m, s.pfns[3]));
	assert_truncation_waits(r, r->tid, s.pfns[1], false);
	assert_false(is_freed(r, s.pfns[3]));
	assert_ok(hmmu_release(r->m, s.pfns[1]));
	assert_truncation_waits(r, r->tid, s.pfns[1], true);
	assert_ok(truncate_to(&s, r->tid, 1));
	assert_true(is_freed(r, s.pfns[1]) && is_freed(r, s.pfns[3]));
	assert_ok(hmmu_release(r->m, s.pfns[0]));
	assert_bytes(r, r->tid, s.file, 1, 0x10);
	rig_close(r);
}

/* A second truncation waits for the end of the first; its own size is set then. */
static void test_second_truncation_waits(void **state)
{
	struct file_scene s = open_file(HMMU_MAP_SHMEM);
	struct rig *r = s.r;
	uint32_t far = hmmu_process_task(r->m, s.child);

	(void)state;
	hold_file_page(&s, 2);
	assert_blocked(r->m, truncate_to(&s, r->tid, 2), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, truncate_to(&s, s.other, 3), s.other, HMMU_WAIT_INODE_LOCK);
	assert_blocked(r->m, truncate_to(&s, far, 1), far, HMMU_WAIT_INODE_LOCK);
	assert_says(hmmu_error(r->m)->text, "waits for another truncation of its file");
	assert_failed(r->m, hmmu_munmap(r->m, far, s.file, PAGES(1)), -EBUSY, HMMU_ERR_BUSY);
	assert_says(hmmu_error(r->m)->text, "ftruncate(0x200000000, 1)");
	assert_clean(r->m);
	assert_restored(r->m, NULL);
	assert_false(is_ready(r, s.other));
	assert_sigbus(&s, s.third, 2);
	assert_ok(hmmu_release(r->m, s.pfns[2]));
	assert_false(is_ready(r, s.other));
	assert_ok(truncate_to(&s, r->tid, 2));
	assert_true(is_ready(r, s.other) && is_ready(r, far));
	assert_ok(truncate_to(&s, s.other, 3));
	assert_bytes(r, s.third, s.file + PAGES(2), 1, 0);
	assert_ok(truncate_to(&s, far, 1));
	assert_sigbus(&s, s.third, 1);
	rig_close(r);
}

/* A fault that waits for the page before the truncation does maps it once more, in front of it. */
static void test_earlier_fault(void **state)
{
	struct file_scene s = open_file(HMMU_MAP_SHMEM);
	struct rig *r = s.r;
	uint32_t reader = hmmu_process_task(r->m, s.child);
	uint8_t byte;

	(void)state;
	hold_file_page(&s, 2);
	assert_blocked(r->m, load(r, reader, s.file + PAGES(2), &byte), reader, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, truncate_to(&s, r->tid, 1), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_release(r->m, s.pfns[2]));
	assert_ok(load(r, reader, s.file + PAGES(2), &byte));
	assert_int_equal(byte, 0x12);
	assert_int_equal(entry_of(r, s.child, s.file + PAGES(2)).kind, HMMU_ENTRY_SYS);
	assert_clean(r->m);
	assert_ok(hmmu_watch(r->m, s.child));
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_INVALIDATE_START));
	assert_ok(truncate_to(&s, r->tid, 1));
	/* That page for itself, then all beyond the end for the second time. */
	assert_int_equal(drain_events(r, HMMU_EVENT_INVALIDATE_START, NULL), 2);
	assert_int_equal(entry_of(r, s.child, s.file + PAGES(2)).kind, HMMU_ENTRY_NONE);
	assert_sigbus(&s, reader, 2);
	rig_close(r);
}

/* Such a page may go to swap before the truncation comes to it. */
static void test_earlier_fault_swapped(void **state)
{
	struct file_scene s =
		open_file_in(open_rig(.profile = HMMU_PROFILE_LINUX_6_12, .swap_pages = 4), HMMU_MAP_SHMEM);
	struct rig *r = s.r;
	uint32_t reader = hmmu_process_task(r->m, s.child);

	(void)state;
	hold_file_page(&s, 1);
	hold_file_page(&s, 2);
	assert_blocked(r->m, load(r, reader, s.file + PAGES(2), NULL), reader, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, truncate_to(&s, r->tid, 1), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_release(r->m, s.pfns[2]));
	assert_ok(load(r, reader, s.file + PAGES(2), NULL));
	assert_ok(hmmu_reclaim(r->m, s.child, s.file + PAGES(2)));
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 3);
	assert_restores(r->m);
	assert_ok(hmmu_release(r->m, s.pfns[1]));
	assert_ok(truncate_to(&s, r->tid, 1));
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 4);
	assert_restores(r->m);
	assert_ok(truncate_to(&s, r->tid, 4));
	assert_bytes(r, reader, s.file + PAGES(2), 1, 0);
	rig_close(r);
}

static void reclaim_page_2(struct hmmu *m, void *data)
{
	const struct file_scene *s = data;

	assert_ok(hmmu_reclaim(m, s->r->pid, s->file + PAGES(2)));
}

static void return_at_once(struct hmmu *m, void *data)
{
	(void)m;
	(void)data;
}

/* Calls can't stop under AddressSanitizer. */
static void skip_without_stacks(struct rig *r, uint32_t tid)
{
	if (hmmu_run(r->m, tid, return_at_once, NULL) != -EOPNOTSUPP)
		return;
	rig_close(r);
	skip();
}

/* Who closes a file waits for a page, and meanwhile another one goes to swap, which reclaim had locked. */
static void test_closed_file_swapped(void **state)
{
	struct file_scene s =
		open_file_in(open_rig(.profile = HMMU_PROFILE_LINUX_6_12, .swap_pages = 4), HMMU_MAP_SHMEM);
	struct rig *r = s.r;
	struct hmmu *m = r->m;

	(void)state;
	skip_without_stacks(r, s.other);
	assert_ok(hmmu_exit(m, s.child));
	hold_file_page(&s, 1);
	assert_ok(hmmu_set_switch_points(m, HMMU_SWITCH_RECLAIM));
	/* Stops where the page is isolated, locked, unmapped. */
	for (int i = 0; i < 3; i++)
		assert_blocked(m, hmmu_run(m, s.other, reclaim_page_2, &s), s.other, HMMU_WAIT_SWITCH);
	assert_blocked(m, hmmu_munmap(m, r->tid, s.file, PAGES(4)), r->tid, HMMU_WAIT_PAGE_LOCK);
	while (hmmu_run(m, s.other, NULL, NULL))
		assert_int_equal(hmmu_error(m)->wait, HMMU_WAIT_SWITCH);
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 3);
	assert_ok(hmmu_release(m, s.pfns[1]));
	assert_ok(hmmu_munmap(m, r->tid, s.file, PAGES(4)));
	assert_int_equal(counter(r, HMMU_COUNT_SWAP_FREE), 4);
	assert_restores(m);
	rig_close(r);
}

/* Such a fault makes a private copy, which goes when all is unmapped for the second time. One that comes later finds no page. */
static void test_earlier_copy(void **state)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_LINUX_6_12);
	struct file_scene s = { .r = r, .file = map_at(r, BASE, 4, HMMU_MAP_FILE, RW) };
	uint32_t writer = new_task(r, r->pid), late = new_task(r, r->pid), pinned = 0;

	(void)state;
	read_pages(r, s.file, 4);
	for (int i = 0; i < 4; i++)
		s.pfns[i] = pfn_at(r, s.file + PAGES(i));
	hold_file_page(&s, 2);
	assert_ok(hmmu_madvise(r->m, r->tid, s.file + PAGES(2), PAGES(1), HMMU_MADV_DONTNEED));
	assert_blocked(r->m, store(r, writer, s.file + PAGES(2), 7), writer, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, hmmu_pin(r->m, late, s.file + PAGES(2), 0, &pinned), late, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, truncate_to(&s, r->tid, 2), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_release(r->m, s.pfns[2]));
	assert_ok(store(r, writer, s.file + PAGES(2), 7));
	assert_int_equal(mm_counters(r, r->pid).anon, 1);
	assert_ok(truncate_to(&s, r->tid, 2));
	assert_int_equal(mm_counters(r, r->pid).anon, 0);
	assert_kind(r, s.file + PAGES(2), 2, HMMU_ENTRY_NONE);
	assert_failed(r->m, hmmu_pin(r->m, late, s.file + PAGES(2), 0, &pinned), -EFAULT, HMMU_ERR_SYSCALL);
	rig_close(r);
}

/* A load beyond the end maps what is around it in the file, and then is a SIGBUS. */
static void test_fault_around(void **state)
{
	struct file_scene s = open_file(HMMU_MAP_SHMEM);
	struct rig *r = s.r;

	(void)state;
	assert_ok(truncate_to(&s, r->tid, 3));
	assert_ok(hmmu_madvise(r->m, r->tid, s.file, PAGES(4), HMMU_MADV_DONTNEED));
	assert_failed(r->m, load(r, r->tid, s.file + PAGES(3), NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_kind(r, s.file, 3, HMMU_ENTRY_SYS);
	rig_close(r);
}

/* Meanwhile the file loses its last mapping. The truncation closes it, and may wait once more: for what is before its end. */
static void test_closes_the_file(void **state)
{
	struct file_scene s = open_file(HMMU_MAP_SHMEM);
	struct rig *r = s.r;

	(void)state;
	assert_ok(hmmu_exit(r->m, s.child));
	hold_file_page(&s, 0);
	hold_file_page(&s, 3);
	assert_blocked(r->m, truncate_to(&s, r->tid, 2), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, truncate_to(&s, s.third, 4), s.third, HMMU_WAIT_INODE_LOCK);
	assert_ok(hmmu_munmap(r->m, s.other, s.file, PAGES(4)));
	assert_clean(r->m);
	assert_restored(r->m, NULL);
	assert_false(is_freed(r, s.pfns[1]));
	assert_ok(hmmu_release(r->m, s.pfns[3]));
	assert_ok(truncate_to(&s, r->tid, 2));
	assert_true(is_freed(r, s.pfns[3]));
	assert_false(is_freed(r, s.pfns[1]));
	assert_blocked(r->m, truncate_to(&s, s.third, 4), s.third, HMMU_WAIT_PAGE_LOCK);
	assert_truncation_waits(r, s.third, s.pfns[0], false);
	assert_true(is_freed(r, s.pfns[1]));
	assert_ok(hmmu_release(r->m, s.pfns[0]));
	assert_ok(truncate_to(&s, s.third, 4));
	assert_true(is_freed(r, s.pfns[0]));
	assert_failed(r->m, truncate_to(&s, r->tid, 1), -ENOENT, HMMU_ERR_SYSCALL);
	rig_close(r);
}

/* Who gives up has set the size; the locked pages go at once. Who waits for another truncation has done nothing. */
static void test_truncation_cancel(void **state)
{
	struct file_scene s = open_file(HMMU_MAP_SHMEM);
	struct rig *r = s.r;

	(void)state;
	hold_file_page(&s, 2);
	assert_blocked(r->m, truncate_to(&s, r->tid, 1), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, truncate_to(&s, s.other, 0), s.other, HMMU_WAIT_INODE_LOCK);
	assert_ok(hmmu_task_cancel(r->m, s.other));
	assert_clean(r->m);
	assert_ok(hmmu_task_cancel(r->m, r->tid));
	assert_clean(r->m);
	assert_int_equal(page_info(r, s.pfns[2]).ref, 1);
	assert_int_equal(file_record(&s)->truncated_by, 0);
	assert_ok(hmmu_release(r->m, s.pfns[2]));
	assert_ok(truncate_to(&s, s.other, 4));
	assert_bytes(r, r->tid, s.file + PAGES(2), 1, 0);
	assert_bytes(r, r->tid, s.file, 1, 0x10);
	rig_close(r);
}

static int truncate_and_alloc(struct hmmu_migration *mig, void *data)
{
	struct file_scene *s = data;
	struct hmmu *m = s->r->m;

	assert_failed(m, truncate_to(s, s->r->tid, 1), -EDEADLK, HMMU_ERR_SYSCALL);
	assert_clean(m);
	return hmmu_builtin_ops.alloc_and_copy(mig, &s->r->builtin);
}

/* A kernel would hang there: the task waits for a page that its own migration has locked. The pages go at once. */
static void test_waits_for_itself(void **state)
{
	static const struct hmmu_migrate_ops ops = { .alloc_and_copy = truncate_and_alloc };
	struct file_scene s = open_file(HMMU_MAP_SHMEM);
	struct rig *r = s.r;

	(void)state;
	r->select = HMMU_SELECT_SYSTEM;
	assert_ok(migrate_with(r, s.file + PAGES(1), 3, &ops, &s));
	assert_sigbus(&s, r->tid, 1);
	assert_bytes(r, r->tid, s.file, 1, 0x10);
	rig_close(r);
}

/* A file may be longer than the machine has memory for. */
static void test_huge_file(void **state)
{
	struct file_scene s = open_file(HMMU_MAP_SHMEM);
	struct rig *r = s.r;
	const uint64_t most = HMMU_TASK_SIZE / HMMU_PAGE_SIZE;

	(void)state;
	assert_ok(truncate_to(&s, r->tid, most));
	hold_file_page(&s, 1);
	hold_file_page(&s, 3);
	assert_blocked(r->m, truncate_to(&s, r->tid, 1), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_truncation_waits(r, r->tid, s.pfns[1], false);
	assert_true(is_freed(r, s.pfns[2]));
	assert_ok(hmmu_release(r->m, s.pfns[3]));
	assert_ok(hmmu_release(r->m, s.pfns[1]));
	assert_ok(truncate_to(&s, r->tid, 1));
	assert_true(is_freed(r, s.pfns[1]) && is_freed(r, s.pfns[3]));
	assert_bytes(r, r->tid, s.file, 1, 0x10);
	rig_close(r);
}

/* A machine goes back to a mark, from another length of the file, and in the middle of a truncation. */
static void test_truncation_rollback(void **state)
{
	struct file_scene s = open_file(HMMU_MAP_SHMEM);
	struct rig *r = s.r;
	uint64_t hash = hmmu_hash(r->m), waiting;

	(void)state;
	assert_ok(hmmu_mark(r->m));
	assert_ok(truncate_to(&s, r->tid, 9));
	assert_ok(hmmu_mark(r->m));
	hold_file_page(&s, 1);
	assert_blocked(r->m, truncate_to(&s, r->tid, 1), r->tid, HMMU_WAIT_PAGE_LOCK);
	waiting = hmmu_hash(r->m);
	assert_ok(hmmu_mark(r->m));
	assert_ok(hmmu_release(r->m, s.pfns[1]));
	assert_ok(truncate_to(&s, r->tid, 1));
	assert_ok(truncate_to(&s, r->tid, 4));
	write_pages(r, s.file, 4, 0x20);
	assert_ok(hmmu_rollback(r->m));
	assert_true(hmmu_hash(r->m) == waiting);
	assert_clean(r->m);
	assert_ok(hmmu_mark_drop(r->m));
	assert_ok(hmmu_mark_drop(r->m));
	assert_ok(hmmu_rollback(r->m));
	assert_true(hmmu_hash(r->m) == hash);
	assert_ok(hmmu_mark_drop(r->m));
	assert_bytes(r, r->tid, s.file, 1, 0x10);
	rig_close(r);
}

static void test_truncation_refusals(void **state)
{
	struct file_scene s = open_file(HMMU_MAP_SHMEM);
	struct rig *r = s.r;
	uint64_t anon = map_anon(r, 1);
	uint64_t big = map_at(r, BASE + MIB(8), 512, HMMU_MAP_HUGETLB, RW);
	uint64_t special = map_at(r, BASE + MIB(12), 1, HMMU_MAP_SPECIAL, RW);

	(void)state;
	assert_failed(r->m, hmmu_truncate(r->m, r->tid, special, 0), -ENOENT, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_truncate(r->m, r->tid, anon, 0), -ENOENT, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_truncate(r->m, r->tid, big, 0), -ENOENT, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_truncate(r->m, r->tid, BASE + MIB(4), 0), -ENOENT, HMMU_ERR_SYSCALL);
	assert_failed(r->m, hmmu_truncate(r->m, 99, s.file, 0), -ESRCH, HMMU_ERR_NO_TASK);
	assert_failed(r->m, hmmu_truncate(r->m, r->tid, HMMU_TASK_SIZE, 0), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, truncate_to(&s, r->tid, HMMU_TASK_SIZE / HMMU_PAGE_SIZE + 1), -EINVAL,
		      HMMU_ERR_INVALID_ARGUMENT);
	rig_close(r);
}

/* verify() finds wrong records, and a snapshot with them is refused. */
static void test_truncation_records(void **state)
{
	static const char no_state[] = "a state that is none";
	struct file_scene s = open_file(HMMU_MAP_SHMEM);
	struct rig *r = s.r;
	struct task *task = task_of(r->m, r->tid), *second = task_of(r->m, s.other), *idle = task_of(r->m, s.third);
	struct file *f = file_record(&s);
	uint64_t last = HMMU_TASK_SIZE / HMMU_PAGE_SIZE;

	(void)state;
	WRONG(f->pages, 0, "its cache reaches to 4", "its cache reaches to 4");
	WRONG(f->end, last + 1, "its cache reaches to", "its cache reaches to");
	WRONG(f->truncated_by, s.third, "which does not", "which does not");
	hold_file_page(&s, 2);
	assert_blocked(r->m, truncate_to(&s, r->tid, 1), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, truncate_to(&s, s.other, 0), s.other, HMMU_WAIT_INODE_LOCK);
	WRONG(f->pages, 5, "its cache reaches to 4", "its cache reaches to 4");
	WRONG(f->end, 2, NULL, "is not where its file looks for it");
	WRONG(f->truncated_by, 0, "its cache reaches to 4", "truncates file 1");
	WRONG(f->truncated_by, s.other, NULL, "truncates file 1");
	WRONG(f->users, 2, "2 truncations have it", "users; its tree has");
	WRONG(task->progress.result, 0, "which does not", "truncates file 0");
	WRONG(task->progress.result, 0xffffff, "which does not", "truncates file 16777215");
	WRONG(task->resume, RESUME_RETRY, NULL, "truncates file 1");
	WRONG(task->resume, RESUME_TASK_WORK, NULL, "truncates file 1");
	WRONG(task->sem_hold, SEM_READ, NULL, no_state);
	WRONG(task->wait_ref, 0, NULL, no_state);
	WRONG(task->wait_pfn, pfn_at(r, s.file) + 100, NULL, no_state);
	WRONG(second->progress.result, 0, "1 truncations have it", "truncates file 0");
	WRONG(second->wait_pfn, s.pfns[2], NULL, no_state);
	WRONG(second->wait, HMMU_WAIT_INVALIDATION, NULL, no_state);
	WRONG(second->resume, RESUME_TRUNCATE, NULL, "truncates file 1");
	WRONG(idle->wait, HMMU_WAIT_INODE_LOCK, NULL, no_state);
	assert_ok(hmmu_release(r->m, s.pfns[2]));
	assert_ok(truncate_to(&s, r->tid, 1));
	assert_ok(truncate_to(&s, s.other, 0));
	rig_close(r);
}

/* A truncation needs no mmap_lock. It begins while its task migrates, and the migration ends before it. */
static void test_truncation_outlasts_migration(void **state)
{
	struct file_scene s = open_file(HMMU_MAP_SHAREDFILE);
	struct rig *r = s.r;
	uint64_t buf = map_anon(r, 1);
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 1, 1);
	r->select = HMMU_SELECT_SYSTEM;
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_UNMAP);
	hold_file_page(&s, 2);
	assert_blocked(r->m, truncate_to(&s, r->tid, 1), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_truncation_waits(r, r->tid, s.pfns[2], false);
	assert_ok(hmmu_migrate_end(mig));
	assert_truncation_waits(r, r->tid, s.pfns[2], false);
	assert_ok(hmmu_mprotect(r->m, s.other, s.file, PAGES(1), HMMU_PROT_READ));
	assert_ok(hmmu_release(r->m, s.pfns[2]));
	assert_ok(truncate_to(&s, r->tid, 1));
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truncate_shared),
		cmocka_unit_test(test_truncation_events),
		cmocka_unit_test(test_private_copies),
		cmocka_unit_test(test_write_protection_stays),
		cmocka_unit_test(test_truncation_waits),
		cmocka_unit_test(test_second_truncation_waits),
		cmocka_unit_test(test_earlier_fault),
		cmocka_unit_test(test_earlier_fault_swapped),
		cmocka_unit_test(test_closed_file_swapped),
		cmocka_unit_test(test_earlier_copy),
		cmocka_unit_test(test_fault_around),
		cmocka_unit_test(test_closes_the_file),
		cmocka_unit_test(test_truncation_cancel),
		cmocka_unit_test(test_waits_for_itself),
		cmocka_unit_test(test_huge_file),
		cmocka_unit_test(test_truncation_rollback),
		cmocka_unit_test(test_truncation_outlasts_migration),
		cmocka_unit_test(test_truncation_refusals),
		cmocka_unit_test(test_truncation_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
