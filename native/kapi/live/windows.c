/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a process has emulated memory. Addresses of a window are reserved at the host. */
#define _GNU_SOURCE
#include "live/live.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/** Mappings begin on this boundary, so that the machine may use huge pages. */
#define HUGE_SIZE (2ull << 20)

uint32_t live_first_window(const struct live_process *process, uint64_t address)
{
	uint32_t low = 0, high = process->window_count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (process->windows[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool live_overlaps(const struct live_process *process, uint64_t start, uint64_t size)
{
	uint32_t i = live_first_window(process, start);

	return i < process->window_count && process->windows[i].start < start + size;
}

/* The end of the allowed part that an address belongs to; the address itself if it is not allowed. */
static uint64_t allowed_end(uint64_t address, bool write)
{
	uint32_t i = live_first_window(live.process, address);
	struct hmmu_vma_info vma;

	if (i == live.process->window_count || live.process->windows[i].start > address)
		return address;
	if (hmmu_vma_at(live.m, live.process->pid, address, &vma) ||
	    !(vma.prot & (write ? HMMU_PROT_WRITE : HMMU_PROT_READ)))
		return address;
	return vma.end;
}

size_t live_host_part(uint64_t start, size_t size)
{
	uint32_t i = live_first_window(live.process, start);
	uint64_t next = i < live.process->window_count ? live.process->windows[i].start : UINT64_MAX;

	if (next <= start)
		return 0;
	return next - start < size ? next - start : size;
}

size_t live_allowed(uint64_t start, size_t size, bool write)
{
	uint64_t at = start, end;

	while (at - start < size && (end = allowed_end(at, write)) > at)
		at = end;
	return at - start < size ? at - start : size;
}

static bool add(uint64_t start, uint64_t end)
{
	struct live_process *process = live.process;
	uint32_t i = live_first_window(process, start);

	if (process->window_count == LIVE_MOST_WINDOWS)
		return false;
	memmove(&process->windows[i + 1], &process->windows[i],
		(process->window_count - i) * sizeof(*process->windows));
	process->windows[i] = (struct live_window){ .start = start, .end = end };
	process->window_count++;
	return true;
}

static void remove_window(uint32_t i)
{
	struct live_process *process = live.process;

	process->window_count--;
	memmove(&process->windows[i], &process->windows[i + 1],
		(process->window_count - i) * sizeof(*process->windows));
}

static char *reserve(void *at, uint64_t size, int flags)
{
	flags |= MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	return (char *)syscall(SYS_mmap, at, size, PROT_NONE, flags, -1, 0);
}

uint64_t live_reserve_window(uint64_t size)
{
	uint64_t place = (uint64_t)reserve(NULL, size + HUGE_SIZE, 0);
	uint64_t start = (place + HUGE_SIZE - 1) & ~(HUGE_SIZE - 1);

	if (place == (uint64_t)MAP_FAILED)
		return 0;
	if (start > place)
		syscall(SYS_munmap, place, start - place);
	if (place + HUGE_SIZE > start)
		syscall(SYS_munmap, start + size, place + HUGE_SIZE - start);
	if (add(start, start + size))
		return start;
	syscall(SYS_munmap, start, size);
	return 0;
}

bool live_take_window(uint64_t start, uint64_t size)
{
	uint32_t i = live_first_window(live.process, start);

	/* Windows that are in the way become one. */
	for (; i < live.process->window_count && live.process->windows[i].start < start + size;) {
		uint64_t end = start + size, old = live.process->windows[i].end;

		if (live.process->windows[i].start < start) {
			size += start - live.process->windows[i].start;
			start = live.process->windows[i].start;
		}
		size = (old > end ? old : end) - start;
		remove_window(i);
	}
	return reserve((void *)start, size, MAP_FIXED) == (char *)start && add(start, start + size);
}

void live_release_windows(uint64_t start, uint64_t size)
{
	uint64_t end = start + size;
	uint32_t i;

	while ((i = live_first_window(live.process, start)) < live.process->window_count &&
	       live.process->windows[i].start < end) {
		struct live_window window = live.process->windows[i];
		uint64_t from = window.start > start ? window.start : start;
		uint64_t to = window.end < end ? window.end : end;

		remove_window(i);
		/* With two parts left, there may be no room for the second one: it stays reserved, and is the host's. */
		if (window.start < from)
			add(window.start, from);
		if (to < window.end)
			add(to, window.end);
		syscall(SYS_munmap, from, to - from);
	}
}
