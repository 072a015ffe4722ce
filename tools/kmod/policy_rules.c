// SPDX-License-Identifier: GPL-2.0-only
/*
 * The grammar of rules, which is the kernel's: what is wrong here is refused there, and
 * nothing else is.
 */
#include <limits.h>
#include <string.h>

#include "kmodctl.h"

#define BLANKS	" \t"

/* NULL at the end of the line, which is cut into words. */
char *next_word(char **line)
{
	char *word;

	do {
		word = strsep(line, BLANKS);
	} while (word && !*word);
	return word;
}

/* Nothing at all, or a comment. */
bool rule_is_none(const char *line)
{
	line += strspn(line, BLANKS);
	return !*line || *line == '#';
}

/* From the bracket that opens a class to the one that closes it, or NULL. */
static const char *class_end(const char *pattern)
{
	pattern++;
	if (*pattern == '!')
		pattern++;
	/* Right here, a closing bracket is one of those to be matched. */
	return *pattern ? strchr(pattern + 1, ']') : NULL;
}

/* What is wrong with it, or NULL. Members of classes, and what is escaped, may be any byte. */
static const char *check_pattern(const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern <= ' ' || *pattern > '~')
			return "a character in the pattern that is not printable ASCII";
		if (*pattern == '[') {
			pattern = class_end(pattern);
			if (!pattern)
				return "a [ in the pattern without its ]";
		} else if (*pattern == '\\' && !*++pattern) {
			return "a backslash at the end of the pattern";
		}
	}
	return NULL;
}

/* The rest of a line. What is wrong with it, or NULL. */
static const char *parse_user(struct rule *rule, char *line)
{
	char *word = next_word(&line);

	rule->anybody = !word;
	if (!word)
		return NULL;
	if (strcmp(word, "uid"))
		return "neither uid nor the end of the line after the pattern";
	word = next_word(&line);
	/* The last number is nobody's: it stands for no user. */
	if (!word || !parse_unsigned(word, &rule->uid) || rule->uid >= UINT_MAX)
		return "no user id after uid";
	return next_word(&line) ? "something after the user id" : NULL;
}

/* Cuts the line, to which the rule will point. What is wrong with it, or NULL. */
const char *rule_parse(struct rule *rule, char *line)
{
	char *word = next_word(&line);
	const char *wrong;

	*rule = (struct rule){ .allow = word && !strcmp(word, "allow") };
	if (!rule->allow && (!word || strcmp(word, "deny")))
		return "neither allow nor deny";
	rule->kind = next_word(&line);
	if (!rule->kind || (strcmp(rule->kind, "alias") && strcmp(rule->kind, "module")))
		return "neither alias nor module";
	rule->pattern = next_word(&line);
	if (!rule->pattern)
		return "no pattern";
	wrong = check_pattern(rule->pattern);
	return wrong ? wrong : parse_user(rule, line);
}
