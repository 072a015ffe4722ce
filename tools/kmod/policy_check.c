// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl policy check: errors, and lines that are probably mistakes.
 */
#include <limits.h>
#include <search.h>
#include <string.h>

#include "modules.h"
#include "policy.h"

/* More warnings of one kind are only counted. */
#define MAX_WARNINGS	10

/* Names in one warning. */
#define MAX_NAMES	8

/* An earlier rule with the same text as pattern. */
struct plain {
	const struct placed_rule *rule;
	struct plain *next;
};

struct coverage {
	const struct placed_rule **wild;	/* the rules with a real pattern */
	size_t nr_wild;
	void *plain;				/* tree of struct plain */
	size_t found;
};

static bool is_plain(const struct placed_rule *rule)
{
	return !strpbrk(rule->rule.pattern, "*?[\\");
}

/* True if each requester that @b applies to is one that @a applies to. */
static bool covers_requesters(const struct placed_rule *a, const struct placed_rule *b)
{
	const struct rule *wide = &a->rule, *narrow = &b->rule;

	if (narrow->first_uid < wide->first_uid || narrow->last_uid > wide->last_uid)
		return false;
	if (wide->capabilities & ~narrow->capabilities)
		return false;
	if (wide->userns != ANY_USERNS && wide->userns != narrow->userns &&
	    !(wide->userns == INIT_USERNS && narrow->capabilities))
		return false;
	if (wide->kthread && !narrow->kthread)
		return false;
	return !wide->cgroup || (narrow->cgroup && glob_covers(&a->cgroup, &b->cgroup));
}

static bool covers(const struct placed_rule *a, const struct placed_rule *b)
{
	return a->rule.module == b->rule.module && covers_requesters(a, b) &&
	       glob_covers(&a->glob, &b->glob);
}

static int compare_plain(const void *a, const void *b)
{
	const struct glob *x = &((const struct plain *)a)->rule->glob;
	const struct glob *y = &((const struct plain *)b)->rule->glob;

	if (x->count != y->count)
		return x->count < y->count ? -1 : 1;
	return x->count ? memcmp(x->atoms, y->atoms, x->count * sizeof(*x->atoms)) : 0;
}

/* Returns an earlier rule that covers the rule, and adds the rule. */
static const struct placed_rule *find_cover(struct coverage *coverage,
					    const struct placed_rule *rule)
{
	struct plain *plain, *first;
	size_t i;

	for (i = 0; i < coverage->nr_wild; i++)
		if (covers(coverage->wild[i], rule))
			return coverage->wild[i];
	if (!is_plain(rule)) {
		coverage->wild = grown(coverage->wild, coverage->nr_wild, sizeof(rule));
		coverage->wild[coverage->nr_wild++] = rule;
		return NULL;
	}
	plain = zeroed(1, sizeof(*plain));
	plain->rule = rule;
	first = *(struct plain **)tsearch(plain, &coverage->plain, compare_plain);
	if (first == plain)
		return NULL;
	plain->next = first->next;
	first->next = plain;
	for (plain = first; plain; plain = plain->next)
		if (plain->rule != rule && covers(plain->rule, rule))
			return plain->rule;
	return NULL;
}

static void free_plain(void *node)
{
	struct plain *plain = node, *next;

	for (; plain; plain = next) {
		next = plain->next;
		free(plain);
	}
}

static void report_cover(const struct placed_rule *rule, const struct placed_rule *cover)
{
	char *place = describe_place(rule), *by = describe_place(cover);

	complain("%s: warning: the rule can never apply: %s matches first", place, by);
	free(place);
	free(by);
}

static void warn_unreachable(const struct rules *rules)
{
	struct coverage coverage = { 0 };
	const struct placed_rule *rule, *cover;

	for (rule = rules->array; rule < rules->array + rules->count; rule++) {
		cover = find_cover(&coverage, rule);
		if (cover && coverage.found++ < MAX_WARNINGS)
			report_cover(rule, cover);
	}
	if (coverage.found > MAX_WARNINGS)
		complain("warning: %zu more rules can never apply", coverage.found - MAX_WARNINGS);
	tdestroy(coverage.plain, free_plain);
	free(coverage.wild);
}

/* Warns once per file: other kernels may have the modules. */
static void report_unknown(const struct placed_rule *first, const char *names, size_t count,
			   const struct modules *modules)
{
	char *place = describe_place(first), *more = text_copy("");

	if (count > MAX_NAMES)
		more = text_append(more, "", " and %zu more", count - MAX_NAMES);
	complain("%s: warning: unknown in %s: %s%s", place, modules->directory, names, more);
	free(place);
	free(more);
}

/* The aliases of templates, such as crypto-cbc(aes), and of network interfaces are made up. */
static bool is_known(const struct modules *modules, const struct placed_rule *rule)
{
	struct glob template = rule->glob;

	if (!strncmp(rule->rule.pattern, "netdev-", strlen("netdev-")))
		return true;
	template.count = glob_find(&rule->glob, '(');
	return modules_know(modules, &template);
}

static bool is_same_file(const struct placed_rule *a, const struct placed_rule *b)
{
	return a->file == b->file;
}

/* Collects the unknown names of one file. Returns the first rule of the next file. */
static const struct placed_rule *warn_unknown_of_file(const struct rules *rules,
						      const struct placed_rule *rule,
						      const struct modules *modules)
{
	const struct placed_rule *start = rule, *first = NULL;
	char *names = text_copy("");
	size_t count = 0;

	for (; rule < rules->array + rules->count && is_same_file(start, rule); rule++) {
		if (is_known(modules, rule))
			continue;
		first = first ? first : rule;
		if (count++ < MAX_NAMES)
			names = text_append(names, ", ", "%s", rule->rule.pattern);
	}
	if (first)
		report_unknown(first, names, count, modules);
	free(names);
	return rule;
}

static void warn_unknown(const struct rules *rules, const struct options *options)
{
	const struct placed_rule *rule = rules->array;
	struct modules modules;

	if (modules_open(&modules, options))
		while (rule < rules->array + rules->count)
			rule = warn_unknown_of_file(rules, rule, &modules);
	modules_close(&modules);
}

/* Reports an error if the list would keep the kernel from running modprobe. */
bool helpers_allow_modprobe(const struct options *options, const struct bytes *mode,
			    const struct bytes *helpers)
{
	char *modprobe = options->root ? NULL : modprobe_path(options), *shown;
	bool allowed = !modprobe || !mode->data || *mode->data != 'e' || !helpers->data ||
		       helpers_have(helpers, modprobe);

	if (!allowed) {
		shown = escaped(modprobe, "\\");
		complain("kernel.modprobe is %s, which no 'helper' line lists; see --force", shown);
		free(shown);
	}
	free(modprobe);
	return allowed;
}

int cmd_policy_check(const struct options *options)
{
	struct policy policy = { .warnings = true, .root = options->root };
	struct rules rules;

	policy_parse(&policy, options->files, options->root);
	/* The kernel's list is empty when the files of the system are loaded. */
	if (!*options->files)
		bytes_add(&policy.values[SET_HELPERS], "", 0);
	if (!policy.trouble && !options->force)
		policy.trouble = !helpers_allow_modprobe(options,
							 &policy.values[SET_HELPERS_MODE],
							 &policy.values[SET_HELPERS]);
	if (!policy.trouble) {
		rules_parse(&rules, &policy.values[SET_RULES]);
		warn_unreachable(&rules);
		warn_unknown(&rules, options);
		rules_free(&rules);
	}
	policy_free(&policy);
	return policy.trouble ? EXIT_FAILURE : EXIT_SUCCESS;
}
