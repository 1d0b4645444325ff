/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory and text. */
#include "host/host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static void *(*heap_alloc)(size_t size);
static void (*heap_free)(void *memory);

void host_set_heap(void *(*alloc)(size_t size), void (*release)(void *memory))
{
	heap_alloc = alloc;
	heap_free = release;
}

void *host_alloc(size_t size)
{
	return heap_alloc ? heap_alloc(size ? size : 1) : calloc(1, size ? size : 1);
}

void host_free(void *memory)
{
	if (heap_free)
		heap_free(memory);
	else
		free(memory);
}

void *host_reserve(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void host_release(void *memory, size_t size)
{
	munmap(memory, size);
}

void host_format(char *text, size_t size, const char *format, va_list arguments)
{
	vsnprintf(text, size, format, arguments);
}

static void (*print_line)(void *data, const char *line);
static void *print_data;

void host_set_print(void (*print)(void *data, const char *line), void *data)
{
	print_line = print;
	print_data = data;
}

void host_print(const char *line)
{
	if (print_line)
		print_line(print_data, line);
	else
		fprintf(stderr, "%s\n", line);
}

void host_abort(void)
{
	abort();
}

bool host_parse_number(const char *text, long long *value)
{
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 0);
	return !errno && end != text && !*end;
}
