/* SPDX-License-Identifier: GPL-2.0-only */
/** @file world.h What a script's names stand for while it runs. Indexes are those of the names. */
#ifndef KAPI_WORLD_H
#define KAPI_WORLD_H

#include "kapi.h"
#include "program/script.h"

#define PAGE 4096ull

/** What comes of a command. */
struct outcome {
	bool done;
	long result;
	const char *word;                 /**< in place of a number: SIGSEGV, skipped …; NULL: the result stands */
	uint64_t *items;                  /**< of a load, or kinds of entries */
	uint64_t item_count;              /**< 0: there are none */
	unsigned char before[MOST_BYTES]; /**< an ioctl's argument */
	unsigned char after[MOST_BYTES];
};

/** A command that has begun. */
struct job {
	const struct command *command;
	struct outcome outcome;
};

/** A process or thread. */
struct actor {
	uint32_t tid; /**< 0: it is not there (yet), or has ended */
	uint32_t pid;
	uint64_t argument; /**< a page for the structures of its ioctls; 0: none yet */
	struct job *job;   /**< that has not ended */
};

struct region {
	uint64_t address; /**< 0: it was never mapped */
	uint64_t pages;
};

struct open_file {
	struct kapi_file *file;    /**< NULL: there is none */
	uint32_t pids[MOST_NAMES]; /**< processes that have it */
	unsigned int count;        /**< 0: it is closed, or will be when its last ioctl ends */
	unsigned int ioctls;       /**< under way */
};

/** References to pages. */
struct handle {
	uint32_t *pfns;
	uint64_t count;
	uint32_t flags;
	bool holds; /**< hold, not pin */
};

struct world {
	const struct script *script;
	struct hmmu *m;
	struct actor actors[MOST_NAMES];
	struct region regions[MOST_NAMES];
	struct open_file files[MOST_NAMES];
	struct handle handles[MOST_NAMES];
	/** A process that closes files whose processes have ended. */
	struct actor janitor;
	unsigned int failures;
};

/** Whether all that a command names is there. */
bool command_is_possible(const struct world *world, const struct command *c);
/** The address of a place. */
uint64_t place_address(const struct world *world, const struct place *place);
/** The pages of a place. */
uint64_t place_pages(const struct world *world, const struct place *place);
/** A number, or the address of a place. */
uint64_t value_number(const struct world *world, const struct value *value);
/** The number in the bytes of a type; of a signed type, sign-extended. */
uint64_t type_get(struct type type, const unsigned char *bytes);
void type_put(struct type type, unsigned char *bytes, uint64_t number);

/** Carry out a command of an actor, on its thread. */
void command_execute(struct world *world, const struct command *c, struct outcome *outcome);
/** A process no longer has a file. */
void file_leave(struct open_file *file, uint32_t pid);
/** Close a file that no process has, and that is in no ioctl. The result of that. */
long file_put(struct open_file *file, uint32_t tid);
/** Give references back. */
long handle_drop(struct world *world, struct handle *handle);

#endif
