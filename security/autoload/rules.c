// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of the policy. A rule allows or denies aliases or modules.
 *
 * A write replaces all rules at once. Readers only take rcu_read_lock().
 */
#define pr_fmt(fmt) "autoload: " fmt

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
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>

#include "autoload.h"

/* Length of the shortest rule, including its newline */
#define AUTOLOAD_RULE_LEN		sizeof("deny alias *")

/*
 * The first bytes of a name. Most patterns begin with plain text. Comparing two words
 * rejects most rules without a call of glob_match().
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
 * @line: line number of the rule, starting at 1
 * @uid: user that the rule applies to, unless @any_user
 * @kind: kind of names that the rule applies to
 * @any_user: the rule applies to all users; always true in module rules
 * @allow: the rule allows matching names; otherwise it denies them
 */
struct autoload_rule {
	union autoload_key key;
	union autoload_key mask;
	const char *glob;
	unsigned int line;
	uid_t uid;
	enum autoload_kind kind;
	bool any_user;
	bool allow;
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

/* Written under autoload_mutex, read under RCU. */
static struct autoload_rules __rcu *autoload_rules;

const char *const autoload_kinds[] = {
	[AUTOLOAD_ALIAS] = "alias",
	[AUTOLOAD_MODULE] = "module",
};

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

static char *autoload_next_word(char **line)
{
	char *word;

	do {
		word = strsep(line, " \t");
	} while (word && !*word);
	return word;
}

static bool autoload_word_is(const char *word, const char *expected)
{
	return word && !strcmp(word, expected);
}

/* Parses the rest of a line. Returns an error message, or NULL. */
static const char *autoload_rule_parse_uid(struct autoload_rule *rule, char *line)
{
	char *word = autoload_next_word(&line);

	rule->any_user = !word;
	if (!word)
		return NULL;
	if (rule->kind == AUTOLOAD_MODULE)
		return "unexpected text after the pattern of a module rule";
	if (!autoload_word_is(word, "uid"))
		return "expected 'uid' or the end of the line after the pattern";
	word = autoload_next_word(&line);
	if (!word || !isdigit(*word) || kstrtouint(word, 10, &rule->uid) ||
	    !uid_valid(KUIDT_INIT(rule->uid)))
		return "expected a user id after 'uid'";
	if (autoload_next_word(&line))
		return "unexpected text after the user id";
	return NULL;
}

/* Returns an error message, or NULL. */
static const char *autoload_rule_parse(struct autoload_rule *rule, char *line)
{
	char *word = autoload_next_word(&line);
	int kind;

	rule->allow = autoload_word_is(word, "allow");
	if (!rule->allow && !autoload_word_is(word, "deny"))
		return "expected 'allow' or 'deny'";
	word = autoload_next_word(&line);
	kind = match_string(autoload_kinds, ARRAY_SIZE(autoload_kinds),
			    word ?: "");
	if (kind < 0)
		return "expected 'alias' or 'module'";
	rule->kind = kind;
	word = autoload_next_word(&line);
	if (!word || !autoload_glob_normalize(word))
		return "missing or malformed pattern";
	autoload_rule_set_glob(rule, word);
	return autoload_rule_parse_uid(rule, line);
}

/* Returns 0 or -EINVAL. */
static int autoload_rules_parse(struct autoload_rules *rules, char *text)
{
	struct autoload_rule *rule;
	unsigned int number = 0;
	const char *error;
	char *line, *start;

	while ((line = strsep(&text, "\n"))) {
		number++;
		start = line + strspn(line, " \t");
		if (!*start || *start == '#')
			continue;
		rule = &rules->rule[rules->count++];
		rule->line = number;
		error = autoload_rule_parse(rule, line);
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
	struct autoload_rules *rules = autoload_rules_alloc(text, len);

	if (IS_ERR(rules))
		return PTR_ERR(rules);

	rules = rcu_replace_pointer(autoload_rules, rules,
				    lockdep_is_held(&autoload_mutex));
	kvfree_rcu(rules, rcu);
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

static bool autoload_rule_matches(const struct autoload_rule *rule, enum autoload_kind kind,
				  const char *name, uid_t uid)
{
	return rule->kind == kind && (rule->any_user || rule->uid == uid) &&
	       glob_match(rule->glob, name);
}

static const struct autoload_rule *
autoload_rules_find(const struct autoload_rules *rules, enum autoload_kind kind,
		    const char *name, uid_t uid)
{
	const struct autoload_rule *rule, *end = rules->rule + rules->count;
	union autoload_key key;

	memcpy(&key, name, sizeof(key));
	for (rule = rules->rule; rule < end; rule++) {
		if ((key.word[0] ^ rule->key.word[0]) & rule->mask.word[0] ||
		    (key.word[1] ^ rule->key.word[1]) & rule->mask.word[1])
			continue;
		if (autoload_rule_matches(rule, kind, name, uid))
			return rule;
	}
	return NULL;
}

/**
 * autoload_rules_match - look up the first rule that matches
 * @kind: kind of @name
 * @name: name of the alias or module, shorter than MODULE_NAME_LEN
 * @uid: user id of the requester, in the initial user namespace
 * @line: set to the line number of the rule if one matches
 *
 * Context: any.
 * Return: the verdict of the rule, or AUTOLOAD_NONE if no rule matches.
 */
enum autoload_ruling autoload_rules_match(enum autoload_kind kind, const char *name,
					  uid_t uid, unsigned int *line)
{
	enum autoload_ruling ruling = AUTOLOAD_NONE;
	const struct autoload_rule *rule = NULL;
	const struct autoload_rules *rules;
	char normal[MODULE_NAME_LEN];

	rcu_read_lock();
	rules = rcu_dereference(autoload_rules);
	if (rules && rules->count) {
		strscpy_pad(normal, name, sizeof(normal));
		strreplace(normal, '-', '_');
		rule = autoload_rules_find(rules, kind, normal, uid);
	}
	if (rule) {
		ruling = rule->allow ? AUTOLOAD_ALLOW : AUTOLOAD_DENY;
		*line = rule->line;
	}
	rcu_read_unlock();
	return ruling;
}

#ifdef CONFIG_SECURITY_AUTOLOAD_KUNIT_TEST
#include "tests/rules_kunit.c"
#endif
