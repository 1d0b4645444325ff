/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A live program has arguments of its own, so its environment says how the driver is run: HMMU_DRIVER_SEED=N,
 * HMMU_DRIVER_COHERENT_PAGES=N, HMMU_DRIVER_FAULT=NAME=N, and HMMU_DRIVER_PARAMS with a line NAME=VALUE for each parameter.
 */
#define _GNU_SOURCE
#include "live/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Most bytes of a parameter. */
#define MOST_PARAM 500

static int refuse(const char *name, const char *value)
{
	fprintf(stderr, "kapi: %s: '%s' is not allowed\n", name, value);
	return -EINVAL;
}

static uint64_t number_of(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : 0;
}

struct kapi_options live_options(void)
{
	return (struct kapi_options){ .quiet = true,
				      .seed = number_of("HMMU_DRIVER_SEED"),
				      .coherent_pages = (uint32_t)number_of("HMMU_DRIVER_COHERENT_PAGES") };
}

static int set_fault(const char *text)
{
	const char *value = strchrnul(text, '=');
	unsigned int fault = 0;

	while (fault < KAPI_FAULT_COUNT && (strlen(kapi_fault_word(fault)) != (size_t)(value - text) ||
					    strncmp(kapi_fault_word(fault), text, (size_t)(value - text)) != 0))
		fault++;
	if (fault == KAPI_FAULT_COUNT || !*value)
		return refuse("HMMU_DRIVER_FAULT", text);
	return kapi_fault(fault, strtoull(value + 1, NULL, 10), false);
}

/* NAME=VALUE, of that length. */
static int set_param(const char *text, size_t length)
{
	char line[MOST_PARAM];
	char *value;

	snprintf(line, sizeof(line), "%.*s", (int)length, text);
	value = strchr(line, '=');
	if (length >= sizeof(line) || !value)
		return refuse("HMMU_DRIVER_PARAMS", line);
	*value++ = 0;
	return kapi_set_param(line, value) ? refuse(line, value) : 0;
}

int live_set_up(void)
{
	const char *fault = getenv("HMMU_DRIVER_FAULT"), *params = getenv("HMMU_DRIVER_PARAMS");
	int err = fault ? set_fault(fault) : 0;

	while (!err && params && *params) {
		size_t length = strcspn(params, "\n");

		err = set_param(params, length);
		params += length + (params[length] != 0);
	}
	return err;
}
