/* SPDX-License-Identifier: GPL-2.0-only */
/* Which version the library is of. */
#include "hmmu/hmmu.h"

const char *hmmu_version(void)
{
	return HMMU_VERSION;
}

int hmmu_abi(void)
{
	return HMMU_ABI;
}
