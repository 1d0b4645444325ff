/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Linux's own test driver, lib/test_hmm.c of 6.12, as it is: its ioctls on emulated memory. Its interface, test_hmm_uapi.h, is
 * that of the tree. Its modules and the machine are made anew for each test.
 */
#include "rig.h"

#include <errno.h>
#include <linux/ioctl.h>
#include <linux/types.h>
#include <string.h>

#include <test_hmm_uapi.h>

#define PAGES 256u
#define PAGE 4096ull

/** The first device of the driver, opened, and memory for the arguments of its ioctls. */
struct mirror {
	struct rig rig;
	struct kapi_file *file;
	uint64_t command; /**< address of the argument */
	uint64_t buffer;  /**< of PAGES pages, where the device's data goes */
	struct hmm_dmirror_cmd answer;
};

static struct kapi_file *open_device(const struct mirror *t, const char *name)
{
	struct kapi_file *file = NULL;

	assert_int_equal(kapi_open(t->rig.tid, name, &file), 0);
	return file;
}

static struct mirror mirror_open_with(uint64_t seed)
{
	struct mirror t = { .rig = rig_open(seed) };

	t.command = rig_map(&t.rig, 1);
	t.buffer = rig_map(&t.rig, PAGES);
	t.file = open_device(&t, "/dev/hmm_dmirror0");
	return t;
}

static struct mirror mirror_open(void)
{
	return mirror_open_with(1);
}

static void mirror_close(const struct mirror *t)
{
	assert_no_reports();
	assert_int_equal(kapi_close(t->rig.tid, t->file), 0);
	rig_close(&t->rig);
}

static long ask(struct mirror *t, struct kapi_file *file, uint32_t ioctl, uint64_t address, uint64_t pages)
{
	const struct hmm_dmirror_cmd command = { .addr = address, .ptr = t->buffer, .npages = pages };
	long result;

	assert_int_equal(kapi_store(t->rig.tid, t->command, &command, sizeof(command)), 0);
	result = kapi_ioctl(t->rig.tid, file, ioctl, t->command);
	assert_int_equal(kapi_load(t->rig.tid, t->command, &t->answer, sizeof(t->answer)), 0);
	return result;
}

static void assert_moved(struct mirror *t, uint32_t ioctl, uint64_t address, uint64_t pages)
{
	assert_int_equal(ask(t, t->file, ioctl, address, pages), 0);
	assert_int_equal(t->answer.cpages, pages);
}

static void test_device_reads(void **state)
{
	struct mirror t = mirror_open();
	uint64_t memory = rig_map(&t.rig, PAGES);

	(void)state;
	rig_fill(&t.rig, memory, PAGES, 1000);
	assert_moved(&t, HMM_DMIRROR_READ, memory, PAGES);
	assert_int_equal(t.answer.faults, 1);
	rig_expect(&t.rig, t.buffer, PAGES, 1000);
	/* The device has them in its table now. */
	assert_moved(&t, HMM_DMIRROR_READ, memory, PAGES);
	assert_int_equal(t.answer.faults, 0);
	mirror_close(&t);
}

static void test_device_writes(void **state)
{
	struct mirror t = mirror_open();
	uint64_t memory = rig_map(&t.rig, PAGES);

	(void)state;
	rig_fill(&t.rig, t.buffer, PAGES, 2000);
	assert_moved(&t, HMM_DMIRROR_WRITE, memory, PAGES);
	rig_expect(&t.rig, memory, PAGES, 2000);
	mirror_close(&t);
}

static void test_unmapped_memory(void **state)
{
	struct mirror t = mirror_open();
	uint64_t memory = rig_map(&t.rig, PAGES);

	(void)state;
	rig_fill(&t.rig, memory, PAGES, 0);
	assert_moved(&t, HMM_DMIRROR_READ, memory, PAGES);
	assert_int_equal(hmmu_munmap(t.rig.m, t.rig.tid, memory + 5 * PAGE, PAGE), 0);
	assert_int_equal(ask(&t, t.file, HMM_DMIRROR_READ, memory, PAGES), -EFAULT);
	assert_moved(&t, HMM_DMIRROR_READ, memory, 5);
	assert_int_equal(ask(&t, t.file, HMM_DMIRROR_MIGRATE_TO_DEV, memory + 5 * PAGE, 1), -EINVAL);
	mirror_close(&t);
}

static void test_protected_memory(void **state)
{
	struct mirror t = mirror_open();
	uint64_t memory = rig_map(&t.rig, 2);

	(void)state;
	rig_fill(&t.rig, memory, 2, 0);
	assert_moved(&t, HMM_DMIRROR_WRITE, memory, 2);
	assert_int_equal(hmmu_mprotect(t.rig.m, t.rig.tid, memory, PAGE, HMMU_PROT_READ), 0);
	assert_int_equal(ask(&t, t.file, HMM_DMIRROR_WRITE, memory, 2), -EPERM);
	assert_moved(&t, HMM_DMIRROR_READ, memory, 2);
	mirror_close(&t);
}

static void test_migrates_both_ways(void **state)
{
	struct mirror t = mirror_open();
	uint64_t memory = rig_map(&t.rig, PAGES);

	(void)state;
	rig_fill(&t.rig, memory, PAGES, 3000);
	assert_moved(&t, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES);
	assert_int_equal(rig_kind(&t.rig, memory), HMMU_ENTRY_DEV);
	assert_int_equal(rig_kind(&t.rig, memory + (PAGES - 1) * PAGE), HMMU_ENTRY_DEV);
	rig_expect(&t.rig, t.buffer, PAGES, 3000);
	/* The device writes to its memory, and a CPU brings one page back. */
	rig_fill(&t.rig, t.buffer, PAGES, 4000);
	assert_moved(&t, HMM_DMIRROR_WRITE, memory, PAGES);
	rig_expect(&t.rig, memory + 7 * PAGE, 1, 4007);
	assert_int_equal(rig_kind(&t.rig, memory + 7 * PAGE), HMMU_ENTRY_SYS);
	assert_int_equal(rig_kind(&t.rig, memory + 8 * PAGE), HMMU_ENTRY_DEV);
	/* The device does not go on with its own page of it. */
	rig_fill(&t.rig, memory + 7 * PAGE, 1, 1);
	assert_moved(&t, HMM_DMIRROR_READ, memory + 7 * PAGE, 1);
	rig_expect(&t.rig, t.buffer, 1, 1);
	rig_fill(&t.rig, memory + 7 * PAGE, 1, 4007);
	assert_int_equal(ask(&t, t.file, HMM_DMIRROR_MIGRATE_TO_SYS, memory, PAGES), 0);
	assert_int_equal(t.answer.cpages, PAGES - 1);
	assert_int_equal(rig_kind(&t.rig, memory), HMMU_ENTRY_SYS);
	rig_expect(&t.rig, memory, PAGES, 4000);
	mirror_close(&t);
}

static void test_holes_get_device_pages(void **state)
{
	struct mirror t = mirror_open();
	uint64_t memory = rig_map(&t.rig, 4);

	(void)state;
	assert_moved(&t, HMM_DMIRROR_MIGRATE_TO_DEV, memory, 4);
	assert_int_equal(rig_kind(&t.rig, memory + PAGE), HMMU_ENTRY_DEV);
	for (uint64_t i = 0; i < 4; i++)
		rig_expect(&t.rig, t.buffer + i * PAGE, 1, 0);
	rig_fill(&t.rig, t.buffer, 4, 50);
	assert_moved(&t, HMM_DMIRROR_WRITE, memory, 4);
	rig_expect(&t.rig, memory, 4, 50);
	mirror_close(&t);
}

/* The driver's RELEASE gives its chunks of memory back, while a process still uses pages of them. */
static void test_device_memory_goes(void **state)
{
	struct mirror t = mirror_open();
	uint64_t memory = rig_map(&t.rig, PAGES);

	(void)state;
	rig_fill(&t.rig, memory, PAGES, 5000);
	assert_moved(&t, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES);
	assert_int_equal(ask(&t, t.file, HMM_DMIRROR_RELEASE, memory, 1), 0);
	assert_int_equal(rig_kind(&t.rig, memory), HMMU_ENTRY_SYS);
	assert_int_equal(rig_kind(&t.rig, memory + (PAGES - 1) * PAGE), HMMU_ENTRY_SYS);
	rig_expect(&t.rig, memory, PAGES, 5000);
	/* The next migration makes a new chunk. */
	assert_moved(&t, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES);
	rig_expect(&t.rig, memory, PAGES, 5000);
	mirror_close(&t);
}

/* The last close evicts, too. */
static void test_close_evicts(void **state)
{
	struct mirror t = mirror_open();
	uint64_t memory = rig_map(&t.rig, PAGES);

	(void)state;
	rig_fill(&t.rig, memory, PAGES, 6000);
	assert_moved(&t, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES);
	assert_int_equal(kapi_close(t.rig.tid, t.file), 0);
	assert_int_equal(rig_kind(&t.rig, memory), HMMU_ENTRY_SYS);
	rig_expect(&t.rig, memory, PAGES, 6000);
	t.file = open_device(&t, "hmm_dmirror0");
	mirror_close(&t);
}

static void test_snapshot(void **state)
{
	struct mirror t = mirror_open();
	struct kapi_file *other = open_device(&t, "hmm_dmirror1");
	uint64_t memory = rig_map(&t.rig, 5);
	unsigned char rights[5];
	uint32_t number;

	(void)state;
	rig_fill(&t.rig, memory, 3, 0);
	assert_int_equal(kapi_load(t.rig.tid, memory + 3 * PAGE, &number, sizeof(number)), 0);
	assert_moved(&t, HMM_DMIRROR_MIGRATE_TO_DEV, memory, 1);
	assert_int_equal(ask(&t, other, HMM_DMIRROR_MIGRATE_TO_DEV, memory + PAGE, 1), 0);
	assert_moved(&t, HMM_DMIRROR_SNAPSHOT, memory, 5);
	assert_int_equal(kapi_load(t.rig.tid, t.buffer, rights, sizeof(rights)), 0);
	assert_int_equal(rights[0], HMM_DMIRROR_PROT_DEV_PRIVATE_LOCAL | HMM_DMIRROR_PROT_WRITE);
	assert_int_equal(rights[1], HMM_DMIRROR_PROT_NONE); /* memory of another device is not its own */
	assert_int_equal(rights[2], HMM_DMIRROR_PROT_WRITE);
	assert_int_equal(rights[3], HMM_DMIRROR_PROT_ZERO | HMM_DMIRROR_PROT_READ);
	assert_int_equal(rights[4], HMM_DMIRROR_PROT_NONE);
	assert_int_equal(kapi_close(t.rig.tid, other), 0);
	mirror_close(&t);
}

static void test_exclusive(void **state)
{
	struct mirror t = mirror_open();
	uint64_t memory = rig_map(&t.rig, PAGES);

	(void)state;
	rig_fill(&t.rig, memory, PAGES, 7000);
	assert_moved(&t, HMM_DMIRROR_EXCLUSIVE, memory, PAGES);
	assert_int_equal(rig_kind(&t.rig, memory + 3 * PAGE), HMMU_ENTRY_EXCL);
	rig_expect(&t.rig, t.buffer, PAGES, 7000);
	/* The device still has the pages it was given, until a CPU takes one back. */
	assert_int_equal(ask(&t, t.file, HMM_DMIRROR_CHECK_EXCLUSIVE, memory, PAGES), -EPERM);
	rig_expect(&t.rig, memory, PAGES, 7000);
	assert_int_equal(ask(&t, t.file, HMM_DMIRROR_CHECK_EXCLUSIVE, memory, PAGES), 0);
	assert_int_equal(rig_kind(&t.rig, memory + 3 * PAGE), HMMU_ENTRY_SYS);
	mirror_close(&t);
}

/* A child copies on write from pages on the device, and the driver brings them back for it. */
static void test_fork(void **state)
{
	struct mirror t = mirror_open();
	uint64_t memory = rig_map(&t.rig, PAGES);
	struct rig child = t.rig;

	(void)state;
	rig_fill(&t.rig, memory, PAGES, 8000);
	assert_moved(&t, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES);
	assert_int_equal(kapi_fork(t.rig.tid, &child.pid), 0);
	child.tid = hmmu_process_task(t.rig.m, child.pid);
	rig_fill(&child, memory, PAGES, 9000);
	rig_expect(&t.rig, memory, PAGES, 8000);
	rig_expect(&child, memory, PAGES, 9000);
	assert_int_equal(kapi_exit(child.pid), 0);
	mirror_close(&t);
}

/* A child that has inherited the file uses its parent's mirror. */
static void test_mirror_of_another_process(void **state)
{
	struct mirror t = mirror_open(), child = t;
	uint64_t memory = rig_map(&t.rig, PAGES);

	(void)state;
	rig_fill(&t.rig, memory, PAGES, 100);
	assert_int_equal(kapi_fork(t.rig.tid, &child.rig.pid), 0);
	child.rig.tid = hmmu_process_task(t.rig.m, child.rig.pid);
	assert_moved(&child, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES);
	assert_int_equal(rig_kind(&t.rig, memory), HMMU_ENTRY_DEV);
	rig_expect(&child.rig, child.buffer, PAGES, 100);
	rig_expect(&child.rig, memory, PAGES, 100);
	assert_int_equal(kapi_exit(child.rig.pid), 0);
	mirror_close(&t);
}

/* The process ends first; its file is closed later. */
static void test_exit_with_pages_on_the_device(void **state)
{
	struct mirror t = mirror_open();
	uint64_t memory = rig_map(&t.rig, PAGES);
	struct rig second;

	(void)state;
	rig_fill(&t.rig, memory, PAGES, 1);
	assert_moved(&t, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES);
	second = t.rig;
	assert_int_equal(hmmu_process_create(t.rig.m, &second.pid), 0);
	second.tid = hmmu_process_task(t.rig.m, second.pid);
	assert_int_equal(kapi_exit(t.rig.pid), 0);
	assert_int_equal(kapi_close(second.tid, t.file), 0);
	rig_close(&second);
}

/* A page that somebody else has locked stays; the driver copes. */
static void test_busy_page(void **state)
{
	struct mirror t = mirror_open();
	uint64_t memory = rig_map(&t.rig, 4);
	uint32_t pfn;

	(void)state;
	rig_fill(&t.rig, memory, 4, 0);
	assert_int_equal(hmmu_pin(t.rig.m, t.rig.tid, memory + PAGE, 0, &pfn), 0);
	/* The driver reads what is on the device, up to the page that is not. */
	assert_int_equal(ask(&t, t.file, HMM_DMIRROR_MIGRATE_TO_DEV, memory, 4), -ENOENT);
	assert_int_equal(rig_kind(&t.rig, memory), HMMU_ENTRY_DEV);
	assert_int_equal(rig_kind(&t.rig, memory + PAGE), HMMU_ENTRY_SYS);
	assert_int_equal(rig_kind(&t.rig, memory + 2 * PAGE), HMMU_ENTRY_DEV);
	assert_int_equal(hmmu_unpin(t.rig.m, pfn, 0), 0);
	mirror_close(&t);
}

/* The read waits for the lock of a page under migration, and goes on when it is given up. */
static void test_read_waits_for_a_migration(void **state)
{
	struct mirror t = mirror_open();
	const struct hmm_dmirror_cmd command = { .addr = rig_map(&t.rig, 2), .ptr = t.buffer, .npages = 2 };
	struct hmmu_migrate_request request = { .tid = t.rig.tid,
						.start = command.addr,
						.end = command.addr + 2 * PAGE };
	uint64_t src[2], dst[2] = { 0 };
	struct hmmu_migration *migration;
	uint32_t tid;

	(void)state;
	rig_fill(&t.rig, command.addr, 2, 30);
	assert_int_equal(kapi_store(t.rig.tid, t.command, &command, sizeof(command)), 0);
	request.src = src;
	request.dst = dst;
	request.flags = HMMU_SELECT_SYSTEM;
	assert_int_equal(hmmu_migrate_vma_setup(t.rig.m, &request, &migration), 0);
	assert_int_equal(hmmu_task_create(t.rig.m, t.rig.pid, &tid), 0);
	assert_int_equal(kapi_ioctl(tid, t.file, HMM_DMIRROR_READ, t.command), -EAGAIN);
	assert_int_equal(kapi_ioctl(tid, t.file, HMM_DMIRROR_READ, t.command), -EBUSY);
	assert_int_equal(kapi_resume(tid), -EAGAIN);
	assert_int_equal(hmmu_migrate_end(migration), 0);
	assert_int_equal(kapi_resume(tid), 0);
	assert_int_equal(kapi_resume(tid), -ESRCH);
	rig_expect(&t.rig, t.buffer, 2, 30);
	assert_int_equal(hmmu_task_destroy(t.rig.m, tid), 0);
	mirror_close(&t);
}

/** A task that drops memory and stores to it again, while others run. */
struct churn {
	uint64_t memory;
	uint32_t rounds;
};

static long drop_and_store(struct hmmu *m, uint32_t tid, void *data)
{
	const struct churn *churn = data;

	for (uint32_t round = 1; round <= churn->rounds; round++) {
		while (hmmu_madvise(m, tid, churn->memory, PAGES * PAGE, HMMU_MADV_DONTNEED) == -EAGAIN)
			kapi_block(tid);
		for (uint32_t i = 0; i < PAGES; i++) {
			const uint32_t number = 100 * round + i;

			while (hmmu_store(m, tid, churn->memory + i * PAGE, &number, sizeof(number), NULL) == -EAGAIN)
				kapi_block(tid);
			if (i % 16 == 0)
				kapi_yield();
		}
	}
	return 0;
}

/* The device's table follows the CPU's, whenever the CPU drops pages that the device is about to map. */
static void test_race_with_the_cpu(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 8; seed++) {
		struct mirror t = mirror_open_with(seed);
		struct churn churn = { .memory = rig_map(&t.rig, PAGES), .rounds = 10 };
		uint32_t tid;

		assert_int_equal(hmmu_task_create(t.rig.m, t.rig.pid, &tid), 0);
		assert_int_equal(kapi_start(tid, drop_and_store, &churn), 0);
		for (int i = 0; i < 20; i++)
			assert_moved(&t, i % 2 ? HMM_DMIRROR_READ : HMM_DMIRROR_WRITE, churn.memory, PAGES);
		assert_int_equal(kapi_resume(tid), 0);
		rig_fill(&t.rig, churn.memory, PAGES, 70);
		assert_moved(&t, HMM_DMIRROR_READ, churn.memory, PAGES);
		rig_expect(&t.rig, t.buffer, PAGES, 70);
		mirror_close(&t);
	}
}

static long unmap_and_map(struct hmmu *m, uint32_t tid, void *data)
{
	const struct churn *churn = data;
	const struct hmmu_map map = { .address = churn->memory,
				      .pages = PAGES,
				      .prot = HMMU_PROT_READ | HMMU_PROT_WRITE };
	uint64_t address;

	for (uint32_t round = 0; round < churn->rounds; round++) {
		while (hmmu_munmap(m, tid, churn->memory, PAGES * PAGE) == -EAGAIN)
			kapi_block(tid);
		kapi_yield();
		while (hmmu_mmap(m, tid, &map, &address) == -EAGAIN)
			kapi_block(tid);
		for (int i = 0; i < 10; i++)
			kapi_yield();
	}
	return 0;
}

/* Mappings do not go while the driver has mmap_lock. */
static void test_race_with_munmap(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 8; seed++) {
		struct mirror t = mirror_open_with(seed);
		struct churn churn = { .memory = rig_map(&t.rig, PAGES), .rounds = 40 };
		unsigned int done = 0, without_mapping = 0;
		uint32_t tid;

		assert_int_equal(hmmu_task_create(t.rig.m, t.rig.pid, &tid), 0);
		assert_int_equal(kapi_start(tid, unmap_and_map, &churn), 0);
		for (int i = 0; i < 40; i++) {
			long result = ask(&t, t.file, HMM_DMIRROR_MIGRATE_TO_DEV, churn.memory, PAGES);

			done += !result;
			without_mapping += result == -EINVAL || result == -ENOENT;
		}
		assert_int_equal(done + without_mapping, 40);
		assert_int_equal(kapi_resume(tid), 0);
		mirror_close(&t);
	}
}

/** A call that begins when the first page of a device is taken from its process. */
struct late_call {
	const struct mirror *mirror;
	uint32_t tid;
	uint64_t argument;
	bool has_begun;
};

static void begin_late_call(struct hmmu *m, const struct hmmu_event *event, void *data)
{
	struct late_call *late = data;

	(void)m;
	if (event->type != HMMU_EVENT_INVALIDATE_START || late->has_begun)
		return;
	late->has_begun = true;
	assert_int_equal(kapi_start_ioctl(late->tid, late->mirror->file, HMM_DMIRROR_MIGRATE_TO_DEV, late->argument),
			 0);
}

/* Chunks of device memory go, and another task wants pages: it must not get pages of theirs. */
static void test_migration_while_chunks_go(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 8; seed++) {
		struct mirror t = mirror_open_with(seed);
		uint64_t memory = rig_map(&t.rig, PAGES), other = rig_map(&t.rig, 4);
		const struct hmm_dmirror_cmd command = { .addr = other, .ptr = rig_map(&t.rig, 4), .npages = 4 };
		struct late_call late = { .mirror = &t, .argument = rig_map(&t.rig, 1) };

		rig_fill(&t.rig, memory, 8, 10);
		rig_fill(&t.rig, other, 4, 20);
		assert_moved(&t, HMM_DMIRROR_MIGRATE_TO_DEV, memory, 8);
		assert_int_equal(kapi_store(t.rig.tid, late.argument, &command, sizeof(command)), 0);
		assert_int_equal(hmmu_task_create(t.rig.m, t.rig.pid, &late.tid), 0);
		assert_int_equal(hmmu_notify(t.rig.m, t.rig.pid, true), 0);
		assert_int_equal(hmmu_set_notifier(t.rig.m, begin_late_call, &late), 0);
		assert_int_equal(ask(&t, t.file, HMM_DMIRROR_RELEASE, memory, 1), 0);
		assert_int_equal(kapi_resume(late.tid), 0);
		assert_int_equal(rig_kind(&t.rig, other), HMMU_ENTRY_DEV);
		rig_expect(&t.rig, memory, 8, 10);
		rig_expect(&t.rig, other, 4, 20);
		mirror_close(&t);
	}
}

static long reap(struct hmmu *m, uint32_t tid, void *data)
{
	(void)tid;
	return hmmu_oom_reap(m, *(uint32_t *)data);
}

/* The OOM reaper must not wait, and the driver gives way. */
static void test_oom_reaper(void **state)
{
	struct mirror t = mirror_open();
	uint64_t memory = rig_map(&t.rig, PAGES);

	(void)state;
	rig_fill(&t.rig, memory, PAGES, 1);
	assert_moved(&t, HMM_DMIRROR_READ, memory, PAGES);
	assert_int_equal(kapi_call(t.rig.tid, reap, &t.rig.pid), 0);
	assert_int_equal(rig_kind(&t.rig, memory), HMMU_ENTRY_NONE);
	mirror_close(&t);
}

static void test_bad_calls(void **state)
{
	struct mirror t = mirror_open();
	struct kapi_file *file;
	uint64_t memory = rig_map(&t.rig, 1);

	(void)state;
	assert_int_equal(kapi_open(t.rig.tid, "hmm_dmirror9", &file), -ENOENT);
	assert_int_equal(ask(&t, t.file, HMM_DMIRROR_READ, memory + 1, 1), -EINVAL);
	assert_int_equal(ask(&t, t.file, HMM_DMIRROR_READ, memory, 0), -EINVAL);
	assert_int_equal(kapi_ioctl(t.rig.tid, t.file, HMM_DMIRROR_READ, 8), -EFAULT);
	assert_int_equal(ask(&t, t.file, 1, memory, 1), -EINVAL);
	mirror_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device_reads),
		cmocka_unit_test(test_device_writes),
		cmocka_unit_test(test_unmapped_memory),
		cmocka_unit_test(test_protected_memory),
		cmocka_unit_test(test_migrates_both_ways),
		cmocka_unit_test(test_holes_get_device_pages),
		cmocka_unit_test(test_device_memory_goes),
		cmocka_unit_test(test_close_evicts),
		cmocka_unit_test(test_snapshot),
		cmocka_unit_test(test_exclusive),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_mirror_of_another_process),
		cmocka_unit_test(test_exit_with_pages_on_the_device),
		cmocka_unit_test(test_busy_page),
		cmocka_unit_test(test_read_waits_for_a_migration),
		cmocka_unit_test(test_race_with_the_cpu),
		cmocka_unit_test(test_race_with_munmap),
		cmocka_unit_test(test_migration_while_chunks_go),
		cmocka_unit_test(test_oom_reaper),
		cmocka_unit_test(test_bad_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
