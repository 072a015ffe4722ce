// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl policy allow ID: the narrowest rule that would have allowed a denied request.
 */
#include <string.h>

#include "journal.h"
#include "policy_dropin.h"
#include "policy_narrow.h"

#define COMMENT	"# Written by kmodctl policy allow."

static const char *const keys[] = { "id", "name", "outcome", "uid", NULL };

static const struct record *find_request(const struct journal *journal, u64 id)
{
	size_t i;

	for (i = 0; i < journal->count; i++)
		if (record_number(&journal->records[i], "id") == id)
			return &journal->records[i];
	return NULL;
}

/* The kernel would reject a file with any other line. */
static bool is_rule(const char *line)
{
	char *copy = text_copy(line);
	struct rule rule;
	bool good = !rule_parse(&rule, copy);

	free(copy);
	return good;
}

/* Returns the rule, or NULL if no rule can match the request. The caller must free it. */
static char *narrowest_rule(const struct record *request)
{
	char *pattern = pattern_of(record_text(request, "name")), *scope, *rule;

	if (!pattern)
		return NULL;
	scope = scope_of(request);
	rule = scope ? text("allow alias %s%s", pattern, scope) :
		       text("allow alias %s uid %llu userns %s", pattern,
			    record_number(request, "uid"),
			    record_number(request, "userns_level") ? "other" : "init");
	free(scope);
	free(pattern);
	if (is_rule(rule))
		return rule;
	free(rule);
	return NULL;
}

/* Returns the rule, or NULL after an error message. The caller must free it. */
static char *rule_for(const struct record *request)
{
	u64 id = record_number(request, "id");
	char *rule = NULL;

	if (!is_denied(request)) {
		complain("request %llu was not denied", id);
	} else {
		rule = narrowest_rule(request);
		if (!rule)
			complain("no rule can match request %llu", id);
	}
	return rule;
}

static bool install(const char *rule, const struct options *options)
{
	struct dropin dropin;
	bool done = dropin_open(&dropin, ALLOW_FILE, COMMENT, options);

	if (done)
		dropin_add(&dropin, rule);
	if (done && !options->dry_run)
		done = dropin_write(&dropin);
	if (done && !options->root)
		done = dropin_load(&dropin, options);
	dropin_close(&dropin);
	return done;
}

/* Prints the rule, or with --write installs it. */
int policy_allow_request(const struct options *options, u64 id)
{
	struct journal journal;
	const struct record *request;
	bool done = false;
	char *rule = NULL;

	if (!journal_read(&journal, options, "requests", keys))
		return EXIT_FAILURE;
	request = find_request(&journal, id);
	if (request)
		rule = rule_for(request);
	else
		complain("the journal has no request %llu", id);
	if (rule) {
		puts(rule);
		done = !options->write || install(rule, options);
	}
	free(rule);
	journal_free(&journal);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
