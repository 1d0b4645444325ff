/* SPDX-License-Identifier: GPL-2.0-only */
/** @file broken.h What is said of a program that has shown a fault, before it aborts. */
#ifndef FUZZ_BROKEN_H
#define FUZZ_BROKEN_H

#include <stdarg.h>
#include <stdio.h>

static inline void say_broken(size_t record, const char *format, va_list args)
{
	fprintf(stderr, "record %zu: ", record);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

#endif
