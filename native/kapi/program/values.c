/* SPDX-License-Identifier: GPL-2.0-only */
#include "program/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory) {
		fprintf(stderr, "error: there is no memory\n");
		exit(1);
	}
	return memory;
}

int name_find(const struct names *names, const char *text)
{
	for (unsigned int i = 0; i < names->count; i++)
		if (strcmp(names->texts[i], text) == 0)
			return (int)i;
	return -1;
}

unsigned int name_make(struct names *names, struct line *line)
{
	const struct word *word = word_take(line, names->kind);

	if (!is_name(word->text))
		word_error(line, word, names->kind);
	if (name_find(names, word->text) >= 0)
		line_error(line, word->column, "the name '%s' is there already", word->text);
	if (names->count == MOST_NAMES)
		line_error(line, word->column, "more than %u names of this kind", MOST_NAMES);
	memcpy(names->texts[names->count], word->text, strlen(word->text));
	return names->count++;
}

unsigned int name_take(const struct names *names, struct line *line)
{
	const struct word *word = word_take(line, names->kind);
	int number = name_find(names, word->text);

	if (number < 0)
		word_error(line, word, names->kind);
	return (unsigned int)number;
}

/* Up to a character of @p ends, or to the end of the text. Returns what follows. */
static const char *part(const char *from, const char *ends, char *text, size_t size)
{
	size_t length = strcspn(from, ends);

	snprintf(text, size, "%.*s", (int)(length < size ? length : size - 1), from);
	/* One that is too long is no name and no number. */
	if (length >= size)
		*text = 0;
	return from + length;
}

/* [PAGE] or [FIRST-LAST]. NULL: it is neither. */
static const char *parse_pages(const char *at, struct place *place)
{
	char text[24];

	at = part(at + 1, "-]", text, sizeof(text));
	if (!parse_number(text, &place->first))
		return NULL;
	place->last = place->first;
	if (*at == '-') {
		at = part(at + 1, "]", text, sizeof(text));
		if (!parse_number(text, &place->last))
			return NULL;
	}
	place->whole = false;
	return *at == ']' && place->first <= place->last && place->last < MOST_PAGES ? at + 1 : NULL;
}

static bool parse_place(const struct script *script, const char *text, struct place *place)
{
	char name[MOST_NAME + 1];
	const char *at = part(text, "[+", name, sizeof(name));
	int region = name_find(&script->regions, name);

	if (region < 0)
		return false;
	*place = (struct place){ .region = (unsigned int)region, .whole = true };
	if (*at == '[')
		at = parse_pages(at, place);
	if (!at || !*at)
		return at;
	return *at == '+' && parse_number(at + 1, &place->offset) && place->offset < (uint64_t)MOST_PAGES << 12;
}

struct place place_take(const struct script *script, struct line *line, bool with_offset)
{
	const char *expected = with_offset
				       ? "a place (REGION, REGION[PAGE] or REGION[FIRST-LAST], or one of these +BYTES)"
				       : "a place (REGION, REGION[PAGE] or REGION[FIRST-LAST])";
	const struct word *word = word_take(line, expected);
	struct place place;

	if (!parse_place(script, word->text, &place) || (place.offset && !with_offset))
		word_error(line, word, expected);
	return place;
}

static bool parse_value(const struct script *script, const char *text, struct value *value)
{
	*value = (struct value){ 0 };
	if (parse_number(text, &value->number))
		return true;
	value->is_address = true;
	return parse_place(script, text, &value->place);
}

struct value value_take(const struct script *script, struct line *line)
{
	const char *expected = "a number or a place";
	const struct word *word = word_take(line, expected);
	struct value value;

	if (!parse_value(script, word->text, &value))
		word_error(line, word, expected);
	return value;
}

static bool parse_type(const char *text, struct type *type)
{
	uint64_t bits;

	if ((*text != 'u' && *text != 's') || !parse_number(text + 1, &bits))
		return false;
	if (bits != 8 && bits != 16 && bits != 32 && bits != 64)
		return false;
	*type = (struct type){ .size = (unsigned int)bits / 8, .is_signed = *text == 's' };
	return true;
}

struct type type_take(struct line *line)
{
	const char *expected = "a type (u8, u16, u32, u64, s8, s16, s32 or s64)";
	const struct word *word = word_take(line, expected);
	struct type type;

	if (!parse_type(word->text, &type))
		word_error(line, word, expected);
	return type;
}

static const struct field *field_find(const struct layout *layout, const char *name)
{
	for (unsigned int i = 0; i < layout->count; i++)
		if (strcmp(layout->fields[i].name, name) == 0)
			return &layout->fields[i];
	return NULL;
}

/* NAME:TYPE or NAME:TYPE[COUNT]. */
static bool parse_field(const char *text, struct field *field)
{
	char type[8], count[8];
	const char *at = part(text, ":", field->name, sizeof(field->name));
	uint64_t number = 1;

	if (!is_name(field->name) || *at != ':')
		return false;
	at = part(at + 1, "[", type, sizeof(type));
	if (!parse_type(type, &field->type))
		return false;
	if (*at == '[') {
		at = part(at + 1, "]", count, sizeof(count));
		if (!parse_number(count, &number) || !number || number > MOST_BYTES || strcmp(at, "]") != 0)
			return false;
	}
	field->count = (unsigned int)number;
	return true;
}

static unsigned int round_up(unsigned int number, unsigned int to)
{
	return (number + to - 1) / to * to;
}

void layout_take(struct layout *layout, struct line *line)
{
	const char *expected = "a field (NAME:TYPE or NAME:TYPE[COUNT])";
	unsigned int alignment = 1;

	do {
		const struct word *word = word_take(line, expected);
		struct field field = { 0 };

		if (layout->count == MOST_FIELDS)
			line_error(line, word->column, "more than %u fields", MOST_FIELDS);
		if (!parse_field(word->text, &field))
			word_error(line, word, expected);
		if (field_find(layout, field.name))
			line_error(line, word->column, "the field '%s' is there already", field.name);
		field.offset = round_up(layout->size, field.type.size);
		layout->size = field.offset + field.count * field.type.size;
		if (layout->size > MOST_BYTES)
			line_error(line, word->column, "a structure has at most %u bytes", MOST_BYTES);
		if (field.type.size > alignment)
			alignment = field.type.size;
		layout->fields[layout->count++] = field;
	} while (word_peek(line));
	layout->size = round_up(layout->size, alignment);
}

/* FIELD=VALUE or FIELD[I]=VALUE. */
static bool parse_assignment(const struct script *script, const struct layout *layout, const char *text,
			     struct assignment *made)
{
	char name[MOST_NAME + 1], index[8];
	const char *at = part(text, "[=", name, sizeof(name));
	uint64_t number = 0;

	made->field = field_find(layout, name);
	if (made->field && *at == '[') {
		at = part(at + 1, "]", index, sizeof(index));
		if (*at++ != ']' || !parse_number(index, &number) || number >= made->field->count)
			return false;
	}
	made->index = (unsigned int)number;
	return made->field && *at == '=' && parse_value(script, at + 1, &made->value);
}

unsigned int assignments_take(const struct script *script, const struct layout *layout, struct line *line,
			      struct assignment **made)
{
	unsigned int count = 0;

	*made = allocate(line->count - line->next, sizeof(**made));
	for (const struct word *word; (word = word_peek(line)) && strchr(word->text, '=');) {
		word_take(line, "");
		if (!parse_assignment(script, layout, word->text, &(*made)[count]))
			word_error(line, word, "FIELD=VALUE, with a field of the structure, and a number or a place");
		count++;
	}
	return count;
}
