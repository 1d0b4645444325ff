/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages that drivers forget, and pages that they place without having written to them. */
#include "support.h"

static int count_leaks(struct rig *r)
{
	return hmmu_leaks(r->m, NULL, 0);
}

/* Each kind of memory, in ascending order, until the page is put. */
static void test_leaks(void **state)
{
	struct rig *r = open_rig(.other_device_pages = 2);
	struct hmmu_leak leaks[3] = { 0 };
	uint32_t system, device, other;

	(void)state;
	assert_int_equal(count_leaks(r), 0);
	assert_ok(hmmu_device_alloc(r->m, &device));
	assert_ok(hmmu_page_alloc(r->m, &system));
	assert_ok(hmmu_other_device_alloc(r->m, &other));
	lock_new_page(r->m, device);
	assert_int_equal(hmmu_leaks(r->m, leaks, 3), 3);
	assert_int_equal(leaks[0].pfn, system);
	assert_int_equal(leaks[0].to, HMMU_TO_SYSTEM);
	assert_int_equal(leaks[0].alloc_id, page_info(r, system).alloc_id);
	assert_int_equal(leaks[0].ref, 1);
	assert_int_equal(leaks[0].flags, 0);
	assert_false(leaks[0].locked);
	assert_int_equal(leaks[1].pfn, device);
	assert_int_equal(leaks[1].to, HMMU_TO_DEVICE);
	assert_int_equal(leaks[1].alloc_id, 0);
	assert_int_equal(leaks[1].ref, 2);
	assert_int_equal(leaks[1].flags, HMMU_PG_DEVICE | HMMU_PG_LOCKED);
	assert_true(leaks[1].locked);
	assert_int_equal(leaks[2].pfn, other);
	assert_int_equal(leaks[2].to, HMMU_TO_DEVICE);
	assert_int_equal(hmmu_leaks(r->m, leaks, 1), 3);
	/* They are the driver's, whatever becomes of processes, and nothing is out of balance. */
	assert_clean(r->m);
	assert_ok(hmmu_exit(r->m, r->pid));
	assert_int_equal(count_leaks(r), 3);
	assert_ok(hmmu_page_put(r->m, system));
	assert_ok(hmmu_page_put(r->m, other));
	assert_ok(hmmu_page_unlock(r->m, device));
	assert_ok(hmmu_page_put(r->m, device));
	assert_int_equal(count_leaks(r), 0);
	rig_discard(r);
}

/* What a driver does with the page of the first entry. */
struct driver {
	struct rig *r;
	void (*write)(struct rig *r, uint32_t pfn, uint32_t source); /**< in alloc_and_copy() */
	void (*write_late)(struct rig *r, uint32_t pfn, uint32_t source);
	bool to_system;
	int leaks;
	uint32_t pfn, source;
};

static int place_one(struct hmmu_migration *mig, void *data)
{
	struct driver *d = data;
	struct hmmu_migration_state at;

	hmmu_migrate_state(mig, &at);
	d->source = hmmu_word_pfn(at.src[0]);
	assert_ok(d->to_system ? hmmu_page_alloc(d->r->m, &d->pfn) : hmmu_device_alloc(d->r->m, &d->pfn));
	lock_new_page(d->r->m, d->pfn);
	if (d->write)
		d->write(d->r, d->pfn, d->source);
	at.dst[0] = hmmu_word(d->pfn, HMMU_PFN_LOCKED | (d->to_system ? 0 : HMMU_PFN_DEVICE));
	d->leaks = count_leaks(d->r);
	return 0;
}

static int finish_one(struct hmmu_migration *mig, void *data)
{
	struct driver *d = data;

	(void)mig;
	/* A page in dst is the migration's. */
	assert_int_equal(count_leaks(d->r), 0);
	if (d->write_late)
		d->write_late(d->r, d->pfn, d->source);
	return 0;
}

static const struct hmmu_migrate_ops one_ops = { place_one, finish_one };

/* A migration by a driver that holds a page while it works; how many events say that it placed a page unwritten. */
static int unwritten_events(struct driver *d, uint64_t address, struct hmmu_event *last)
{
	assert_ok(hmmu_events_record(d->r->m, 1u << HMMU_EVENT_UNWRITTEN));
	assert_ok(migrate_with(d->r, address, 1, &one_ops, d));
	assert_int_equal(d->leaks, 1);
	assert_int_equal(count_leaks(d->r), 0);
	assert_clean(d->r->m);
	return drain_events(d->r, HMMU_EVENT_UNWRITTEN, last);
}

static void by_copy(struct rig *r, uint32_t pfn, uint32_t source)
{
	assert_ok(hmmu_page_copy(r->m, pfn, source));
}

static void by_zero(struct rig *r, uint32_t pfn, uint32_t source)
{
	(void)source;
	assert_ok(hmmu_page_zero(r->m, pfn));
}

static void by_write(struct rig *r, uint32_t pfn, uint32_t source)
{
	(void)source;
	assert_ok(hmmu_page_write(r->m, pfn, 8, "x", 1));
}

static void by_pointer(struct rig *r, uint32_t pfn, uint32_t source)
{
	(void)source;
	assert_non_null(hmmu_page_data(r->m, pfn));
}

/* Reading, or writing nothing, is no writing. */
static void by_nothing(struct rig *r, uint32_t pfn, uint32_t source)
{
	uint8_t byte;

	(void)source;
	assert_ok(hmmu_page_read(r->m, pfn, 0, &byte, 1));
	assert_ok(hmmu_page_write(r->m, pfn, 0, &byte, 0));
	assert_ok(hmmu_page_copy(r->m, source, pfn));
}

static void test_unwritten_page(void **state)
{
	(void)state;
	for (int to_system = 0; to_system < 2; to_system++) {
		struct rig *r = open_rig();
		struct driver d = { .r = r, .to_system = to_system, .write = by_nothing };
		uint64_t buf = map_anon(r, 2);
		struct hmmu_event event = { 0 };

		write_pages(r, buf, 1, 1);
		assert_int_equal(unwritten_events(&d, buf, &event), 1);
		assert_int_equal(event.pid, r->pid);
		assert_int_equal(event.a, buf);
		assert_int_equal(event.b, d.pfn);
		/* A page for a hole, too. */
		d.write = NULL;
		assert_int_equal(unwritten_events(&d, buf + PAGES(1), &event), 1);
		assert_int_equal(event.a, buf + PAGES(1));
		rig_close(r);
	}
}

static void test_written_page(void **state)
{
	static void (*const ways[])(struct rig *, uint32_t, uint32_t) = { by_copy, by_zero, by_write, by_pointer };

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(ways) / sizeof(*ways); i++) {
		struct rig *r = open_rig();
		struct driver d = { .r = r };
		uint64_t buf = map_anon(r, 1);

		/* A copy that takes time may end in finalize_and_map(). */
		if (i % 2)
			d.write_late = ways[i / 2];
		else
			d.write = ways[i / 2];
		write_pages(r, buf, 1, 1);
		assert_int_equal(unwritten_events(&d, buf, NULL), 0);
		rig_close(r);
	}
}

/* A page that does not take its place is read by nobody. */
static void test_unwritten_page_that_does_not_move(void **state)
{
	struct rig *r = open_rig();
	struct driver d = { .r = r };
	uint64_t buf = map_anon(r, 1);
	uint32_t waiter = new_task(r, r->pid);
	struct hmmu_migrate_request request = request_for(r, buf, 1);
	struct hmmu_migration *mig;

	(void)state;
	assert_ok(hmmu_events_record(r->m, 1u << HMMU_EVENT_UNWRITTEN));
	write_pages(r, buf, 1, 1);
	request.ops = &one_ops;
	request.data = &d;
	assert_ok(hmmu_migrate_begin(r->m, &request, &mig));
	assert_true(hmmu_migrate_run(mig, HMMU_STAGE_ALLOC_AND_COPY) >= 0);
	/* The reference of a task that waits for the page is one too many. */
	assert_blocked(r->m, load(r, waiter, buf, NULL), waiter, HMMU_WAIT_PAGE_LOCK);
	assert_ok(hmmu_migrate_end(mig));
	assert_why(r, 0, HMMU_WHY_REFERENCES);
	assert_int_equal(drain_events(r, HMMU_EVENT_UNWRITTEN, NULL), 0);
	assert_ok(load(r, waiter, buf, NULL));
	rig_close(r);
}

/* Without contents there is nothing of a former owner, and the built-in driver fills what it takes. */
static void test_no_mark(void **state)
{
	struct rig *r = open_rig(.no_contents = true);
	struct driver d = { .r = r };
	uint64_t buf = map_anon(r, 3);
	uint32_t pages[1] = { 0 };

	(void)state;
	write_pages(r, buf, 3, 1);
	assert_int_equal(unwritten_events(&d, buf, NULL), 0);
	assert_ok(migrate(r, buf + PAGES(1), 2, HMMU_TO_DEVICE));
	assert_int_equal(hmmu_destinations(r->m, HMMU_TO_DEVICE, 0, pages, 1), 1);
	assert_int_equal(count_leaks(r), 1);
	assert_int_equal(drain_events(r, HMMU_EVENT_UNWRITTEN, NULL), 0);
	assert_ok(hmmu_page_unlock(r->m, pages[0]));
	assert_ok(hmmu_page_put(r->m, pages[0]));
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leaks),        cmocka_unit_test(test_unwritten_page),
		cmocka_unit_test(test_written_page), cmocka_unit_test(test_unwritten_page_that_does_not_move),
		cmocka_unit_test(test_no_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
