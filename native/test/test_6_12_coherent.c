/* SPDX-License-Identifier: GPL-2.0-only */
/* Device-coherent memory of Linux 6.12: who has which pages, what maps them, migrations in all directions, long-term pins. */
#include "wrong.h"

#include "mm/pgtable.h"
#include "mm/swapops.h"
#include "page/devmem.h"

#define COHERENT_DEVICE 1
#define WDAS (HMMU_BIT_WRITE | HMMU_BIT_DIRTY | HMMU_BIT_ACCESSED | HMMU_BIT_SOFT_DIRTY)
#define open_coherent(...) open_rig(.profile = HMMU_PROFILE_LINUX_6_12, .coherent_pages = 8, __VA_ARGS__)

/* Move what @select selects: to a device, or to RAM. */
static void move_selected(struct rig *r, uint64_t address, uint64_t pages, uint32_t select, uint32_t to,
			  uint32_t device)
{
	struct hmmu_migrate_request request = request_for(r, address, pages);

	r->builtin = (struct hmmu_builtin){ .to = to, .device = device };
	request.flags = select;
	request.owner = HMMU_DEFAULT_OWNER;
	assert_ok(hmmu_migrate_vma(r->m, &request));
}

static void to_coherent(struct rig *r, uint64_t address, uint64_t pages)
{
	move_selected(r, address, pages, HMMU_SELECT_SYSTEM, HMMU_TO_DEVICE, COHERENT_DEVICE);
}

static void from_coherent(struct rig *r, uint64_t address, uint64_t pages)
{
	move_selected(r, address, pages, HMMU_SELECT_DEVICE_COHERENT, HMMU_TO_SYSTEM, 0);
}

/* migrate_device_range() over coherent pages [0, pages). */
static void evict_coherent(struct rig *r, uint32_t pages)
{
	const struct hmmu_device_range range = { .first = hmmu_coherent_base(r->m),
						 .pages = pages,
						 .src = r->src,
						 .dst = r->dst,
						 .why = r->why,
						 .ops = &hmmu_builtin_ops,
						 .data = &r->builtin };
	struct hmmu_migration *mig;

	r->builtin = (struct hmmu_builtin){ .to = HMMU_TO_SYSTEM };
	assert_ok(hmmu_migrate_device_begin(r->m, &range, &mig));
	assert_ok(hmmu_migrate_end(mig));
}

/* A rig with pages on the coherent device. */
static struct rig *open_there(uint64_t *buf, uint64_t pages, uint32_t quirks_off)
{
	struct rig *r = open_coherent(.quirks_off = quirks_off);

	*buf = map_anon(r, pages);
	write_pages(r, *buf, pages, 0x40);
	hmmu_lru_add_drain_all(r->m);
	to_coherent(r, *buf, pages);
	assert_all_moved(r, pages);
	return r;
}

static void test_coherent_devices(void **state)
{
	struct rig *r = open_coherent();
	struct hmmu_device_info info;
	uint32_t device, pfn;

	(void)state;
	assert_int_equal(hmmu_coherent_base(r->m), hmmu_device_base(r->m) + 64);
	assert_ok(hmmu_device_info(r->m, 0, &info));
	assert_int_equal(info.kind, HMMU_DEVICE_PRIVATE);
	assert_ok(hmmu_device_create_kind(r->m, HMMU_DEVICE_COHERENT, 3, 9, &device));
	assert_int_equal(device, 2);
	assert_ok(hmmu_device_info(r->m, device, &info));
	assert_int_equal(info.first, hmmu_coherent_base(r->m) + 5);
	assert_int_equal(info.kind, HMMU_DEVICE_COHERENT);
	assert_ok(hmmu_device_alloc_of(r->m, device, &pfn));
	assert_int_equal(pfn, info.first);
	assert_int_equal(page_info(r, pfn).alloc_id, 5);
	assert_true(page_info(r, pfn).device && page_info(r, pfn).coherent);
	assert_int_equal(counter(r, HMMU_COUNT_COHERENT_FREE), 7);
	assert_int_equal(counter(r, HMMU_COUNT_DEVICE_FREE), 64);
	assert_ok(hmmu_page_unlock(r->m, pfn));
	assert_ok(hmmu_page_put(r->m, pfn));
	assert_ok(hmmu_device_remove(r->m, device));
	assert_ok(hmmu_device_info(r->m, COHERENT_DEVICE, &info));
	assert_int_equal(info.pages, 8);
	assert_ok(hmmu_device_create(r->m, 4, 9, &device));
	assert_ok(hmmu_device_info(r->m, device, &info));
	assert_int_equal(info.first, hmmu_device_base(r->m) + 60);
	assert_failed(r->m, hmmu_device_create_kind(r->m, HMMU_DEVICE_COHERENT, 9, 9, &device), -EINVAL,
		      HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_device_create_kind(r->m, 2, 1, 9, &device), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	rig_close(r);
}

/* The first device of a kind can be removed; nobody else gets its number, and its pages go to those who ask. */
static void test_coherent_first_device_goes(void **state)
{
	struct rig *r = open_coherent();
	struct hmmu_device_info info;
	uint32_t device;

	(void)state;
	assert_ok(hmmu_device_remove(r->m, COHERENT_DEVICE));
	assert_ok(hmmu_device_create_kind(r->m, HMMU_DEVICE_COHERENT, 8, 5, &device));
	assert_int_equal(device, 2);
	assert_ok(hmmu_device_info(r->m, device, &info));
	assert_int_equal(info.first, hmmu_coherent_base(r->m));
	assert_failed(r->m, hmmu_device_create_kind(r->m, HMMU_DEVICE_COHERENT, 1, 5, &device), -ENOMEM,
		      HMMU_ERR_OUT_OF_DEVICE_PAGES);
	rig_close(r);
}

/* memremap_pages() of the platform's ranges, in any order. */
static void test_coherent_devices_at(void **state)
{
	struct rig *r = open_coherent();
	uint32_t base = hmmu_coherent_base(r->m), front, middle, device, pfn;
	struct hmmu_device_info info;

	(void)state;
	assert_ok(hmmu_device_create_at(r->m, base, 3, 9, &front));
	assert_ok(hmmu_device_info(r->m, COHERENT_DEVICE, &info));
	assert_int_equal(info.pages, 0);
	assert_int_equal(info.free, 0);
	assert_failed(r->m, hmmu_device_alloc_of(r->m, COHERENT_DEVICE, &pfn), -ENOMEM, HMMU_ERR_OUT_OF_DEVICE_PAGES);
	assert_ok(hmmu_device_create_at(r->m, base + 4, 2, 9, &middle));
	assert_ok(hmmu_device_info(r->m, middle, &info));
	assert_int_equal(info.first, base + 4);
	assert_int_equal(info.free, 2);
	assert_int_equal(info.kind, HMMU_DEVICE_COHERENT);
	assert_failed(r->m, hmmu_device_create_at(r->m, base + 2, 2, 9, &device), -EBUSY, HMMU_ERR_BUSY);
	assert_failed(r->m, hmmu_device_create_at(r->m, base + 5, 3, 9, &device), -EBUSY, HMMU_ERR_BUSY);
	/* Gaps are there for others. */
	assert_ok(hmmu_device_create_kind(r->m, HMMU_DEVICE_COHERENT, 1, 9, &device));
	assert_ok(hmmu_device_info(r->m, device, &info));
	assert_int_equal(info.first, base + 7);
	assert_ok(hmmu_device_remove(r->m, device));
	assert_ok(hmmu_device_remove(r->m, middle));
	assert_ok(hmmu_device_remove(r->m, front));
	assert_ok(hmmu_device_info(r->m, COHERENT_DEVICE, &info));
	assert_int_equal(info.pages, 8);
	assert_int_equal(info.free, 8);
	rig_close(r);
}

static void test_devices_at_refused(void **state)
{
	struct rig *r = open_coherent();
	uint32_t base = hmmu_coherent_base(r->m), device, pfn;

	(void)state;
	assert_failed(r->m, hmmu_device_create_at(r->m, base + 6, 3, 9, &device), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_device_create_at(r->m, base - 1, 2, 9, &device), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_device_create_at(r->m, 3, 1, 9, &device), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_device_create_at(r->m, base, 0, 9, &device), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_device_create_at(r->m, base, 1, 0, &device), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_failed(r->m, hmmu_device_create_at(r->m, UINT32_MAX, 1, 9, &device), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_ok(hmmu_device_alloc_of(r->m, COHERENT_DEVICE, &pfn));
	assert_failed(r->m, hmmu_device_create_at(r->m, base, 2, 9, &device), -EBUSY, HMMU_ERR_BUSY);
	assert_ok(hmmu_device_create_at(r->m, base + 1, 2, 9, &device));
	assert_ok(hmmu_page_unlock(r->m, pfn));
	assert_ok(hmmu_page_put(r->m, pfn));
	rig_close(r);
}

static void test_coherent_none(void **state)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_LINUX_6_12);
	uint32_t device;

	(void)state;
	assert_failed(r->m, hmmu_device_create_kind(r->m, HMMU_DEVICE_COHERENT, 1, 9, &device), -EINVAL,
		      HMMU_ERR_INVALID_ARGUMENT);
	assert_ok(hmmu_device_create(r->m, 1, 9, &device));
	assert_int_equal(device, COHERENT_DEVICE);
	rig_close(r);
}

/* CPUs go on using the page without a fault, and it keeps its bits both ways. */
static void test_coherent_round_trip(void **state)
{
	uint64_t buf, faults;
	struct rig *r = open_there(&buf, 2, 0);

	(void)state;
	assert_kind(r, buf, 2, HMMU_ENTRY_COH);
	assert_bits(r, buf, WDAS);
	assert_page(r, buf, 1, 1,
		    HMMU_PG_UPTODATE | HMMU_PG_DIRTY | HMMU_PG_SWAPBACKED | HMMU_PG_EXCLUSIVE | HMMU_PG_DEVICE);
	assert_int_equal(mm_counters(r, r->pid).anon, 2);
	faults = counter(r, HMMU_COUNT_PAGE_FAULTS);
	assert_ok(store(r, r->tid, buf, 0x77));
	assert_int_equal(counter(r, HMMU_COUNT_PAGE_FAULTS), faults);
	from_coherent(r, buf, 2);
	assert_kind(r, buf, 2, HMMU_ENTRY_SYS);
	assert_bits(r, buf, WDAS);
	assert_bytes(r, r->tid, buf, 1, 0x77);
	assert_int_equal(counter(r, HMMU_COUNT_COHERENT_FREE), 8);
	rig_close(r);
}

/* A private page has neither dirty nor accessed bit in its entry. */
static void test_coherent_between_devices(void **state)
{
	uint64_t buf;
	struct rig *r = open_there(&buf, 1, 0);

	(void)state;
	move_selected(r, buf, 1, HMMU_SELECT_DEVICE_COHERENT, HMMU_TO_DEVICE, 0);
	assert_kind(r, buf, 1, HMMU_ENTRY_DEV);
	assert_int_equal(counter(r, HMMU_COUNT_COHERENT_FREE), 8);
	move_selected(r, buf, 1, HMMU_SELECT_DEVICE_PRIVATE, HMMU_TO_DEVICE, COHERENT_DEVICE);
	assert_kind(r, buf, 1, HMMU_ENTRY_COH);
	assert_bits(r, buf, HMMU_BIT_WRITE | HMMU_BIT_SOFT_DIRTY);
	assert_int_equal(counter(r, HMMU_COUNT_DEVICE_FREE), 64);
	assert_bytes(r, r->tid, buf, 1, 0x40);
	rig_close(r);
}

static void test_coherent_reasons(void **state)
{
	uint64_t buf;
	struct rig *r = open_there(&buf, 1, 0);
	struct hmmu_migrate_request request = request_for(r, buf, 1);
	uint32_t held;

	(void)state;
	move_selected(r, buf, 1, HMMU_SELECT_SYSTEM | HMMU_SELECT_DEVICE_PRIVATE, HMMU_TO_SYSTEM, 0);
	assert_why(r, 0, HMMU_WHY_NOT_SELECTED);
	request.flags = HMMU_SELECT_DEVICE_COHERENT;
	request.owner = 2;
	assert_ok(hmmu_migrate_vma(r->m, &request));
	assert_why(r, 0, HMMU_WHY_OTHER_OWNER);
	assert_ok(hmmu_hold(r->m, r->pid, buf, &held));
	from_coherent(r, buf, 1);
	assert_why(r, 0, HMMU_WHY_PAGE_LOCKED);
	assert_ok(hmmu_release(r->m, held));
	assert_kind(r, buf, 1, HMMU_ENTRY_COH);
	rig_close(r);
}

/* An insertion maps the page for CPUs, and puts it on no list. */
static void test_coherent_insert(void **state)
{
	struct rig *r = open_coherent();
	uint64_t buf = map_anon(r, 1);

	(void)state;
	to_coherent(r, buf, 1);
	hmmu_lru_add_drain_all(r->m);
	assert_bits(r, buf, WDAS);
	assert_page(r, buf, 1, 1, HMMU_PG_UPTODATE | HMMU_PG_SWAPBACKED | HMMU_PG_EXCLUSIVE | HMMU_PG_DEVICE);
	rig_close(r);
}

/* Two processes share the page: a store copies it to RAM, and evicting it moves it in both. */
static void test_coherent_fork_and_evict(void **state)
{
	uint64_t buf;
	struct rig *r = open_there(&buf, 2, 0);
	uint32_t child = do_fork_of(r, r->tid);

	(void)state;
	assert_page(r, buf, 2, 2, HMMU_PG_UPTODATE | HMMU_PG_DIRTY | HMMU_PG_SWAPBACKED | HMMU_PG_DEVICE);
	assert_ok(store(r, r->tid, buf, 1));
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_COH);
	evict_coherent(r, 8);
	assert_all_moved(r, 2);
	assert_int_equal(r->why[2], HMMU_WHY_FREE_PAGE);
	assert_int_equal(entry_of(r, child, buf).kind, HMMU_ENTRY_SYS);
	assert_int_equal(pfn_at(r, buf + PAGES(1)), entry_of(r, child, buf + PAGES(1)).pfn);
	assert_int_equal(counter(r, HMMU_COUNT_COHERENT_FREE), 8);
	rig_close(r);
}

/* Advice and reclaim pass over it. */
static void test_coherent_passed_over(void **state)
{
	uint64_t buf;
	struct rig *r = open_there(&buf, 1, 0);
	const uint32_t advice[] = { HMMU_MADV_FREE, HMMU_MADV_COLD, HMMU_MADV_PAGEOUT };
	uint32_t pfn;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		assert_ok(hmmu_madvise(r->m, r->tid, buf, PAGES(1), advice[i]));
	assert_ok(hmmu_reclaim_pages(r->m, r->pid, buf, 1));
	assert_bits(r, buf, WDAS);
	assert_failed(r->m, hmmu_isolate(r->m, r->pid, buf, &pfn), -EBUSY, HMMU_ERR_SYSCALL);
	rig_close(r);
}

static int pin_longterm(struct rig *r, uint64_t address, uint32_t flags, uint32_t *pfn)
{
	return hmmu_pin(r->m, r->tid, address, flags | HMMU_PIN_DMA | HMMU_PIN_LONGTERM, pfn);
}

static void test_longterm_pin(void **state)
{
	uint64_t buf;
	struct rig *r = open_there(&buf, 2, 0);
	uint32_t pfn, other;

	(void)state;
	assert_failed(r->m, hmmu_pin(r->m, r->tid, buf, HMMU_PIN_LONGTERM, &pfn), -EINVAL, HMMU_ERR_INVALID_ARGUMENT);
	assert_ok(hmmu_pin(r->m, r->tid, buf, HMMU_PIN_DMA, &other));
	assert_kind(r, buf, 1, HMMU_ENTRY_COH);
	assert_failed(r->m, pin_longterm(r, buf, HMMU_PIN_WRITE, &pfn), -EBUSY, HMMU_ERR_SYSCALL);
	assert_bits(r, buf, WDAS);
	assert_ok(hmmu_unpin(r->m, other, HMMU_PIN_DMA));
	assert_ok(pin_longterm(r, buf, HMMU_PIN_WRITE, &pfn));
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_bits(r, buf, WDAS);
	assert_int_equal(pfn, pfn_at(r, buf));
	assert_int_equal(page_info(r, pfn).dma_pins, 1);
	assert_ok(hmmu_unpin(r->m, pfn, HMMU_PIN_DMA | HMMU_PIN_LONGTERM));
	/* No frame to move to. */
	assert_ok(hmmu_inject(r->m, HMMU_INJECT_FRAME, 1, false));
	assert_failed(r->m, pin_longterm(r, buf + PAGES(1), 0, &pfn), -EBUSY, HMMU_ERR_SYSCALL);
	assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_COH);
	assert_page(r, buf + PAGES(1), 1, 1,
		    HMMU_PG_UPTODATE | HMMU_PG_DIRTY | HMMU_PG_SWAPBACKED | HMMU_PG_EXCLUSIVE | HMMU_PG_DEVICE);
	rig_close(r);
}

/* It waits for the page's lock with a reference, so nobody else moves the page meanwhile. */
static void test_longterm_pin_waits(void **state)
{
	uint64_t buf;
	struct rig *r = open_there(&buf, 1, 0);
	uint32_t held, pfn;

	(void)state;
	assert_ok(hmmu_hold(r->m, r->pid, buf, &held));
	assert_blocked(r->m, pin_longterm(r, buf, 0, &pfn), r->tid, HMMU_WAIT_PAGE_LOCK);
	assert_int_equal(entry_of(r, r->pid, buf).ref, 3);
	assert_restores(r->m);
	assert_ok(hmmu_release(r->m, held));
	evict_coherent(r, 1);
	assert_why(r, 0, HMMU_WHY_REFERENCES);
	assert_ok(pin_longterm(r, buf, 0, &pfn));
	assert_kind(r, buf, 1, HMMU_ENTRY_SYS);
	assert_ok(hmmu_unpin(r->m, pfn, HMMU_PIN_DMA));
	rig_close(r);
}

/* A pin that only reads, and lasts, must see later stores: the zero page and pages of files are copied. */
static void test_longterm_pin_unshares(void **state)
{
	struct rig *r = open_coherent();
	uint64_t buf = map_anon(r, 2), file = map_at(r, BASE, 1, HMMU_MAP_FILE, HMMU_PROT_READ | HMMU_PROT_WRITE);
	uint64_t shared = map_at(r, BASE + MIB(4), 1, HMMU_MAP_SHMEM, HMMU_PROT_READ | HMMU_PROT_WRITE);
	uint32_t pfn;

	(void)state;
	read_pages(r, buf, 2);
	assert_ok(hmmu_pin(r->m, r->tid, buf, HMMU_PIN_DMA, &pfn));
	assert_kind(r, buf, 1, HMMU_ENTRY_ZERO);
	assert_ok(hmmu_unpin(r->m, pfn, HMMU_PIN_DMA));
	assert_ok(pin_longterm(r, buf + PAGES(1), 0, &pfn));
	assert_kind(r, buf + PAGES(1), 1, HMMU_ENTRY_SYS);
	assert_bits(r, buf + PAGES(1), HMMU_BIT_ACCESSED);
	assert_ok(hmmu_unpin(r->m, pfn, HMMU_PIN_DMA));
	assert_ok(pin_longterm(r, file, 0, &pfn));
	assert_true(page_info(r, pfn).anon);
	assert_ok(hmmu_unpin(r->m, pfn, HMMU_PIN_DMA));
	assert_ok(pin_longterm(r, shared, 0, &pfn));
	assert_false(page_info(r, pfn).anon);
	assert_ok(hmmu_unpin(r->m, pfn, HMMU_PIN_DMA));
	rig_close(r);
}

/* CPUs map it, so a mirror has it whoever owns it. */
static void test_coherent_mirror(void **state)
{
	uint64_t buf, pfn;
	struct rig *r = open_there(&buf, 1, 0);

	(void)state;
	assert_ok(hmmu_mirror(r->m, r->tid, buf, buf + PAGES(1), 0, 0, &pfn));
	assert_true(pfn == (HMMU_RANGE_VALID | HMMU_RANGE_WRITE | hmmu_coherent_base(r->m)));
	rig_close(r);
}

/* Evicting a page that a device has for itself: the entry becomes one for CPUs, with a reference more, or stays. */
static void test_evict_loses_exclusive(void **state)
{
	(void)state;
	for (int on = 0; on < 2; on++) {
		uint64_t buf;
		struct rig *r = open_there(&buf, 1, on ? 0 : HMMU_QUIRK_EVICT_LOSES_EXCLUSIVE);
		uint32_t pfn;

		assert_ok(hmmu_make_device_exclusive(r->m, r->tid, buf, HMMU_DEFAULT_OWNER, &pfn));
		assert_ok(hmmu_page_unlock(r->m, pfn));
		assert_ok(hmmu_page_put(r->m, pfn));
		assert_kind(r, buf, 1, HMMU_ENTRY_EXCL);
		evict_coherent(r, 1);
		assert_why(r, 0, HMMU_WHY_REFERENCES);
		assert_kind(r, buf, 1, on ? HMMU_ENTRY_COH : HMMU_ENTRY_EXCL);
		assert_int_equal(entry_of(r, r->pid, buf).ref, on ? 2 : 1);
		assert_int_equal(entry_of(r, r->pid, buf).bits & HMMU_BIT_WRITE, on ? 0 : HMMU_BIT_WRITE);
		assert_restores(r->m);
		assert_clean(r->m);
		if (on)
			rig_discard(r);
		else
			rig_close(r);
	}
}

/* A copy and a snapshot have the coherent pages, and go on alike. */
static void test_coherent_copies(void **state)
{
	uint64_t buf;
	struct rig *r = open_there(&buf, 3, 0);

	(void)state;
	move_selected(r, buf, 1, HMMU_SELECT_DEVICE_COHERENT, HMMU_TO_DEVICE, 0);
	assert_restores(r->m);
	from_coherent(r, buf, 3);
	assert_restores(r->m);
	rig_close(r);
}

/* The first coherent pages come after the mark, whose layout does not have them. */
static void test_coherent_rollback(void **state)
{
	struct rig *r = open_coherent();
	uint64_t buf = map_anon(r, 3), hash;

	(void)state;
	write_pages(r, buf, 3, 0x40);
	hmmu_lru_add_drain_all(r->m);
	hash = hmmu_hash(r->m);
	assert_ok(hmmu_mark(r->m));
	for (int i = 0; i < 2; i++) {
		to_coherent(r, buf, 3);
		assert_true(hmmu_hash(r->m) != hash);
		assert_ok(hmmu_rollback(r->m));
		assert_true(hmmu_hash(r->m) == hash);
		assert_clean(r->m);
	}
	assert_ok(hmmu_mark_drop(r->m));
	rig_close(r);
}

/* verify() finds what is wrong with the records of coherent pages, and a snapshot with it is refused. */
static void test_coherent_wrong_records(void **state)
{
	uint64_t buf;
	struct rig *r = open_there(&buf, 2, 0);
	struct state *st = r->m->st;
	u32 base = hmmu_coherent_base(r->m);
	u64 *pte;

	(void)state;
	WRONG(st->devices[COHERENT_DEVICE].free, 7, "device 1: 2 pages are in use", "device 1: 2 pages are in use");
	WRONG(st->devices[COHERENT_DEVICE].kind, 0, NULL, "device 1 has the pages");
	WRONG(st->devices[COHERENT_DEVICE].first, 63, NULL, "device 1 has the pages");
	WRONG(st->devices[COHERENT_DEVICE].end, 73, NULL, "device 1 has the pages");
	WRONG(st->devices[COHERENT_DEVICE].window, 8, NULL, "device 1 has the pages");
	WRONG(st->device_high[COHERENT_DEVICE], 73, NULL, "fewer than were used");
	WRONG(r->m->device_bitmap[1], 7, "marked as in use", "never used");
	pte = pte_offset(r->m, *mm_find_pmd(r->m, r->pid, buf), buf);
	WRONG(*pte, make_device_private_entry(base, true), "mapped as pages of its kind can't be", "no device page");
	WRONG(*pte, mk_pte(hmmu_device_base(r->m), PAGE_READONLY), "mapped as pages of its kind can't be",
	      "can't be mapped there");
	WRONG(page_of(r->m, base)->flags, page_of(r->m, base)->flags | HMMU_PG_LRU, "LRU", "contradicts itself");
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_coherent_devices),
		cmocka_unit_test(test_coherent_first_device_goes),
		cmocka_unit_test(test_coherent_devices_at),
		cmocka_unit_test(test_devices_at_refused),
		cmocka_unit_test(test_coherent_none),
		cmocka_unit_test(test_coherent_round_trip),
		cmocka_unit_test(test_coherent_between_devices),
		cmocka_unit_test(test_coherent_reasons),
		cmocka_unit_test(test_coherent_insert),
		cmocka_unit_test(test_coherent_fork_and_evict),
		cmocka_unit_test(test_coherent_passed_over),
		cmocka_unit_test(test_longterm_pin),
		cmocka_unit_test(test_longterm_pin_waits),
		cmocka_unit_test(test_longterm_pin_unshares),
		cmocka_unit_test(test_coherent_mirror),
		cmocka_unit_test(test_evict_loses_exclusive),
		cmocka_unit_test(test_coherent_copies),
		cmocka_unit_test(test_coherent_rollback),
		cmocka_unit_test(test_coherent_wrong_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
