/* SPDX-License-Identifier: GPL-2.0-only */
/* Coroutines. AddressSanitizer is told of each switch of stacks. */
#include "host/host.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#else
#define __sanitizer_start_switch_fiber(save, bottom, size) ((void)(save), (void)(bottom), (void)(size))
#define __sanitizer_finish_switch_fiber(saved, bottom, size) ((void)(saved), (void)(bottom), (void)(size))
#endif

/** Drivers have arrays on their stacks, and a kernel's stack has 16 KiB. The page below is never mapped. */
#define STACK_SIZE (256ul << 10)
#define GUARD_SIZE (64ul << 10)

struct coroutine {
	ucontext_t context;
	ucontext_t resumer;
	void (*function)(void *);
	void *argument;
	char *stack;
	void *fake_stack;           /**< AddressSanitizer's, of the coroutine */
	const void *resumer_bottom; /**< the stack that resumed it */
	size_t resumer_size;
};

static __attribute__((noinline)) void leave(struct coroutine *coroutine, bool for_good)
{
	__sanitizer_start_switch_fiber(for_good ? NULL : &coroutine->fake_stack, coroutine->resumer_bottom,
				       coroutine->resumer_size);
	swapcontext(&coroutine->context, &coroutine->resumer);
	__sanitizer_finish_switch_fiber(coroutine->fake_stack, &coroutine->resumer_bottom, &coroutine->resumer_size);
}

static void run(struct coroutine *coroutine)
{
	__sanitizer_finish_switch_fiber(NULL, &coroutine->resumer_bottom, &coroutine->resumer_size);
	coroutine->function(coroutine->argument);
	leave(coroutine, true);
}

/* makecontext() passes ints. */
static void begin(unsigned int high, unsigned int low)
{
	run((struct coroutine *)((uintptr_t)high << 32 | low));
	abort(); /* Nobody resumes a coroutine whose function has returned. */
}

static void make_context(struct coroutine *coroutine)
{
	getcontext(&coroutine->context);
	coroutine->context.uc_stack.ss_sp = coroutine->stack + GUARD_SIZE;
	coroutine->context.uc_stack.ss_size = STACK_SIZE;
	makecontext(&coroutine->context, (void (*)(void))begin, 2, (unsigned int)((uintptr_t)coroutine >> 32),
		    (unsigned int)(uintptr_t)coroutine);
}

struct coroutine *coroutine_create(void (*function)(void *), void *argument)
{
	struct coroutine *coroutine = host_alloc(sizeof(*coroutine));
	char *stack =
		mmap(NULL, GUARD_SIZE + STACK_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (!coroutine || stack == MAP_FAILED || mprotect(stack + GUARD_SIZE, STACK_SIZE, PROT_READ | PROT_WRITE)) {
		if (stack != MAP_FAILED)
			munmap(stack, GUARD_SIZE + STACK_SIZE);
		host_free(coroutine);
		return NULL;
	}
	coroutine->function = function;
	coroutine->argument = argument;
	coroutine->stack = stack;
	make_context(coroutine);
	return coroutine;
}

void coroutine_resume(struct coroutine *coroutine)
{
	void *fake_stack = NULL;

	__sanitizer_start_switch_fiber(&fake_stack, coroutine->stack + GUARD_SIZE, STACK_SIZE);
	swapcontext(&coroutine->resumer, &coroutine->context);
	__sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
}

void coroutine_suspend(struct coroutine *coroutine)
{
	leave(coroutine, false);
}

const void *coroutine_stack(const struct coroutine *coroutine, size_t *size)
{
	*size = STACK_SIZE;
	return coroutine->stack + GUARD_SIZE;
}

void coroutine_destroy(struct coroutine *coroutine)
{
	munmap(coroutine->stack, GUARD_SIZE + STACK_SIZE);
	host_free(coroutine);
}
