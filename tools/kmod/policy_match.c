// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decision of a policy on a request, as the kernel makes it.
 */
#include <linux/capability.h>
#include <string.h>

#include "policy.h"

#define HAS(requester, capability)	((requester)->capabilities >> (capability) & 1)

static void add_rule(struct rules *rules, struct placed_rule *rule)
{
	rule->cgroup = (struct glob){ 0 };
	glob_parse(&rule->glob, NAMES, rule->rule.pattern);
	if (rule->rule.cgroup)
		glob_parse(&rule->cgroup, CGROUPS, rule->rule.cgroup);
	rules->array = grown(rules->array, rules->count, sizeof(*rule));
	rules->array[rules->count++] = *rule;
}

/* Returns true if the line is one that names a file. */
static bool take_origin(struct rules *rules, struct placed_rule *next, const char *line)
{
	char *path;

	if (!is_origin(line, &path))
		return false;
	rules->files = grown(rules->files, rules->nr_files, sizeof(*rules->files));
	rules->files[rules->nr_files++] = path;
	next->file = path;
	next->number_in_file = 0;
	return true;
}

/* Parses text of the kernel's file, which it modifies. The rules point into it. */
void rules_parse(struct rules *rules, const struct bytes *text)
{
	struct placed_rule next = { 0 };
	char *rest = text->data, *line;
	const char *error;

	*rules = (struct rules){ 0 };
	while ((line = strsep(&rest, "\n"))) {
		next.number++;
		next.number_in_file++;
		if (rule_is_none(line) || take_origin(rules, &next, line))
			continue;
		error = rule_parse(&next.rule, line);
		if (error)
			complain("line %lu: %s; rule omitted", next.number, error);
		else
			add_rule(rules, &next);
		rules->trouble |= !!error;
	}
}

void rules_free(struct rules *rules)
{
	size_t i;

	for (i = 0; i < rules->count; i++) {
		glob_free(&rules->array[i].glob);
		glob_free(&rules->array[i].cgroup);
	}
	for (i = 0; i < rules->nr_files; i++)
		free(rules->files[i]);
	free(rules->array);
	free(rules->files);
}

/* A requester outside the initial user namespace has no capability in it. */
static bool matches_requester(const struct placed_rule *placed, const struct requester *requester)
{
	const struct rule *rule = &placed->rule;
	struct glob cgroup;
	bool matches;

	if (requester->uid < rule->first_uid || requester->uid > rule->last_uid)
		return false;
	if (rule->capabilities &&
	    (requester->other_userns || rule->capabilities & ~requester->capabilities))
		return false;
	if (rule->userns == OTHER_USERNS && !requester->other_userns)
		return false;
	if (rule->userns == INIT_USERNS && requester->other_userns)
		return false;
	if (rule->kthread && !requester->kthread)
		return false;
	if (!rule->cgroup)
		return true;
	glob_of_name(&cgroup, CGROUPS, requester->cgroup);
	matches = globs_meet(&placed->cgroup, &cgroup);
	glob_free(&cgroup);
	return matches;
}

/* Returns the first matching rule, or NULL. */
const struct placed_rule *rules_match(const struct rules *rules, bool module, const char *name,
				      const struct requester *requester)
{
	const struct placed_rule *rule, *found = NULL;
	struct glob glob;

	glob_of_name(&glob, NAMES, name);
	for (rule = rules->array; !found && rule < rules->array + rules->count; rule++)
		if (rule->rule.module == module && globs_meet(&rule->glob, &glob) &&
		    matches_requester(rule, requester))
			found = rule;
	glob_free(&glob);
	return found;
}

/* The decision of kernel.modules_autoload_mode on an alias that no rule matches. */
bool mode_permits(char mode, const char *name, const struct requester *requester)
{
	if (mode == '0')
		return true;
	if (mode != '1' || requester->other_userns)
		return false;
	return HAS(requester, CAP_SYS_MODULE) ||
	       (!strncmp(name, "netdev-", strlen("netdev-")) && HAS(requester, CAP_NET_ADMIN));
}

/* Returns the file and the line, or the line in the kernel's text. The caller must free it. */
char *describe_place(const struct placed_rule *rule)
{
	char *file, *place;

	if (!rule->file)
		return text("line %lu", rule->number);
	file = printable(rule->file);
	place = text("%s:%lu", file, rule->number_in_file);
	free(file);
	return place;
}

/* A '*' at the end of a listed path matches any text without "/../". */
static bool helper_matches(const char *listed, size_t length, const char *path)
{
	if (length && listed[length - 1] == '*')
		return !strncmp(listed, path, length - 1) && !strstr(path, "/../");
	return strlen(path) == length && !strncmp(listed, path, length);
}

/* True if the list of helpers allows the path. */
bool helpers_have(const struct bytes *helpers, const char *path)
{
	const char *line = helpers->data;
	size_t length;

	for (; line && *line; line += length + !!line[length]) {
		length = strcspn(line, "\n");
		if (*line == '/' && helper_matches(line, length, path))
			return true;
	}
	return false;
}
