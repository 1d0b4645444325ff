/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file script.h
 * Scripts for one driver: what user programs do, a command a line, and what has to come of it. docs/kernel-drivers.md explains
 * the language. All names are resolved when the script is read.
 */
#ifndef KAPI_SCRIPT_H
#define KAPI_SCRIPT_H

#include "program/words.h"

#define MOST_NAMES 256u
#define MOST_FIELDS 64u
#define MOST_PAGES (1u << 18)
#define MOST_ITEMS 4096u
/** An ioctl's number has 14 bits for it, but the argument has one page. */
#define MOST_BYTES 4096u

/** Names of a kind, in the order in which the script makes them. */
struct names {
	const char *kind;
	char texts[MOST_NAMES][MOST_NAME + 1];
	unsigned int count;
};

/** A number's type in memory. */
struct type {
	unsigned int size; /**< bytes */
	bool is_signed;
};

/** A field of a structure, or an array of @p count. */
struct field {
	char name[MOST_NAME + 1];
	struct type type;
	unsigned int offset;
	unsigned int count;
};

/** The argument of ioctls, laid out as C does. */
struct layout {
	struct field fields[MOST_FIELDS];
	unsigned int count;
	unsigned int size;
};

/** Pages of a region; or, of an address, bytes from the first page on. */
struct place {
	unsigned int region;
	bool whole;     /**< all pages; first and last are not set */
	uint64_t first; /**< page */
	uint64_t last;  /**< page, included */
	uint64_t offset;
};

/** A number, or an address. */
struct value {
	bool is_address;
	uint64_t number;
	struct place place;
};

/** FIELD=VALUE or FIELD[I]=VALUE. */
struct assignment {
	const struct field *field;
	unsigned int index;
	struct value value;
};

enum verb {
	VERB_MAP,
	VERB_UNMAP,
	VERB_PROTECT,
	VERB_ADVISE,
	VERB_STORE,
	VERB_LOAD,
	VERB_KIND,
	VERB_PIN,
	VERB_HOLD,
	VERB_DROP,
	VERB_OPEN,
	VERB_IOCTL,
	VERB_CLOSE,
	VERB_FORK,
	VERB_THREAD,
	VERB_EXIT,
	VERB_REAP,
	VERB_REPEAT,
	VERB_WAIT,
};

/** What has to come of a command. */
struct expectation {
	bool is_there;
	char word
		[24]; /**< the result: a number, an errno's name, SIGSEGV, SIGBUS, blocked, skipped, any; "": no error */
	struct assignment *fields;
	unsigned int field_count;
	struct value *values; /**< of a load: one for all items, or as many as items */
	unsigned int value_count;
	uint64_t step;     /**< from item to item */
	unsigned int kind; /**< of entries, enum hmmu_entry_kind */
};

/** One command. Which members a verb has is in script.c. */
struct command {
	enum verb verb;
	unsigned int line;
	const char *echo;
	unsigned int actor;
	unsigned int other; /**< index of what the command makes or uses: region, file, handle, actor */
	struct place place;
	struct value value;
	struct type type;
	uint64_t number; /**< pages, items, rounds, an ioctl's number */
	uint64_t step;
	uint32_t kind;  /**< of a mapping */
	uint32_t flags; /**< rights, advice, of pins */
	const char *path;
	const struct layout *layout; /**< of an ioctl's argument; NULL: the argument is a value */
	struct assignment *assignments;
	unsigned int assignment_count;
	struct expectation expectation;
	const struct command *waits_for; /**< of a wait: the actor's command before it */
	struct commands {
		struct command *first;
		struct command *last;
	} body;       /**< of a repeat */
	bool repeats; /**< it is in the body of a repeat */
	struct command *next;
};

/** A whole script. */
struct script {
	const char *file;
	struct text text;
	struct commands commands;
	struct names actors, regions, files, handles, layout_names, ioctls;
};

/** Read a script. What is wrong with it ends the program with exit code 2. */
struct script *script_read(const char *path);

/** The errno's name: EFAULT. */
const char *errno_word(long error);

#endif
