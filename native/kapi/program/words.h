/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file words.h
 * A script's text: lines of words. The text may come from anybody. What is wrong with it ends the program with exit code 2 and
 * one line that names file, line and column.
 */
#ifndef KAPI_WORDS_H
#define KAPI_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MOST_WORDS 128u
#define MOST_NAME 63u

/** A word, and where it begins. */
struct word {
	char *text;
	unsigned int column;
};

/** A text, which is cut into words, and a copy of it, which is cut into lines. */
struct text {
	char *words;
	char *lines;
	size_t next; /**< where the next line begins, in both */
};

/** A line, whose words are taken one after the other. */
struct line {
	const char *file;
	unsigned int number;
	const char *echo; /**< the line without its comment; it stays */
	bool indented;
	struct word words[MOST_WORDS];
	unsigned int count;
	unsigned int next;
};

/** The text of a regular file. */
struct text text_of_file(const char *path);
/** The next line with words in it. false: there is none. */
bool line_next(struct line *line, struct text *text);

/** End the program: what stands at a column is wrong. */
void line_error(const struct line *line, unsigned int column, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
/** The same for a word. */
void word_error(const struct line *line, const struct word *word, const char *expected) __attribute__((noreturn));

/** The next word without taking it; NULL: the line ends. */
const struct word *word_peek(const struct line *line);
/** Take the next word; @p expected says what may stand there. */
const struct word *word_take(struct line *line, const char *expected);
/** Take the next word if it is this one. */
bool word_take_if(struct line *line, const char *text);
/** No word may be left. */
void line_end(const struct line *line);

/** Whether a word is a name: a letter or _, then letters, digits and _. */
bool is_name(const char *text);
/** A number in decimal or 0x…; a minus may stand in front. false: the text is none of 64 bits. */
bool parse_number(const char *text, uint64_t *number);
/** Take a number from @p least to @p most. */
uint64_t number_take(struct line *line, const char *what, uint64_t least, uint64_t most);

#endif
