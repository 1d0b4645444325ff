/* SPDX-License-Identifier: GPL-2.0-only */
/** @file balance.h What a machine has at the beginning, and has to have again when everything has been given back. */
#ifndef FUZZ_BALANCE_H
#define FUZZ_BALANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "hmmu/hmmu.h"

struct balance {
	uint64_t ram_free, device_free, coherent_free;
};

/** Of a machine without processes. */
struct balance balance_of(const struct hmmu *m);
/**
 * What is not there again when all processes are gone, as a text; NULL: nothing. Until a page has migrated, none stays in the
 * swap cache.
 */
const char *balance_missing(const struct hmmu *m, const struct balance *before, bool migrated, char *text, size_t size);

#endif
