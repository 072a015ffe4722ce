// SPDX-License-Identifier: GPL-2.0-only
/*
 * The modules of a kernel: their aliases, dependencies and users.
 */
#include <libkmod.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "modules.h"
#include "policy.h"

/* Names treat '-' and '_' as equal. */
bool is_same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !(strchr("-_", *a) && strchr("-_", *b)))
			return false;
	return *a == *b;
}

static size_t count_names(char *const *names)
{
	size_t count = 0;

	while (names && names[count])
		count++;
	return count;
}

/* Appends to an array that ends with NULL, unless it has the name. */
void add_name(char ***names, const char *name)
{
	size_t count = count_names(*names), i;

	for (i = 0; i < count; i++)
		if (is_same_name((*names)[i], name))
			return;
	*names = resized(*names, count + 2, sizeof(**names));
	(*names)[count] = printable(name);
	(*names)[count + 1] = NULL;
}

void free_names(char **names)
{
	size_t i;

	for (i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}

static void add_alias(struct modules *modules, const char *pattern, const char *module)
{
	struct alias *alias;

	if (check_pattern(pattern))
		return;
	modules->aliases = grown(modules->aliases, modules->nr_aliases, sizeof(*alias));
	alias = &modules->aliases[modules->nr_aliases++];
	*alias = (struct alias){ .pattern = printable(pattern), .module = printable(module) };
	glob_parse(&alias->glob, NAMES, pattern);
}

/* Lines of the index: an optional "alias", a key, a value. */
static void take_index_line(struct modules *modules, enum kmod_index index, char *line)
{
	char *key = strsep(&line, " ");
	struct depends *depends;

	if (index != KMOD_INDEX_MODULES_DEP) {
		key = strsep(&line, " ");
		if (key && line)
			add_alias(modules, key, line);
		return;
	}
	modules->depends = grown(modules->depends, modules->nr_depends, sizeof(*depends));
	depends = &modules->depends[modules->nr_depends++];
	*depends = (struct depends){ printable(key), text_copy(line ? line : "") };
}

static void read_lines(struct modules *modules, enum kmod_index index, FILE *file)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (*line != '#')
			take_index_line(modules, index, line);
	}
	free(line);
}

static void read_index(struct modules *modules, enum kmod_index index)
{
	int fd = memfd_create("index", MFD_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (file && !kmod_dump_index(modules->ctx, index, fd)) {
		rewind(file);
		read_lines(modules, index, file);
	}
	if (file)
		fclose(file);
}

/* The index has the same aliases, but with '_' in place of '-'. */
static void read_aliases(struct modules *modules)
{
	char *path = text("%s/modules.alias", modules->directory);
	FILE *file = fopen(path, "re");

	if (file) {
		read_lines(modules, KMOD_INDEX_MODULES_ALIAS, file);
		fclose(file);
	} else {
		read_index(modules, KMOD_INDEX_MODULES_ALIAS);
	}
	free(path);
}

static void read_configuration(struct modules *modules)
{
	struct kmod_config_iter *aliases = kmod_config_get_aliases(modules->ctx);

	while (aliases && kmod_config_iter_next(aliases))
		add_alias(modules, kmod_config_iter_get_key(aliases),
			  kmod_config_iter_get_value(aliases));
	kmod_config_iter_free_iter(aliases);
}

static char *modules_directory(const struct options *options)
{
	struct utsname system;

	if (options->modules)
		return text_copy(options->modules);
	uname(&system);
	return text("%s/lib/modules/%s", options->root ? options->root : "", system.release);
}

/* Returns false if the kernel's modules are not installed. Reports no error. */
bool modules_open(struct modules *modules, const struct options *options)
{
	static const char *const no_configuration[] = { NULL };
	char *index;

	*modules = (struct modules){ .directory = modules_directory(options) };
	index = text("%s/modules.alias.bin", modules->directory);
	if (!access(index, R_OK))
		modules->ctx = kmod_new(modules->directory,
					options->root ? no_configuration : NULL);
	free(index);
	if (!modules->ctx)
		return false;
	kmod_set_log_priority(modules->ctx, 0);
	kmod_load_resources(modules->ctx);
	read_aliases(modules);
	read_index(modules, KMOD_INDEX_MODULES_BUILTIN_ALIAS);
	read_index(modules, KMOD_INDEX_MODULES_DEP);
	read_configuration(modules);
	return true;
}

void modules_close(struct modules *modules)
{
	size_t i;

	for (i = 0; i < modules->nr_aliases; i++) {
		free(modules->aliases[i].pattern);
		free(modules->aliases[i].module);
		glob_free(&modules->aliases[i].glob);
	}
	for (i = 0; i < modules->nr_depends; i++) {
		free(modules->depends[i].module);
		free(modules->depends[i].needs);
	}
	free(modules->aliases);
	free(modules->depends);
	free(modules->directory);
	kmod_unref(modules->ctx);
}

/* True if some request or module has a name that matches. */
bool modules_know(const struct modules *modules, const struct glob *glob)
{
	struct glob name;
	bool known;
	size_t i;

	for (i = 0; i < modules->nr_aliases; i++)
		if (globs_meet(glob, &modules->aliases[i].glob))
			return true;
	for (i = 0, known = false; i < modules->nr_depends && !known; i++) {
		glob_of_name(&name, NAMES, modules->depends[i].module);
		known = globs_meet(glob, &name);
		glob_free(&name);
	}
	return known;
}

static void add_needed(char ***names, struct kmod_module *module)
{
	struct kmod_list *needed = kmod_module_get_dependencies(module), *need;
	struct kmod_module *other;

	kmod_list_foreach(need, needed) {
		other = kmod_module_get_module(need);
		add_name(names, kmod_module_get_name(other));
		kmod_module_unref(other);
	}
	kmod_module_unref_list(needed);
}

/*
 * Returns the modules that modprobe would load for the alias, with those that they need if
 * @needed is true, as an array that ends with NULL.
 */
char **modules_lookup(const struct modules *modules, const char *alias, bool needed)
{
	struct kmod_list *list = NULL, *entry;
	struct kmod_module *module;
	char **names = NULL;

	kmod_module_new_from_lookup(modules->ctx, alias, &list);
	kmod_list_foreach(entry, list) {
		module = kmod_module_get_module(entry);
		if (needed)
			add_needed(&names, module);
		add_name(&names, kmod_module_get_name(module));
		kmod_module_unref(module);
	}
	kmod_module_unref_list(list);
	return names;
}

/* Compares the names of files, such as kernel/net/ipv4/esp4.ko.xz. */
bool module_needs(const struct depends *depends, const char *module)
{
	char *copy = text_copy(depends->needs), *rest = copy, *path, *name;
	bool found = false;

	strsep(&rest, ":");
	while (!found && (path = strsep(&rest, " "))) {
		name = strrchr(path, '/');
		name = name ? name + 1 : path;
		name[strcspn(name, ".")] = '\0';
		found = *name && is_same_name(name, module);
	}
	free(copy);
	return found;
}

static enum module_state state_of(struct kmod_module *module)
{
	int state = kmod_module_get_initstate(module);

	if (state == KMOD_MODULE_BUILTIN)
		return BUILT_IN;
	if (state >= 0)
		return LOADED;
	return kmod_module_get_path(module) ? NOT_LOADED : NOT_FOUND;
}

static char *holders_of(struct kmod_module *module)
{
	struct kmod_list *holders = kmod_module_get_holders(module), *entry;
	struct kmod_module *holder;
	char *names = text_copy("");

	kmod_list_foreach(entry, holders) {
		holder = kmod_module_get_module(entry);
		names = text_append(names, " ", "%s", kmod_module_get_name(holder));
		kmod_module_unref(holder);
	}
	kmod_module_unref_list(holders);
	return names;
}

/* The kernel never loads such a module, so that no rule for modules applies to it. */
bool module_is_builtin(const struct modules *modules, const char *name)
{
	struct kmod_module *module;
	bool builtin;

	if (kmod_module_new_from_name(modules->ctx, name, &module))
		return false;
	builtin = kmod_module_get_initstate(module) == KMOD_MODULE_BUILTIN;
	kmod_module_unref(module);
	return builtin;
}

/* Looks at the running kernel. The caller must free the holders. */
void module_use(const struct modules *modules, const char *name, struct module_use *use)
{
	struct kmod_ctx *ctx = modules->ctx ? kmod_ref(modules->ctx) : kmod_new(NULL, NULL);
	struct kmod_module *module;

	*use = (struct module_use){ 0 };
	if (ctx && !kmod_module_new_from_name(ctx, name, &module)) {
		use->state = state_of(module);
		if (use->state == LOADED) {
			use->references = kmod_module_get_refcnt(module);
			use->holders = holders_of(module);
		}
		kmod_module_unref(module);
	}
	if (!use->holders)
		use->holders = text_copy("");
	kmod_unref(ctx);
}
