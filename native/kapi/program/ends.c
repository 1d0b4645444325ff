/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "program/ends.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "program/line.h"
#include "program/script.h"

/** Addresses below are behind a NULL pointer, and as many at the other end are error codes. */
#define NULL_SIZE 4096
/** An access so near to the stack pointer is one of the stack. */
#define STACK_REACH 65536
/** A loop is looked at so often, until a line of the driver is found. */
#define MOST_LOOKS 20
#define MOST_LOOKS_ELSEWHERE 300

static struct hmmu *machine;
static uint64_t cpu_seconds;
static void (*last)(void);
static unsigned int looks, looks_elsewhere;

/** Where the program was. */
struct spot {
	uintptr_t pc;
	uintptr_t sp;
};

static struct spot spot_of(const ucontext_t *context)
{
#if defined(__x86_64__)
	const greg_t *registers = context->uc_mcontext.gregs;

	return (struct spot){ (uintptr_t)registers[REG_RIP], (uintptr_t)registers[REG_RSP] };
#else
	return (struct spot){ context->uc_mcontext.pc, context->uc_mcontext.sp };
#endif
}

/* Where a function returns to that has only been called. */
static uintptr_t caller_of(const ucontext_t *context)
{
#if defined(__x86_64__)
	return *(const uintptr_t *)context->uc_mcontext.gregs[REG_RSP];
#else
	return context->uc_mcontext.regs[30];
#endif
}

/* What an access does; "used" where the host does not tell. */
static const char *access_word(const ucontext_t *context)
{
#if defined(__x86_64__)
	return context->uc_mcontext.gregs[REG_ERR] & 2 ? "written" : "read";
#else
	(void)context;
	return "used";
#endif
}

static void __attribute__((noreturn)) end(const char *place, const char *text, const char *check)
{
	char line[1000];
	int length = snprintf(line, sizeof(line), "%s: %s [%s]\n", place ? place : "kapi", text, check);

	if (write(STDOUT_FILENO, line, (size_t)length) < 0)
		_exit(1);
	if (last)
		last();
	_exit(1);
}

/* --- crashes --- */

static bool is_of_a_program(uintptr_t address)
{
	struct hmmu_vma_info vma;
	uint32_t pids[64];
	int count = machine ? hmmu_processes(machine, pids, 64) : 0;

	for (int i = 0; i < count && i < 64; i++)
		if (hmmu_vma_at(machine, pids[i], address, &vma) == 0 && vma.start <= address)
			return true;
	return false;
}

static void tell_access(char *text, size_t size, const siginfo_t *info, const ucontext_t *context)
{
	uintptr_t address = (uintptr_t)info->si_addr;
	struct spot spot = spot_of(context);
	const char *word = spot.pc == address ? "called" : access_word(context);

	/* A CPU does not tell an address that no memory can have. */
	if (info->si_code == SI_KERNEL)
		snprintf(text, size,
			 "a pointer is used that is no address: it was never written, or memory was overwritten");
	else if (!address)
		snprintf(text, size, "NULL is %s", word);
	else if (address < NULL_SIZE)
		snprintf(text, size, "NULL + %lu is %s", (unsigned long)address, word);
	else if (-address < NULL_SIZE)
		snprintf(text, size, "-%s is %s, an error code in a pointer", errno_word((long)-address), word);
	else if (is_of_a_program(address))
		snprintf(text, size,
			 "0x%lx is %s, an address of user space: only copy_from_user(), copy_to_user() and their kin "
			 "may reach it",
			 (unsigned long)address, word);
	else if (address - spot.sp + STACK_REACH < 2 * STACK_REACH)
		snprintf(text, size, "the stack is used up: 256 KiB, and a kernel's has 16 KiB");
	else
		snprintf(text, size, "0x%lx is %s, and no memory is there", (unsigned long)address, word);
}

static void on_crash(int number, siginfo_t *info, void *context)
{
	struct spot spot = spot_of(context);
	bool was_called = number == SIGSEGV && spot.pc == (uintptr_t)info->si_addr;
	char text[300];

	if (number == SIGSEGV || number == SIGBUS)
		tell_access(text, sizeof(text), info, context);
	else if (number == SIGFPE)
		snprintf(text, sizeof(text), "a division by zero");
	else if (number == SIGILL)
		snprintf(text, sizeof(text), "an instruction that no CPU has, as of __builtin_trap()");
	else
		snprintf(text, sizeof(text), "the C library ends the program");
	end(line_of(spot.pc, was_called ? caller_of(context) : 0), text, "crash");
}

/* --- loops --- */

static void set_timer(time_t seconds, suseconds_t microseconds)
{
	const struct itimerval once = { .it_value = { .tv_sec = seconds, .tv_usec = microseconds } };

	setitimer(ITIMER_PROF, &once, NULL);
}

/* The scheduler's stack is the program's; a driver has one of its own. */
static bool is_in_driver(const struct spot *spot)
{
	uintptr_t here = (uintptr_t)environ;

	return here - spot->sp > (8u << 20);
}

static void on_time(int number, siginfo_t *info, void *context)
{
	struct spot spot = spot_of(context);
	bool may_find = is_in_driver(&spot);
	const char *place = may_find ? line_of(spot.pc, 0) : NULL;
	char text[100];

	(void)number;
	(void)info;
	looks += may_find;
	looks_elsewhere += !may_find;
	if (!place && looks < MOST_LOOKS && looks_elsewhere < MOST_LOOKS_ELSEWHERE) {
		set_timer(0, 10000);
		return;
	}
	snprintf(text, sizeof(text), "a loop goes on for ever: it has taken %llu s of CPU time",
		 (unsigned long long)cpu_seconds);
	end(place, text, "no-progress");
}

void ends_progress(void)
{
	if (cpu_seconds)
		set_timer((time_t)cpu_seconds, 0);
}

/* --- set up --- */

/* AddressSanitizer has this function. */
extern void __asan_init(void) __attribute__((weak));

static void catch (int number, void (*function)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_sigaction = function, .sa_flags = SA_SIGINFO | SA_ONSTACK | flags };

	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

void ends_catch(uint64_t seconds)
{
	/* A stack that is used up has no room for a handler. */
	static char memory[1u << 17];
	const stack_t stack = { .ss_sp = memory, .ss_size = sizeof(memory) };
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

	cpu_seconds = seconds;
	sigaltstack(&stack, NULL);
	line_prepare();
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]) && !__asan_init; i++)
		catch (crashes[i], on_crash, (int)SA_RESETHAND);
	catch (SIGPROF, on_time, SA_RESTART);
	ends_progress();
}

void ends_set_machine(struct hmmu *m)
{
	machine = m;
}

void ends_set_last(void (*function)(void))
{
	last = function;
}

void ends_with_parent(uint64_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have ended before. */
	if ((uint64_t)getppid() != parent)
		raise(SIGKILL);
}
