/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's page tables are one more TLB of each process. The machine tells of each flush in the middle of its call, as it
 * happens. Entries of this process go at once. Another process in user space is sent a signal, as a kernel sends interrupts to
 * other CPUs, and is waited for; one in the kernel flushes before it returns to user space.
 */
#define _GNU_SOURCE
#include "live/live.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Bits of an entry. */
#define PRESENT (1ull << 0)
#define WRITABLE (1ull << 1)
#define LARGE (1ull << 7)
#define FRAME_MASK 0xffffffffff000ull
/** The pages of a huge page. */
#define HUGE_PAGES 512u
/** The host is asked whether a process lives after as many turns. */
#define TURNS_PER_LOOK 1000u

#define FLUSH_SIGNAL (SIGRTMAX - 1)

/* The host forgets what it has of a range; the next access faults. */
static void drop(uint64_t start, uint64_t end)
{
	const struct live_process *process = live.process;

	for (uint32_t i = live_first_window(process, start); i < process->window_count; i++) {
		const struct live_window *window = &process->windows[i];
		uint64_t from = start > window->start ? start : window->start;
		uint64_t to = end < window->end ? end : window->end;

		if (from >= to)
			break;
		syscall(SYS_mprotect, from, to - from, PROT_NONE);
	}
}

void live_drop_all(void)
{
	drop(0, UINT64_MAX);
}

void live_drop_flushed(void)
{
	struct live_process *process = live.process;
	uint32_t count = __atomic_load_n(&process->flush_count, __ATOMIC_SEQ_CST);

	for (uint32_t i = 0; i < count; i++)
		drop(process->flushes[i].start, process->flushes[i].end);
	__atomic_store_n(&process->flush_count, 0, __ATOMIC_SEQ_CST);
}

/* --- other processes --- */

static void on_flush_signal(int number)
{
	int saved = errno;

	(void)number;
	/* It may come late, to a process that has left the machine. */
	if (live.process)
		live_drop_flushed();
	errno = saved;
}

bool live_is_dead(const struct live_process *process)
{
	int descriptor = (int)syscall(SYS_pidfd_open, process->host_pid, 0);
	struct pollfd ended = { .fd = descriptor, .events = POLLIN };
	bool result = descriptor < 0 ? errno == ESRCH : poll(&ended, 1, 0) == 1;

	if (descriptor >= 0)
		syscall(SYS_close, descriptor);
	return result;
}

/* Of a process that is dead and not yet buried nobody waits. */
static bool is_in_user_space(const struct live_process *process)
{
	return process->threads > __atomic_load_n(&process->in_kernel, __ATOMIC_SEQ_CST);
}

static bool has_flushed(const struct live_process *process)
{
	return !__atomic_load_n(&process->flush_count, __ATOMIC_SEQ_CST);
}

static void flush_now(struct live_process *process)
{
	syscall(SYS_kill, process->host_pid, FLUSH_SIGNAL);
	for (unsigned int turns = 1; !has_flushed(process) && is_in_user_space(process); turns++) {
		if (turns % TURNS_PER_LOOK == 0 && live_is_dead(process))
			process->threads = 0;
		sched_yield();
	}
}

static void flush_other(struct live_process *process, uint64_t start, uint64_t end)
{
	uint32_t count = process->flush_count;

	if (count == LIVE_MOST_FLUSHES)
		process->flushes[count - 1] = (struct live_window){ .end = UINT64_MAX };
	else
		process->flushes[count++] = (struct live_window){ .start = start, .end = end };
	__atomic_store_n(&process->flush_count, count, __ATOMIC_SEQ_CST);
	if (is_in_user_space(process))
		flush_now(process);
}

static void on_event(struct hmmu *m, const struct hmmu_event *event, void *data)
{
	(void)m;
	(void)data;
	if (event->type != HMMU_EVENT_TLB_FLUSH)
		return;
	for (struct live_process *process = live.shared->processes; process; process = process->next) {
		if (process->pid != event->pid)
			continue;
		if (process == live.process)
			drop(event->a, event->b);
		else
			flush_other(process, event->a, event->b);
	}
}

int live_tlb_boot(void)
{
	const struct sigaction action = { .sa_handler = on_flush_signal, .sa_flags = SA_RESTART };

	if (sigaction(FLUSH_SIGNAL, &action, NULL))
		return -errno;
	hmmu_events_record(live.m, 1u << HMMU_EVENT_TLB_FLUSH);
	hmmu_set_event_function(live.m, on_event, NULL);
	return 0;
}

/* --- filling --- */

/* The entry of x86 that maps a page, on whatever level; LARGE is set on that of a pmd. */
static uint64_t leaf_entry(uint64_t page)
{
	uint64_t entries[5];
	int levels = hmmu_walk(live.m, live.process->pid, page, entries);

	if (levels == 5)
		return entries[4] & ~LARGE;
	return levels == 4 && entries[3] & LARGE ? entries[3] : 0;
}

/* A zero page of the host is as good as the machine's. */
static bool map_zero_page(uint64_t page)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	return (uint64_t)syscall(SYS_mmap, page, LIVE_PAGE, PROT_READ, flags, -1, 0) == page;
}

bool live_map_page(uint64_t page, bool write)
{
	struct hmmu_entry entry;
	uint64_t raw, pfn;

	if (hmmu_dump(live.m, live.process->pid, page, 1, &entry))
		return true;
	if (entry.kind == HMMU_ENTRY_ZERO || entry.kind == HMMU_ENTRY_HZERO)
		return map_zero_page(page);
	raw = leaf_entry(page);
	if (!(raw & PRESENT))
		return true;
	pfn = (raw & FRAME_MASK) / LIVE_PAGE;
	if (raw & LARGE)
		pfn = pfn / HUGE_PAGES * HUGE_PAGES + page / LIVE_PAGE % HUGE_PAGES;
	return live_map_frame(page, hmmu_page_data(live.m, (uint32_t)pfn),
			      PROT_READ | (write && raw & WRITABLE ? PROT_WRITE : 0));
}
