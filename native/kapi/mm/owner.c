/* SPDX-License-Identifier: GPL-2.0-only */
#include "mm/owner.h"

#include <linux/kernel.h>

#include "log/report.h"

/** More than a machine has devices; migrations may name owners that own nothing. */
#define MOST_OWNERS 256
/** Owners that programs make themselves have small numbers. */
#define FIRST_OWNER (1ull << 32)

static const void *owners[MOST_OWNERS];
static u32 count;

u64 owner_number(const void *owner)
{
	u32 i = 0;

	if (!owner)
		return 0;
	while (i < count && owners[i] != owner)
		i++;
	if (i == MOST_OWNERS) {
		report(KAPI_CHECK_LIMIT, NULL, "drivers use more than %d owners of device memory", MOST_OWNERS);
		return FIRST_OWNER + MOST_OWNERS;
	}
	if (i == count)
		owners[count++] = owner;
	return FIRST_OWNER + i;
}

void *owner_of_number(u64 number)
{
	return number >= FIRST_OWNER && number - FIRST_OWNER < count ? (void *)owners[number - FIRST_OWNER] : NULL;
}

void owners_forget(void)
{
	count = 0;
}
