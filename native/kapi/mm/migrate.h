/* SPDX-License-Identifier: GPL-2.0-only */
/** @file migrate.h Migrations of drivers. */
#ifndef KAPI_MIGRATE_H
#define KAPI_MIGRATE_H

/** The running thread's call ends, or its innermost migrate_to_ram(): report the migrations that it has begun there and not
 * finalized, and give them up. */
void migrations_check_return(void);
/** Forget all migrations. The machine drops its own. */
void migrations_forget(void);

#endif
