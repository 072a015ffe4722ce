// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of the policy: which names are open or closed to whom.
 *
 * All of them are replaced at a time, so that nobody sees half of them. Who judges
 * holds the RCU read lock only.
 */
#define pr_fmt(fmt) "kmod: " fmt

#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/glob.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>

#include "policy.h"
#include "record.h"

/* Bytes of the shortest rule, with its newline. */
#define KMOD_RULE_LEN		sizeof("deny alias *")

/*
 * The start of a name. Most rules say plainly how the names begin that they are
 * for; two words tell that a rule is not for a name, cheaper than glob_match().
 */
union kmod_key {
	u64 word[2];
	char text[16];
};

/*
 * struct kmod_rule - one rule
 * @key: the plain text with which @glob begins
 * @mask: has all bits set of those bytes of @key that count
 * @glob: normalized, see kmod_glob_normalize()
 * @line: where it stands, from 1 on
 * @uid: for whom, if not for @anybody
 * @kind: of names
 * @anybody: for all users
 * @allow: what it says
 */
struct kmod_rule {
	union kmod_key key;
	union kmod_key mask;
	const char *glob;
	unsigned int line;
	uid_t uid;
	enum kmod_rule_kind kind;
	bool anybody;
	bool allow;
};

/*
 * struct kmod_rules - all of them, constant once published
 * @rcu: for the end
 * @text: as it was written, @len bytes, without a NUL
 * @by_uid: some rules on modules are for one user
 * @count: of @rule
 * @rule: in the order in which they are tried
 */
struct kmod_rules {
	struct rcu_head rcu;
	char *text;
	size_t len;
	bool by_uid;
	unsigned int count;
	struct kmod_rule rule[];
};

/* Written under kmod_policy_mutex. */
static struct kmod_rules __rcu *kmod_rules;

static const char *const kmod_rule_kinds[] = {
	[KMOD_RULE_ALIAS] = "alias",
	[KMOD_RULE_MODULE] = "module",
};

/**
 * kmod_rule_kind_name - what rules and messages call it
 * @kind: of names
 *
 * Context: any.
 * Return: a word.
 */
const char *kmod_rule_kind_name(enum kmod_rule_kind kind)
{
	return kmod_rule_kinds[kind];
}

/* At the bracket that opens a class. Returns the one that closes it, or NULL. */
static char *kmod_glob_class_end(char *glob)
{
	glob++;
	if (*glob == '!')
		glob++;
	/* The first one is a member, whatever it is. */
	return *glob ? strchr(glob + 1, ']') : NULL;
}

/*
 * modprobe takes - and _ for the same, outside of classes. So must a rule, or
 * another spelling would pass by it. Returns whether the pattern is well formed.
 */
static bool kmod_glob_normalize(char *glob)
{
	for (; *glob; glob++) {
		if (!isascii(*glob) || !isgraph(*glob))
			return false;
		if (*glob == '[') {
			glob = kmod_glob_class_end(glob);
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

static void kmod_rule_set_glob(struct kmod_rule *rule, const char *glob)
{
	size_t plain = strcspn(glob, "*?[\\");
	/* Of a pattern without any of these, the closing NUL counts, too. */
	size_t len = min(plain + !glob[plain], sizeof(rule->key));

	rule->glob = glob;
	memcpy(&rule->key, glob, len);
	memset(&rule->mask, 0xff, len);
}

static char *kmod_next_word(char **line)
{
	char *word;

	do {
		word = strsep(line, " \t");
	} while (word && !*word);
	return word;
}

static bool kmod_word_is(const char *word, const char *what)
{
	return word && !strcmp(word, what);
}

/* The rest of a line. Returns what is wrong with it, or NULL. */
static const char *kmod_rule_parse_uid(struct kmod_rule *rule, char *line)
{
	char *word = kmod_next_word(&line);

	rule->anybody = !word;
	if (!word)
		return NULL;
	if (!kmod_word_is(word, "uid"))
		return "neither uid nor the end of the line after the pattern";
	word = kmod_next_word(&line);
	if (!word || !isdigit(*word) || kstrtouint(word, 10, &rule->uid) ||
	    !uid_valid(KUIDT_INIT(rule->uid)))
		return "no user id after uid";
	if (kmod_next_word(&line))
		return "something after the user id";
	return NULL;
}

/* Returns what is wrong with the line, or NULL. */
static const char *kmod_rule_parse(struct kmod_rule *rule, char *line)
{
	char *word = kmod_next_word(&line);
	int kind;

	rule->allow = kmod_word_is(word, "allow");
	if (!rule->allow && !kmod_word_is(word, "deny"))
		return "neither allow nor deny";
	word = kmod_next_word(&line);
	kind = match_string(kmod_rule_kinds, ARRAY_SIZE(kmod_rule_kinds),
			    word ?: "");
	if (kind < 0)
		return "neither alias nor module";
	rule->kind = kind;
	word = kmod_next_word(&line);
	if (!word || !kmod_glob_normalize(word))
		return "no pattern, or one that is not well formed";
	kmod_rule_set_glob(rule, word);
	return kmod_rule_parse_uid(rule, line);
}

/* Takes the lines of text apart. Returns 0 or -EINVAL. */
static int kmod_rules_parse(struct kmod_rules *rules, char *text)
{
	struct kmod_rule *rule;
	unsigned int number = 0;
	const char *wrong;
	char *line, *start;

	while ((line = strsep(&text, "\n"))) {
		number++;
		start = line + strspn(line, " \t");
		if (!*start || *start == '#')
			continue;
		rule = &rules->rule[rules->count++];
		rule->line = number;
		wrong = kmod_rule_parse(rule, line);
		if (wrong) {
			pr_err("policy: line %u: %s\n", number, wrong);
			return -EINVAL;
		}
		rules->by_uid |= rule->kind == KMOD_RULE_MODULE && !rule->anybody;
	}
	return 0;
}

static unsigned int kmod_count_lines(const char *text, size_t len)
{
	unsigned int lines = 0;

	while (len--)
		lines += *text++ == '\n';
	return lines;
}

/* A text that ends within a line was cut; one with a NUL is none. */
static int kmod_rules_check_text(const char *text, size_t len)
{
	const char *nul = memchr(text, '\0', len);

	if (nul) {
		pr_err("policy: line %u: a NUL\n",
		       kmod_count_lines(text, nul - text) + 1);
		return -EINVAL;
	}
	if (text[len - 1] != '\n') {
		pr_err("policy: line %u: no newline at its end\n",
		       kmod_count_lines(text, len) + 1);
		return -EINVAL;
	}
	return 0;
}

static struct kmod_rules *kmod_rules_alloc(const char *text, size_t len)
{
	/* One more for a line that is none; the parser stops at it. */
	size_t max = len / KMOD_RULE_LEN + 1;
	struct kmod_rules *rules;
	int err;

	/* Behind the rules the text, and a copy of it that is taken apart. */
	rules = kvzalloc(struct_size(rules, rule, max) + 2 * len, GFP_KERNEL);
	if (!rules)
		return ERR_PTR(-ENOMEM);

	rules->text = (char *)&rules->rule[max];
	rules->len = len;
	memcpy(rules->text, text, len);
	/* Less the last newline, in place of which there is a NUL. */
	memcpy(rules->text + len, text, len - 1);
	err = kmod_rules_parse(rules, rules->text + len);
	if (err) {
		kvfree(rules);
		return ERR_PTR(err);
	}
	return rules;
}

/**
 * kmod_rules_set - replace all rules
 * @text: lines, see Documentation/kmod.txt
 * @len: its length in bytes
 *
 * Context: process context, may sleep.
 * Return: 0; or, and nothing has changed, -EINVAL (the log says of which line),
 * -ENOMEM, or as kmod_policy_change().
 */
int kmod_rules_set(const char *text, size_t len)
{
	struct kmod_rules *rules;
	int err;

	err = kmod_rules_check_text(text, len);
	if (err)
		return err;
	rules = kmod_rules_alloc(text, len);
	if (IS_ERR(rules))
		return PTR_ERR(rules);

	err = kmod_policy_change();
	if (err) {
		kvfree(rules);
		return err;
	}
	rules = rcu_replace_pointer(kmod_rules, rules,
				    lockdep_is_held(&kmod_policy_mutex));
	kmod_policy_changed();
	kvfree_rcu(rules, rcu);
	return 0;
}

/**
 * kmod_rules_show - the rules as they were written
 * @m: where to
 *
 * Context: process context.
 */
void kmod_rules_show(struct seq_file *m)
{
	struct kmod_rules *rules;

	rcu_read_lock();
	rules = rcu_dereference(kmod_rules);
	if (rules)
		seq_write(m, rules->text, rules->len);
	rcu_read_unlock();
}

static bool kmod_rule_is_for(const struct kmod_rule *rule, enum kmod_rule_kind kind,
			     const char *name, uid_t uid)
{
	return rule->kind == kind && (rule->anybody || rule->uid == uid) &&
	       glob_match(rule->glob, name);
}

static const struct kmod_rule *
kmod_rules_find(const struct kmod_rules *rules, enum kmod_rule_kind kind,
		const char *name, uid_t uid)
{
	const struct kmod_rule *rule, *end = rules->rule + rules->count;
	union kmod_key key;

	memcpy(&key, name, sizeof(key));
	for (rule = rules->rule; rule < end; rule++) {
		if ((key.word[0] ^ rule->key.word[0]) & rule->mask.word[0] ||
		    (key.word[1] ^ rule->key.word[1]) & rule->mask.word[1])
			continue;
		if (kmod_rule_is_for(rule, kind, name, uid))
			return rule;
	}
	return NULL;
}

/**
 * kmod_rules_judge - what do the rules say?
 * @kind: of name
 * @name: shorter than MODULE_NAME_LEN
 * @uid: who asks, in the initial user name space
 * @line: where the rule stands, if one is for that
 *
 * Context: any.
 * Return: what the first rule says that is for that, or KMOD_RULE_NONE.
 */
enum kmod_ruling kmod_rules_judge(enum kmod_rule_kind kind, const char *name,
				  uid_t uid, unsigned int *line)
{
	enum kmod_ruling ruling = KMOD_RULE_NONE;
	const struct kmod_rule *rule = NULL;
	const struct kmod_rules *rules;
	char normal[MODULE_NAME_LEN];

	rcu_read_lock();
	rules = rcu_dereference(kmod_rules);
	if (rules && rules->count) {
		strscpy_pad(normal, name, sizeof(normal));
		strreplace(normal, '-', '_');
		rule = kmod_rules_find(rules, kind, normal, uid);
	}
	if (rule) {
		ruling = rule->allow ? KMOD_RULE_ALLOW : KMOD_RULE_DENY;
		*line = rule->line;
	}
	rcu_read_unlock();
	return ruling;
}

/**
 * kmod_rules_alike - may these users share a modprobe?
 * @a: one
 * @b: the other
 *
 * Context: any.
 * Return: whether the rules on modules tell them apart.
 */
bool kmod_rules_alike(uid_t a, uid_t b)
{
	const struct kmod_rules *rules;
	bool alike;

	if (a == b)
		return true;
	rcu_read_lock();
	rules = rcu_dereference(kmod_rules);
	alike = !rules || !rules->by_uid;
	rcu_read_unlock();
	return alike;
}

#ifdef CONFIG_KMOD_KUNIT_TEST
#include "tests/rules_kunit.c"
#endif
