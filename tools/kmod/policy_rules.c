// SPDX-License-Identifier: GPL-2.0-only
/*
 * The grammar of rules. It must accept exactly the rules that the kernel accepts.
 */
#include <limits.h>
#include <string.h>

#include "policy.h"

#define BLANKS	" \t"

/* Cuts off and returns the next word, or NULL at the end of the line. */
char *next_word(char **line)
{
	char *word;

	do {
		word = strsep(line, BLANKS);
	} while (word && !*word);
	return word;
}

/* True if the line is empty or a comment. */
bool rule_is_none(const char *line)
{
	line += strspn(line, BLANKS);
	return !*line || *line == '#';
}

/* Returns the bracket that closes the class at @pattern, or NULL. */
static const char *class_end(const char *pattern)
{
	pattern++;
	if (*pattern == '!')
		pattern++;
	/* A bracket that is the first character of a class is a member. */
	return *pattern ? strchr(pattern + 1, ']') : NULL;
}

/*
 * Checks a pattern. Returns an error message or NULL. Members of classes and escaped
 * characters may be any bytes.
 */
static const char *check_pattern(const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern <= ' ' || *pattern > '~')
			return "pattern has a character that is not printable ASCII";
		if (*pattern == '[') {
			pattern = class_end(pattern);
			if (!pattern)
				return "pattern has '[' without ']'";
		} else if (*pattern == '\\' && !*++pattern) {
			return "pattern ends with a backslash";
		}
	}
	return NULL;
}

/* Parses the line after the pattern. Returns an error message or NULL. */
static const char *parse_user(struct rule *rule, char *line)
{
	char *word = next_word(&line);

	rule->any_user = !word;
	if (!word)
		return NULL;
	if (!strcmp(rule->kind, "module"))
		return "unexpected text after the pattern of a module rule";
	if (strcmp(word, "uid"))
		return "expected 'uid' or the end of the line after the pattern";
	word = next_word(&line);
	/* UINT_MAX is not a valid user id. */
	if (!word || !parse_unsigned(word, &rule->uid) || rule->uid >= UINT_MAX)
		return "expected a user id after 'uid'";
	return next_word(&line) ? "unexpected text after the user id" : NULL;
}

/* Cuts the line into words, to which the rule points. Returns an error message or NULL. */
const char *rule_parse(struct rule *rule, char *line)
{
	char *word = next_word(&line);
	const char *error;

	*rule = (struct rule){ .allow = word && !strcmp(word, "allow") };
	if (!rule->allow && (!word || strcmp(word, "deny")))
		return "expected 'allow' or 'deny'";
	rule->kind = next_word(&line);
	if (!rule->kind || (strcmp(rule->kind, "alias") && strcmp(rule->kind, "module")))
		return "expected 'alias' or 'module'";
	rule->pattern = next_word(&line);
	if (!rule->pattern)
		return "expected a pattern";
	error = check_pattern(rule->pattern);
	return error ? error : parse_user(rule, line);
}
