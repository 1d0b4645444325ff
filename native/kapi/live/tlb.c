/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's page tables are one more TLB of each process. The machine tells of each flush in the middle of its call, as it
 * happens. Entries of this process go at once. Another process in user space is sent a signal, as a kernel sends interrupts to
 * other CPUs, and is waited for; one in the kernel flushes before it returns to user space.
 */
#define _GNU_SOURCE
#include "live/live.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Their number is in the low half of the state. The high half changes with each, so one that comes meanwhile is noticed. */
#define ONE_FLUSH ((1ull << 32) | 1)
#define COUNT_MASK 0xffffffffull

static uint32_t flush_count(const struct live_process *process)
{
	return (uint32_t)(__atomic_load_n(&process->flush_state, __ATOMIC_SEQ_CST) & COUNT_MASK);
}

void live_drop_flushed(void)
{
	struct live_process *process = live.process;
	uint64_t state = __atomic_load_n(&process->flush_state, __ATOMIC_SEQ_CST);

	do {
		for (uint32_t i = 0; i < (state & COUNT_MASK); i++)
			drop(process->flushes[i].start, process->flushes[i].end);
	} while (state & COUNT_MASK && !__atomic_compare_exchange_n(&process->flush_state, &state, state & ~COUNT_MASK,
								    false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
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

/** What the host tells of a thread. */
struct thread_state {
	bool is_stopped;
	bool has_signal; /**< the flush signal is pending */
};

static struct thread_state state_of(pid_t host_pid, const char *tid)
{
	char path[64], text[4096];
	const char *state, *pending;
	ssize_t size;
	int file;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/status", host_pid, tid);
	file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	size = file < 0 ? 0 : syscall(SYS_read, file, text, sizeof(text) - 1);
	if (file >= 0)
		syscall(SYS_close, file);
	text[size > 0 ? size : 0] = 0;
	state = strstr(text, "\nState:\tT");
	pending = strstr(text, "\nSigPnd:\t");
	return (struct thread_state){
		.is_stopped = state,
		.has_signal = pending && strtoull(pending + 9, NULL, 16) >> (FLUSH_SIGNAL - 1) & 1,
	};
}

/*
 * Each stopped thread gets a signal of its own, which it takes before it runs again. The process may be continued before the
 * last one has it, so only those count that had it when they were looked at. false: one is not stopped, or had none yet.
 */
static bool all_are_told(pid_t host_pid)
{
	const struct dirent *entry;
	bool result = true;
	char path[64];
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/task", host_pid);
	folder = opendir(path);
	if (!folder)
		return false;
	while ((entry = readdir(folder)) != NULL) {
		struct thread_state state;

		if (entry->d_name[0] == '.')
			continue;
		state = state_of(host_pid, entry->d_name);
		if (state.is_stopped && !state.has_signal)
			syscall(SYS_tgkill, host_pid, (pid_t)strtol(entry->d_name, NULL, 10), FLUSH_SIGNAL);
		result = result && state.is_stopped && state.has_signal;
	}
	closedir(folder);
	return result;
}

static void flush_now(struct live_process *process, bool is_told)
{
	unsigned int turns = is_told ? TURNS_PER_LOOK : 1;

	if (!is_told)
		syscall(SYS_kill, process->host_pid, FLUSH_SIGNAL);
	for (; flush_count(process) && is_in_user_space(process); turns++) {
		if (turns % TURNS_PER_LOOK == 0) {
			if (live_is_dead(process))
				process->threads = 0;
			else if (all_are_told(process->host_pid))
				return;
		}
		sched_yield();
	}
}

static void flush_other(struct live_process *process, uint64_t start, uint64_t end)
{
	uint64_t state = __atomic_load_n(&process->flush_state, __ATOMIC_SEQ_CST);
	uint32_t count = (uint32_t)(state & COUNT_MASK);

	if (count == LIVE_MOST_FLUSHES) {
		process->flushes[count - 1] = (struct live_window){ .end = UINT64_MAX };
		state--;
	} else {
		process->flushes[count] = (struct live_window){ .start = start, .end = end };
	}
	__atomic_store_n(&process->flush_state, state + ONE_FLUSH, __ATOMIC_SEQ_CST);
	if (is_in_user_space(process))
		flush_now(process, count != 0);
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
