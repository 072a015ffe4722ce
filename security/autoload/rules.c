// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of the policy. A rule allows or denies aliases or modules.
 *
 * A write replaces all rules at once. Readers only take rcu_read_lock().
 */
#define pr_fmt(fmt) "autoload: " fmt

#include <linux/cleanup.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/glob.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/seqlock.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "autoload.h"

/* Length of the shortest rule, including its newline */
#define AUTOLOAD_RULE_LEN		sizeof("deny alias *")

/*
 * The first bytes of a name. Most patterns begin with plain text. A comparison of two words
 * rejects most rules without a call to glob_match().
 */
union autoload_key {
	u64 word[2];
	char text[16];
};

/*
 * struct autoload_rule - one rule
 * @key: the plain text at the start of @glob
 * @mask: 0xff for each byte of @key that is compared, 0 for the others
 * @glob: pattern, normalized by autoload_glob_normalize()
 * @origin: file that the rule comes from, or NULL
 * @line: line number of the rule in @origin, or in the whole text, starting at 1
 * @kind: kind of names that the rule applies to
 * @allow: the rule allows matching names; otherwise it denies them
 * @qualifiers: requesters that the rule applies to; all in module rules
 */
struct autoload_rule {
	union autoload_key key;
	union autoload_key mask;
	const char *glob;
	const char *origin;
	unsigned int line;
	enum autoload_kind kind;
	bool allow;
	struct autoload_qualifiers qualifiers;
};

/*
 * struct autoload_rules - all rules, constant after they are published
 * @rcu: for kvfree_rcu()
 * @text: the text that was written, without a NUL
 * @len: length of @text
 * @count: number of rules
 * @rule: the rules, in the order in which they are tried
 */
struct autoload_rules {
	struct rcu_head rcu;
	char *text;
	size_t len;
	unsigned int count;
	struct autoload_rule rule[];
};

/* Changes with the rules, the mode and enforce, which decide together. */
seqcount_mutex_t autoload_seq = SEQCNT_MUTEX_ZERO(autoload_seq, &autoload_mutex);

/* Written under autoload_mutex and autoload_seq, read under RCU. */
static struct autoload_rules __rcu *autoload_rules;

/* @glob points to the bracket that opens a class. Returns the closing one, or NULL. */
static char *autoload_glob_class_end(char *glob)
{
	glob++;
	if (*glob == '!')
		glob++;
	/* A closing bracket is a member if it comes first. */
	return *glob ? strchr(glob + 1, ']') : NULL;
}

/*
 * modprobe treats '-' and '_' as equal outside of classes. A rule must do the same, or
 * it could be bypassed with the other spelling. Returns false if the pattern is malformed.
 */
static bool autoload_glob_normalize(char *glob)
{
	for (; *glob; glob++) {
		if (!isascii(*glob) || !isgraph(*glob))
			return false;
		if (*glob == '[') {
			glob = autoload_glob_class_end(glob);
			if (!glob)
				return false;
			continue;
		}
		if (*glob == '\\' && !*++glob)
			return false;
		if (*glob == '-')
			*glob = '_';
	}
	return true;
}

static void autoload_rule_set_glob(struct autoload_rule *rule, const char *glob)
{
	size_t plain = strcspn(glob, "*?[\\");
	/* A pattern without special characters matches one name: compare the NUL as well. */
	size_t len = min(plain + !glob[plain], sizeof(rule->key));

	rule->glob = glob;
	memcpy(&rule->key, glob, len);
	memset(&rule->mask, 0xff, len);
}

static bool autoload_word_is(const char *word, const char *expected)
{
	return word && !strcmp(word, expected);
}

static const char *autoload_rule_parse_qualifiers(struct autoload_rule *rule, char *line)
{
	if (rule->kind == AUTOLOAD_ALIAS)
		return autoload_qualifiers_parse(&rule->qualifiers, line);
	rule->qualifiers.none = true;
	return autoload_next_word(&line) ? "unexpected text after the pattern of a module rule" :
					   NULL;
}

/* Returns an error message, or NULL. @verdict is the first word, @line the rest of the line. */
static const char *autoload_rule_parse(struct autoload_rule *rule, const char *verdict,
				       char *line)
{
	char *word = autoload_next_word(&line);

	rule->allow = !strcmp(verdict, "allow");
	if (!rule->allow && strcmp(verdict, "deny"))
		return "expected 'allow' or 'deny'";
	if (autoload_word_is(word, autoload_kinds[AUTOLOAD_MODULE]))
		rule->kind = AUTOLOAD_MODULE;
	else if (!autoload_word_is(word, autoload_kinds[AUTOLOAD_ALIAS]))
		return "expected 'alias' or 'module'";
	word = autoload_next_word(&line);
	if (!word || !autoload_glob_normalize(word))
		return "missing or malformed pattern";
	autoload_rule_set_glob(rule, word);
	return autoload_rule_parse_qualifiers(rule, line);
}

/* The file name is printed in denials. */
static bool autoload_origin_is_valid(const char *origin)
{
	if (!origin || strlen(origin) > AUTOLOAD_ORIGIN_MAX)
		return false;
	while (isascii(*origin) && isgraph(*origin))
		origin++;
	return !*origin;
}

/*
 * struct autoload_parser - the state of the parser between lines
 * @rules: the rules
 * @origin: file that the line comes from, or NULL
 * @line: number of the line in @origin, or in the whole text
 */
struct autoload_parser {
	struct autoload_rules *rules;
	const char *origin;
	unsigned int line;
};

/* Returns an error message, or NULL. */
static const char *autoload_parse_line(struct autoload_parser *parser, char *line)
{
	char *word = autoload_next_word(&line);
	struct autoload_rule *rule;

	parser->line++;
	if (!word || *word == '#')
		return NULL;
	if (autoload_word_is(word, "file")) {
		parser->origin = autoload_next_word(&line);
		parser->line = 0;
		return !autoload_origin_is_valid(parser->origin) || autoload_next_word(&line) ?
		       "expected one path after 'file'" : NULL;
	}
	rule = &parser->rules->rule[parser->rules->count++];
	rule->origin = parser->origin;
	rule->line = parser->line;
	return autoload_rule_parse(rule, word, line);
}

/* Returns 0 or -EINVAL. */
static int autoload_rules_parse(struct autoload_rules *rules, char *text)
{
	struct autoload_parser parser = { .rules = rules };
	unsigned int number = 0;
	const char *error;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		number++;
		error = autoload_parse_line(&parser, line);
		if (error) {
			pr_err("policy: line %u: %s\n", number, error);
			return -EINVAL;
		}
	}
	return 0;
}

static struct autoload_rules *autoload_rules_alloc(const char *text, size_t len)
{
	/* One more, since the parser fills in a rule before it finds the line too short. */
	size_t max = len / AUTOLOAD_RULE_LEN + 1;
	struct autoload_rules *rules;
	int err;

	/* The rules are followed by the text, and by a copy for the parser to modify. */
	rules = kvzalloc(struct_size(rules, rule, max) + 2 * len, GFP_KERNEL);
	if (!rules)
		return ERR_PTR(-ENOMEM);

	rules->text = (char *)&rules->rule[max];
	rules->len = len;
	memcpy(rules->text, text, len);
	/* Without the last newline, so that the copy ends with a NUL. */
	memcpy(rules->text + len, text, len - 1);
	err = autoload_rules_parse(rules, rules->text + len);
	if (err) {
		kvfree(rules);
		return ERR_PTR(err);
	}
	return rules;
}

static int autoload_rules_set(const char *text, size_t len)
{
	struct autoload_rules *rules, *old;

	old = rcu_dereference_protected(autoload_rules, lockdep_is_held(&autoload_mutex));
	if (old && old->len == len && !memcmp(old->text, text, len))
		return 0;
	rules = autoload_rules_alloc(text, len);
	if (IS_ERR(rules))
		return PTR_ERR(rules);
	if (autoload_is_locked()) {
		kvfree(rules);
		return -EPERM;
	}
	write_seqcount_begin(&autoload_seq);
	rcu_assign_pointer(autoload_rules, rules);
	write_seqcount_end(&autoload_seq);
	kvfree_rcu(old, rcu);
	return 0;
}

static void autoload_rules_show(struct seq_file *m)
{
	struct autoload_rules *rules;

	rcu_read_lock();
	rules = rcu_dereference(autoload_rules);
	if (rules)
		seq_write(m, rules->text, rules->len);
	rcu_read_unlock();
}

const struct autoload_file autoload_policy_file = {
	"policy", SZ_1M, autoload_rules_show, autoload_rules_set, true
};

/* Returns 1, 0 or -EAGAIN, like autoload_qualifiers_match(). */
static int autoload_rule_matches(const struct autoload_rule *rule, enum autoload_kind kind,
				 const char *name, const struct autoload_requester *by)
{
	if (rule->kind != kind || !glob_match(rule->glob, name))
		return 0;
	return autoload_qualifiers_match(&rule->qualifiers, by);
}

/* Returns the first rule that matches, NULL or ERR_PTR(-EAGAIN). */
static const struct autoload_rule *
autoload_rules_find(const struct autoload_rules *rules, enum autoload_kind kind,
		    const char *name, const struct autoload_requester *by)
{
	const struct autoload_rule *rule, *end = rules->rule + rules->count;
	union autoload_key key;
	int matches;

	memcpy(&key, name, sizeof(key));
	for (rule = rules->rule; rule < end; rule++) {
		if ((key.word[0] ^ rule->key.word[0]) & rule->mask.word[0] ||
		    (key.word[1] ^ rule->key.word[1]) & rule->mask.word[1])
			continue;
		matches = autoload_rule_matches(rule, kind, name, by);
		if (matches)
			return matches > 0 ? rule : ERR_PTR(matches);
	}
	return NULL;
}

static void autoload_rule_print(const struct autoload_rule *rule,
				char text[AUTOLOAD_RULE_SIZE])
{
	if (rule->origin)
		scnprintf(text, AUTOLOAD_RULE_SIZE, "%s:%u", rule->origin, rule->line);
	else
		scnprintf(text, AUTOLOAD_RULE_SIZE, "%u", rule->line);
}

/* Like autoload_rules_match(), but returns -EAGAIN if a rule needs the control group. */
static int autoload_rules_try(enum autoload_kind kind, const char *name,
			      const struct autoload_requester *by,
			      char text[AUTOLOAD_RULE_SIZE])
{
	const struct autoload_rule *rule = NULL;
	const struct autoload_rules *rules;
	char normal[MODULE_NAME_LEN];

	guard(rcu)();
	rules = rcu_dereference(autoload_rules);
	if (rules && rules->count) {
		strscpy_pad(normal, name, sizeof(normal));
		strreplace(normal, '-', '_');
		rule = autoload_rules_find(rules, kind, normal, by);
	}
	if (IS_ERR_OR_NULL(rule))
		return rule ? PTR_ERR(rule) : AUTOLOAD_NONE;
	if (rule->allow)
		return AUTOLOAD_ALLOW;
	autoload_rule_print(rule, text);
	return AUTOLOAD_DENY;
}

/**
 * autoload_rules_match - look up the first rule that matches
 * @kind: kind of @name
 * @name: name of the alias or module, shorter than MODULE_NAME_LEN
 * @by: description of the current task. Its control group is looked up if a rule depends
 *	on it.
 * @text: set to the place of the rule if it denies
 *
 * Context: process context, may sleep.
 * Return: the verdict of the rule, AUTOLOAD_NONE if no rule matches, or -ENOMEM.
 */
int autoload_rules_match(enum autoload_kind kind, const char *name,
			 struct autoload_requester *by, char text[AUTOLOAD_RULE_SIZE])
{
	int ruling = autoload_rules_try(kind, name, by, text);

	if (ruling != -EAGAIN)
		return ruling;
	return autoload_requester_find_cgroup(by) ?:
	       autoload_rules_try(kind, name, by, text);
}

#ifdef CONFIG_SECURITY_AUTOLOAD_KUNIT_TEST
#include "tests/rules_kunit.c"
#endif
