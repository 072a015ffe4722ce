// SPDX-License-Identifier: GPL-2.0-only
/*
 * The requests that kmodctl log shows.
 */
#include <fnmatch.h>
#include <limits.h>
#include <string.h>

#include "journal.h"
#include "policy.h"

static struct {
	const struct options *options;
	struct glob name;
	u64 since;		/* CLOCK_BOOTTIME in ns */
	u64 uid;
} filter;

/* Parses a number and a unit, such as 10min. */
static bool parse_age(const char *word, u64 *seconds)
{
	static const struct {
		const char *name;
		u64 seconds;
	} units[] = {
		{ "s", 1 }, { "m", 60 }, { "min", 60 }, { "h", 3600 }, { "d", 86400 },
	};
	size_t digits = strspn(word, "0123456789"), i;
	char *number = text("%.*s", (int)digits, word);
	bool good = parse_unsigned(number, seconds) && *seconds < 1ULL << 32;

	free(number);
	for (i = 0; i < sizeof(units) / sizeof(*units) && good; i++) {
		if (!strcmp(word + digits, units[i].name)) {
			*seconds *= units[i].seconds;
			return *seconds <= ULLONG_MAX / NSEC_PER_SEC;
		}
	}
	return false;
}

/* Parses a local time. Without a date, it is of today. */
static bool parse_date(const char *word, time_t *wall)
{
	static const char *const formats[] = {
		"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%H:%M:%S", "%H:%M",
	};
	time_t now = time(NULL);
	const char *end;
	struct tm tm;
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		localtime_r(&now, &tm);
		tm.tm_hour = 0;
		tm.tm_min = 0;
		tm.tm_sec = 0;
		tm.tm_isdst = -1;
		end = strptime(word, formats[i], &tm);
		if (end && !*end) {
			*wall = mktime(&tm);
			return true;
		}
	}
	return false;
}

static bool parse_since(const char *word)
{
	u64 age, now = now_boottime();
	time_t wall;

	if (parse_age(word, &age)) {
		age *= NSEC_PER_SEC;
		filter.since = now > age ? now - age : 0;
		return true;
	}
	if (!parse_date(word, &wall))
		return false;
	filter.since = boottime_of(wall);
	return true;
}

/* Reports wrong arguments. The caller must free the filter in either case. */
bool filter_init(const struct options *options)
{
	const char *error = options->name ? check_pattern(options->name) : NULL;

	filter.options = options;
	if (error)
		complain("'%s': %s", options->name, error);
	else if (options->name)
		glob_parse(&filter.name, NAMES, options->name);
	if (error)
		return false;
	if (options->since && !parse_since(options->since)) {
		complain("expected a time such as 10min, 14:30 or '2026-11-22 14:30', not '%s'",
			 options->since);
		return false;
	}
	if (options->uid && !uid_parse(options->uid, &filter.uid)) {
		complain("unknown user '%s'", options->uid);
		return false;
	}
	return true;
}

/* A record without the key is of no user. */
static bool has_user(const struct record *request)
{
	return record_field(request, "uid") && record_number(request, "uid") == filter.uid;
}

static bool has_name(const struct record *request)
{
	char *name = unescaped(record_text(request, "name"));
	struct glob glob;
	bool matches;

	glob_of_name(&glob, NAMES, name);
	matches = globs_meet(&filter.name, &glob);
	glob_free(&glob);
	free(name);
	return matches;
}

/* Names of units have backslashes. */
static bool has_unit(const struct record *request)
{
	char *escaped = describe_unit(request), *unit = unescaped(escaped);
	bool matches = !fnmatch(filter.options->unit, unit, FNM_NOESCAPE);

	free(escaped);
	free(unit);
	return matches;
}

static bool is_shown(const struct record *request)
{
	const struct options *options = filter.options;

	if (options->denied && !is_denied(request))
		return false;
	if (options->failed && !record_number(request, "result"))
		return false;
	if (options->since && record_number(request, "begin") < filter.since)
		return false;
	if (options->uid && !has_user(request))
		return false;
	if (options->name && !has_name(request))
		return false;
	return !options->unit || has_unit(request);
}

/* Returns false, after a message, if the journal lacks a field of the filter. */
bool filter_apply(struct journal *requests)
{
	bool has_cgroups = !requests->count;
	struct record *request = requests->records;
	size_t i, kept = 0;

	for (i = 0; i < requests->count; i++, request++) {
		has_cgroups |= !!record_field(request, "cgroup");
		if (is_shown(request))
			requests->records[kept++] = *request;
		else
			record_free(request);
	}
	requests->count = kept;
	if (!filter.options->unit || has_cgroups)
		return true;
	complain("--unit: this kernel does not record the control group of a requester");
	return false;
}

void filter_free(void)
{
	glob_free(&filter.name);
}
