// SPDX-License-Identifier: GPL-2.0-only
/*
 * What operations cost, in instructions: those of bench/ with the same names,
 * on memory of the same states. A line of JSON for each run.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "runner.h"

#define ROUNDS 9 /* the first one warms up */
#define MAX_PROCESSES 16

static uint64_t pages;
static int processes, is_recording;
static const char *state;
static char *memory;

/* QEMU's clock, and so the time stamp counter, counts instructions (-icount shift=0). */
static uint64_t now(void)
{
	return __builtin_ia32_rdtsc();
}

static void record(const char *op, uint64_t instructions)
{
	char s[200];

	if (is_recording)
		emit(s,
		     snprintf(s, sizeof(s),
			      "{\"op\":\"%s\",\"state\":\"%s\",\"pages\":%lu,\"processes\":%d,\"instructions\":%lu}\n",
			      op, state, pages, processes, instructions));
}

static void measure(const char *op, void (*run)(void))
{
	uint64_t begin = now();

	run();
	record(op, now() - begin);
}

static void op_mmap(void)
{
	memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Each 512 pages are a huge page. */
static void op_mmap_huge(void)
{
	char *area = mmap(NULL, pages * PAGE + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memory = (char *)(((uintptr_t)area + HUGE - 1) & -HUGE);
	if (memory > area)
		munmap(area, memory - area);
	if (memory < area + HUGE)
		munmap(memory + pages * PAGE, area + HUGE - memory);
	madvise(memory, pages * PAGE, MADV_HUGEPAGE);
}

static void op_munmap(void)
{
	munmap(memory, pages * PAGE);
}

static void op_store_each(void)
{
	for (uint64_t i = 0; i < pages; i++)
		*(volatile char *)&memory[i * PAGE] = 1;
}

static void op_load_each(void)
{
	for (uint64_t i = 0; i < pages; i++)
		*(volatile char *)&memory[i * PAGE];
}

static void migrate(int to)
{
	struct or_migrate m = { .addr = (uint64_t)memory, .npages = pages, .to = to };

	ioctl(oracle_fd, OR_MIGRATE, &m);
}

static void op_to_device(void)
{
	migrate(OR_TO_DEV);
}

static void op_to_system(void)
{
	migrate(OR_TO_SYS);
}

static void op_nothing(void) {}

/* A copy and a clearing of one page, as the kernel's copy_page() and clear_page(). */
static void op_copy_page(void)
{
	static uint64_t from[512], to[512];
	void *source = from, *target = to;
	uint64_t words = 512;

	asm volatile("rep movsq" : "+S"(source), "+D"(target), "+c"(words) : : "memory");
}

/* What is measured besides: the loop over the pages, and reading the clock. */
static void overhead(void)
{
	op_mmap();
	op_store_each();
	measure("loop", op_store_each);
	measure("nothing", op_nothing);
	measure("copy-page", op_copy_page);
	op_munmap();
}

static void life(void)
{
	measure("mmap", op_mmap);
	measure("fault.write", op_store_each);
	measure("migrate.to-device", op_to_device);
	measure("migrate.back", op_to_system);
	op_to_device();
	measure("fault.device-read", op_load_each);
	op_to_device();
	measure("fault.device-write", op_store_each);
	measure("munmap", op_munmap);
	op_mmap();
	op_store_each();
	op_to_device();
	measure("munmap.device", op_munmap);
}

static void empty(void)
{
	op_mmap();
	measure("migrate.to-device", op_to_device);
	measure("migrate.back", op_to_system);
	op_munmap();
}

static void zero(void)
{
	op_mmap();
	measure("fault.read", op_load_each);
	measure("migrate.to-device", op_to_device);
	op_munmap();
}

static void huge(void)
{
	op_mmap_huge();
	measure("fault.write", op_store_each);
	measure("migrate.to-device", op_to_device);
	measure("migrate.back", op_to_system);
	op_munmap();
}

/* A child that ends when the other end of the pipe is closed. */
static pid_t fork_waiting(int ends[2])
{
	char byte;
	pid_t child;

	pipe(ends);
	child = fork();
	if (child)
		return child;
	close(ends[1]);
	read(ends[0], &byte, 1);
	_exit(0);
}

static void end_child(pid_t child, int ends[2])
{
	close(ends[1]);
	waitpid(child, NULL, 0);
	close(ends[0]);
}

static void shared(void)
{
	int ends[MAX_PROCESSES][2];
	pid_t children[MAX_PROCESSES];

	op_mmap();
	op_store_each();
	/* Each child has the pipes of those before it, so that the last one ends first. */
	for (int i = 1; i < processes; i++)
		children[i] = fork_waiting(ends[i]);
	measure("migrate.to-device", op_to_device);
	for (int i = processes - 1; i > 0; i--)
		end_child(children[i], ends[i]);
	op_munmap();
}

static void fork_exit(void)
{
	int ends[2];
	uint64_t begin;
	pid_t child;

	op_mmap();
	op_store_each();
	begin = now();
	child = fork_waiting(ends);
	record("fork", now() - begin);
	measure("fault.cow", op_store_each);
	begin = now();
	end_child(child, ends);
	record("exit", now() - begin);
	op_munmap();
}

static void op_protect(void)
{
	mprotect(memory, pages * PAGE, PROT_READ);
}

static void protection(void)
{
	op_mmap();
	op_store_each();
	measure("mprotect", op_protect);
	op_munmap();
}

static void repeat(const char *name, void (*scenario)(void), int with)
{
	state = name;
	processes = with;
	for (int round = 0; round < ROUNDS; round++) {
		is_recording = round > 0;
		scenario();
	}
}

void bench(void)
{
	static const uint64_t sizes[] = { 1, 16, 512, 4096 };
	struct or_reset reset = { .ndev = OR_MAX_DEV };

	ioctl(oracle_fd, OR_RESET, &reset);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		pages = sizes[i];
		repeat("overhead", overhead, 1);
		repeat("pages", life, 1);
		repeat("empty", empty, 1);
		repeat("zero", zero, 1);
		if (pages >= HUGE / PAGE)
			repeat("huge", huge, 1);
		repeat("shared", shared, 2);
		repeat("shared", shared, 16);
		repeat("pages", fork_exit, 1);
		repeat("pages", protection, 1);
	}
	/* The rest of a fork and of an exit. */
	pages = 0;
	repeat("pages", fork_exit, 1);
	emit("=== END\n", 8);
}
