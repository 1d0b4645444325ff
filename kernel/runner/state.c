// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of a drill: processes, regions, handles. Why it is void.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "runner.h"

struct proc procs[MAX_PROC];
int nprocs;
struct handle handles[OR_MAX_HANDLE];
char failure[512];
int script_line;
int stopped, spoilt;
uint64_t device_pages, coherent_pages, swap_pages, memcg_pages;

void fail(const char *fmt, ...)
{
	va_list ap;
	int n = 0;

	if (failure[0])
		return;
	if (script_line)
		n = snprintf(failure, sizeof(failure), "line %d: ", script_line);
	va_start(ap, fmt);
	vsnprintf(failure + n, sizeof(failure) - n, fmt, ap);
	va_end(ap);
}

struct proc *find_proc(const char *name)
{
	int i;

	for (i = 0; i < nprocs; i++)
		if (procs[i].alive && !strcmp(procs[i].name, name))
			return &procs[i];
	return NULL;
}

struct region *find_region(struct proc *p, const char *name)
{
	int i;

	for (i = 0; i < p->nregions; i++)
		if (!strcmp(p->region[i].name, name))
			return &p->region[i];
	return NULL;
}

int find_handle(const char *name)
{
	int i;

	for (i = 0; i < OR_MAX_HANDLE; i++)
		if (handles[i].used && !strcmp(handles[i].name, name))
			return i;
	return -1;
}

int free_handle(void)
{
	int i;

	for (i = 0; i < OR_MAX_HANDLE; i++)
		if (!handles[i].used)
			return i;
	fail("too many handles");
	return 0;
}
