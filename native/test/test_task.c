/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks that wait: for a page, for mmap_sem and in which order, resumed by repeating the call, or given up. */
#include <stdio.h>

#include "support.h"

static struct hmmu_task_state task_of(struct rig *r, uint32_t tid)
{
	struct hmmu_task_state state;

	assert_ok(hmmu_task_state(r->m, tid, &state));
	return state;
}

/* Refused, with a message that names the pending call. */
static void assert_busy(struct rig *r, int result, const char *pending)
{
	assert_failed(r->m, result, -EBUSY, HMMU_ERR_BUSY);
	if (!strstr(hmmu_error(r->m)->text, pending))
		fail_msg("'%s' does not name '%s'", hmmu_error(r->m)->text, pending);
}

static void assert_waits(struct rig *r, uint32_t tid, uint32_t wait, bool ready)
{
	assert_int_equal(task_of(r, tid).wait, wait);
	assert_int_equal(task_of(r, tid).ready, ready);
	assert_clean(r->m);
}

static void test_tasks_come_and_go(void **state)
{
	struct rig *r = open_rig(.cpus = 3);
	uint32_t tid = new_task(r, r->pid);

	(void)state;
	assert_int_equal(hmmu_process_task(r->m, r->pid), r->tid);
	assert_int_equal(task_of(r, tid).pid, r->pid);
	assert_int_equal(task_of(r, tid).cpu, 0);
	assert_waits(r, tid, HMMU_WAIT_NOTHING, true);
	assert_ok(hmmu_task_set_cpu(r->m, tid, 2));
	assert_int_equal(task_of(r, tid).cpu, 2);
	assert_ok(hmmu_task_cancel(r->m, tid));
	assert_ok(hmmu_task_destroy(r->m, tid));
	assert_failed(r->m, hmmu_task_destroy(r->m, tid), -ESRCH, HMMU_ERR_NO_TASK);
	assert_failed(r->m, hmmu_task_destroy(r->m, r->tid), -EBUSY, HMMU_ERR_BUSY);
	/* All tasks go with their process. */
	tid = new_task(r, r->pid);
	assert_ok(hmmu_exit(r->m, r->pid));
	assert_failed(r->m, hmmu_task_set_cpu(r->m, tid, 0), -ESRCH, HMMU_ERR_NO_TASK);
	rig_close(r);
}

/* A load of a page that migrates waits for its lock, holding mmap_sem and, in 4.14, a reference. */
static void test_wait_for_migration(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t tid = new_task(r, r->pid);
	struct hmmu_migration *mig;
	uint8_t byte = 0;

	(void)state;
	write_pages(r, buf, 1, 0x33);
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_PAGES);
	assert_blocked(r->m, load(r, tid, buf, &byte), tid, HMMU_WAIT_PAGE_LOCK);
	assert_waits(r, tid, HMMU_WAIT_PAGE_LOCK, false);
	assert_int_equal(task_of(r, tid).wait_pfn, hmmu_word_pfn(r->src[0]));
	/* Repeated too early it waits on. */
	assert_blocked(r->m, load(r, tid, buf, &byte), tid, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_migrate_end(mig));
	assert_all_moved(r, 1);
	assert_waits(r, tid, HMMU_WAIT_PAGE_LOCK, true);
	/* It faults the page back from the device. */
	assert_ok(load(r, tid, buf, &byte));
	assert_int_equal(byte, 0x33);
	assert_waits(r, tid, HMMU_WAIT_NOTHING, true);
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	rig_close(r);
}

/* A waiting task is in the middle of a call, and can do nothing else. */
static void test_blocked_task_is_busy(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	uint32_t tid = new_task(r, r->pid), pfn;
	struct hmmu_migrate_request request = request_for(r, buf, 1);
	struct hmmu_migration *mig, *other;

	(void)state;
	write_pages(r, buf, 2, 1);
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_PAGES);
	assert_blocked(r->m, load(r, tid, buf, NULL), tid, HMMU_WAIT_PAGE_LOCK);
	assert_failed(r->m, hmmu_munmap(r->m, tid, buf, PAGES(1)), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_pin(r->m, tid, buf, 0, &pfn), -EBUSY, HMMU_ERR_BUSY);
	request.tid = tid;
	assert_failed(r->m, hmmu_migrate_begin(r->m, &request, &other), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_task_destroy(r->m, tid), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_exit(r->m, r->pid), -EBUSY, HMMU_ERR_BUSY);
	assert_ok(hmmu_task_cancel(r->m, tid));
	assert_waits(r, tid, HMMU_WAIT_NOTHING, true);
	assert_ok(hmmu_task_destroy(r->m, tid));
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

/* A store over several pages tells how far it came, and goes on there: what others wrote meanwhile stays. */
static void test_partial_store(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 3);
	uint32_t tid = new_task(r, r->pid);
	static uint8_t bytes[3 * HMMU_PAGE_SIZE];
	struct hmmu_migration *mig;
	size_t done = 99;

	(void)state;
	memset(bytes, 0x5a, sizeof(bytes));
	write_pages(r, buf, 3, 1);
	mig = begin_to(r, buf + PAGES(2), 1, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);
	assert_blocked(r->m, hmmu_store(r->m, tid, buf + 7, bytes, PAGES(3) - 7, &done), tid, HMMU_WAIT_PAGE_LOCK);
	assert_int_equal(done, PAGES(2) - 7);
	assert_ok(store(r, r->tid, buf + 7, 0x11));
	done = 0;
	assert_blocked(r->m, hmmu_store(r->m, tid, buf + 7, bytes, PAGES(3) - 7, &done), tid, HMMU_WAIT_PAGE_LOCK);
	assert_int_equal(done, PAGES(2) - 7);
	assert_ok(hmmu_migrate_end(mig));
	/* The part that is left, or other bytes, are another call. */
	assert_busy(r, hmmu_store(r->m, tid, buf + PAGES(2), bytes, PAGES(1), NULL), "store(");
	bytes[PAGES(3) - 8]++;
	assert_busy(r, hmmu_store(r->m, tid, buf + 7, bytes, PAGES(3) - 7, NULL), "store(");
	bytes[PAGES(3) - 8]--;
	assert_ok(hmmu_store(r->m, tid, buf + 7, bytes, PAGES(3) - 7, &done));
	assert_int_equal(done, PAGES(3) - 7);
	assert_bytes(r, r->tid, buf + PAGES(2), 1, 0x5a);
	assert_bytes(r, r->tid, buf + 7, 1, 0x11);
	rig_close(r);
}

/* So does a load: the bytes that it had got are in its buffer already. */
static void test_partial_load(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	uint32_t tid = new_task(r, r->pid);
	static uint8_t bytes[2 * HMMU_PAGE_SIZE];
	struct hmmu_migration *mig;
	size_t done = 99;

	(void)state;
	write_pages(r, buf, 2, 0x21);
	mig = begin_to(r, buf + PAGES(1), 1, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);
	assert_blocked(r->m, hmmu_load(r->m, tid, buf, bytes, PAGES(2), &done), tid, HMMU_WAIT_PAGE_LOCK);
	assert_int_equal(done, PAGES(1));
	assert_ok(hmmu_migrate_end(mig));
	assert_ok(store(r, r->tid, buf, 0x11));
	assert_ok(hmmu_load(r->m, tid, buf, bytes, PAGES(2), &done));
	assert_int_equal(done, PAGES(2));
	assert_int_equal(bytes[0], 0x21);
	assert_int_equal(bytes[PAGES(1)], 0x22);
	rig_close(r);
}

/* Two pages under a migration that holds mmap_sem and both page locks, and a task that is to wait for either. */
struct waiting {
	struct rig *r;
	uint64_t buf;
	uint32_t tid;
	struct hmmu_migration *mig;
};

static struct waiting open_waiting(void)
{
	struct waiting w = { .r = open_rig() };

	w.buf = map_anon(w.r, 4);
	w.tid = new_task(w.r, w.r->pid);
	write_pages(w.r, w.buf, 4, 1);
	w.mig = begin_to(w.r, w.buf, 2, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);
	return w;
}

/* A call with one argument changed, of which variant 0 is the one that blocks. */
static int vary(struct waiting *w, int call, uint64_t variant)
{
	uint64_t at = w->buf + PAGES(variant == 1), length = PAGES(1 + (variant == 2));
	uint32_t flag = variant == 3, number;
	struct hmmu_map map = { .pages = 1 + (variant == 2), .prot = 3 - flag, .align_huge = variant == 1 };
	struct hmmu_migrate_request request = request_for(w->r, at, 1 + (variant == 2));
	uint8_t bytes[PAGES(2)] = { (uint8_t)flag };
	uint64_t address = variant == 1 ? BASE : 0;
	struct hmmu *m = w->r->m;

	request.tid = w->tid;
	switch (call) {
	case 0:
		return hmmu_munmap(m, w->tid, at, length);
	case 1:
		return hmmu_mlock(m, w->tid, at, length);
	case 2:
		return hmmu_munlock(m, w->tid, at, length);
	case 3:
		return hmmu_uffd_register(m, w->tid, at, length, HMMU_UFFD_MISSING);
	case 4:
		return hmmu_mprotect(m, w->tid, at, length, 1 - flag);
	case 5:
		return hmmu_madvise(m, w->tid, at, length, HMMU_MADV_HUGEPAGE + flag);
	case 6:
		return hmmu_mremap(m, w->tid, at, PAGES(1), length, HMMU_MREMAP_MAYMOVE, flag ? BASE : 0, &address);
	case 7:
		return hmmu_mmap(m, w->tid, &map, &address);
	case 8:
		return hmmu_load(m, w->tid, at, bytes, length, NULL);
	case 9:
		return hmmu_store(m, w->tid, at, bytes, length, NULL);
	case 10:
		return hmmu_pin(m, w->tid, at, flag, &number);
	case 11:
		return hmmu_migrate_vma(m, &request);
	case 12:
		return hmmu_fork(m, w->tid, &number);
	default:
		return hmmu_clear_soft_dirty(m, w->tid);
	}
}

/* What can be varied of each call, by bits, and how a message names the call. */
static const struct {
	const char *name;
	unsigned variants;
} varied[] = {
	{ "munmap(", 6 },          { "mlock(", 6 },       { "munlock(", 6 }, { "userfaultfd(", 6 }, { "mprotect(", 14 },
	{ "madvise(", 14 },        { "mremap(", 14 },     { "mmap(", 14 },   { "load(", 6 },        { "store(", 14 },
	{ "get_user_pages(", 10 }, { "migrate_vma(", 6 }, { "fork()", 0 },   { "clear_refs()", 0 },
};
#define VARIED ((int)(sizeof(varied) / sizeof(*varied)))

/* Every other call is refused, as long as the task waits and when it could go on. */
static void assert_others_busy(struct waiting *w, int call)
{
	for (int other = 0; other < VARIED; other++)
		for (uint64_t variant = 0; variant < 4; variant++)
			if (variant ? varied[other].variants >> variant & 1 : other != call)
				assert_busy(w->r, vary(w, other, variant), varied[call].name);
}

static void test_other_calls_are_busy(void **state)
{
	(void)state;
	for (int call = 0; call < VARIED; call++) {
		struct waiting w = open_waiting();
		/* A writer in the queue, so that readers wait, too. */
		uint32_t writer = new_task(w.r, w.r->pid);
		int result;

		if (call == 11 || call == 5)
			assert_int_equal(hmmu_mlock(w.r->m, writer, w.buf, PAGES(1)), -EAGAIN);
		assert_int_equal(vary(&w, call, 0), -EAGAIN);
		assert_others_busy(&w, call);
		assert_int_equal(vary(&w, call, 0), -EAGAIN);
		assert_ok(hmmu_migrate_end(w.mig));
		assert_ok(hmmu_task_cancel(w.r->m, writer));
		assert_true(task_of(w.r, w.tid).ready);
		assert_others_busy(&w, call);
		result = vary(&w, call, 0);
		assert_true(result == 0 || result == -EINVAL);
		assert_ok(hmmu_task_cancel(w.r->m, w.tid));
		assert_waits(w.r, w.tid, HMMU_WAIT_NOTHING, true);
		if (call == 10)
			assert_ok(hmmu_unpin(w.r->m, pfn_at(w.r, w.buf), 0));
		rig_close(w.r);
	}
}

/* A second munlock() passed for the first one, and left a page mlocked for ever. */
static void test_munlock_of_another_range(void **state)
{
	struct rig *r = open_rig();
	uint64_t b = map_anon(r, 1), c = map_anon(r, 1);
	uint32_t tid = new_task(r, r->pid), pfn;
	char expected[100];

	(void)state;
	write_pages(r, b, 1, 1);
	write_pages(r, c, 1, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_mlock(r->m, r->tid, b, PAGES(1)));
	assert_ok(hmmu_mlock(r->m, r->tid, c, PAGES(1)));
	assert_ok(hmmu_hold(r->m, r->pid, b, &pfn));
	assert_blocked(r->m, hmmu_munlock(r->m, tid, b, PAGES(1)), tid, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_release(r->m, pfn));
	snprintf(expected, sizeof(expected),
		 "task %u is blocked in munlock(%#llx, 4096); repeat that call or cancel it", tid,
		 (unsigned long long)b);
	assert_busy(r, hmmu_munlock(r->m, tid, c, PAGES(1)), expected);
	assert_ok(hmmu_munlock(r->m, tid, b, PAGES(1)));
	assert_ok(hmmu_munlock(r->m, tid, c, PAGES(1)));
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 0);
	rig_close(r);
}

/* A munlock() that is given up in the middle leaves the mapping locked, as it was. */
static void test_munlock_given_up(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 20);
	uint32_t tid = new_task(r, r->pid), pfn;

	(void)state;
	write_pages(r, buf, 20, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(20)));
	assert_ok(hmmu_hold(r->m, r->pid, buf + PAGES(16), &pfn));
	assert_blocked(r->m, hmmu_munlock(r->m, tid, buf, PAGES(20)), tid, HMMU_WAIT_PAGE_LOCK);
	assert_clean(r->m);
	assert_ok(hmmu_task_cancel(r->m, tid));
	assert_clean(r->m);
	assert_int_equal(mm_counters(r, r->pid).locked, 20);
	assert_failed(r->m, hmmu_exit(r->m, r->pid), -EBUSY, HMMU_ERR_BUSY);
	assert_clean(r->m);
	assert_int_equal(mm_counters(r, r->pid).locked, 20);
	assert_ok(hmmu_release(r->m, pfn));
	assert_ok(hmmu_munlock(r->m, tid, buf, PAGES(20)));
	assert_int_equal(mm_counters(r, r->pid).locked, 0);
	assert_int_equal(counter(r, HMMU_COUNT_LRU_UNEVICTABLE), 0);
	rig_close(r);
}

/* mmap_sem: readers together, a writer alone. */
static void test_writer_waits_for_reader(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	uint32_t writer = new_task(r, r->pid), reader = new_task(r, r->pid);
	struct hmmu_migration *mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);

	(void)state;
	/* Another reader gets in as long as no writer waits. */
	assert_ok(store(r, reader, buf + PAGES(1), 1));
	assert_blocked(r->m, hmmu_munmap(r->m, writer, buf, PAGES(2)), writer, HMMU_WAIT_MMAP_SEM_WRITE);
	assert_waits(r, writer, HMMU_WAIT_MMAP_SEM_WRITE, false);
	/* A translation in the TLB needs no fault and no semaphore. */
	assert_ok(load(r, reader, buf + PAGES(1), NULL));
	assert_int_equal(mapped_pages(r, r->pid), 2);
	assert_ok(hmmu_migrate_end(mig));
	assert_waits(r, writer, HMMU_WAIT_MMAP_SEM_WRITE, true);
	assert_ok(hmmu_munmap(r->m, writer, buf, PAGES(2)));
	assert_int_equal(mapped_pages(r, r->pid), 0);
	rig_close(r);
}

/* A writer that gives up lets the readers behind it in. */
static void test_cancelled_writer(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	uint32_t writers[2] = { new_task(r, r->pid), new_task(r, r->pid) }, reader = new_task(r, r->pid);
	struct hmmu_migration *mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_blocked(r->m, hmmu_mlock(r->m, writers[i], buf, PAGES(1)), writers[i], HMMU_WAIT_MMAP_SEM_WRITE);
	assert_blocked(r->m, load(r, reader, buf + PAGES(1), NULL), reader, HMMU_WAIT_MMAP_SEM_READ);
	assert_ok(hmmu_task_cancel(r->m, writers[0]));
	assert_waits(r, reader, HMMU_WAIT_MMAP_SEM_READ, false);
	assert_ok(hmmu_task_cancel(r->m, writers[1]));
	assert_waits(r, reader, HMMU_WAIT_MMAP_SEM_READ, true);
	assert_ok(load(r, reader, buf + PAGES(1), NULL));
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

/* Where the last one in the queue gives up, the next one comes behind those that still wait. */
static void test_cancelled_last_writer(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	uint32_t writers[2] = { new_task(r, r->pid), new_task(r, r->pid) }, reader = new_task(r, r->pid);
	struct hmmu_migration *mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_blocked(r->m, hmmu_mlock(r->m, writers[i], buf, PAGES(1)), writers[i], HMMU_WAIT_MMAP_SEM_WRITE);
	assert_ok(hmmu_task_cancel(r->m, writers[1]));
	assert_blocked(r->m, load(r, reader, buf + PAGES(1), NULL), reader, HMMU_WAIT_MMAP_SEM_READ);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	assert_waits(r, reader, HMMU_WAIT_MMAP_SEM_READ, false);
	assert_ok(hmmu_mlock(r->m, writers[0], buf, PAGES(1)));
	assert_ok(load(r, reader, buf + PAGES(1), NULL));
	rig_close(r);
}

/* While a writer waits, later readers queue behind it. */
static void test_reader_waits_behind_writer(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2);
	uint32_t writer = new_task(r, r->pid), reader = new_task(r, r->pid), second = new_task(r, r->pid);
	struct hmmu_migration *mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);

	(void)state;
	assert_blocked(r->m, hmmu_mprotect(r->m, writer, buf, PAGES(1), 0), writer, HMMU_WAIT_MMAP_SEM_WRITE);
	assert_blocked(r->m, load(r, reader, buf + PAGES(1), NULL), reader, HMMU_WAIT_MMAP_SEM_READ);
	assert_blocked(r->m, hmmu_madvise(r->m, second, buf, PAGES(1), HMMU_MADV_DONTNEED), second,
		       HMMU_WAIT_MMAP_SEM_READ);
	assert_waits(r, reader, HMMU_WAIT_MMAP_SEM_READ, false);
	assert_ok(hmmu_migrate_end(mig));
	/* The writer is first; those behind it are not ready before it was there. */
	assert_waits(r, writer, HMMU_WAIT_MMAP_SEM_WRITE, true);
	assert_waits(r, reader, HMMU_WAIT_MMAP_SEM_READ, false);
	assert_blocked(r->m, load(r, reader, buf + PAGES(1), NULL), reader, HMMU_WAIT_MMAP_SEM_READ);
	assert_ok(hmmu_mprotect(r->m, writer, buf, PAGES(1), 0));
	/* Both readers are, in any order. */
	assert_ok(hmmu_madvise(r->m, second, buf, PAGES(1), HMMU_MADV_DONTNEED));
	assert_ok(load(r, reader, buf + PAGES(1), NULL));
	rig_close(r);
}

/* Several writers go in order of arrival, even if another one asks first when the semaphore is free. */
static void test_writers_in_order(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 4);
	struct hmmu_migration *mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);
	uint32_t writers[3];

	(void)state;
	for (uint64_t i = 0; i < 3; i++) {
		writers[i] = new_task(r, r->pid);
		assert_blocked(r->m, hmmu_munmap(r->m, writers[i], buf + PAGES(i), PAGES(1)), writers[i],
			       HMMU_WAIT_MMAP_SEM_WRITE);
	}
	assert_ok(hmmu_migrate_end(mig));
	for (uint64_t i = 0; i < 3; i++) {
		for (uint64_t later = i + 1; later < 3; later++)
			assert_blocked(r->m, hmmu_munmap(r->m, writers[later], buf + PAGES(later), PAGES(1)),
				       writers[later], HMMU_WAIT_MMAP_SEM_WRITE);
		assert_ok(hmmu_munmap(r->m, writers[i], buf + PAGES(i), PAGES(1)));
	}
	assert_int_equal(mapped_pages(r, r->pid), 1);
	rig_close(r);
}

/* A migration of another task has to wait, too, and goes on by being begun again. */
static void test_migration_waits(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 2), src[1], dst[1];
	uint32_t writer = new_task(r, r->pid), second = new_task(r, r->pid);
	struct hmmu_migration *mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);
	struct hmmu_migrate_request request = request_for(r, buf + PAGES(1), 1);
	uint32_t child;

	(void)state;
	request.tid = second;
	request.src = src;
	request.dst = dst;
	request.why = NULL;
	assert_blocked(r->m, hmmu_fork(r->m, writer, &child), writer, HMMU_WAIT_MMAP_SEM_WRITE);
	assert_blocked(r->m, hmmu_migrate_vma(r->m, &request), second, HMMU_WAIT_MMAP_SEM_READ);
	assert_clean(r->m);
	assert_ok(hmmu_migrate_end(mig));
	assert_blocked(r->m, hmmu_migrate_vma(r->m, &request), second, HMMU_WAIT_MMAP_SEM_READ);
	assert_ok(hmmu_fork(r->m, writer, &child));
	assert_ok(hmmu_migrate_vma(r->m, &request));
	assert_true(src[0] == HMMU_PFN_MIGRATE);
	rig_close(r);
}

/* A task that waits for a page keeps mmap_sem for reading, so that writers wait for it. */
static void test_page_waiter_keeps_mmap_sem(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t child, child_task, writer;
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 1, 1);
	child = do_fork_of(r, r->tid);
	child_task = hmmu_process_task(r->m, child);
	writer = new_task(r, child);
	mig = begin_to(r, buf, 1, HMMU_TO_SYSTEM, HMMU_STAGE_ALLOC_AND_COPY);
	assert_blocked(r->m, load(r, child_task, buf, NULL), child_task, HMMU_WAIT_PAGE_LOCK);
	assert_blocked(r->m, hmmu_munmap(r->m, writer, buf, PAGES(1)), writer, HMMU_WAIT_MMAP_SEM_WRITE);
	assert_ok(hmmu_migrate_end(mig));
	/* The page is free, the semaphore not yet. */
	assert_blocked(r->m, hmmu_munmap(r->m, writer, buf, PAGES(1)), writer, HMMU_WAIT_MMAP_SEM_WRITE);
	assert_waits(r, child_task, HMMU_WAIT_PAGE_LOCK, true);
	/* The instruction starts anew; the page is mapped again, and so there is no new fault, which would wait
	 * behind. */
	assert_ok(load(r, child_task, buf, NULL));
	assert_ok(hmmu_munmap(r->m, writer, buf, PAGES(1)));
	assert_failed(r->m, load(r, child_task, buf, NULL), -EFAULT, HMMU_ERR_SIGSEGV);
	rig_close(r);
}

/* Different processes have different semaphores. */
static void test_other_process_is_free(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 1);
	uint32_t child = do_fork_of(r, r->tid);
	struct hmmu_migration *mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);

	(void)state;
	assert_ok(hmmu_munmap(r->m, hmmu_process_task(r->m, child), buf, PAGES(1)));
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

/* mlock() waits for a page that migrates, in the middle of populating, and goes on there. */
static void test_mlock_waits(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = map_anon(r, 4);
	uint32_t child, tid;
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 4, 1);
	child = do_fork_of(r, r->tid);
	tid = hmmu_process_task(r->m, child);
	mig = begin_to(r, buf + PAGES(2), 1, HMMU_TO_SYSTEM, HMMU_STAGE_ALLOC_AND_COPY);
	assert_blocked(r->m, hmmu_mlock(r->m, tid, buf, PAGES(4)), tid, HMMU_WAIT_PAGE_LOCK);
	assert_clean(r->m);
	/* Private pages that may be written get copies; the first two have them. */
	assert_int_not_equal(entry_of(r, child, buf).pfn, pfn_at(r, buf));
	assert_int_equal(entry_of(r, child, buf + PAGES(3)).pfn, pfn_at(r, buf + PAGES(3)));
	assert_ok(hmmu_migrate_end(mig));
	assert_ok(hmmu_mlock(r->m, tid, buf, PAGES(4)));
	hmmu_lru_add_drain_all(r->m);
	for (uint64_t i = 0; i < 4; i++)
		assert_true(entry_of(r, child, buf + PAGES(i)).flags & HMMU_PG_MLOCKED);
	assert_int_equal(mm_counters(r, child).locked, 4);
	rig_close(r);
}

/* The address of a page that migrates. */
static int load_in_handler(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	uint8_t byte;

	(void)address;
	(void)pfn;
	assert_blocked(m, hmmu_load(m, tid, *(uint64_t *)data, &byte, 1, NULL), tid, HMMU_WAIT_PAGE_LOCK);
	return -EIO;
}

/* A call that a fault handler made and left blocked is over with the fault. */
static void test_call_left_in_a_handler(void **state)
{
	static const struct hmmu_pagemap_ops ops = { .page_fault = load_in_handler };
	struct rig *r = open_rig();
	uint64_t device = map_anon(r, 1), buf = map_anon(r, 2);
	uint32_t tid = new_task(r, r->pid);
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, device, 1, 1);
	assert_ok(migrate(r, device, 1, HMMU_TO_DEVICE));
	write_pages(r, buf, 2, 2);
	mig = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);
	assert_ok(hmmu_device_set_ops(r->m, &ops, &buf));
	assert_failed(r->m, load(r, tid, device, NULL), -EFAULT, HMMU_ERR_SIGBUS);
	assert_waits(r, tid, HMMU_WAIT_NOTHING, true);
	assert_ok(hmmu_madvise(r->m, tid, buf + PAGES(1), PAGES(1), HMMU_MADV_DONTNEED));
	assert_ok(hmmu_migrate_end(mig));
	assert_ok(hmmu_device_set_ops(r->m, NULL, NULL));
	rig_close(r);
}

struct left_call {
	struct rig *r;
	uint64_t device, buf;
	struct hmmu_migration *mig;
};

/* Leaves a load blocked, and says that the access can go on. Another task's migration has the page of the fault by now. */
static int load_and_go_on(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	struct left_call *left = data;
	uint8_t byte;

	(void)address;
	(void)pfn;
	assert_blocked(m, hmmu_load(m, tid, left->buf, &byte, 1, NULL), tid, HMMU_WAIT_PAGE_LOCK);
	left->mig = begin_to(left->r, left->device, 1, HMMU_TO_SYSTEM, HMMU_STAGE_ALLOC_AND_COPY);
	return 0;
}

/* The call around a fault handler waits itself, after a call of the handler was left blocked: that one's reference to
 * the page goes. */
static void test_wait_after_call_left_in_a_handler(void **state)
{
	static const struct hmmu_pagemap_ops ops = { .page_fault = load_and_go_on };
	struct rig *r = open_rig();
	uint64_t device = map_anon(r, 1), buf = map_anon(r, 1);
	struct left_call left = { .r = r, .device = device, .buf = buf };
	uint32_t tid = new_task(r, r->pid);
	struct hmmu_migration *first;

	(void)state;
	write_pages(r, device, 1, 1);
	assert_ok(migrate(r, device, 1, HMMU_TO_DEVICE));
	write_pages(r, buf, 1, 2);
	first = begin_to(r, buf, 1, HMMU_TO_DEVICE, HMMU_STAGE_ALLOC_AND_COPY);
	assert_ok(hmmu_device_set_ops(r->m, &ops, &left));
	assert_blocked(r->m, load(r, tid, device, NULL), tid, HMMU_WAIT_PAGE_LOCK);
	assert_clean(r->m);
	assert_ok(hmmu_device_set_ops(r->m, NULL, NULL));
	assert_ok(hmmu_migrate_end(left.mig));
	assert_ok(hmmu_migrate_end(first));
	assert_ok(load(r, tid, device, NULL));
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call_left_in_a_handler),
		cmocka_unit_test(test_wait_after_call_left_in_a_handler),
		cmocka_unit_test(test_tasks_come_and_go),
		cmocka_unit_test(test_wait_for_migration),
		cmocka_unit_test(test_blocked_task_is_busy),
		cmocka_unit_test(test_partial_store),
		cmocka_unit_test(test_partial_load),
		cmocka_unit_test(test_other_calls_are_busy),
		cmocka_unit_test(test_writer_waits_for_reader),
		cmocka_unit_test(test_writers_in_order),
		cmocka_unit_test(test_migration_waits),
		cmocka_unit_test(test_other_process_is_free),
		cmocka_unit_test(test_mlock_waits),
	};
	const struct CMUnitTest tests_of_4_14[] = {
		cmocka_unit_test(test_munlock_of_another_range),   cmocka_unit_test(test_munlock_given_up),
		cmocka_unit_test(test_cancelled_writer),           cmocka_unit_test(test_cancelled_last_writer),
		cmocka_unit_test(test_reader_waits_behind_writer), cmocka_unit_test(test_page_waiter_keeps_mmap_sem),
	};

	return run_on_each_kernel(tests) + cmocka_run_group_tests(tests_of_4_14, NULL, NULL);
}
