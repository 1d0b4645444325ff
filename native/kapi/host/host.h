/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file host.h
 * All that the runtime needs of the C library. No other file includes its headers: many of their names mean something else
 * in a kernel.
 */
#ifndef KAPI_HOST_H
#define KAPI_HOST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/** calloc() and free(), or what is set in their place. */
void host_set_heap(void *(*alloc)(size_t size), void (*release)(void *memory));
/** Take memory from calloc() so that host_forget_heap() gives all of it back. */
void host_track_heap(void);
void host_forget_heap(void);
void *host_alloc(size_t size);
void host_free(void *memory);
/** Zeroed address space; the host gives memory for what is touched. NULL: there is none. */
void *host_reserve(size_t size);
void host_release(void *memory, size_t size);
/** vsnprintf(). */
void host_format(char *text, size_t size, const char *format, va_list arguments);
/** A line to stderr, or to what is set in its place. */
void host_print(const char *line);
void host_set_print(void (*print)(void *data, const char *line), void *data);
void host_abort(void) __attribute__((noreturn));
/** A number in the notation of C. false: @p text is none. */
bool host_parse_number(const char *text, long long *value);

/** @name A set of pointers
 * @{ */
struct host_set {
	void **slots;
	size_t room;
	size_t used;  /**< slots that are not empty */
	size_t count; /**< of pointers */
	size_t next;  /**< where host_set_any() goes on */
};
/** false: the host has no memory. */
bool host_set_add(struct host_set *set, void *pointer);
bool host_set_has(const struct host_set *set, const void *pointer);
void host_set_remove(struct host_set *set, const void *pointer);
/** Any of the pointers; NULL: the set is empty. */
void *host_set_any(struct host_set *set);
/** @} */

/** @name Coroutines
 * ucontext of the C library: it is maintained with it, debuggers and valgrind understand its stacks, and a switch costs one
 * system call, which is little next to what a thread does between two switches.
 * @{ */
struct coroutine;
/** A coroutine that will run @p function. NULL: the host has no memory. */
struct coroutine *coroutine_create(void (*function)(void *), void *argument);
/** Run a coroutine until it suspends itself or its function returns. Not from within a coroutine. */
void coroutine_resume(struct coroutine *coroutine);
/** Back to where the running coroutine was resumed. */
void coroutine_suspend(struct coroutine *coroutine);
/** Its stack. */
const void *coroutine_stack(const struct coroutine *coroutine, size_t *size);
void coroutine_destroy(struct coroutine *coroutine);
/** @} */

#endif
