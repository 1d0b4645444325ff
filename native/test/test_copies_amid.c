/* SPDX-License-Identifier: GPL-2.0-only */
/* Copies in the middle: after each step of some migrations the machine is copied, and the copy ends as the original does. */
#include "support.h"

#include <stdlib.h>

#define MOST_PAGES 40
#define MOST_PARTS 6
#define MOST_STEPS 400

/** One that migrates, or an access that waits meanwhile. */
struct part {
	uint32_t tid;
	uint64_t start, pages;
	uint64_t store_to; /**< the access of a part that only stores a byte; 0: it migrates */
	struct hmmu_builtin builtin;
	const struct hmmu_migrate_ops *ops; /**< NULL: it calls */
	struct hmmu_migration *mig;
	uint64_t src[MOST_PAGES], dst[MOST_PAGES];
	uint8_t why[MOST_PAGES];
	int result;
	bool over;
};

/** A machine, who works in it, and whose turn it is. */
struct play {
	struct hmmu *m;
	uint32_t select;
	uint32_t count, turn, steps;
	struct part parts[MOST_PARTS];
};

static struct play *play_new(struct rig *r)
{
	struct play *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->m = r->m;
	p->select = r->select;
	return p;
}

static struct hmmu_migrate_request request_of(struct play *p, struct part *part)
{
	return (struct hmmu_migrate_request){
		.tid = part->tid,
		.start = part->start,
		.end = part->start + PAGES(part->pages),
		.src = part->src,
		.dst = part->dst,
		.why = part->why,
		.ops = part->ops,
		.data = part->ops == &hmmu_builtin_ops ? &part->builtin : NULL,
		.flags = p->select,
		.owner = p->select ? HMMU_DEFAULT_OWNER : 0,
	};
}

/* Migrate @pages pages from @start on. */
static void add_part_of(struct play *p, uint32_t tid, uint64_t start, uint64_t pages, uint32_t to,
			const struct hmmu_migrate_ops *ops)
{
	struct part *part = &p->parts[p->count++];
	struct hmmu_migrate_request request;

	*part = (struct part){ .tid = tid, .start = start, .pages = pages, .builtin = { .to = to }, .ops = ops };
	request = request_of(p, part);
	assert_ok(hmmu_migrate_begin(p->m, &request, &part->mig));
}

static void add_part(struct play *p, uint32_t tid, uint64_t start, uint64_t pages, uint32_t to)
{
	add_part_of(p, tid, start, pages, to, &hmmu_builtin_ops);
}

static void add_store(struct play *p, uint32_t tid, uint64_t address)
{
	p->parts[p->count++] = (struct part){ .tid = tid, .store_to = address };
}

static void end_part(struct part *part, int result)
{
	part->result = result;
	part->over = true;
}

/* A driver that calls gives pages when setup is done. */
static bool calls_pages(struct play *p, struct part *part)
{
	struct hmmu_migration_state state;

	hmmu_migrate_state(part->mig, &state);
	if (part->ops || state.stage != HMMU_STAGE_ALLOC_AND_COPY)
		return false;
	for (uint64_t i = 0; i < part->pages; i++)
		if (part->src[i] & HMMU_PFN_MIGRATE && i % 3)
			part->dst[i] = part->builtin.to == HMMU_TO_DEVICE ? device_word(p->m) : system_word(p->m);
	assert_ok(hmmu_migrate_vma_pages(part->mig));
	return true;
}

static void step_migration(struct play *p, struct part *part)
{
	if (calls_pages(p, part) || hmmu_migrate_step(part->mig))
		return;
	end_part(part, hmmu_migrate_end(part->mig));
}

/* The handler of a device fault: it migrates the page, and ends. */
static void step_handler(struct play *p, struct part *part, const struct hmmu_device_fault *fault)
{
	struct hmmu_migrate_request request;

	if (part->pages) {
		if (!hmmu_migrate_step(part->mig)) {
			assert_ok(hmmu_migrate_end(part->mig));
			part->pages = 0;
			assert_ok(hmmu_device_fault_end(p->m, part->tid, 0));
		}
		return;
	}
	part->start = fault->address;
	part->pages = 1;
	part->builtin = (struct hmmu_builtin){ .to = HMMU_TO_SYSTEM };
	part->ops = &hmmu_builtin_ops;
	request = request_of(p, part);
	request.fault_page = p->select ? fault->pfn : 0;
	assert_ok(hmmu_migrate_begin(p->m, &request, &part->mig));
}

static void step_store(struct play *p, struct part *part)
{
	struct hmmu_device_fault fault;
	int result;

	if (!hmmu_device_fault(p->m, part->tid, &fault) && !fault.ended) {
		step_handler(p, part, &fault);
		return;
	}
	result = hmmu_store(p->m, part->tid, part->store_to, "\7", 1, NULL);
	if (result != -EAGAIN)
		end_part(part, result);
}

/* Each part in turn. False: all are over. */
static bool play_step(struct play *p)
{
	for (uint32_t i = 0; i < p->count; i++) {
		struct part *part = &p->parts[p->turn];

		p->turn = (p->turn + 1) % p->count;
		if (part->over)
			continue;
		if (part->store_to)
			step_store(p, part);
		else
			step_migration(p, part);
		p->steps++;
		return true;
	}
	return false;
}

static void play_to_end(struct play *p)
{
	while (play_step(p))
		assert_in_range(p->steps, 0, MOST_STEPS);
}

static uint64_t state_hash_of(struct hmmu *m)
{
	uint64_t hash;

	assert_ok(hmmu_state_hash(m, &hash));
	return hash;
}

static void assert_same_hashes(struct hmmu *a, struct hmmu *b)
{
	assert_true(hmmu_hash(a) == hmmu_hash(b));
	assert_true(state_hash_of(a) == state_hash_of(b));
}

static void assert_same_bytes(struct hmmu *a, struct hmmu *b)
{
	size_t size_a, size_b;
	uint8_t *of_a = snapshot_of(a, &size_a), *of_b = snapshot_of(b, &size_b);

	assert_int_equal(size_a, size_b);
	assert_memory_equal(of_a, of_b, size_a);
	free(of_a);
	free(of_b);
}

static struct part *part_of(struct play *p, uint32_t tid)
{
	for (uint32_t i = 0; i < p->count; i++)
		if (p->parts[i].tid == tid && p->parts[i].pages && !p->parts[i].over)
			return &p->parts[i];
	fail_msg("task %u migrates, and nobody knows of it", tid);
	return NULL;
}

/* Nothing of a migration goes on before it is adopted. */
static void adopt(struct play *p, struct hmmu_migration *mig)
{
	struct hmmu_migrate_request was, request;
	struct part *part;

	hmmu_migration_request(mig, &was);
	part = part_of(p, was.tid);
	assert_failed(p->m, hmmu_migrate_step(mig), -EINVAL, HMMU_ERR_ORDER);
	assert_failed(p->m, hmmu_migrate_end(mig), -EINVAL, HMMU_ERR_ORDER);
	assert_memory_equal(was.src, part->src, part->pages * sizeof(*part->src));
	assert_non_null(was.why);
	assert_memory_equal(was.why, part->why, part->pages);
	memset(part->src, 0xff, part->pages * sizeof(*part->src));
	memset(part->dst, 0xff, part->pages * sizeof(*part->dst));
	memset(part->why, 0xff, part->pages);
	request = request_of(p, part);
	assert_int_equal(was.start, request.start);
	assert_int_equal(was.end, request.end);
	assert_int_equal(was.flags, part->tid ? request.flags : 0);
	assert_ok(hmmu_migrate_adopt(mig, &request));
	assert_failed(p->m, hmmu_migrate_adopt(mig, &request), -EINVAL, HMMU_ERR_ORDER);
	part->mig = mig;
}

/* A migration, adopted or not, says what it works on. */
static void assert_tells_arrays(struct play *p)
{
	struct hmmu_migration *migrations[MOST_PARTS];
	int count = hmmu_migrations(p->m, migrations, MOST_PARTS);
	struct hmmu_migrate_request request;

	for (int i = 0; i < count; i++) {
		const struct part *part;

		hmmu_migration_request(migrations[i], &request);
		part = part_of(p, request.tid);
		assert_ptr_equal(request.src, part->src);
		assert_ptr_equal(request.dst, part->dst);
		assert_ptr_equal(request.why, part->why);
	}
}

/* A copy of the machine with all who work in it. */
static struct play *copy_of(struct play *p, bool by_clone)
{
	struct play *copy = calloc(1, sizeof(*copy));
	struct hmmu_migration *migrations[MOST_PARTS];
	struct hmmu_error error = { 0 };
	int count;

	assert_non_null(copy);
	*copy = *p;
	copy->m = NULL;
	if (by_clone) {
		assert_ok(hmmu_clone(p->m, &copy->m));
	} else {
		copy->m = copy_by_snapshot(p->m, 0, &error);
		if (!copy->m)
			fail_msg("step %u: %s", p->steps, error.text);
	}
	assert_same_hashes(p->m, copy->m);
	assert_clean(copy->m);
	assert_ok(hmmu_set_switch_points(copy->m, hmmu_switch_points(p->m)));
	assert_tells_arrays(p);
	count = hmmu_migrations(copy->m, migrations, MOST_PARTS);
	assert_int_equal(count, hmmu_migrations(p->m, NULL, 0));
	for (int i = 0; i < count; i++)
		adopt(copy, migrations[i]);
	assert_same_hashes(p->m, copy->m);
	return copy;
}

static void assert_same_end(const struct play *a, const struct play *b)
{
	assert_same_hashes(a->m, b->m);
	assert_int_equal(a->steps, b->steps);
	for (uint32_t i = 0; i < a->count; i++) {
		assert_int_equal(a->parts[i].result, b->parts[i].result);
		assert_memory_equal(a->parts[i].src, b->parts[i].src, sizeof(a->parts[i].src));
		assert_memory_equal(a->parts[i].dst, b->parts[i].dst, sizeof(a->parts[i].dst));
		assert_memory_equal(a->parts[i].why, b->parts[i].why, sizeof(a->parts[i].why));
	}
}

/* Copies of each step, or of one in so many, go on to the end that the original reaches. A copy of a copy is as good. */
static void play_with_copies(struct play *p, uint32_t one_in)
{
	struct play *copies[MOST_STEPS + 1], *first;
	uint32_t count = 0;

	do {
		if (p->steps % one_in)
			continue;
		first = copy_of(p, count % 3 == 1);
		copies[count] = count % 3 == 2 ? copy_of(first, false) : first;
		if (copies[count] != first) {
			hmmu_destroy(first->m);
			free(first);
		}
		count++;
		assert_in_range(count, 0, MOST_STEPS);
	} while (play_step(p));
	assert_in_range(count, 10, MOST_STEPS);
	play_to_end(copies[0]);
	assert_same_bytes(p->m, copies[0]->m);
	for (uint32_t i = 0; i < count; i++) {
		play_to_end(copies[i]);
		assert_same_end(p, copies[i]);
		hmmu_destroy(copies[i]->m);
		free(copies[i]);
	}
	free(p);
}

/* Pages that move and pages that do not: holes, the zero page, shared, pinned and locked ones, a huge page. */
static uint64_t mixed_memory(struct rig *r, uint32_t *pinned)
{
	uint64_t buf = map_anon(r, 12);

	write_pages(r, buf, 5, 1);
	do_fork_of(r, r->tid);
	read_pages(r, buf + PAGES(5), 1);
	write_pages(r, buf + PAGES(7), 4, 7);
	assert_ok(hmmu_pin(r->m, r->tid, buf + PAGES(7), 0, pinned));
	assert_ok(hmmu_mlock(r->m, r->tid, buf + PAGES(8), PAGES(1)));
	assert_ok(hmmu_munlock(r->m, r->tid, buf + PAGES(8), PAGES(1)));
	return buf;
}

static void test_to_device_and_back(void **state)
{
	struct rig *r = open_rig(.ram_pages = 96, .device_pages = 32, .no_contents = true);
	struct play *p;
	uint32_t pinned;
	uint64_t buf = mixed_memory(r, &pinned);

	(void)state;
	for (uint32_t to = HMMU_TO_DEVICE; to <= HMMU_TO_SYSTEM; to++) {
		p = play_new(r);
		add_part(p, r->tid, buf, 12, to);
		play_with_copies(p, to == HMMU_TO_DEVICE ? 1 : 3);
	}
	assert_ok(hmmu_unpin(r->m, pinned, 0));
	rig_close(r);
}

/* Two processes migrate the pages that they share, a third one more than fits into a record, and others store to them. */
static void test_several_at_once(void **state)
{
	struct rig *r = open_rig(.ram_pages = 128, .device_pages = 64, .cpus = 2, .no_contents = true);
	uint64_t buf = map_anon(r, 6), many = map_anon(r, 17);
	uint32_t child, other = new_task(r, r->pid), last = new_task(r, r->pid);
	struct play *p;

	(void)state;
	write_pages(r, buf, 5, 1);
	write_pages(r, many, 15, 1);
	child = do_fork_of(r, r->tid);
	assert_ok(hmmu_task_set_cpu(r->m, other, 1));
	p = play_new(r);
	add_part(p, r->tid, buf, 6, HMMU_TO_DEVICE);
	add_part(p, hmmu_process_task(r->m, child), buf + PAGES(1), 5, HMMU_TO_DEVICE);
	add_part(p, other, many, 17, HMMU_TO_DEVICE);
	add_store(p, last, buf + PAGES(2));
	/* This task waits for its own migration. */
	add_store(p, other, many + PAGES(3));
	play_with_copies(p, 3);
	rig_close(r);
}

/* A driver that moves pages within RAM, those of files too. */
static int to_other_frames(struct hmmu_migration *mig, void *data)
{
	struct hmmu_migration_state s;

	(void)data;
	hmmu_migrate_state(mig, &s);
	for (uint64_t i = 0; i < s.npages; i++)
		if (s.src[i] & HMMU_PFN_MIGRATE)
			s.dst[i] = system_word(s.machine);
	return 0;
}

static int spoil_src(struct hmmu_migration *mig, void *data)
{
	struct hmmu_migration_state s;

	(void)data;
	hmmu_migrate_state(mig, &s);
	s.src[1] ^= HMMU_PFN_WRITE;
	return 0;
}

static void test_pages_of_files(void **state)
{
	static const struct hmmu_migrate_ops ops = { .alloc_and_copy = to_other_frames, .finalize_and_map = spoil_src };
	struct rig *r = open_rig(.ram_pages = 96, .device_pages = 16, .swap_pages = 8);
	uint64_t shared = map_at(r, 0, 5, HMMU_MAP_SHMEM, HMMU_PROT_WRITE), swapped = map_anon(r, 4);
	uint32_t child, other = new_task(r, r->pid);
	struct play *p;

	(void)state;
	write_pages(r, shared, 4, 1);
	write_pages(r, swapped, 4, 1);
	child = do_fork_of(r, r->tid);
	read_pages(r, shared, 4);
	hmmu_lru_add_drain_all(r->m);
	assert_ok(hmmu_reclaim(r->m, r->pid, swapped));
	read_pages(r, swapped, 4);
	p = play_new(r);
	add_part_of(p, r->tid, shared, 5, HMMU_TO_SYSTEM, &ops);
	add_part(p, hmmu_process_task(r->m, child), swapped, 4, HMMU_TO_DEVICE);
	add_store(p, other, shared + PAGES(1));
	play_with_copies(p, 1);
	rig_close(r);
}

/* Faults on one device page wait for their handlers, which migrate; one of the tasks migrates other pages, too. */
static void test_device_faults(void **state)
{
	struct rig *r = open_rig(.ram_pages = 96, .device_pages = 32, .no_contents = true);
	uint64_t buf = map_anon(r, 3);
	uint32_t first = new_task(r, r->pid), second = new_task(r, r->pid);
	struct play *p = play_new(r);

	(void)state;
	write_pages(r, buf, 3, 1);
	assert_ok(migrate(r, buf, 3, HMMU_TO_DEVICE));
	assert_ok(hmmu_set_switch_points(r->m, HMMU_SWITCH_DEVICE_FAULT));
	add_store(p, first, buf);
	/* In 4.14 a device page that is shared can't leave the device. */
	if (r->select)
		add_store(p, hmmu_process_task(r->m, do_fork_of(r, r->tid)), buf);
	add_store(p, second, buf + PAGES(1));
	add_part(p, r->tid, buf + PAGES(1), 2, HMMU_TO_SYSTEM);
	play_with_copies(p, 1);
	assert_ok(hmmu_set_switch_points(r->m, 0));
	rig_close(r);
}

/* Linux 6.12: drivers that call, of a range of addresses and of device pages. */
static void test_drivers_that_call(void **state)
{
	struct rig *r = open_rig(.ram_pages = 96, .device_pages = 32, .no_contents = true);
	uint64_t buf = map_anon(r, 6), device = map_anon(r, 4);
	struct hmmu_device_range range;
	struct part *evicting;
	struct play *p;

	(void)state;
	if (!r->select) {
		rig_close(r);
		skip();
	}
	p = play_new(r);
	write_pages(r, buf, 5, 1);
	write_pages(r, device, 4, 1);
	assert_ok(migrate(r, device, 4, HMMU_TO_DEVICE));
	assert_ok(hmmu_mlock(r->m, r->tid, buf, PAGES(6)));
	add_part_of(p, r->tid, buf, 6, HMMU_TO_DEVICE, NULL);
	evicting = &p->parts[p->count++];
	*evicting = (struct part){ .start = PAGES(pfn_at(r, device)), .pages = 4 };
	range = (struct hmmu_device_range){
		.first = pfn_at(r, device), .pages = 4, .src = evicting->src, .dst = evicting->dst, .why = evicting->why
	};
	assert_ok(hmmu_migrate_device_begin(r->m, &range, &evicting->mig));
	add_store(p, new_task(r, r->pid), buf + PAGES(1));
	play_with_copies(p, 1);
	rig_close(r);
}

/* Each kernel: a migration with operations may be driven by calls from there on. */
static void test_calls_with_operations(void **state)
{
	struct rig *r = open_rig(.ram_pages = 96, .device_pages = 32);
	uint64_t buf = map_anon(r, 2);
	struct hmmu_migration *mig;

	(void)state;
	write_pages(r, buf, 1, 1);
	mig = begin_to(r, buf, 2, HMMU_TO_DEVICE, HMMU_STAGE_UNMAP);
	assert_ok(hmmu_migrate_vma_pages(mig));
	assert_restores(r->m);
	assert_ok(hmmu_migrate_vma_finalize(mig));
	rig_close(r);
}

/* Linux 6.12: the record of an eviction is one that a migration of a process has left. */
static void test_record_used_before(void **state)
{
	struct rig *r = open_rig(.ram_pages = 96, .device_pages = 32);
	uint64_t buf = map_anon(r, 2);
	uint64_t src[2], dst[2];
	struct hmmu_device_range range = { .pages = 2, .src = src, .dst = dst };
	struct hmmu_migration *mig;

	(void)state;
	if (!r->select) {
		rig_close(r);
		skip();
	}
	write_pages(r, buf, 2, 1);
	assert_ok(migrate(r, buf, 2, HMMU_TO_DEVICE));
	range.first = pfn_at(r, buf);
	assert_ok(hmmu_migrate_device_begin(r->m, &range, &mig));
	assert_restores(r->m);
	assert_ok(hmmu_migrate_end(mig));
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_to_device_and_back),    cmocka_unit_test(test_several_at_once),
		cmocka_unit_test(test_pages_of_files),        cmocka_unit_test(test_device_faults),
		cmocka_unit_test(test_drivers_that_call),     cmocka_unit_test(test_record_used_before),
		cmocka_unit_test(test_calls_with_operations),
	};

	return run_on_each_kernel(tests);
}
