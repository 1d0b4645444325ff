/* SPDX-License-Identifier: GPL-2.0-only */
/* Switching points: calls that stop in their middle, and what others do there. */
#include "support.h"

/* A page of the device, and faults on it that wait. */
static uint64_t device_page(struct rig *r)
{
	uint64_t buf = map_anon(r, 1);

	write_pages(r, buf, 1, 7);
	assert_ok(migrate(r, buf, 1, HMMU_TO_DEVICE));
	assert_ok(hmmu_set_switch_points(r->m, HMMU_SWITCH_DEVICE_FAULT));
	return buf;
}

static void assert_faults(struct rig *r, int result, uint32_t tid)
{
	assert_blocked(r->m, result, tid, HMMU_WAIT_DEVICE_FAULT);
}

/** A handler that runs in steps: the built-in one. */
struct handler {
	uint32_t tid;
	uint64_t src, dst;
	uint8_t why;
	struct hmmu_builtin driver;
	struct hmmu_migration *mig;
};

static void handler_begin(struct rig *r, struct handler *h, uint32_t tid)
{
	struct hmmu_device_fault fault;
	struct hmmu_migrate_request request = {
		.tid = tid,
		.src = &h->src,
		.dst = &h->dst,
		.why = &h->why,
		.ops = &hmmu_builtin_ops,
		.data = &h->driver,
	};

	assert_ok(hmmu_device_fault(r->m, tid, &fault));
	assert_false(fault.ended);
	*h = (struct handler){ .tid = tid, .driver = { .to = HMMU_TO_SYSTEM } };
	request.start = fault.address;
	request.end = fault.address + HMMU_PAGE_SIZE;
	if (r->select) {
		request.flags = HMMU_SELECT_DEVICE_PRIVATE;
		request.fault_page = fault.pfn;
		request.owner = HMMU_DEFAULT_OWNER;
	}
	assert_ok(hmmu_migrate_begin(r->m, &request, &h->mig));
}

/* Whether the page has moved. */
static bool handler_end(struct rig *r, struct handler *h)
{
	bool moved;

	assert_failed(r->m, hmmu_device_fault_end(r->m, h->tid, 0), -EBUSY, HMMU_ERR_BUSY);
	while (hmmu_migrate_step(h->mig))
		assert_clean(r->m);
	moved = h->src & HMMU_PFN_MIGRATE;
	assert_ok(hmmu_migrate_end(h->mig));
	assert_ok(hmmu_device_fault_end(r->m, h->tid, 0));
	assert_true(is_ready(r, h->tid));
	return moved;
}

static void test_device_fault(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = device_page(r);
	struct hmmu_device_fault fault;
	struct handler h;
	uint8_t byte;

	(void)state;
	assert_failed(r->m, hmmu_device_fault(r->m, r->tid, &fault), -ENOENT, HMMU_ERR_SYSCALL);
	assert_faults(r, load(r, r->tid, buf, &byte), r->tid);
	assert_false(is_ready(r, r->tid));
	assert_clean(r->m);
	assert_ok(hmmu_device_fault(r->m, r->tid, &fault));
	assert_true(fault.address == buf && fault.pfn == pfn_at(r, buf) && fault.device == 0);
	/* Its task can do nothing else. */
	assert_failed(r->m, hmmu_madvise(r->m, r->tid, buf, PAGES(1), HMMU_MADV_DONTNEED), -EBUSY, HMMU_ERR_BUSY);
	handler_begin(r, &h, r->tid);
	assert_failed(r->m, hmmu_task_cancel(r->m, r->tid), -EBUSY, HMMU_ERR_BUSY);
	assert_true(handler_end(r, &h));
	assert_failed(r->m, hmmu_device_fault_end(r->m, r->tid, 0), -ENOENT, HMMU_ERR_SYSCALL);
	assert_ok(load(r, r->tid, buf, &byte));
	assert_int_equal(byte, 7);
	rig_close(r);
}

/* get_user_pages() faults, too, and goes on as it does after a wait for the page. */
static void test_pin(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = device_page(r);
	struct handler h;
	uint32_t pfn;

	(void)state;
	assert_faults(r, hmmu_pin(r->m, r->tid, buf, HMMU_PIN_WRITE, &pfn), r->tid);
	handler_begin(r, &h, r->tid);
	assert_true(handler_end(r, &h));
	assert_ok(hmmu_pin(r->m, r->tid, buf, HMMU_PIN_WRITE, &pfn));
	assert_int_equal(pfn, pfn_at(r, buf));
	assert_ok(hmmu_unpin(r->m, pfn, 0));
	rig_close(r);
}

static void test_failing_handler(void **state)
{
	struct rig *r = open_rig();
	uint64_t buf = device_page(r);
	uint8_t byte;

	(void)state;
	assert_faults(r, load(r, r->tid, buf, &byte), r->tid);
	assert_failed(r->m, hmmu_device_fault_end(r->m, r->tid, 5), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_ok(hmmu_device_fault_end(r->m, r->tid, -EIO));
	assert_failed(r->m, load(r, r->tid, buf, &byte), -EFAULT, HMMU_ERR_SIGBUS);
	/* That was one fault; the next access makes another one. */
	assert_faults(r, load(r, r->tid, buf, &byte), r->tid);
	assert_ok(hmmu_task_cancel(r->m, r->tid));
	rig_close(r);
}

/* Each of two handlers finds the reference of the other fault, and the page stays: for ever, if they go on in step. */
static void test_livelock(void **state)
{
	struct rig *r = open_rig(.quirks_on = HMMU_QUIRK_FAULTERS_LIVELOCK, .profile = HMMU_PROFILE_LINUX_6_12);
	uint64_t buf, first = 0, hash;
	uint32_t other = new_task(r, r->pid);
	struct handler h[2];
	uint8_t byte;

	(void)state;
	r->select = HMMU_SELECT_SYSTEM | HMMU_SELECT_DEVICE_PRIVATE;
	buf = device_page(r);
	for (int round = 0; round < 3; round++) {
		assert_faults(r, load(r, r->tid, buf, &byte), r->tid);
		assert_faults(r, load(r, other, buf, &byte), other);
		assert_clean(r->m);
		assert_ok(hmmu_state_hash(r->m, &hash));
		if (round == 2)
			assert_true(hash == first);
		first = hash;
		for (int i = 0; i < 2; i++) {
			handler_begin(r, &h[i], i ? other : r->tid);
			assert_false(handler_end(r, &h[i]));
		}
	}
	/* Alone it comes through. */
	assert_ok(hmmu_task_cancel(r->m, other));
	assert_faults(r, load(r, r->tid, buf, &byte), r->tid);
	handler_begin(r, &h[0], r->tid);
	assert_true(handler_end(r, &h[0]));
	assert_ok(load(r, r->tid, buf, &byte));
	rig_close(r);
}

/* Linux 6.15 locks the page for the first fault, and the second one waits. */
static void test_page_lock_of_the_first(void **state)
{
	struct rig *r = open_rig(.quirks_off = HMMU_QUIRK_FAULTERS_LIVELOCK, .profile = HMMU_PROFILE_LINUX_6_12);
	uint64_t buf;
	uint32_t other = new_task(r, r->pid);
	struct handler h;
	uint8_t byte;

	(void)state;
	r->select = HMMU_SELECT_SYSTEM | HMMU_SELECT_DEVICE_PRIVATE;
	buf = device_page(r);
	assert_faults(r, load(r, r->tid, buf, &byte), r->tid);
	assert_blocked(r->m, load(r, other, buf, &byte), other, HMMU_WAIT_PAGE_LOCK);
	handler_begin(r, &h, r->tid);
	assert_true(handler_end(r, &h));
	assert_ok(load(r, r->tid, buf, &byte));
	assert_ok(load(r, other, buf, &byte));
	rig_close(r);
}

/* A rollback leads back into faults, and handlers go on. */
static void test_rollback(void **state)
{
	struct rig *r = open_rig(.no_contents = true);
	uint64_t buf = device_page(r), hash, again;
	uint32_t other = new_task(r, r->pid);
	struct handler h, kept;
	uint8_t byte;

	(void)state;
	assert_faults(r, load(r, r->tid, buf, &byte), r->tid);
	handler_begin(r, &h, r->tid);
	assert_ok(hmmu_state_hash(r->m, &hash));
	assert_ok(hmmu_mark(r->m));
	kept = h;
	for (int i = 0; i < 2; i++) {
		assert_true(handler_end(r, &h));
		assert_ok(load(r, r->tid, buf, &byte));
		assert_int_equal(byte, 7);
		assert_ok(load(r, other, buf, &byte));
		assert_ok(hmmu_rollback(r->m));
		h = kept;
		assert_ok(hmmu_state_hash(r->m, &again));
		assert_true(hash == again);
		assert_clean(r->m);
	}
	assert_true(handler_end(r, &h));
	assert_ok(hmmu_task_cancel(r->m, r->tid));
	rig_close(r);
}

static void test_mask(void **state)
{
	struct rig *r = open_rig();

	(void)state;
	assert_int_equal(hmmu_switch_points(r->m), 0);
	assert_failed(r->m, hmmu_set_switch_points(r->m, 1u << 31), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_ok(hmmu_set_switch_points(r->m, HMMU_SWITCH_DEVICE_FAULT));
	assert_int_equal(hmmu_switch_points(r->m), HMMU_SWITCH_DEVICE_FAULT);
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device_fault),
		cmocka_unit_test(test_pin),
		cmocka_unit_test(test_failing_handler),
		cmocka_unit_test(test_livelock),
		cmocka_unit_test(test_page_lock_of_the_first),
		cmocka_unit_test(test_rollback),
		cmocka_unit_test(test_mask),
	};

	return run_on_each_kernel(tests);
}
