/* SPDX-License-Identifier: GPL-2.0-only */
#include "program/words.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** Most bytes of a script. */
#define MOST_TEXT (1u << 20)
/** A found word is shown up to here. */
#define MOST_SHOWN 40

static void __attribute__((noreturn)) file_error(const char *path, const char *reason)
{
	fprintf(stderr, "error: %s: %s\n", path, reason);
	exit(2);
}

/* With a 0 at its end. */
static char *read_file(const char *path)
{
	/* Without waiting: a FIFO may have no writer. */
	int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char *text = malloc(MOST_TEXT + 2);
	struct stat status;
	size_t size = 0;
	ssize_t count;

	if (file < 0 || fstat(file, &status))
		file_error(path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		file_error(path, "a regular file is needed");
	if (!text)
		file_error(path, strerror(ENOMEM));
	while ((count = read(file, text + size, MOST_TEXT + 1 - size)) > 0)
		size += (size_t)count;
	if (count < 0)
		file_error(path, strerror(errno));
	if (size > MOST_TEXT)
		file_error(path, "a script has at most 1 MiB");
	close(file);
	text[size] = 0;
	if (strlen(text) != size)
		file_error(path, "is no text: there is a byte 0 in it");
	return text;
}

struct text text_of_file(const char *path)
{
	struct text text = { .words = read_file(path) };

	text.lines = strdup(text.words);
	if (!text.lines)
		file_error(path, strerror(ENOMEM));
	return text;
}

void line_error(const struct line *line, unsigned int column, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "error: %s:%u:%u: ", line->file, line->number, column);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(2);
}

void word_error(const struct line *line, const struct word *word, const char *expected)
{
	line_error(line, word->column, "expected %s, found '%.*s'", expected, MOST_SHOWN, word->text);
}

/* A word has visible characters of ASCII only. */
static void check_word(const struct line *line, const struct word *word)
{
	for (const char *at = word->text; *at; at++)
		if (*at <= ' ' || *at > '~')
			line_error(line, word->column + (unsigned int)(at - word->text),
				   "a character that is not of ASCII, or not visible");
}

static void split(struct line *line, char *text)
{
	char *rest = NULL;

	for (char *word = strtok_r(text, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		struct word *made = &line->words[line->count];

		if (line->count == MOST_WORDS)
			line_error(line, (unsigned int)(word - text) + 1, "more than %u words", MOST_WORDS);
		*made = (struct word){ .text = word, .column = (unsigned int)(word - text) + 1 };
		check_word(line, made);
		line->count++;
	}
}

/* The length of a line without its comment, and without spaces at its end. */
static size_t length_of(const char *line, size_t length)
{
	const char *comment = memchr(line, '#', length);

	length = comment ? (size_t)(comment - line) : length;
	while (length && isspace((unsigned char)line[length - 1]))
		length--;
	return length;
}

bool line_next(struct line *line, struct text *text)
{
	while (text->words[text->next]) {
		char *words = text->words + text->next, *echo = text->lines + text->next;
		size_t whole = strcspn(words, "\n"), length = length_of(words, whole);

		text->next += whole + (words[whole] != 0);
		words[length] = echo[length] = 0;
		line->number++;
		line->count = line->next = 0;
		line->indented = *words == ' ' || *words == '\t';
		line->echo = echo;
		if (!length)
			continue;
		split(line, words);
		return true;
	}
	return false;
}

const struct word *word_peek(const struct line *line)
{
	return line->next < line->count ? &line->words[line->next] : NULL;
}

const struct word *word_take(struct line *line, const char *expected)
{
	if (line->next == line->count)
		line_error(line, (unsigned int)strlen(line->echo) + 1, "expected %s, found the end of the line",
			   expected);
	return &line->words[line->next++];
}

bool word_take_if(struct line *line, const char *text)
{
	const struct word *word = word_peek(line);

	if (!word || strcmp(word->text, text) != 0)
		return false;
	line->next++;
	return true;
}

void line_end(const struct line *line)
{
	const struct word *word = word_peek(line);

	if (word)
		word_error(line, word, "the end of the line");
}

bool is_name(const char *text)
{
	if (!isalpha((unsigned char)*text) && *text != '_')
		return false;
	for (const char *at = text; *at; at++)
		if (!isalnum((unsigned char)*at) && *at != '_')
			return false;
	return strlen(text) <= MOST_NAME;
}

bool parse_number(const char *text, uint64_t *number)
{
	const char *digits = *text == '-' ? text + 1 : text;
	bool is_hex = digits[0] == '0' && digits[1] == 'x';
	char *end;

	/* strtoull() would take spaces and signs, too. */
	if (is_hex ? !isxdigit((unsigned char)digits[2]) : !isdigit((unsigned char)*digits))
		return false;
	errno = 0;
	*number = strtoull(is_hex ? digits + 2 : digits, &end, is_hex ? 16 : 10);
	if (errno || *end)
		return false;
	if (digits != text)
		*number = -*number;
	return true;
}

uint64_t number_take(struct line *line, const char *what, uint64_t least, uint64_t most)
{
	char expected[120];
	const struct word *word;
	uint64_t number;

	snprintf(expected, sizeof(expected), "%s (%llu to %llu)", what, (unsigned long long)least,
		 (unsigned long long)most);
	word = word_take(line, expected);
	if (!parse_number(word->text, &number) || number < least || number > most)
		word_error(line, word, expected);
	return number;
}
