/* SPDX-License-Identifier: GPL-2.0-only */
/** @file snapshot.h The format of a snapshot: machine/snapshot.c writes it, machine/restore.c reads it. */
#ifndef HMMU_SNAPSHOT_H
#define HMMU_SNAPSHOT_H

#include "host/types.h"

#define SNAPSHOT_MAGIC 0x3630504e53554d48ull /* "HMUSNP06", little-endian */

/** The header of a snapshot. A struct piece for each piece follows. */
struct snapshot_header {
	u64 magic;
	u64 arena_bytes;
	u64 pieces;
	u64 hash; /**< of the machine */
};

/** 4 KiB of the arena that are not zero. */
struct piece {
	u64 number; /**< offset in the arena / 4096 */
	u8 bytes[PAGE_SIZE];
};

/**
 * Migrations, and faults whose handlers run in steps, are not in the arena. If there are any, they are a stream of bytes in pieces
 * behind it, whose numbers go on from its end: struct saved_under_way, the faults, the migrations. Zeros fill the last piece.
 */
struct saved_under_way {
	u32 faults, migrations;
};

/** A fault on a device page that waits for its handler. The rest is in its task. */
struct saved_fault {
	u64 address;
	u32 task;
	u32 ended;
	int32_t err; /**< of its handler */
	u32 reserved;
};

/** Flags of a saved migration. */
enum saved_flag {
	SAVED_RESTORING = 1 << 0,
	SAVED_ALLOW_DRAIN = 1 << 1,
	SAVED_NOTIFIED = 1 << 2,
	SAVED_CALLBACKS_RAN = 1 << 3,
	SAVED_DST_IS_READY = 1 << 4,
	SAVED_DST_IS_ACCEPTED = 1 << 5,
	SAVED_OUT_OF_BOUNDS = 1 << 6,
	SAVED_ABORTED = 1 << 7,
	SAVED_UNWRITTEN = 1 << 8,
	SAVED_NESTED = 1 << 9,
	SAVED_HAS_OPS = 1 << 10,
	SAVED_HAS_WHY = 1 << 11,
	SAVED_FLAGS = (1 << 12) - 1,
};

/**
 * A migration, as struct hmmu_migration has it. Behind it stand npages words of src; dst, and src and dst of the request, with a word
 * for each page of a range of addresses, or for each page that was collected of a device; and as many bytes of why, if it has them.
 */
struct saved_migration {
	u64 start, end, pos, npages, cpages, to_restore, mmu_start, flush_start, flush_end, owner;
	u32 task, cpu, vma, stage, first, fault_page, fault_lock;
	u32 select; /**< flags of the request */
	u32 flags;  /**< enum saved_flag */
	u32 reserved;
	struct hmmu_error error; /**< zero: none */
};

#endif
