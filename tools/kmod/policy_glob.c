// SPDX-License-Identifier: GPL-2.0-only
/*
 * Patterns of rules, and comparisons of patterns.
 *
 * A pattern is a list of atoms. An atom is a set of bytes, and stands for one byte of the set or
 * for any number of them. A name is a pattern whose atoms are single bytes.
 */
#include <string.h>

#include "policy_glob.h"

static void set_add(struct byte_set *set, unsigned int byte)
{
	set->words[byte / 64] |= 1ULL << byte % 64;
}

static void set_add_range(struct byte_set *set, unsigned int first, unsigned int last)
{
	for (; first <= last; first++)
		set_add(set, first);
}

static void set_invert(struct byte_set *set)
{
	size_t i;

	for (i = 0; i < SET_WORDS; i++)
		set->words[i] = ~set->words[i];
}

/* NUL ends a name, and is in no set. */
static void set_remove(struct byte_set *set, unsigned int byte)
{
	set->words[byte / 64] &= ~(1ULL << byte % 64);
}

static bool set_is_subset(const struct byte_set *set, const struct byte_set *of)
{
	size_t i;

	for (i = 0; i < SET_WORDS; i++)
		if (set->words[i] & ~of->words[i])
			return false;
	return true;
}

static bool set_meets(const struct byte_set *a, const struct byte_set *b)
{
	size_t i;

	for (i = 0; i < SET_WORDS; i++)
		if (a->words[i] & b->words[i])
			return true;
	return false;
}

static struct atom *add_atom(struct glob *glob)
{
	glob->atoms = grown(glob->atoms, glob->count, sizeof(*glob->atoms));
	glob->atoms[glob->count] = (struct atom){ 0 };
	return &glob->atoms[glob->count++];
}

/* The kernel replaces '-' by '_' in names, and in patterns outside of classes. */
static void add_byte(struct glob *glob, enum glob_type type, char byte)
{
	set_add(&add_atom(glob)->set, (unsigned char)(type == NAMES && byte == '-' ? '_' : byte));
}

static void add_any(struct glob *glob, bool many, bool slash)
{
	struct atom *atom = add_atom(glob);

	atom->many = many;
	set_add_range(&atom->set, 1, 255);
	if (!slash)
		set_remove(&atom->set, '/');
}

/* @pattern follows the opening bracket. Returns the end of the class, or NULL. */
static const char *add_class(struct glob *glob, const char *pattern)
{
	struct atom *atom = add_atom(glob);
	bool inverted = *pattern == '!';
	unsigned char first, last;

	pattern += inverted;
	do {
		first = (unsigned char)*pattern++;
		last = first;
		if (!first)
			return NULL;
		if (*pattern == '-' && pattern[1] && pattern[1] != ']') {
			last = (unsigned char)pattern[1];
			pattern += 2;
		}
		set_add_range(&atom->set, first, last);
	} while (*pattern != ']');
	if (inverted)
		set_invert(&atom->set);
	set_remove(&atom->set, '\0');
	return pattern + 1;
}

/* Converts a name, or the path of a control group. The caller must free it. */
void glob_of_name(struct glob *glob, enum glob_type type, const char *name)
{
	*glob = (struct glob){ 0 };
	for (; *name; name++)
		add_byte(glob, type, *name);
	if (type == CGROUPS)
		add_byte(glob, type, '/');
}

static const char *add_star(struct glob *glob, enum glob_type type, const char *pattern)
{
	bool twice = type == CGROUPS && pattern[1] == '*';

	add_any(glob, true, type == NAMES || twice);
	return pattern + 1 + twice;
}

/*
 * Converts a well-formed pattern. The caller must free it. A slash is appended to the path of a
 * control group and to its pattern, unless the pattern ends with "**" after a slash that is not
 * escaped. Such a pattern then also matches the group itself.
 */
void glob_parse(struct glob *glob, enum glob_type type, const char *pattern)
{
	bool slash = type == CGROUPS;

	*glob = (struct glob){ 0 };
	while (pattern && *pattern) {
		if (*pattern == '*') {
			pattern = add_star(glob, type, pattern);
		} else if (*pattern == '?') {
			add_any(glob, false, type == NAMES);
			pattern++;
		} else if (*pattern == '[') {
			pattern = add_class(glob, pattern + 1);
		} else {
			slash &= strcmp(pattern, "/**") != 0;
			pattern += *pattern == '\\';
			add_byte(glob, type, *pattern++);
		}
	}
	if (slash)
		add_byte(glob, type, '/');
}

void glob_free(struct glob *glob)
{
	free(glob->atoms);
}

static bool set_is_equal(const struct byte_set *a, const struct byte_set *b)
{
	return set_is_subset(a, b) && set_is_subset(b, a);
}

/* Returns the index of the first atom that stands for this byte only, or the number of atoms. */
size_t glob_find(const struct glob *glob, char byte)
{
	struct byte_set set = { 0 };
	size_t i;

	set_add(&set, (unsigned char)byte);
	for (i = 0; i < glob->count; i++)
		if (!glob->atoms[i].many && set_is_equal(&glob->atoms[i].set, &set))
			break;
	return i;
}

/* True if the patterns are written alike. Others may match the same text. */
bool glob_is_same(const struct glob *a, const struct glob *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (a->atoms[i].many != b->atoms[i].many ||
		    !set_is_equal(&a->atoms[i].set, &b->atoms[i].set))
			return false;
	return true;
}

/* The state of a comparison: @row[j] says that the first j atoms of @b are consumed. */
struct product {
	const struct glob *a;
	const struct glob *b;
	bool covers;
	bool *row;
	bool *next;
};

/* True if @a consumes the bytes of @b: one of them, or for a cover all of them. */
static bool consumes(const struct product *p, const struct atom *a, const struct atom *b)
{
	return p->covers ? set_is_subset(&b->set, &a->set) : set_meets(&a->set, &b->set);
}

static void consume(const struct product *p, const struct atom *a, size_t j)
{
	const struct atom *b = &p->b->atoms[j];

	if (b->many && !p->covers)
		p->row[j + 1] = true;
	if (!consumes(p, a, b))
		return;
	if (a->many)
		p->row[j + 1] = true;
	else if (!b->many)
		p->next[j + 1] = true;
	else if (!p->covers)
		p->next[j] = true;
}

static void advance(struct product *p, const struct atom *a)
{
	bool *row = p->row;
	size_t j;

	memset(p->next, 0, p->b->count + 1);
	for (j = 0; j <= p->b->count; j++) {
		if (!row[j])
			continue;
		if (a->many)
			p->next[j] = true;
		if (j < p->b->count)
			consume(p, a, j);
	}
	p->row = p->next;
	p->next = row;
}

/* The atoms at the end of @b may stand for nothing. */
static bool is_at_end(const struct product *p)
{
	size_t j = p->b->count;

	while (!p->covers && j && !p->row[j] && p->b->atoms[j - 1].many)
		j--;
	return p->row[j];
}

static bool compare(const struct glob *a, const struct glob *b, bool covers)
{
	bool *rows = zeroed(2, b->count + 1), result;
	struct product p = { a, b, covers, rows, rows + b->count + 1 };
	size_t i;

	p.row[0] = true;
	for (i = 0; i < a->count; i++)
		advance(&p, &a->atoms[i]);
	result = is_at_end(&p);
	free(rows);
	return result;
}

/* Most patterns begin with plain text. */
static bool differ_at_once(const struct glob *a, const struct glob *b)
{
	size_t i, count = a->count < b->count ? a->count : b->count;

	for (i = 0; i < count && !a->atoms[i].many && !b->atoms[i].many; i++)
		if (!set_meets(&a->atoms[i].set, &b->atoms[i].set))
			return true;
	return false;
}

/* True if some text matches both. */
bool globs_meet(const struct glob *a, const struct glob *b)
{
	return !differ_at_once(a, b) && compare(a, b, false);
}

/* True if all text that matches @b also matches @a. May be false if that is hard to see. */
bool glob_covers(const struct glob *a, const struct glob *b)
{
	return !differ_at_once(a, b) && compare(a, b, true);
}
