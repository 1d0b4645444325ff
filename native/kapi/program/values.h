/* SPDX-License-Identifier: GPL-2.0-only */
/** @file values.h Names, places, numbers and structures in a script. */
#ifndef KAPI_VALUES_H
#define KAPI_VALUES_H

#include "program/script.h"

/** The number of a name, or -1. */
int name_find(const struct names *names, const char *text);
/** Make a name; one that is there is refused. Its number. */
unsigned int name_make(struct names *names, struct line *line);
/** Take a name that is there. Its number. */
unsigned int name_take(const struct names *names, struct line *line);

/** Take REGION, REGION[PAGE] or REGION[FIRST-LAST], with +BYTES behind it if @p with_offset. */
struct place place_take(const struct script *script, struct line *line, bool with_offset);
/** Take a number or a place. */
struct value value_take(const struct script *script, struct line *line);
/** Take u8, u16, u32, u64, s8, s16, s32 or s64. */
struct type type_take(struct line *line);
/** Take FIELD:TYPE, with [COUNT] behind it for an array, up to the end of the line. */
void layout_take(struct layout *layout, struct line *line);
/** Take FIELD=VALUE, up to a word that is none. Their number. */
unsigned int assignments_take(const struct script *script, const struct layout *layout, struct line *line,
			      struct assignment **made);

/** Memory that is zero; its lack ends the program. */
void *allocate(size_t count, size_t size);

#endif
