/* SPDX-License-Identifier: GPL-2.0-only */
/* The program's emulated memory, and the host's faults there. */
#define _GNU_SOURCE
#include "live/live.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE ((uint64_t)HMMU_PAGE_SIZE)
/** Mappings begin on this boundary, so that the machine may use huge pages. */
#define HUGE_SIZE (2ull << 20)
#define MOST_WINDOWS 1024u
/* Bits of an entry. */
#define PRESENT (1ull << 0)
#define WRITABLE (1ull << 1)
#define LARGE (1ull << 7)
#define FRAME_MASK 0xffffffffff000ull
#define EVENTS_AT_ONCE 256u

/** A range of host addresses that are the machine's. It stays reserved when the program unmaps it. */
struct window {
	uint64_t start;
	uint64_t end;
};

struct live live;
static struct window windows[MOST_WINDOWS];
static unsigned int window_count;
static int memory_file = -1;
static bool booting;
static unsigned char *frames; /**< page frame 0 in the machine's own mapping */
static unsigned char *arena;  /**< where the machine's file begins */
static uint64_t events_lost;

/* The C library's functions of these names may be ours. */
static void *host_map(void *address, size_t size, int prot, int flags, int file, uint64_t offset)
{
	return (void *)syscall(SYS_mmap, address, size, prot, flags, file, offset);
}

/* --- windows --- */

bool live_is_emulated(const void *start, size_t size)
{
	for (unsigned int i = 0; i < window_count; i++)
		if ((uint64_t)start < windows[i].end && (uint64_t)start + size > windows[i].start)
			return true;
	return false;
}

static bool add_window(uint64_t start, uint64_t size)
{
	if (window_count == MOST_WINDOWS)
		return false;
	windows[window_count++] = (struct window){ .start = start, .end = start + size };
	return true;
}

/* The host forgets what it has of a range; the next access faults. */
static void drop(uint64_t start, uint64_t end)
{
	for (unsigned int i = 0; i < window_count; i++) {
		uint64_t from = start > windows[i].start ? start : windows[i].start;
		uint64_t to = end < windows[i].end ? end : windows[i].end;

		if (from < to)
			syscall(SYS_mprotect, from, to - from, PROT_NONE);
	}
}

void live_shoot_down(void)
{
	struct hmmu_event events[EVENTS_AT_ONCE];
	uint64_t lost = hmmu_counter(live.m, HMMU_COUNT_EVENTS_LOST);
	int count;

	do {
		count = hmmu_events_read(live.m, events, EVENTS_AT_ONCE);
		for (int i = 0; i < count; i++)
			if (events[i].type == HMMU_EVENT_TLB_FLUSH && events[i].pid == live.pid)
				drop(events[i].a, events[i].b);
	} while (count == (int)EVENTS_AT_ONCE);
	if (lost != events_lost)
		drop(0, UINT64_MAX);
	events_lost = lost;
}

/* --- mapping --- */

static uint32_t kind_of(int flags)
{
	if (flags & MAP_HUGETLB)
		return HMMU_MAP_HUGETLB;
	if (flags & MAP_ANONYMOUS)
		return flags & MAP_SHARED ? HMMU_MAP_SHMEM : HMMU_MAP_ANON;
	return flags & MAP_SHARED ? HMMU_MAP_SHAREDFILE : HMMU_MAP_FILE;
}

static long do_map(struct hmmu *m, uint32_t tid, void *data)
{
	const struct hmmu_map map = *(struct hmmu_map *)data;
	uint64_t address;
	int err;

	while ((err = hmmu_mmap(m, tid, &map, &address)) == -EAGAIN)
		kapi_block(tid);
	return err;
}

/* The machine makes the mapping, or the device's driver. */
static long map_at(const struct hmmu_map *map, struct kapi_file *file, uint64_t offset)
{
	uint64_t address;

	return file ? kapi_mmap(live.tid, file, map, offset, &address) : kapi_call(live.tid, do_map, (void *)map);
}

long live_map(size_t size, int prot, int flags, struct kapi_file *file, uint64_t offset)
{
	size_t bytes = (size + PAGE - 1) & ~(PAGE - 1);
	char *place = host_map(NULL, bytes + HUGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct hmmu_map map = { .pages = bytes / PAGE, .kind = kind_of(flags) };
	long err;

	if (place == MAP_FAILED)
		return -ENOMEM;
	map.address = ((uint64_t)place + HUGE_SIZE - 1) & ~(HUGE_SIZE - 1);
	map.prot = (prot & PROT_READ ? HMMU_PROT_READ : 0) | (prot & PROT_WRITE ? HMMU_PROT_READ | HMMU_PROT_WRITE : 0);
	if (!bytes)
		return -EINVAL;
	if (!add_window(map.address, bytes))
		return -ENOMEM;
	err = map_at(&map, file, offset);
	live_shoot_down();
	return err ? err : (long)map.address;
}

/* --- faults of the host --- */

/* The machine does what the access would: the page is there, accessed, dirty, and in its TLB. */
static long touch(uint64_t address, bool write)
{
	unsigned char byte;
	long err = kapi_load(live.tid, address, &byte, 1);

	return err || !write ? err : kapi_store(live.tid, address, &byte, 1);
}

/* The entry of x86 that maps a page, on whatever level; LARGE is set on that of a pmd. */
static uint64_t leaf_entry(uint64_t page)
{
	uint64_t entries[5];
	int levels = hmmu_walk(live.m, live.pid, page, entries);

	if (levels == 5)
		return entries[4] & ~LARGE;
	return levels == 4 && entries[3] & LARGE ? entries[3] : 0;
}

/* The host maps the page as the machine does. A zero page of the host is as good as the machine's. */
static bool map_page(uint64_t page, bool write)
{
	struct hmmu_entry entry;
	void *at = (void *)page;
	uint64_t raw, frame;

	if (hmmu_dump(live.m, live.pid, page, 1, &entry))
		return false;
	if (entry.kind == HMMU_ENTRY_ZERO || entry.kind == HMMU_ENTRY_HZERO)
		return host_map(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at;
	raw = leaf_entry(page);
	if (!(raw & PRESENT))
		return false;
	frame = raw & FRAME_MASK;
	if (raw & LARGE)
		frame = (frame & ~(HUGE_SIZE - 1)) + (page & (HUGE_SIZE - 1));
	return host_map(at, PAGE, PROT_READ | (write && raw & WRITABLE ? PROT_WRITE : 0), MAP_SHARED | MAP_FIXED,
			memory_file, (uint64_t)(frames - arena) + frame) == at;
}

/* The program ends by the signal. */
static void die_of(int number, const void *address)
{
	fprintf(stderr, "kapi: signal %d at %p, %s\n", number, address,
		live_is_emulated(address, 1) ? "emulated memory" : "the host's memory");
	signal(number, SIG_DFL);
	raise(number);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	bool write = ((ucontext_t *)context)->uc_mcontext.gregs[REG_ERR] & 2;
	uint64_t address = (uint64_t)info->si_addr;
	int saved = errno;

	if (!live_is_emulated(info->si_addr, 1)) {
		die_of(number, info->si_addr);
		return;
	}
	if (touch(address, write))
		die_of(hmmu_error(live.m)->code == HMMU_ERR_SIGBUS ? SIGBUS : SIGSEGV, info->si_addr);
	live_shoot_down();
	if (!map_page(address & ~(PAGE - 1), write))
		die_of(SIGSEGV, info->si_addr);
	errno = saved;
}

/* --- boot --- */

int live_booting_file(void)
{
	return booting && !arena ? memory_file : -1;
}

/* Where page frame 0 is, by a page that can be looked at. */
static bool find_frames(void)
{
	uint32_t pfn;
	unsigned char *data;

	if (hmmu_page_alloc(live.m, &pfn))
		return false;
	data = hmmu_page_data(live.m, pfn);
	hmmu_page_put(live.m, pfn);
	frames = data - pfn * PAGE;
	return data;
}

static bool is_host_memory(uint64_t address, size_t size)
{
	return !live_is_emulated((void *)address, size);
}

static int make_machine(void)
{
	const struct kapi_options options = { .quiet = true, .seed = live_seed() };
	int err;

	kapi_set_heap(live_alloc, live_free);
	memory_file = memfd_create("hmmu", MFD_CLOEXEC);
	if (memory_file < 0)
		return -errno;
	booting = true;
	err = kapi_boot(&options, &live.m);
	booting = false;
	return err ? err : find_frames() ? 0 : -ENOMEM;
}

void *live_map_machine(size_t size)
{
	if (ftruncate(memory_file, (off_t)size))
		return MAP_FAILED;
	arena = host_map(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, memory_file, 0);
	return arena;
}

int live_boot(void)
{
	const struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };
	int err = make_machine();

	if (!err)
		err = live_set_up();
	if (!err)
		err = (int)kapi_load_modules();
	if (!err)
		err = hmmu_process_create(live.m, &live.pid);
	if (err)
		return err;
	live.tid = hmmu_process_task(live.m, live.pid);
	hmmu_events_record(live.m, 1u << HMMU_EVENT_TLB_FLUSH);
	kapi_set_host_memory(is_host_memory);
	sigaction(SIGSEGV, &action, NULL);
	return 0;
}
